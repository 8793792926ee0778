"""What templates ask for beside the person: the catalogue, and the person's coupon codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socle.coupons.service import Coupons
from socle.items.store import ItemStore

_REMEMBERED = 2_000
_FOR = 60_000
"""Items that a function keeps, and for how many milliseconds."""


class Catalogue:
    """Entries of the catalogue, each read once a minute; `now` answers epoch ms."""

    def __init__(self, items: ItemStore, now: Callable[[], int]) -> None:
        self._items = items
        self._now = now
        self._known: dict[tuple[str, str], tuple[int, dict[str, Any] | None]] = {}

    def item(self, type_: str, id_: str) -> dict[str, Any] | None:
        """Fields of an entry with its `id`; None when there is none."""
        if not type_ or not id_ or len(id_) > 256:
            return None
        now = self._now()
        until, fields = self._known.get((type_, id_), (0, None))
        if until <= now:
            found = self._items.get(type_, id_)
            fields = {**found.fields, "id": found.id} if found else None
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[type_, id_] = (now + _FOR, fields)
        return fields


class ForSending:
    """For a message that is sent: the person gets a code of their own."""

    def __init__(self, catalogue: Catalogue, coupons: Coupons, profile: str) -> None:
        self._catalogue, self._coupons, self._profile = catalogue, coupons, profile

    def item(self, type_: str, id_: str) -> dict[str, Any] | None:
        """Fields of an entry of the catalogue."""
        return self._catalogue.item(type_, id_)

    def coupon(self, pool: str) -> str:
        """The person's own code. Raises Unrenderable(`no_coupon`)."""
        return self._coupons.code(pool, self._profile)


class ForLooking:
    """For previews and forecasts, which take no codes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def item(self, type_: str, id_: str) -> dict[str, Any] | None:
        """Fields of an entry of the catalogue."""
        return self._catalogue.item(type_, id_)

    def coupon(self, pool: str) -> str:
        """As long as codes are, and none."""
        return f"{pool.upper()}-CODE"


