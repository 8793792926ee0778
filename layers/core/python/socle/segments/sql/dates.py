"""Dates in SQL: spans of time, civil times in a zone, anniversaries. Pure.

Whatever a time zone has to say is worked out here, in Python, and stands in the query as numbers: the zone database of DuckDB
is another one, with other rules for years to come.
"""

from __future__ import annotations

from datetime import UTC, datetime
from datetime import date as Day
from functools import lru_cache

from socle.clock import DAY
from socle.segments.nodes import Anniversary, DateTest, Span
from socle.segments.sql.quote import listed, literal
from socle.segments.testing import days_met, span_of_days
from socle.segments.zones import civil, civil_from, offset

_EPOCH_DAY = Day(1970, 1, 1).toordinal()
_YEAR_1, _END = -62_135_596_800_000, 253_402_300_800_000
_TABLE_FROM, _TABLE_TO = 1800, 2066
"""Years whose changes of the clock are looked up one by one; from 2038 on there are only rules."""
_RULES_FROM = 2038
_STEP = 5 * DAY
"""Two changes of a clock that lie closer than this and undo each other would be missed: none do."""


def between(sql: str, lo: int | None, hi: int | None) -> str:
    """Whether lo <= the expression < hi; what is NULL is not."""
    if lo is None and hi is None:
        return f"{sql} IS NOT NULL"
    return " AND ".join(f"{sql} {sign} {literal(edge)}" for sign, edge in ((">=", lo), ("<", hi)) if edge is not None)


def within(sql: str, span: Span, now: int) -> str:
    """Whether an instant (epoch ms) lies in a span; "" when everything does."""
    if span.lo is None and span.hi is None:
        return ""
    lo, hi = span
    return between(sql, None if lo is None else lo.at(now), None if hi is None else hi.at(now))


def instant_passes(sql: str, test: DateTest | Anniversary, now: int) -> str:
    """Whether an instant passes."""
    if isinstance(test, Anniversary):
        return _anniversary(f"({sql} + {_offset(sql, test.zone)})" if test.zone != "UTC" else sql, test, now)
    lo, hi = test.span
    return between(sql, None if lo is None else lo.at(now), None if hi is None else hi.at(now))


def civil_passes(sql: str, test: DateTest | Anniversary, now: int) -> str:
    """Whether a civil time, as epoch ms as if it were UTC, passes in the zone of the test."""
    if isinstance(test, Anniversary):
        return _anniversary(sql, test, now)
    lo, hi = test.span
    return between(sql, None if lo is None else civil_from(lo.at(now), test.zone),
                   None if hi is None else civil_from(hi.at(now), test.zone))


def _anniversary(civil_sql: str, test: Anniversary, now: int) -> str:
    today = Day.fromordinal(civil(now, test.zone) // DAY + _EPOCH_DAY)
    days = [int(day[:2]) * 100 + int(day[3:]) for day in dict.fromkeys(days_met(*span_of_days(test, today)))]
    day_of = _let("c", civil_sql, f"CASE WHEN {between('c', _YEAR_1, _END)} "
                  "THEN month(make_timestamp_ms(c)) * 100 + day(make_timestamp_ms(c)) END")
    return f"{day_of} IN ({listed(days)})"


def _let(name: str, sql: str, within: str) -> str:
    """`within`, an expression that says `name` for the value of `sql`: a query of megabytes takes seconds to plan."""
    return f"list_transform([{sql}], lambda {name}: {within})[1]"


def _offset(sql: str, zone: str) -> str:
    """What is added to an instant to get the civil time: looked up by how many changes of the clock were before it."""
    changes = _changes(zone)
    moments = ", ".join(str(moment) for moment, _ in changes[1:])
    offsets = ", ".join(str(offset) for _, offset in changes)
    like = f"CASE WHEN {sql} < {_year(_RULES_FROM)} THEN {sql} ELSE {sql} - {_shift(sql)} END"
    found = f"([{offsets}])[1 + len(list_filter([{moments}]::BIGINT[], lambda moment: moment <= {like}))]"
    # At both ends of time no zone has an offset (zones.offset).
    return f"(CASE WHEN {sql} > {_YEAR_1 + 2 * DAY} AND {sql} < {_END - 1 - 2 * DAY} THEN {found} ELSE 0 END)"


def _shift(sql: str) -> str:
    """How far the year of an instant from 2038 on lies after the like year of 2038 to 2065, in ms.

    Rules know only how long a year is and on which weekday it begins; 28 years without a century have all fourteen kinds.
    """
    like = [[next(year for year in range(_RULES_FROM, _TABLE_TO) if _kind(year) == (leap, weekday)) for weekday in range(7)]
            for leap in (0, 1)]
    flat = [_year(year) for kinds in like for year in kinds]
    begins = f"epoch_ms(make_date(year(make_timestamp_ms({sql})), 1, 1)::TIMESTAMP)"
    next_begins = f"epoch_ms(make_date(year(make_timestamp_ms({sql})) + 1, 1, 1)::TIMESTAMP)"
    # 1970-01-01 was a Thursday, weekday 3.
    place = f"1 + ({next_begins} - {begins} - {365 * DAY}) // {DAY} * 7 + ({begins} // {DAY} + 3) % 7"
    return f"({begins} - ([{listed(flat)}])[{place}])"


def _kind(year: int) -> tuple[int, int]:
    return (Day(year + 1, 1, 1) - Day(year, 1, 1)).days - 365, Day(year, 1, 1).weekday()


def _year(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1000


@lru_cache(maxsize=64)
def _changes(zone: str) -> list[tuple[int, int]]:
    """(moment, offset from then on) of a zone, the first from the beginning of time."""
    found = [(_YEAR_1, offset(_year(_TABLE_FROM), zone))]
    low = _year(_TABLE_FROM)
    while low < _year(_TABLE_TO):
        high = low + _STEP
        before, after = offset(low, zone), offset(high, zone)
        if before != after:
            left, right = low, high
            while right - left > 1:
                middle = (left + right) // 2
                left, right = (middle, right) if offset(middle, zone) == before else (left, middle)
            found.append((right, offset(right, zone)))
            if offset(right, zone) != after:  # two changes within a step: go on right behind the first
                high = right
        low = high
    return found
