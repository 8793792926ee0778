"""Before every step: whether somebody is still in the journey, in which version, and whether they may go on."""

from __future__ import annotations

from typing import NamedTuple

from socle.journeys.holds import expire
from socle.journeys.model.entry import ERASED, MOVED, OVER, STOPPED, Entry
from socle.journeys.model.release import HELD
from socle.journeys.model.row import PARKED, TIMED_OUT, Inside, Logged, Parked, Row
from socle.journeys.model.steps import Exit
from socle.journeys.model.task import Task
from socle.journeys.model.ways import Exited, Paused, Resolved, Way
from socle.journeys.service.courses import Running
from socle.journeys.service.ground import Ground, execution_of, input_of
from socle.journeys.service.people import change, close, end, find
from socle.profiles.model import Aggregate
from socle.segments.durations import milliseconds


class Seen(NamedTuple):
    """Somebody who may do the step.

    row  what happened to them before; None: it is gone, since they were erased a moment ago
    """

    task: Task
    now: int
    root: Aggregate
    entry: Entry
    row: Row | None
    course: Running


def look(ground: Ground, task: Task, now: int) -> Seen:
    """Somebody as they are at `now` (epoch ms). Raises Exited, Paused or Resolved; Unavailable, Conflict."""
    root, entry = find(ground, task.profile, task.entry)
    if entry is None:
        if root.erased is not None:  # their entry is gone, that it was one stays counted: so also that it is none any more
            ground.counters.add(task.journey, task.version, {("", f"ended:{ERASED}"): 1}, task.entry)
        raise Exited("they were erased")
    row = ground.entries.get(entry.part, entry.id)
    if entry.active and entry.version != task.version:
        _begin(ground, task, entry, row)  # again: whoever moved them may have stopped before that
        raise Exited(MOVED)
    course = ground.courses.find(task.journey, task.version, entry.at)
    if course is None and entry.active:
        end(ground, task.profile, task.entry, STOPPED, now)
        raise Exited("this version is gone")
    if course is None:
        close(ground, root, entry, row)
        raise Exited(entry.reason)
    obstacle = obstacle_of(task, course, entry, now)
    if obstacle is None and (version := _newer(ground, task)):
        found = change(ground, task.profile, task.entry, lambda one, _: one._replace(version=version) if one.active else one)
        if found.entry is not None and found.entry.active:
            _begin(ground, task, found.entry, row)
        raise Exited(MOVED)
    if obstacle is None:
        _forget_the_past(ground, task, entry, row, course, now)
        return Seen(task, now, root, entry, row, course)
    if isinstance(obstacle, Exited):
        if entry.active:
            end(ground, task.profile, task.entry, str(obstacle), now)
        else:
            close(ground, root, entry, row)
    raise obstacle


def obstacle_of(task: Task, course: Running, entry: Entry, now: int) -> Way | None:
    """Why this step is not done; of Exited its text is the reason. Pure: also asked with each look at a message's person."""
    if not entry.active:
        return Exited(entry.reason)
    if course.release.ejects(entry.at):
        return Exited(STOPPED)
    if now >= entry.at + milliseconds(course.document.lasts) or (task.limit and task.round > task.limit):
        return Exited(OVER)
    if course.release.state == HELD:
        return Paused()
    if task.after and expire(entry, task.after, task.round, now).way:
        return Resolved()
    return None


def _newer(ground: Ground, task: Task) -> int:
    """The version that takes along those who come to this step; 0 for none."""
    current = ground.courses.current(task.journey)
    if current is None or current.release.version <= task.version or current.document.in_flight != "move":
        return 0
    is_step = task.do not in ("quiet", "time_over", "exit") and task.step in current.edges
    begins = is_step and not isinstance(current.document.step(task.step), Exit)  # nobody begins at an exit
    return current.release.version if begins and current.release.machine else 0


def _begin(ground: Ground, task: Task, entry: Entry, row: Row | None) -> None:
    """The execution of the version that they follow by now, at this step."""
    course = ground.courses.find(task.journey, entry.version)
    if course is not None and course.release.machine:
        # By its version nobody takes away the machine that they are in.
        ground.entries.inside(entry.journey, Inside(entry.id, entry.part, entry.version))
        ground.executions.start(course.release.machine, execution_of(entry, row), input_of(entry, task.step, task.round))


def _forget_the_past(ground: Ground, task: Task, entry: Entry, row: Row | None, course: Running, now: int) -> None:
    """They came here: so nobody is parked here any more, and the hold before has timed out."""
    before = row.log.get((task.step, task.round)) if row is not None else None
    if before is not None and before.outcome == PARKED:
        ground.entries.unpark(entry.journey, Parked(entry.id, entry.part, task.version, task.step, task.round, before.detail,
                                                    before.at))
    if task.after:
        ground.note(entry, row, course, (task.after, task.round), Logged(now, TIMED_OUT), TIMED_OUT)
