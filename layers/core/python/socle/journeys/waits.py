"""Until when somebody waits who waits for a time of day or for a date of theirs, by their own clock. Pure.

The steps that run, the backtest and the explanation of where somebody is all decide by it. Clocks that are changed in between:
a time that is skipped is the moment of the jump, one that comes twice is the first of both (socle.segments.zones).
"""

from __future__ import annotations

from collections.abc import Mapping

from socle.clock import DAY, MINUTE
from socle.journeys.model.steps import WaitUntilDate, WaitUntilTime
from socle.journeys.model.triggers import LONGEST
from socle.profiles.model import Snapshot
from socle.segments.durations import milliseconds
from socle.segments.values import at_path, date
from socle.segments.zones import civil, instant, instant_of

_WEEK = ("thu", "fri", "sat", "sun", "mon", "tue", "wed")  # the epoch began on a Thursday
_AHEAD = 15
"""Days that are tried: a window of one weekday that falls into the hour which a clock skips comes a week later."""


def until(step: WaitUntilTime | WaitUntilDate, snapshot: Snapshot, zone: str, now: int) -> int | None:
    """When the wait is over, epoch ms, never before `now`; None where there is no date to wait for.

    zone  the person's (socle.messages.quiet.zone_of)
    """
    if isinstance(step, WaitUntilTime):
        return _time(step, zone, now)
    return _date(step, snapshot, zone, now)


def trait_at(snapshot: Snapshot, path: str) -> list[object]:
    """The values of a trait, or of a place in it; [] when there is none."""
    name = path.partition(".")[0].removesuffix("[]")
    register = snapshot.traits.get(name)
    data: Mapping[str, object] = {} if register is None else {name: register.value}
    return at_path(data, path)


def _time(step: WaitUntilTime, zone: str, now: int) -> int:
    """A window over midnight is of the day on which it begins."""
    begin, end = _minutes(step.begin) * MINUTE, _minutes(step.end) * MINUTE
    today = civil(now, zone) // DAY
    for day in range(today - 1, today + _AHEAD):
        if step.days and _WEEK[day % 7] not in step.days:
            continue
        opens = instant(day * DAY + begin, zone)
        closes = opens + MINUTE if begin == end else instant((day + (end < begin)) * DAY + end, zone)
        if now < closes and opens < closes:
            return max(opens, now)
    raise AssertionError("every week has every day")


def _date(step: WaitUntilDate, snapshot: Snapshot, zone: str, now: int) -> int | None:
    """A date without a time is its first moment by the person's own clock. Of a list the next one counts."""
    before = milliseconds(step.before) if step.before else 0
    moments = (instant_of(found, zone) - before for value in trait_at(snapshot, step.trait)
               if (found := date(value)) is not None)
    return min((moment for moment in moments if now <= moment <= now + LONGEST), default=None)


def _minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])
