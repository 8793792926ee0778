"""What the types of identifiers are worth: their order of trust, how many a person has, which values are nobody's. Pure."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from socle.events.model import Identifier
from socle.identity.model import (
    ANONYMOUS_ID,
    CRM_ID,
    DEVICE_TOKEN,
    EMAIL,
    EXTERNAL,
    LOYALTY_ID,
    PHONE,
    USER_ID,
)


class IdentifierType(NamedTuple):
    """One type.

    priority  the smaller, the more it is trusted: the order in which an event looks for its profile
    limit     how many of them one profile has
    blocked   values that identify nobody; `*` stands for any text, capitals do not matter
    """

    priority: int
    limit: int
    blocked: tuple[str, ...] = ()


DEFAULTS: Mapping[str, IdentifierType] = {
    USER_ID: IdentifierType(10, 1),
    EMAIL: IdentifierType(20, 5),
    PHONE: IdentifierType(30, 5),
    CRM_ID: IdentifierType(40, 5),
    LOYALTY_ID: IdentifierType(50, 5),
    EXTERNAL: IdentifierType(60, 5),
    DEVICE_TOKEN: IdentifierType(70, 50),
    ANONYMOUS_ID: IdentifierType(80, 500),
}
"""The limits that Segment publishes: one user id, five of the others; devices change more often than people."""


@dataclass(frozen=True)
class IdentityRules:
    """The types as they are defined; one that is not has its defaults, and every other type those of EXTERNAL."""

    defined: Mapping[str, IdentifierType] = field(default_factory=dict)

    def of(self, kind: str) -> IdentifierType:
        """The rules of one type."""
        return self.defined.get(kind) or DEFAULTS.get(kind) or self.defined.get(EXTERNAL) or DEFAULTS[EXTERNAL]

    def ranked(self, ids: tuple[Identifier, ...]) -> tuple[Identifier, ...]:
        """The identifiers that are somebody's, most trusted first."""
        if not self.defined:
            return ids  # the edge has put them in this order, and knows of no other blocked values
        kept = [identifier for identifier in ids if not self.is_blocked(identifier)]
        return tuple(sorted(kept, key=lambda identifier: self.of(identifier[0]).priority))

    def is_blocked(self, identifier: Identifier) -> bool:
        """Whether somebody defined that this value identifies nobody."""
        kind, value = identifier
        pattern = self._blocked.get(kind if kind in self.defined or kind in DEFAULTS else EXTERNAL)
        return pattern is not None and pattern.match(value.lower()) is not None

    @cached_property
    def _blocked(self) -> dict[str, re.Pattern[str]]:
        return {kind: _pattern(one.blocked) for kind, one in self.defined.items() if one.blocked}


def _pattern(values: Iterable[str]) -> re.Pattern[str]:
    """One pattern for all; `?` and `[` are themselves."""
    literal = (re.sub(r"([\[?])", r"[\1]", value.lower()) for value in values)
    return re.compile("|".join(fnmatch.translate(value) for value in literal), re.DOTALL)


STANDARD = IdentityRules()
"""As long as nobody defines anything."""
