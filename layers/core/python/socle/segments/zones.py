"""Civil times in a time zone as instants. Pure.

A time that a clock skips (spring) is the moment of the jump, one that it shows twice (autumn) is the first of both. So a later
civil time is never an earlier instant, and a comparison of instants can be made on civil times too (`civil_from`).
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from socle.clock import DAY
from socle.segments.values import Date, utc

_YEAR_1, _YEAR_9999 = -62_135_596_800_000, 253_402_300_799_999


@lru_cache(maxsize=256)
def zone_of(name: str) -> ZoneInfo:
    """A zone of the IANA database."""
    return ZoneInfo(name)


def offset(ms: int, zone: str) -> int:
    """What is added to UTC at an instant to get the civil time, in ms."""
    if zone == "UTC":
        return 0
    if not _YEAR_1 + 2 * DAY < ms < _YEAR_9999 - 2 * DAY:
        return 0  # no zone has an offset that could be shown there
    away = utc(ms).astimezone(zone_of(zone)).utcoffset()
    return (away or timedelta()) // timedelta(milliseconds=1)


def civil(ms: int, zone: str) -> int:
    """The civil time at an instant, as epoch ms as if it were UTC."""
    return ms + offset(ms, zone)


@lru_cache(maxsize=16_384)
def instant(ms: int, zone: str) -> int:
    """The instant of a civil time: the first one from which on the clock shows it or more."""
    before, after = offset(ms - DAY, zone), offset(ms + DAY, zone)
    if before == after:
        return ms - before
    low, high = ms - DAY, ms + DAY
    while high - low > 1:  # the clock is changed once in these two days, at `high` in the end
        middle = (low + high) // 2
        low, high = (middle, high) if offset(middle, zone) == before else (low, middle)
    return ms - before if ms - before < high else max(high, ms - after)


def instant_of(date: Date, zone: str) -> int:
    """The instant of a date; a civil one is meant in `zone`."""
    return instant(date.ms, zone) if date.civil else date.ms


@lru_cache(maxsize=4_096)
def civil_from(moment: int, zone: str) -> int:
    """The least civil time whose instant is not before `moment`: comparing with it is comparing instants."""
    low, high = moment - 2 * DAY, moment + 2 * DAY
    while low < high:
        middle = (low + high) // 2
        if instant(middle, zone) >= moment:
            high = middle
        else:
            low = middle + 1
    return low
