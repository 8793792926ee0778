"""The catalogue: every trait and every event that was ever seen, by name. Everything in it commutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_NAMES = 2_000
"""Traits, and events, that are listed; the first ones in alphabetical order, so that the limit commutes."""
MAX_PROPERTIES = 100
"""Properties of one event, or parts of one trait."""
MAX_SOURCES = 50
MAX_DEPTH = 4
"""Objects within objects that are looked into."""


@dataclass
class Column:
    """One property of an event, or one part of a trait: type of JSON value → how often."""

    types: Counter[str] = field(default_factory=Counter)

    def merge(self, other: Column) -> None:
        self.types.update(other.types)


@dataclass
class Sent:
    """What one source sent: how often, of that not usable, first and last time it was received (epoch ms)."""

    count: int = 0
    invalid: int = 0
    first: int = 0
    last: int = 0

    def merge(self, other: Sent) -> None:
        firsts = [first for first in (self.first, other.first) if first]
        self.count, self.invalid = self.count + other.count, self.invalid + other.invalid
        self.first, self.last = min(firsts, default=0), max(self.last, other.last)


@dataclass
class Seen:
    """One trait or event.

    sent     source → what it sent of it
    total    the same of all sources together
    columns  path → its types: properties of an event (`products[].sku`); of a trait "" and what is in it
    """

    sent: dict[str, Sent] = field(default_factory=dict)
    total: Sent = field(default_factory=Sent)
    columns: dict[str, Column] = field(default_factory=dict)

    def merge(self, other: Seen) -> None:
        """Add what was seen elsewhere."""
        self.total.merge(other.total)
        for source, sent in other.sent.items():
            self.sent.setdefault(source, Sent()).merge(sent)
        for path, column in other.columns.items():
            self.columns.setdefault(path, Column()).merge(column)
        bound(self.sent, MAX_SOURCES)
        bound(self.columns, MAX_PROPERTIES)


@dataclass
class Catalogue:
    """All of it. `rows` are events received and traits sent in all: what is not in the lists is in none of their counts."""

    events: dict[str, Seen] = field(default_factory=dict)
    traits: dict[str, Seen] = field(default_factory=dict)
    rows: Counter[str] = field(default_factory=Counter)

    def merge(self, other: Catalogue) -> None:
        """Add what was seen elsewhere."""
        for mine, theirs in ((self.events, other.events), (self.traits, other.traits)):
            for name, seen in theirs.items():
                mine.setdefault(name, Seen()).merge(seen)
            bound(mine, MAX_NAMES)
        self.rows.update(other.rows)

    def unlisted(self, kind: str) -> int:
        """How many rows of `events` or `traits` have names beyond the limit."""
        names = self.events if kind == "events" else self.traits
        return self.rows[kind] - sum(seen.total.count for seen in names.values())

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; `from_json` is the inverse."""
        return {"rows": dict(self.rows), **{kind: {name: _seen(seen) for name, seen in sorted(getattr(self, kind).items())}
                                            for kind in ("events", "traits")}}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Catalogue:
        """Inverse of `to_json`."""
        return cls({name: _unseen(seen) for name, seen in document["events"].items()},
                   {name: _unseen(seen) for name, seen in document["traits"].items()}, Counter(document["rows"]))


def bound(found: dict[str, Any], limit: int) -> None:
    """Let go of all but the alphabetically first `limit`. What was let go of once never comes back."""
    if len(found) > limit:
        for name in sorted(found)[limit:]:
            del found[name]


def _seen(seen: Seen) -> dict[str, Any]:
    return {"total": list(vars(seen.total).values()),
            "sent": {name: list(vars(sent).values()) for name, sent in seen.sent.items()},
            "columns": {path: dict(column.types) for path, column in seen.columns.items()}}


def _unseen(document: Mapping[str, Any]) -> Seen:
    return Seen({name: Sent(*values) for name, values in document["sent"].items()}, Sent(*document["total"]),
                {path: Column(Counter(types)) for path, types in document["columns"].items()})
