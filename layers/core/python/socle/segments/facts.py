"""What is known of a person where definitions look: facts of their events, by selector. Pure.

A watch says which events to look at and what to take of each. What it has seen is either complete, made of the whole history, or
what a tracker remembers: totals of everything and the newest facts. Whoever needs an older fact asks for the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from socle.events.model import Event
from socle.profiles.fold import HistoryNeeded
from socle.profiles.model import Snapshot
from socle.profiles.money import exponent
from socle.profiles.orders import ORDER_EVENTS, currency_of, is_one, worth
from socle.segments.nodes import AMOUNT, Selector, Value
from socle.segments.testing import passes
from socle.segments.values import MICRO, at_path, label, mark, number, text, truth


class Fact(NamedTuple):
    """One event where somebody looks: its effective time, what its watch takes of it, and the event, if it was read."""

    at: int
    values: tuple[Any, ...]
    event: Event | None = None


class Totals(NamedTuple):
    """What all values at one place come to: how many, their sum, least and greatest, the first and the last with their times.

    A first or last value of None was too long to be remembered.
    """

    number: int
    sum: int
    least: int
    greatest: int
    first_at: int
    first: Any
    last_at: int
    last: Any


@dataclass(frozen=True)
class Watch:
    """Where definitions look, and what they take.

    values  what is taken of each event, in this order
    totals  of those, what somebody wants of all time: (value, "sum" | "least" | "greatest" | "first" | "last")
    depth   how many of the newest facts are worth remembering
    """

    selector: Selector
    values: tuple[Value, ...] = ()
    totals: tuple[tuple[Value, str], ...] = ()
    depth: int = 0


@dataclass(slots=True)
class Seen:
    """What a watch has seen of one person: count, first and last time of all, and facts, newest first.

    Facts of one moment are ordered by what was taken of them. `complete`: the facts are all there are.
    """

    watch: Watch
    count: int = 0
    first: int = 0
    last: int = 0
    facts: tuple[Fact, ...] = ()
    complete: bool = True
    totals: dict[Value, Totals] = field(default_factory=dict)

    def since(self, lo: int | None) -> tuple[Fact, ...]:
        """All facts at `lo` or later, newest first. Raises HistoryNeeded."""
        if not self.covers(lo):
            raise HistoryNeeded
        return self.known(lo)

    def known(self, lo: int | None) -> tuple[Fact, ...]:
        """The facts at `lo` or later, newest first, as far as they are remembered."""
        facts = self.facts
        if lo is None or not facts or facts[-1].at >= lo:
            return facts
        return tuple(fact for fact in facts if fact.at >= lo)

    def covers(self, lo: int | None) -> bool:
        """Whether all facts at `lo` or later are remembered."""
        return self.complete or (lo is not None and bool(self.facts) and self.facts[-1].at < lo)

    def place(self, value: Value) -> int:
        """Where in a fact's values this one is."""
        return self.watch.values.index(value)


@dataclass(slots=True)
class Person:
    """Everything that conditions look at.

    look  what a selector's watch has seen
    """

    profile: str
    snapshot: Snapshot
    given: Mapping[str, Any]
    look: Callable[[Selector], Seen]


def selects(selector: Selector, event: Event) -> bool:
    """Whether an event that counts (socle.profiles.orders.standing) is one of those that are meant."""
    if selector.names and event.name not in selector.names:
        return False
    if selector.whole and event.name in ORDER_EVENTS and event.type == "track" and not is_one(event):
        return False
    if selector.where:
        properties = properties_of(event)
        for path, test in selector.where:
            for value in at_path(properties, path):
                if passes(test, value):
                    break
            else:
                return False
    return True


def properties_of(event: Event) -> Mapping[str, Any]:
    """What an event says: its properties, or the traits of identify and group calls."""
    found = event.body.get("traits" if event.type in ("identify", "group") else "properties")
    return found if isinstance(found, dict) else {}


def take(event: Event, value: Value) -> Any:
    """What is taken of an event: None when it has none such; for labels a tuple."""
    path, kind, currency = value
    if path == AMOUNT:
        amount = worth(event)
        return amount[1] if amount and amount[0] == currency else None
    found = at_path(properties_of(event), path)
    if kind == "labels":
        return tuple(name for one in found if (name := label(one)) is not None)
    if not found:
        return None
    one = found[0]
    if kind == "m":
        millionths = number(one)
        return None if millionths is None or currency_of(event) != currency else to_minor(millionths, currency)
    return _KINDS[kind](one)


_KINDS: Mapping[str, Callable[[Any], Any]] = {"s": text, "n": number, "b": truth, "label": label, "mark": mark}


def to_minor(millionths: int, currency: str) -> int:
    """Millionths of the major unit in minor units, rounded half up (away from zero)."""
    unit: int = MICRO // 10 ** exponent(currency)
    whole = (abs(millionths) * 2 + unit) // (2 * unit)
    return whole if millionths >= 0 else -whole


def fact_of(watch: Watch, event: Event) -> Fact:
    """The fact that an event is to a watch."""
    return Fact(event.at, tuple(take(event, value) for value in watch.values), event)


def order(fact: Fact) -> tuple[Any, ...]:
    """Sorts facts: by time, then by what was taken."""
    return (fact.at, *((one is not None, str(one.__class__), one) for one in fact.values))


def see(watch: Watch, events: Iterable[Event]) -> Seen:
    """What a watch sees of a complete history of events that count."""
    facts = sorted((fact_of(watch, event) for event in events if selects(watch.selector, event)), key=order, reverse=True)
    if not facts:
        return Seen(watch)
    return Seen(watch, len(facts), facts[-1].at, facts[0].at, tuple(facts), True,
                {value: found for value in dict(watch.totals) if (found := total(facts, watch.values.index(value))) is not None})


def total(facts: Iterable[Fact], place: int) -> Totals | None:
    """What the values of facts at one place come to; None without any."""
    found = [(fact.at, value) for fact in facts if (value := fact.values[place]) is not None]
    if not found:
        return None
    first, last = min(found), max(found)
    earliest = max(value for at, value in found if at == first[0])
    numbers = [value for _, value in found if value.__class__ is int] or [0]
    return Totals(len(found), sum(numbers), min(numbers), max(numbers), first[0], earliest, last[0], last[1])


def both(one: Totals | None, other: Totals | None) -> Totals | None:
    """The totals of two sets of facts together."""
    if one is None or other is None:
        return one or other
    first = one[4:6] if one.first_at < other.first_at else other[4:6] if other.first_at < one.first_at else \
        (one.first_at, _greater(one.first, other.first))
    last = one[6:8] if one.last_at > other.last_at else other[6:8] if other.last_at > one.last_at else \
        (one.last_at, _greater(one.last, other.last))
    return Totals(one.number + other.number, one.sum + other.sum, min(one.least, other.least),
                  max(one.greatest, other.greatest), *first, *last)


def _greater(one: Any, other: Any) -> Any:
    """Of two values of one moment; None when one of them was too long to be remembered."""
    return None if one is None or other is None else max(one, other)


def person_of(profile: str, snapshot: Snapshot, given: Mapping[str, Any], watches: Mapping[Selector, Watch],
              events: Sequence[Event]) -> Person:
    """A person by the complete history of their events that count."""
    made: dict[Selector, Seen] = {}

    def look(selector: Selector) -> Seen:
        if selector not in made:
            made[selector] = see(watches[selector], events)
        return made[selector]

    return Person(profile, snapshot, given, look)
