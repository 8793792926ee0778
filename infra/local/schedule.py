"""EventBridge Scheduler: fires rate(), cron() and at() schedules by the one clock. moto keeps schedules but fires none.

Source: EventBridge Scheduler user guide, "Schedule types". A rate counts from the moment the schedule is first seen.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from croniter import croniter  # type: ignore[import-untyped]
from moto.scheduler.models import scheduler_backends

from infra.local.cloud import ACCOUNT, REGION
from socle import clock

logger = logging.getLogger("infra.local")

_UNITS = {"minute": clock.MINUTE, "hour": clock.HOUR, "day": clock.DAY}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\(([^)]+)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")


def next_time(expression: str, after: int, zone: str = "UTC") -> int | None:
    """The first moment after `after` (epoch ms) at which a schedule is due; None when it never is again.

    Raises ValueError for an expression that EventBridge Scheduler does not have.
    """
    if rate := _RATE.fullmatch(expression):
        return after + int(rate[1]) * _UNITS[rate[2]]
    if at := _AT.fullmatch(expression):
        moment = int(datetime.fromisoformat(at[1]).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)
        return moment if moment > after else None
    if cron := _CRON.fullmatch(expression):
        return _next_cron(cron[1], after, zone)
    raise ValueError(f"not a schedule expression: {expression}")


def _next_cron(fields: str, after: int, zone: str) -> int | None:
    """AWS writes minutes hours day-of-month month day-of-week year, SUN is 1; croniter has no year and SUN is 0."""
    minute, hour, day, month, weekday, year = fields.split()
    weekday = re.sub(r"\d+", lambda number: str((int(number[0]) - 1) % 7), weekday.partition("#")[0]) \
        + weekday[len(weekday.partition("#")[0]):]
    if day.endswith("W"):
        raise ValueError(f"the local machine has no nearest weekday: cron({fields})")
    expression = " ".join(part.replace("?", "*") for part in (minute, hour, day, month, weekday))
    start = datetime.fromtimestamp(after / 1000, ZoneInfo(zone))
    years = _years(year)
    for moment in croniter(expression, start, ret_type=datetime).all_next():
        if moment.year > max(years, default=start.year + 8):
            return None
        if not years or moment.year in years:
            return int(moment.timestamp() * 1000)
    return None


def _years(field: str) -> set[int]:
    years: set[int] = set()
    for part in field.split(",") if field not in ("*", "?") else []:
        first, _, last = part.partition("-")
        years |= set(range(int(first), int(last or first) + 1))
    return years


class Due(NamedTuple):
    """A schedule and when it fires next (epoch ms)."""

    at: int
    group: str
    name: str


class Schedules:
    """The schedules that moto keeps, with the time at which each fires next."""

    def __init__(self, invoke: Callable[[str, Any], None]) -> None:
        """`invoke(arn, event)` calls the target of a schedule."""
        self._invoke = invoke
        self._next: dict[tuple[str, str], tuple[str, int | None]] = {}
        self._groups = scheduler_backends[ACCOUNT][REGION].schedule_groups  # kept: finding it takes longer than looking at it

    def first(self) -> Due | None:
        """The schedule that fires next; of two at the same time, by name."""
        now = clock.now()
        due = []
        for group in self._groups.values():
            for schedule in group.schedules.values():
                if schedule.state != "ENABLED":
                    continue
                key = (group.name, schedule.name)
                expression = schedule.schedule_expression
                known = self._next.get(key)
                if known is None or known[0] != expression:
                    known = self._next[key] = (
                        expression, next_time(expression, now, schedule.schedule_expression_timezone))
                if known[1] is not None:
                    due.append(Due(known[1], *key))
        return min(due, default=None)

    def skip(self, due: Due) -> None:
        """Set the next time of a schedule. Missed times are not made up for, as on AWS."""
        schedule = self._schedule(due)
        expression, zone = schedule.schedule_expression, schedule.schedule_expression_timezone
        following = next_time(expression, due.at, zone)
        while following is not None and following <= clock.now():
            following = next_time(expression, following, zone)
        self._next[due.group, due.name] = (expression, following)

    def target(self, due: Due) -> str:
        """The ARN that a schedule calls."""
        return str(self._schedule(due).target["Arn"])

    def fire(self, due: Due) -> None:
        """Call the target of a schedule and set its next time."""
        schedule = self._schedule(due)
        self.skip(due)
        moment = datetime.fromtimestamp(due.at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        text = schedule.target.get("Input", "{}").replace("<aws.scheduler.scheduled-time>", moment)
        self._invoke(schedule.target["Arn"], json.loads(text))
        if self._next[due.group, due.name][1] is None and schedule.action_after_completion == "DELETE":
            del self._groups[due.group].schedules[due.name]

    def _schedule(self, due: Due) -> Any:
        return self._groups[due.group].schedules[due.name]
