"""A profile: what folding its events leaves (Snapshot), and the one item that holds it all (Aggregate).

Everything in a snapshot commutes, so that it is the same in whatever order and batches its events came:
registers keep the last writer, counters add, sets unite, first and last are minima and maxima.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from socle.effects.model import Effect
from socle.events.model import Identifier
from socle.identity.model import Evidence
from socle.journeys.model.entry import Entry as JourneyEntry


class Register(NamedTuple):
    """One write of a value, as it is kept while no other beats it: a later one, unless the rule of its trait says otherwise
    (socle.profiles.survivorship). Of two writes at the same millisecond the greater tie is the later one.

    at     epoch ms: the effective time of the event that wrote it (a withdrawal of consent: when it was received)
    tie    CRC-32 of that event's key: deterministic, and 4 bytes where the messageId would be 36; a withdrawal of consent
           is above all of them
    value  any JSON value; None means removed (kept, so that an older write stays beaten)
    rank   what the rule of a trait puts before the time; 0 where there is no such rule
    """

    at: int
    tie: int
    value: Any
    rank: int = 0


class Orders(NamedTuple):
    """The orders of a profile in one currency; money in integer minor units (cents), times in epoch ms.

    completed, revenue orders completed, and their sum before refunds
    refunds, refunded  refund events, and their sum
    first, last        when the first and the last order were completed; 0 when there is only a refund so far
    """

    completed: int = 0
    revenue: int = 0
    refunds: int = 0
    refunded: int = 0
    first: int = 0
    last: int = 0

    def plus(self, other: Orders) -> Orders:
        """Both together."""
        firsts = [first for first in (self.first, other.first) if first]
        return Orders(self.completed + other.completed, self.revenue + other.revenue, self.refunds + other.refunds,
                      self.refunded + other.refunded, min(firsts, default=0), max(self.last, other.last))


@dataclass(slots=True)
class Snapshot:
    """What a profile's events add up to.

    identifiers  type → values
    traits       name → register; at most MAX_TRAITS, the most recently written
    context      "user_agent", "device", "os", "app", "locale", "timezone", "last_touch" → register
    first_touch  the earliest acquisition touch
    consent      (channel, topic) → register of {"state", "source", "text_version", "received"}; topic "" is the whole channel;
                 at most MAX_CONSENTS, the most recently written
    counts       event name → how often, an order of many parts once; at most MAX_NAMES names, the first in alphabetical order
    events       how many events, all names together
    first_seen   earliest effective time, epoch ms; 0 when there is no event
    last_seen    latest effective time
    orders       currency → Orders
    order_ids    CRC-32 of every order id met: meeting one again asks for the history (a collision costs a read, no more)
    rules        number of the Survivorship that its traits were folded under; 0 for the last writer
    accounts     group id → register (of nothing) of the latest event that named it; at most MAX_ACCOUNTS, the latest named
    """

    identifiers: dict[str, set[str]] = field(default_factory=dict)
    traits: dict[str, Register] = field(default_factory=dict)
    context: dict[str, Register] = field(default_factory=dict)
    first_touch: Register | None = None
    consent: dict[tuple[str, str], Register] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    events: int = 0
    first_seen: int = 0
    last_seen: int = 0
    orders: dict[str, Orders] = field(default_factory=dict)
    order_ids: set[int] = field(default_factory=set)
    rules: int = 0
    accounts: dict[str, Register] = field(default_factory=dict)

    def copy(self) -> Snapshot:
        """A snapshot that can be written to without changing this one."""
        return Snapshot({kind: set(values) for kind, values in self.identifiers.items()}, dict(self.traits),
                        dict(self.context), self.first_touch, dict(self.consent), dict(self.counts), self.events,
                        self.first_seen, self.last_seen, dict(self.orders), set(self.order_ids), self.rules,
                        dict(self.accounts))

    def names(self, identifier: Identifier) -> bool:
        """Whether an event of it came with the identifier as its own."""
        kind, value = identifier
        return value in self.identifiers.get(kind, ())

    def pairs(self) -> set[Identifier]:
        """The identifiers as (type, value)."""
        return {(kind, value) for kind, values in self.identifiers.items() for value in values}


class Entry(NamedTuple):
    """A stored event that is not parsed until somebody needs it: key and revision decide about duplicates.

    row  JSON of the rest of the event; socle.profiles.codec reads and writes it
    """

    key: str
    revision: int
    row: str


@dataclass(slots=True, frozen=True)
class Page:
    """Older events of one partition: all stored keys in [lower, the next page's lower), late ones in the tail aside."""

    profile: str
    lower: str
    version: int
    entries: tuple[Entry, ...]


class Member(NamedTuple):
    """A profile that was merged away, as its survivor knows it.

    into      the profile that it was merged into: the survivor, or one that was merged away later itself
    ceiling   its greatest event key, "" without events: its events stay where they are
    version   its version when it was merged
    evidence  why
    """

    into: str
    ceiling: str
    version: int
    evidence: Evidence


class Trackers(NamedTuple):
    """What segments remember of its events, by the place of their watch (socle.segments.trackers).

    number  of the list of watches that the places are of, 0 for none
    """

    number: int = 0
    rows: Mapping[int, Sequence[Any]] = MappingProxyType({})


NO_TRACKERS = Trackers()


@dataclass(slots=True)
class Aggregate:
    """All that one conditional write changes.

    id           profile id
    version      how often it was written; 0 = not stored yet, an empty profile
    snapshot     the fold of all its events, those of its members included
    tail         recent and late events, not yet in pages
    pages        lower bounds of its pages, ascending; the first is ""
    horizon      upper bound of the last page, "" without pages: a key below it may be in the page that covers it
    members      profiles merged into this one, and into those
    merged_into  the survivor, when this profile was merged away: everything but its own events is there
    apart        profiles that somebody said are other people: it never becomes one with them
    reserved     identifiers claimed for it that no folded event names (not yet, or not any more)
    erased       epoch ms when the person was erased, else None: nothing may be written any more
    outbox       effects decided and not yet on their queue
    due          epoch ms at which time alone may change something, or None
    segments     name → since when (epoch ms) it is in that segment
    evaluated    number of the set of definitions that this says (socle.segments.rules.set_number); 0 for never
    trackers     what its segments remember of its events
    given        values that were computed elsewhere, from more than this profile: "rfm", "account:<id>"
    journeys     the journeys that it is in, and was in as far as somebody may still ask; oldest first
    """

    id: str
    version: int = 0
    snapshot: Snapshot = field(default_factory=Snapshot)
    tail: tuple[Entry, ...] = ()
    pages: tuple[str, ...] = ()
    horizon: str = ""
    members: Mapping[str, Member] = field(default_factory=dict)
    merged_into: str | None = None
    apart: frozenset[str] = frozenset()
    reserved: frozenset[Identifier] = frozenset()
    erased: int | None = None
    outbox: tuple[Effect, ...] = ()
    due: int | None = None
    segments: Mapping[str, int] = field(default_factory=dict)
    evaluated: int = 0
    trackers: Trackers = NO_TRACKERS
    given: Mapping[str, Any] = field(default_factory=dict)
    journeys: tuple[JourneyEntry, ...] = ()

    def page_of(self, key: str) -> str | None:
        """The lower bound of the page whose range covers `key`, or None above the horizon."""
        if key >= self.horizon:
            return None
        return max(lower for lower in self.pages if lower <= key)

    @property
    def parts(self) -> frozenset[str]:
        """The partitions that hold its events."""
        return frozenset((self.id, *self.members))

    def owned(self) -> frozenset[Identifier]:
        """Every identifier that is its own."""
        return self.reserved | self.snapshot.pairs()

    def next(self, **changes: Any) -> Aggregate:
        """This aggregate one version later, with `changes`."""
        return replace(self, version=self.version + 1, **changes)


class History:
    """What has been read of the partitions that make up a profile: aggregates by id, pages by (id, lower bound)."""

    def __init__(self, aggregates: dict[str, Aggregate] | None = None) -> None:
        self.aggregates: dict[str, Aggregate] = aggregates or {}
        self.pages: dict[tuple[str, str], Page] = {}

    def entries(self, aggregate: Aggregate) -> Iterator[Entry]:
        """Everything stored of the profile and its members; all that `wanted` names must have been read."""
        for part in [aggregate, *(self.aggregates[member] for member in aggregate.members)]:
            for lower in part.pages:
                yield from self.pages[part.id, lower].entries
            yield from part.tail

    def wanted(self, aggregate: Aggregate) -> Needs:
        """What must still be read before `entries` can list the whole history of `aggregate`."""
        members = [member for member in aggregate.members if member not in self.aggregates]
        parts = [aggregate, *(self.aggregates[member] for member in aggregate.members if member in self.aggregates)]
        pages = [(part.id, lower) for part in parts for lower in part.pages if (part.id, lower) not in self.pages]
        return Needs(tuple(members), tuple(pages))


class Needs(NamedTuple):
    """What a decision must read first."""

    aggregates: tuple[str, ...] = ()
    pages: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.aggregates or self.pages)
