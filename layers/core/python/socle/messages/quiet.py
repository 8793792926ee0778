"""Quiet hours by a person's own clock, over midnight and over changes of summer time. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from socle.messages.rules import QuietHours
from socle.profiles.model import Snapshot


def zone_of(snapshot: Snapshot, company: str) -> str:
    """The person's time zone: what they say of themselves, else what their device says, else the company's."""
    for register in (snapshot.traits.get("timezone"), snapshot.context.get("timezone")):
        if register is not None and isinstance(register.value, str) and _zone(register.value) is not None:
            return register.value
    return company


def quiet_until(hours: QuietHours, zone: str, now: int) -> int | None:
    """The end of the quiet hours that `now` (epoch ms) is in, epoch ms; None outside of them."""
    local = datetime.fromtimestamp(now / 1000, UTC).astimezone(_zone(zone) or UTC)
    minute, begin, end = local.hour * 60 + local.minute, _minutes(hours.begin), _minutes(hours.end)
    if begin < end:
        if not begin <= minute < end:
            return None
        day = local.date()
    elif minute >= begin:
        day = local.date() + timedelta(days=1)
    elif minute < end:
        day = local.date()
    else:
        return None
    wall = datetime(day.year, day.month, day.day, end // 60, end % 60, tzinfo=local.tzinfo)
    # A wall clock that strikes the end twice, or never, when the summer time changes: never in the past.
    return max(int(wall.timestamp() * 1000), now + 1)


def day_of(zone: str, now: int) -> str:
    """The date by that zone's clock, as `2026-01-31`."""
    return datetime.fromtimestamp(now / 1000, UTC).astimezone(_zone(zone) or UTC).date().isoformat()


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


@lru_cache(1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
