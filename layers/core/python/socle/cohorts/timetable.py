"""What the clock means to a journey with a schedule. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socle.campaigns.pace import next_due
from socle.clock import HOUR
from socle.cohorts.model import NEVER, OFF, Cohort, Timetable
from socle.journeys.entering import FRESH

LATE = FRESH - 6 * HOUR
"""How late a time of a schedule may be, and how long asking may take: events that are older than FRESH let nobody enter, and they
need some time on their way."""


def looked_at(before: Timetable | None, journey: str, trigger: Mapping[str, Any] | None, zone: str, now: int) -> Timetable | None:
    """The timetable as it is at `now` (epoch ms): with a cohort as soon as its time has come. None: there is none.

    trigger  of type `schedule`; None while nobody may enter: what is due then is not made up for
    zone     of the company: by its clocks cron is meant
    A time that comes while the people of the one before are still asked waits for them.
    """
    if trigger is None:
        return None if before is None else before._replace(schedule=OFF, due=NEVER, cohort=None)
    text = f"{trigger['every']} {zone}"
    table = before or Timetable(journey, "", NEVER)
    if table.schedule != text:
        table = table._replace(schedule=text, due=_next(trigger, zone, now))
    if table.cohort is not None and table.cohort.at <= now - LATE:
        table = table._replace(cohort=None)
    if table.due <= now and table.cohort is None:
        cohort = Cohort(table.due, trigger["segment"]) if table.due > now - LATE else None
        table = table._replace(cohort=cohort, due=_next(trigger, zone, now))
    return table


def _next(trigger: Mapping[str, Any], zone: str, now: int) -> int:
    following = next_due(trigger["every"], now, zone)
    return NEVER if following is None else following
