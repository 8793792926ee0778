"""When something runs by itself: `rate(6 hours)` or `cron(0 6 ? * MON-FRI *)` as EventBridge Scheduler writes them, in UTC.

Of cron there is: *, ?, lists, ranges, steps and the names of months and weekdays (SUN is 1). L, W and # are not known here.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from socle.clock import DAY, HOUR, MINUTE

EVERY_AT_LEAST = 15
"""Minutes of a rate: what starts exports looks every five."""
_RATE = re.compile(r"rate\(([1-9][0-9]{0,4}) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\(([^()]{1,200})\)")
_UNITS = {"minute": MINUTE, "hour": HOUR, "day": DAY}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_YEARS = 9
"""How far ahead a date is looked for: 29 February comes every eight years at the latest."""


class Cron(NamedTuple):
    """The values that each field allows; days: None for one that leaves the choice to the other."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[int] | None
    years: frozenset[int]


def next_time(text: str, after: int) -> int | None:
    """The first moment after `after` (epoch ms) at which a schedule is due; None when it never is again.

    A rate counts from `after`. Raises ValueError, for people, for a text that is no schedule.
    """
    rate = _RATE.fullmatch(text)
    if rate:
        length = int(rate[1]) * _UNITS[rate[2]]
        if length < EVERY_AT_LEAST * MINUTE:
            raise ValueError(f"runs at most every {EVERY_AT_LEAST} minutes")
        return after + length
    cron = _CRON.fullmatch(text)
    if not cron:
        raise ValueError("is rate(6 hours), rate(1 day) or cron(minutes hours day month weekday year)")
    return _next(_cron(cron[1]), after)


def checked(text: str) -> str:
    """The text, if it is a schedule that is ever due. Raises ValueError."""
    if next_time(text, 0) is None:
        raise ValueError("is never due: no date fits it")
    return text


def _next(cron: Cron, after: int) -> int | None:
    begin = datetime.fromtimestamp(after // 1000, UTC)
    year = max(begin.year, min(cron.years))
    day = begin.date() if year == begin.year else date(year, 1, 1)
    for offset in range(_YEARS * 366):
        today = day + timedelta(days=offset)
        if not _is_day(cron, today):
            continue
        for hour in sorted(cron.hours):
            for minute in sorted(cron.minutes):
                moment = int(datetime(today.year, today.month, today.day, hour, minute, tzinfo=UTC).timestamp()) * 1000
                if moment > after:
                    return moment
    return None


def _is_day(cron: Cron, day: date) -> bool:
    return (day.year in cron.years and day.month in cron.months and (cron.days is None or day.day in cron.days)
            and (cron.weekdays is None or day.isoweekday() % 7 + 1 in cron.weekdays))


def _cron(fields: str) -> Cron:
    parts = fields.split()
    if len(parts) != 6:
        raise ValueError("has six fields in cron(): minutes hours day month weekday year")
    minute, hour, day, month, weekday, year = parts
    if (day == "?") == (weekday == "?"):
        raise ValueError("has ? for either the day or the weekday, and a choice (or *) for the other")
    return Cron(_values(minute, 0, 59, "minutes"), _values(hour, 0, 23, "hours"),
                None if day == "?" else _values(day, 1, 31, "day"), _values(month, 1, 12, "month", _MONTHS),
                None if weekday == "?" else _values(weekday, 1, 7, "weekday", _DAYS), _values(year, 1970, 2199, "year"))


def _values(text: str, first: int, last: int, what: str, names: tuple[str, ...] = ()) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        low, dash, high = span.partition("-")
        begin = first if span == "*" else _number(low, what, names)
        end = last if span == "*" or (step and not dash) else _number(high, what, names) if dash else begin
        every = _number(step, what, ()) if step else 1
        if not (first <= begin <= end <= last) or every < 1:
            raise ValueError(f"has {part[:20]!r} for the {what}: from {first} to {last}")
        found.update(range(begin, end + 1, every))
    return frozenset(found)


def _number(text: str, what: str, names: tuple[str, ...]) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + 1
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise ValueError(f"has {text[:20]!r} for the {what}: numbers, *, lists (1,2), ranges (1-5) and steps (*/15)")
    return int(text)
