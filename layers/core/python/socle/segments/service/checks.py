"""What is asked of a segment or computed trait among the other definitions, before it is written or deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from socle.definitions.store import DefinitionStore
from socle.errors import Rejected
from socle.segments.check import check, check_name, referrers, warnings
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS

Seen = tuple[Collection[str], Mapping[str, float | None]]
"""Names of events that were ever received; of traits, with the share of people who have them, None when nobody has counted."""


class Checks:
    """Segments and computed traits among the other definitions. `kinds`: those that may refer to them; `seen`: what there is."""

    def __init__(self, definitions: DefinitionStore, kinds: Collection[str], seen: Callable[[], Seen]) -> None:
        self._definitions = definitions
        self._kinds = kinds
        self._seen = seen

    def check(self, kind: str, name: str, document: dict[str, Any]) -> list[dict[str, str]]:
        """What is odd, as {"field", "message"}. Raises Rejected for what can't run."""
        one, others = (kind, name), self._all((SEGMENTS, COMPUTED_TRAITS))
        check_name(one, others)
        check(one, others, document)
        return [warned._asdict() for warned in warnings(one, others, document, *self._seen())]

    def check_draft(self, document: dict[str, Any]) -> list[dict[str, str]]:
        """The same for a segment that has no name yet."""
        one, others = (SEGMENTS, ""), self._all((SEGMENTS, COMPUTED_TRAITS))
        check(one, others, document)
        return [warned._asdict() for warned in warnings(one, others, document, *self._seen())]

    def release(self, kind: str, name: str) -> None:
        """Raises Rejected when other definitions refer to it."""
        needed = referrers((kind, name), self._all(self._kinds))
        if needed:
            raise Rejected("in_use", f"{kind}/{name} is used by {', '.join(needed[:10])}: change or delete these first", "name",
                           status=409)

    def _all(self, kinds: Collection[str]) -> dict[tuple[str, str], dict[str, Any]]:
        return {(one.kind, one.name): one.document for kind in kinds for one in self._definitions.list_current(kind)}
