"""What a definition means: conditions without sugar, which evaluate.py and sql/ both execute. Frozen, comparable, hashable.

Times are epoch ms, durations ms, numbers millionths, money minor units. A span of time is [lo, hi): lo counts, hi does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

IDENTIFY = "$identify"  # name of the events that identify calls are: their properties are traits
AMOUNT = "$amount"  # instead of a path: what an order event is worth


class Edge(NamedTuple):
    """An end of a span: an instant, or, when `relative`, now + ms."""

    relative: bool
    ms: int

    def at(self, now: int) -> int:
        """The instant."""
        return now + self.ms if self.relative else self.ms


class Span(NamedTuple):
    """From lo (included) to hi (excluded); None: no end on that side. Within the last D is lo = now - D + 1."""

    lo: Edge | None = None
    hi: Edge | None = None


EVER = Span()


@dataclass(frozen=True, slots=True)
class Exists:
    """Any value that is not null."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of the values, all of one kind: s (str), n (millionths) or b (bool)."""

    kind: str
    values: tuple[str | int | bool, ...]


@dataclass(frozen=True, slots=True)
class TextTest:
    """op: contains, starts_with, ends_with, matches (RE2, anywhere in the text)."""

    op: str
    value: str


@dataclass(frozen=True, slots=True)
class Range:
    """A number (millionths) from lo to hi, both included; None: no limit."""

    lo: int | None = None
    hi: int | None = None


@dataclass(frozen=True, slots=True)
class DateTest:
    """A date in the span; one without zone is meant in `zone`."""

    span: Span
    zone: str


@dataclass(frozen=True, slots=True)
class Anniversary:
    """Month and day of a date (an instant's in `zone`) are those of a day of the period that today is in.

    period "day", "week" (Monday to Sunday), "month", or "days": today and the days after it, `days` together. 29 February is
    28 February in years without one.
    """

    period: str
    days: int
    zone: str


Test = Exists | OneOf | TextTest | Range | DateTest | Anniversary


class Asked(NamedTuple):
    """A property of an event, and the test that one of its values must pass."""

    path: str
    test: Test


@dataclass(frozen=True, slots=True)
class Selector:
    """The events of these names (none: of any name) of which all of `where` holds.

    whole  further parts of one order are no events of their own (socle.profiles.orders.is_one). They are where properties are
           looked at: the line that is asked for may stand in any part.
    """

    names: tuple[str, ...]
    where: tuple[Asked, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """At least `least` of the conditions hold: all of n is n of n, any is 1, everyone is 0 of none."""

    least: int
    of: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The condition does not hold."""

    of: Node


@dataclass(frozen=True, slots=True)
class TraitTest:
    """One of the values at the path of the traits passes."""

    path: str
    test: Test


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A field of the profile passes: first_seen, last_seen (instants), event_count (number), locale, timezone (texts)."""

    field: str
    test: Test


@dataclass(frozen=True, slots=True)
class OrdersTest:
    """A measure of all orders in a currency (model.Orders) is in a range; money as millionths of the major unit."""

    currency: str
    measure: str
    test: Range | OneOf


@dataclass(frozen=True, slots=True)
class CountTest:
    """How many events: op gte, lte or eq."""

    selector: Selector
    span: Span
    op: str
    value: int


@dataclass(frozen=True, slots=True)
class TimeTest:
    """The time of the first or the last event."""

    selector: Selector
    which: str
    test: DateTest | Anniversary


class Value(NamedTuple):
    """What is taken of an event: a value at a path.

    kind  s text, n number, b boolean, labels (all of them, values.label), mark (values as `changed` compares them), or m: money
          in minor units, only of events in `currency`
    """

    path: str
    kind: str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """What values of events come to: sum, average, min, max, distinct, most_frequent, first, last (model._Aggregate)."""

    selector: Selector
    function: str
    value: Value
    span: Span


@dataclass(frozen=True, slots=True)
class MeasureTest:
    """A measure passes: numbers and money as millionths, the rest as text or boolean."""

    measure: Measure
    test: Test


@dataclass(frozen=True, slots=True)
class ChangedTest:
    """Of the events that say a value, one in the span says another than the one before it; `was` and `becomes` are marks."""

    selector: Selector
    value: Value
    span: Span
    was: str | None = None
    becomes: str | None = None


class SequenceStep(NamedTuple):
    """A step, at most `within` ms after the one before."""

    selector: Selector
    within: int | None = None


@dataclass(frozen=True, slots=True)
class SequenceTest:
    """Steps in order, each strictly later than the one before, all in the span and with one label at `same`.

    without  (selector, D): no such event after the last step and less than D later; true from last step + D on
    """

    steps: tuple[SequenceStep, ...]
    without: SequenceStep | None
    same: Value | None
    span: Span


@dataclass(frozen=True, slots=True)
class ConsentTest:
    """The state of a channel and topic; "none" when nothing was said."""

    channel: str
    topic: str
    state: str


@dataclass(frozen=True, slots=True)
class GivenTest:
    """A value that was computed elsewhere and given to the profile, at its keys: ("rfm", "group")."""

    keys: tuple[str, ...]
    test: Test


@dataclass(frozen=True, slots=True)
class AccountTest:
    """Of the person's accounts any, all (and there is one) or none has a trait that passes."""

    quantifier: str
    path: str
    test: Test


@dataclass(frozen=True, slots=True)
class AccountMembersTest:
    """Of one of the person's accounts any, all or none of the members are in the segment."""

    quantifier: str
    segment: str


@dataclass(frozen=True, slots=True)
class PercentageTest:
    """A stable random part: `share(salt, profile)` in [lo, hi), hundredths of a per cent."""

    salt: str
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class IdentifierTest:
    """There is an identifier of this type."""

    kind: str


class Rule(NamedTuple):
    """Points for a condition that holds; with `every`, `lose` of them are lost for each whole `every` ms since the newest event
    that it counts."""

    points: int
    of: Node
    every: int = 0
    lose: int = 0


@dataclass(frozen=True, slots=True)
class ScoreTest:
    """The sum of points is in one of the ranges (lo and hi included)."""

    rules: tuple[Rule, ...]
    ranges: tuple[tuple[int | None, int | None], ...]


Node = (Group | Negation | TraitTest | FieldTest | OrdersTest | CountTest | TimeTest | MeasureTest | ChangedTest | SequenceTest
        | ConsentTest | GivenTest | AccountTest | AccountMembersTest | PercentageTest | IdentifierTest | ScoreTest)
EVERYONE = Group(0, ())
NOBODY = Negation(EVERYONE)
