"""Predicates as tests of values: from the document, and executed on one JSON value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date as Day
from datetime import timedelta
from functools import lru_cache
from typing import Any

from socle.clock import DAY
from socle.segments.durations import milliseconds
from socle.segments.nodes import Anniversary, DateTest, Edge, Exists, OneOf, Range, Span, Test, TextTest
from socle.segments.values import MICRO, Date, civil_or_instant, date, number, pattern, text, truth
from socle.segments.zones import civil, instant, instant_of


def micro(value: float) -> int:
    """A number of a definition in millionths."""
    return round(float(value) * MICRO)


def predicate_of(one: Mapping[str, Any], zone: str) -> Test:
    """The test of a predicate (predicate.py) as it is stored; dates without a zone are meant in `zone`."""
    op = one["op"]
    if op == "exists":
        return Exists()
    if op == "eq":
        return one_of([one["value"]])
    if op == "in":
        return one_of(one["values"])
    if op == "matches":
        return TextTest(op, one["pattern"])
    if op in ("contains", "starts_with", "ends_with"):
        return TextTest(op, one["value"])
    if op in ("gt", "gte"):
        return Range(lo=micro(one["value"]) + (op == "gt"))
    if op in ("lt", "lte"):
        return Range(hi=micro(one["value"]) - (op == "lt"))
    if op == "between":
        return Range(micro(one["min"]), micro(one["max"]))
    if op == "anniversary":
        return Anniversary(one["period"] or "days", one["days"] or 1, zone)
    return DateTest(_span(op, one, zone), zone)


def one_of(values: list[Any]) -> OneOf:
    """One of these values, all of one kind."""
    kind = "b" if isinstance(values[0], bool) else "s" if isinstance(values[0], str) else "n"
    return OneOf(kind, tuple(sorted({micro(value) if kind == "n" else value for value in values})))


def moment(text: str, zone: str) -> int:
    """The instant of a date in a definition. Raises ValueError for what is no date."""
    found = civil_or_instant(text)
    if found is None:
        raise ValueError(f"{text!r} is no date")
    return instant_of(found, zone)


def _span(op: str, one: Mapping[str, Any], zone: str) -> Span:
    if op in ("before", "after"):
        edge = Edge(False, moment(one["value"], zone))
        return Span(hi=edge) if op == "before" else Span(lo=edge)
    length = milliseconds(one["duration"])
    if op == "within_last":
        return Span(Edge(True, 1 - length), Edge(True, 1))
    if op == "more_than_ago":
        return Span(hi=Edge(True, 1 - length))
    return Span(Edge(True, 1), Edge(True, 1 + length))


def passes(test: Test, value: Any) -> bool:
    """Whether one JSON value passes a test that time does not change; for the others see `dated`."""
    if isinstance(test, OneOf):
        found = text(value) if test.kind == "s" else number(value) if test.kind == "n" else truth(value)
        return found is not None and found in test.values
    if isinstance(test, Range):
        found = number(value)
        return found is not None and in_range(test, found)
    if isinstance(test, TextTest):
        return isinstance(value, str) and matches(test, value)
    if isinstance(test, Exists):
        return value is not None
    if isinstance(test, DateTest):
        found_date = date(value)
        return found_date is not None and dated(test, found_date, 0)[0]
    return False


def matches(test: TextTest, value: str) -> bool:
    """Whether a text passes."""
    if test.op == "contains":
        return test.value in value
    if test.op == "starts_with":
        return value.startswith(test.value)
    if test.op == "ends_with":
        return value.endswith(test.value)
    return pattern(test.value).search(value) is not None


def in_range(test: Range, value: int) -> bool:
    """Whether millionths are in a range."""
    return (test.lo is None or value >= test.lo) and (test.hi is None or value <= test.hi)


def dated(test: DateTest | Anniversary, value: Date, now: int) -> tuple[bool, int | None]:
    """Whether a date passes at `now`, and the next moment at which that may change, None for never."""
    if isinstance(test, Anniversary):
        return _anniversary(test, value, now)
    when = instant_of(value, test.zone)
    lo, hi = test.span
    passed = (lo is None or when >= lo.at(now)) and (hi is None or when < hi.at(now))
    flips = [flip for edge in (lo, hi) if edge is not None and edge.relative and (flip := when - edge.ms + 1) > now]
    return passed, min(flips, default=None)


def _anniversary(test: Anniversary, value: Date, now: int) -> tuple[bool, int | None]:
    today = Day.fromordinal(_ordinal(civil(now, test.zone)))
    born = _day(civil(value.ms, test.zone) if not value.civil else value.ms)
    if born is None:
        return False, None
    first, last = span_of_days(test, today)
    passed = _met(born, first, last) is not None
    change: Day
    if passed:
        # With a later day of the same span in it, it may go on; looking again a day later is never too late.
        change = today + timedelta(days=1) if test.period in ("day", "days") else last + timedelta(days=1)
    else:
        next_one = _met(born, today, today + timedelta(days=366)) or today + timedelta(days=365)
        change = max(_begin(test, next_one), today + timedelta(days=1))
    return passed, instant((change.toordinal() - _EPOCH_DAY) * DAY, test.zone)


_EPOCH_DAY = Day(1970, 1, 1).toordinal()


def _ordinal(civil_ms: int) -> int:
    return civil_ms // DAY + _EPOCH_DAY


def _day(civil_ms: int) -> Day | None:
    try:
        return Day.fromordinal(_ordinal(civil_ms))
    except (ValueError, OverflowError):
        return None


def span_of_days(test: Anniversary, today: Day) -> tuple[Day, Day]:
    """The first and the last day of the period that `today` is in."""
    if test.period == "week":
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=6)
    if test.period == "month":
        return today.replace(day=1), (today.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return today, today + timedelta(days=test.days - 1 if test.period == "days" else 0)


def days_met(first: Day, last: Day) -> list[str]:
    """The days from first to last as "MM-DD", with "02-29" beside 28 February of a year that has no 29th."""
    found = []
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = Day.fromordinal(ordinal)
        found.append(f"{day.month:02d}-{day.day:02d}")
        if found[-1] == "02-28" and (day + timedelta(days=1)).day == 1:
            found.append("02-29")
    return found


def _met(born: Day, first: Day, last: Day) -> Day | None:
    """The first anniversary in the days from first to last."""
    for year in range(first.year, last.year + 1):
        day = anniversary_in(born, year)
        if first <= day <= last:
            return day
    return None


@lru_cache(maxsize=4_096)
def anniversary_in(born: Day, year: int) -> Day:
    """The anniversary in a year; of 29 February the 28th where there is no 29th."""
    try:
        return born.replace(year=year)
    except ValueError:
        return Day(year, 2, 28)


def _begin(test: Anniversary, day: Day) -> Day:
    """The first day on which the period holds `day`."""
    return day - timedelta(days=test.days - 1) if test.period == "days" else span_of_days(test, day)[0]
