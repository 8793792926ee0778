"""Holds and parking: people whose execution waits for a token.

The token is in the row before the hold is in the aggregate: whoever ends the hold from then on finds it. What ended it before is
found by whoever registers it. So between the two nothing is missed, and what is answered twice is answered once.
"""

from __future__ import annotations

from typing import Any

from socle.clock import SECOND
from socle.iso import to_iso
from socle.journeys.choose import already
from socle.journeys.graph import NEXT
from socle.journeys.holds import expire, register
from socle.journeys.model.entry import COMPLETED, OVER, Entry
from socle.journeys.model.release import HELD
from socle.journeys.model.row import HOLDING, PARKED, TIMED_OUT, WAY, Logged, Parked, Row
from socle.journeys.model.steps import END, Exit, Hold
from socle.journeys.model.steps import TIMED_OUT as TIME_OVER
from socle.journeys.model.task import Task
from socle.journeys.model.ways import Exited, Over, Resolved
from socle.journeys.service.courses import Running
from socle.journeys.service.ground import Ground
from socle.journeys.service.looking import Seen
from socle.journeys.service.people import change, close, end, find
from socle.profiles.model import Aggregate
from socle.segments.durations import milliseconds

PAUSED = "paused"
"""Why somebody is parked whom an operator holds; of others `failed: <error>`."""


class Holding:
    """Registers holds and parks people."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def hold(self, seen: Seen, step: Hold) -> None:
        """Wait for one of its events. What has happened already ends it at once."""
        task, ground = seen.task, self._ground
        timeout = milliseconds(step.timeout)
        ground.note(seen.entry, seen.row, seen.course, (step.name, task.round),
                    Logged(task.entered, HOLDING, to_iso(task.entered + timeout)), token=task.token)

        def registered(entry: Entry, root: Aggregate) -> Entry:
            if not entry.active:
                return entry
            after = register(entry, step.name, task.round, timeout, task.entered)
            hold = after.hold
            if hold is not None and not hold.way and (way := already(step, root.segments)):
                after = after._replace(hold=hold._replace(way=way))
            return over_by(seen.course, after, step.name, seen.now)

        found = change(ground, task.profile, task.entry, registered)
        hold = found.entry.hold if found.entry is not None else None
        if found.entry is None:
            raise Exited("they were erased")
        if hold is not None and hold.way and (hold.step, hold.round) == (step.name, task.round):
            self.resolve(found.root, found.entry, seen.row, seen.course, step.name, task.round, hold.way, seen.now, task.token)
        elif not found.entry.active:
            close(ground, found.root, found.entry)
            raise Exited(found.entry.reason)

    def resolve(self, root: Aggregate, entry: Entry, row: Row | None, course: Running, step: str, round_: int, way: str, now: int,
                token: str) -> None:
        """Let somebody go on by the way that ended their hold."""
        self._ground.note(entry, row, course, (step, round_), Logged(now, WAY, way), way)
        if not entry.active:
            close(self._ground, root, entry)
        self._ground.executions.answer(token, {"way": way})

    def time_over(self, seen: Seen, step: Hold) -> dict[str, Any]:
        """`{"seconds"}` that are left because the time began anew. Raises Resolved, Over, or Exited if it did so for too long."""
        task = seen.task
        expired = expire(seen.entry, step.name, task.round, seen.now, milliseconds(step.timeout))
        if expired.way:
            raise Resolved
        if expired.out:
            end(self._ground, task.profile, task.entry, OVER, seen.now)
            raise Exited(OVER)
        if expired.left:
            return {"seconds": -(-expired.left // SECOND)}
        self._ground.note(seen.entry, seen.row, seen.course, (step.name, task.round), Logged(seen.now, TIMED_OUT), TIME_OVER)
        raise Over

    def park(self, task: Task, now: int) -> None:
        """Wait until an operator lets them go on: at once where there is no need to wait any more."""
        ground, why = self._ground, f"failed: {task.error or 'unknown'}" if task.is_failure else PAUSED
        entry = find(ground, task.profile, task.entry).entry
        one = Parked(task.entry, task.profile, task.version, task.step, task.round, why, now)
        if entry is None or not entry.active or not ground.entries.park(task.journey, one, task.token):
            ground.executions.answer(task.token, {})
            return
        course = ground.courses.find(task.journey, entry.version)
        if course is not None:
            row = ground.entries.get(entry.part, entry.id)
            ground.note(entry, row, course, (task.step, task.round), Logged(now, PARKED, why))
        if why == PAUSED:
            # Only now: whoever resumed it before this person was listed has let the others go on.
            ground.courses.forget(task.journey)
            course = ground.courses.find(task.journey, entry.version)
            if course is None or course.release.state != HELD:
                ground.executions.answer(task.token, {})
                ground.entries.unpark(task.journey, one)


def over_by(course: Running, entry: Entry, step: str, now: int) -> Entry:
    """The entry, ended if what ended its hold leads to an end: nobody else would note it."""
    hold = entry.hold
    if hold is None or not hold.way or not entry.active:
        return entry
    reason = end_of(course, step, hold.way)
    return entry if reason is None else entry._replace(ended=max(now, entry.at), reason=reason)


def end_of(course: Running, step: str, way: str = NEXT) -> str | None:
    """Why it is over for whoever goes this way; None when it is not."""
    target = course.edges[step].get(way, END)
    if target == END:
        return COMPLETED
    following = course.document.step(target)
    return following.reason if isinstance(following, Exit) else None
