"""When a date trigger comes: a birthday every year, the end of a subscription once, so many days before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date as Day
from datetime import timedelta
from typing import Any, NamedTuple

from socle.clock import DAY, HOUR, MINUTE
from socle.journeys.model.release import Release
from socle.profiles.model import Snapshot
from socle.segments.durations import milliseconds
from socle.segments.values import at_path, date
from socle.segments.zones import civil, instant

FRESH = DAY
"""Ms after which it is too late to enter: whoever was not looked at by then is left alone."""
_EPOCH = Day(1970, 1, 1)


class Occurrence(NamedTuple):
    """A day that a trigger waits for: when people enter because of it, epoch ms, and the day itself, `2026-05-01`."""

    at: int
    day: str


def dated_by(releases: Iterable[Release]) -> list[tuple[str, int]]:
    """The traits that hold the dates by which people enter journeys, and when these were published, epoch ms."""
    return [(_top(one.document["trigger"]["trait"]), one.at) for one in releases
            if one.open and one.document["trigger"]["type"] == "date"]


def _top(path: str) -> str:
    """The trait of a path into it."""
    return path.partition(".")[0].removesuffix("[]")


def trait_day(snapshot: Snapshot, path: str, zone: str) -> Day | None:
    """The day that a trait holds, by the person's clock; None where it holds no date."""
    register = snapshot.traits.get(_top(path))
    if register is None:
        return None
    values = at_path({_top(path): register.value}, path)
    found = date(values[0]) if values else None
    if found is None:
        return None
    try:
        return _EPOCH + timedelta(days=(found.ms if found.civil else civil(found.ms, zone)) // DAY)
    except OverflowError:
        return None


def occurrences(trigger: Mapping[str, Any], snapshot: Snapshot, zone: str, now: int) -> Iterator[Occurrence]:
    """The one that came last, if that is less than FRESH before `now` (epoch ms), and the next one after it."""
    day = trait_day(snapshot, trigger["trait"], zone)
    if day is None:
        return
    ahead = milliseconds(trigger["before"]) // DAY if trigger.get("before") else 0
    clock = int(trigger["at"][:2]) * HOUR + int(trigger["at"][3:]) * MINUTE
    today = _EPOCH + timedelta(days=civil(now, zone) // DAY)
    for one in ([day] if not trigger["yearly"] else _years(day, today, ahead)):
        at = instant(((one - _EPOCH).days - ahead) * DAY + clock, zone)
        if at > now - FRESH:
            yield Occurrence(at, one.isoformat())
        if at > now:
            return


def _years(day: Day, today: Day, ahead: int) -> Iterator[Day]:
    """That day of the years around today, in order."""
    first = (today + timedelta(days=ahead)).year - 1
    for year in range(max(first, 1), min(first + 4, 9999)):
        try:
            yield day.replace(year=year)
        except ValueError:
            yield day.replace(year=year, day=28)
