"""Days since an order, by rules that say which days. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

OLDEST = -2_208_988_800_000
"""1900-01-01, epoch ms: what is said to be older counts as of that day."""


def midnights(timezone: str, earliest: int, now: int) -> list[tuple[int, int]]:
    """(when a civil day began, how many days ago that was), from the day of `earliest` to that of `now`, times in epoch ms.

    Days are those of the zone at that time: one on which the clocks change has 23 or 25 hours and is one day. A day without
    a midnight begins when its clocks do.
    """
    zone = ZoneInfo(timezone)
    today = datetime.fromtimestamp(now / 1000, UTC).astimezone(zone).date()
    first = datetime.fromtimestamp(max(min(earliest, now), OLDEST) / 1000, UTC).astimezone(zone).date()
    days = (today - first).days
    found = []
    for ago in range(days, -1, -1):
        day = today - timedelta(days=ago)
        begins = datetime(day.year, day.month, day.day, tzinfo=zone)
        found.append((int(begins.timestamp() * 1000), ago))
    return found

