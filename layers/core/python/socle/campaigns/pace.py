"""How large chunks are and when each may be sent: as fast as asked for, more every day, at a time of day of each place. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from socle.campaigns.model.document import At, WarmUp
from socle.clock import DAY, HOUR, MINUTE
from socle.schedule import next_time
from socle.segments.zones import civil, instant

FEWEST, MOST, CHUNKS = 250, 10_000, 1_000
"""People of a chunk, and how many chunks there are to be at most: what a workflow's history and one call can hold."""
FEWEST_THROTTLED = 500
"""A portion of a throttled campaign costs transitions of its own: waiting, deciding, sending."""
PORTION = 10
"""Minutes that a portion of a throttled campaign is meant to last."""
EARLIEST = 14 * HOUR
"""Before UTC: where a day begins first (Kiribati)."""


def chunk_size(audience: int, per_minute: int | None = None) -> int:
    """People of a chunk of an audience that is about so large."""
    if per_minute is not None:
        return min(MOST, max(FEWEST_THROTTLED, per_minute * PORTION))
    return min(MOST, max(FEWEST, audience // CHUNKS))


def day_ends(warm_up: WarmUp) -> Iterator[int]:
    """How many people have been sent to by the end of each day, without end."""
    room = today = float(warm_up.first_day)
    while True:
        yield int(room)
        today *= warm_up.growth
        room += today


def moment_of(schedule: At, company: str) -> int:
    """Epoch ms of a time in the company's zone; of local time, when it is that time first in the world."""
    when = datetime.fromisoformat(schedule.at)
    written = _ms(when)
    if schedule.local:
        return written - EARLIEST
    return written if when.tzinfo is not None else instant(written, company)


def local_moment(schedule: At, zone: str, days: int = 0) -> int:
    """Epoch ms at which it is the schedule's time of day in a zone, some days later."""
    return instant(_ms(datetime.fromisoformat(schedule.at)) + days * DAY, zone)


def next_due(text: str, after: int, company: str) -> int | None:
    """The first moment after `after` (epoch ms) at which a recurring schedule is due by the clocks of the company's zone."""
    if text.startswith("rate("):
        return next_time(text, after)
    local = next_time(text, civil(after, company))
    # What a clock that was put back shows twice was due the first time.
    while local is not None and instant(local, company) <= after:
        local = next_time(text, local)
    return None if local is None else instant(local, company)


def portion(people: int, per_minute: int | None) -> int:
    """How much later (ms) than the first of its moment a chunk is sent that comes after so many `people`."""
    return people * MINUTE // per_minute if per_minute else 0


def _ms(when: datetime) -> int:
    return int((when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp() * 1000)
