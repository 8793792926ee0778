"""What the consumer decided about people in journeys, done: begin, let go on, stop, count. Doing it again does nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from socle.clock import SECOND
from socle.effects.model import GOAL, JOURNEY, OUT, RESUME, Effect
from socle.identity.service.history import find_event
from socle.journeys.ahead import waits
from socle.journeys.model.entry import HOLDOUT, STOPPED, Entry
from socle.journeys.model.row import WAITING, WAY, Inside, Row
from socle.journeys.service.courses import Running
from socle.journeys.service.ground import Ground, execution_of, input_of
from socle.journeys.service.holding import Holding
from socle.journeys.service.people import close, end, find
from socle.journeys.told import entered
from socle.messages.service.people import known_by
from socle.profiles.model import Aggregate
from socle.profiles.orders import worth
from socle.rates.model import HORIZON

BUDGET = "journeys"
STARTS = 250.0
"""Executions a second that are begun, of 300 that an account may begin in most regions (Step Functions' quotas, StartExecution
for standard workflows: refill rate 300, bucket 1,300 in us-east-1, us-west-2 and eu-west-1; 150 and 800 in others)."""
PATIENCE = 3 * SECOND
"""Ms for which a turn is waited for."""
TURN = "\0turn"
"""At the end of the key of an effect whose turn it is."""


class Rates(Protocol):
    """The shared budgets (socle.rates.store)."""

    def take(self, name: str, count: int, limit: float, now: int) -> int: ...


class Waiting(Protocol):
    """Lets ms pass."""

    def __call__(self, milliseconds: int) -> None: ...


class Queue(Protocol):
    """The queue that effects come from (socle.effects.store)."""

    def send(self, effects: Sequence[Effect], delay: int = 0) -> None: ...


class Starts(NamedTuple):
    """How fast executions begin; `per_second` is the account's quota, or less. Whose turn comes later goes back to the queue."""

    rates: Rates
    wait: Waiting
    queue: Queue
    per_second: float = STARTS


class JourneyEffects:
    """Does the effects of journeys."""

    def __init__(self, ground: Ground, starts: Starts) -> None:
        self._ground = ground
        self._starts = starts
        self._holding = Holding(ground)

    def run(self, effect: Effect, now: int) -> bool:
        """One effect at `now` (epoch ms); False when there is nothing to do any more. Raises Unavailable, Conflict."""
        id_, *more = effect.key.split("\0")
        root, entry = find(self._ground, effect.profile, id_)
        if entry is None:
            if effect.kind == OUT or root.erased is not None:
                self._stop(effect, id_)
            return False
        row = self._ground.entries.get(entry.part, entry.id)
        if effect.kind == JOURNEY:
            return self._enter(root, entry, effect, now)
        if effect.kind == RESUME:
            return self._resume(root, entry, row, more[0], int(more[1]), now)
        if effect.kind == GOAL:
            return self._goal(entry, row, "\0".join(more), now)  # ids of clients may have any character
        close(self._ground, root, entry, row)
        self._stop(effect, execution_of(entry, row), entry.version)
        return True

    def _enter(self, root: Aggregate, entry: Entry, effect: Effect, now: int) -> bool:
        ground, course = self._ground, self._ground.courses.find(entry.journey, entry.version, entry.at)
        is_new = ground.entries.enter(entry.journey, Inside(entry.id, entry.part, entry.version), entry.at)
        if is_new:
            ground.counters.add(entry.journey, entry.version,
                                {("", "holdout" if entry.reason == HOLDOUT else "entered"): 1}, entry.id)
        who = known_by(root)
        if who is not None:
            ground.tell([entered(entry, (who,))])
        if not entry.active:
            if entry.reason != HOLDOUT:
                close(ground, root, entry)
            return True
        if course is None or not course.release.machine or course.release.ejects(entry.at):
            end(ground, entry.part, entry.id, STOPPED, now)
            return True
        if entry.version != effect.revision:
            return True  # they were moved to another version since: so this one had begun
        if not self._is_turn(effect, now):
            return True
        ground.entries.inside(entry.journey, Inside(entry.id, entry.part, entry.version))
        if is_new or effect.key.endswith(TURN):
            self._foresee(entry, course, now)
        ground.executions.start(course.release.machine, entry.id, input_of(entry))
        return True

    def _is_turn(self, effect: Effect, now: int) -> bool:
        """Whether the execution may begin now. A turn that comes later is kept: with it the effect comes back, and takes no other
        (a storm would else take turns for ever, and use none)."""
        if effect.key.endswith(TURN):
            return True
        delay = self._starts.rates.take(BUDGET, 1, self._starts.per_second, now)
        if delay > HORIZON:
            self._starts.queue.send([effect], HORIZON // SECOND)
        elif delay > PATIENCE:
            self._starts.queue.send([effect._replace(key=effect.key + TURN)], -(-delay // SECOND))
        elif delay:
            self._starts.wait(delay)
        return delay <= PATIENCE

    def _foresee(self, entry: Entry, course: Running, now: int) -> None:
        ahead = waits(course.document, course.follows, (course.document.steps[0].name, 0), now)
        if ahead and self._ground.entries.log(entry.part, entry.id, ahead):
            self._ground.counters.add(entry.journey, entry.version, {(step, WAITING): 1 for step, _ in ahead}, entry.id)

    def _resume(self, root: Aggregate, entry: Entry, row: Row | None, step: str, round_: int, now: int) -> bool:
        """Answer the token of a hold that has ended. Where there is none yet, whoever brings it finds that it has ended."""
        hold, course = entry.hold, self._ground.courses.find(entry.journey, entry.version)
        token = row.holds.get((step, round_)) if row is not None else None
        is_it = hold is not None and (hold.step, hold.round) == (step, round_) and hold.way in (
            course.edges.get(step, ()) if course is not None else ())  # another version may have no such hold
        if token is None or course is None or hold is None or not is_it:
            if not entry.active:
                close(self._ground, root, entry, row)
            return False
        self._holding.resolve(root, entry, row, course, step, round_, hold.way, now, token)
        return True

    def _goal(self, entry: Entry, row: Row | None, key: str, now: int) -> bool:
        """Count that they reached the goal, once, and what each event of it was worth."""
        ground, held_out = self._ground, entry.reason == HOLDOUT
        course = ground.courses.find(entry.journey, entry.version)
        found = find_event(ground.profiles, entry.part, key)
        if found is None or course is None or not ground.entries.mark(entry.part, entry.id, f"goal:{key}", now):
            return False
        kind, counts = ":holdout" if held_out else "", {}
        if ground.entries.mark(entry.part, entry.id, "goal", now):
            counts["", f"goal{kind}"] = 1
            counts |= {(step, f"goal:{what.detail}"): 1 for (step, _), what in (row.log if row is not None else {}).items()
                       if what.outcome == WAY}
        goal, paid = course.document.goal, worth(found[1])
        if goal is not None and goal.revenue and paid is not None:
            counts["", f"revenue{kind}:{paid[0]}"] = paid[1]
        ground.counters.add(entry.journey, entry.version, counts, entry.id)
        return True

    def _stop(self, effect: Effect, execution: str, version: int = 0) -> None:
        """Clean up: whoever is out is told so at their next step anyway."""
        course = self._ground.courses.find(effect.name, version or effect.revision)
        if course is not None and course.release.machine:
            self._ground.executions.stop(course.release.machine, execution, "they left the journey")
