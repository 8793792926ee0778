"""What a state machine asks for when somebody comes to a step: look, decide, act, write down. Doing it again does nothing twice.

    the step                    what makes the second time harmless
    send                        the ledger: one claim for each message key, which is of entry, step and round
    update, start               events of the same id and time
    webhook                     the same webhook-id, by which the receiver drops the second
    branch, split               what was chosen is in the row
    hold                        registered once in the aggregate; the newest token is answered
    the end                     entry.ended in the aggregate, told by an event of the same id and time
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socle.clock import SECOND
from socle.errors import Unavailable
from socle.iso import to_iso
from socle.journeys.choose import case_of, planned, said, way_of, winner_of
from socle.journeys.graph import NEXT, OTHERWISE
from socle.journeys.model.entry import COMPLETED
from socle.journeys.model.row import OUT, WAITING, WAY, Logged
from socle.journeys.model.steps import (
    END,
    Branch,
    CallWebhook,
    Exit,
    Hold,
    Send,
    Split,
    StartJourney,
    Update,
    WaitUntilDate,
    WaitUntilTime,
)
from socle.journeys.model.task import Task
from socle.journeys.model.ways import Otherwise
from socle.journeys.service.calls import Calls
from socle.journeys.service.ground import Ground
from socle.journeys.service.holding import Holding, end_of
from socle.journeys.service.looking import Seen, look
from socle.journeys.service.people import end
from socle.journeys.service.sends import Letters, event_of, held_until
from socle.journeys.waits import until
from socle.messages.quiet import zone_of
from socle.profiles.orders import standing
from socle.profiles.service import Profiles
from socle.segments.facts import Person, person_of
from socle.segments.plan import Plans
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS
from socle.segments.watches import watches

FOLDED = 60 * SECOND
"""Ms within which what an update says is in the profile; who waits longer has a stream that stands still."""


class Steps:
    """Does steps. `company` answers the time zone of people whose own is not known."""

    def __init__(self, ground: Ground, letters: Letters, calls: Calls, company: Callable[[], str]) -> None:
        self._ground = ground
        self._letters = letters
        self._calls = calls
        self._holding = Holding(ground)
        self._company = company

    def do(self, task: Task, now: int) -> dict[str, Any]:
        """One step at `now` (epoch ms): {}, or `way`, `until` (ISO 8601) or `seconds`, as the state machine wants it.

        Raises a Way (socle.journeys.model.ways) where it goes on elsewhere; Unavailable, Conflict: the same again.
        """
        if task.do == "park":
            self._holding.park(task, now)
            return {}
        seen = look(self._ground, task, now)
        if task.do == "exit":
            return self._exit(seen)
        step = seen.course.document.step(task.step)
        match step:
            case Send() if task.do == "quiet":
                before = seen.row.log.get((task.step, task.round)) if seen.row is not None else None
                return {"until": to_iso(held_until(before, now))}
            case Send():
                return self._done(seen, self._letters.send(seen, step))
            case Update():
                return self._done(seen, self._calls.update(seen, step))
            case StartJourney():
                return self._done(seen, self._calls.start(seen, step))
            case CallWebhook():
                return self._done(seen, self._calls.webhook(seen, step))
            case Branch():
                return self._way(seen, self._case(seen, step))
            case Split():
                return self._way(seen, self._share(seen, step))
            case WaitUntilTime() | WaitUntilDate():
                return self._wait(seen, step)
            case Hold() if task.do == "time_over":
                return self._holding.time_over(seen, step)
            case Hold():
                self._holding.hold(seen, step)
                return {}
        raise AssertionError(f"{task.do} is done by no function")

    def _done(self, seen: Seen, what: Logged) -> dict[str, Any]:
        self._note(seen, what, NEXT)
        return self._onward(seen, NEXT)

    def _way(self, seen: Seen, way: str) -> dict[str, Any]:
        self._note(seen, Logged(seen.now, WAY, way), way)
        return {**self._onward(seen, way), "way": way}

    def _onward(self, seen: Seen, way: str) -> dict[str, Any]:
        """Note the end, if that is where they go: no state comes after this one."""
        reason = end_of(seen.course, seen.task.step, way)
        if reason is not None:
            self._end(seen, reason, seen.course.edges[seen.task.step][way])
        return {}

    def _exit(self, seen: Seen) -> dict[str, Any]:
        step = seen.course.document.step(seen.task.step) if seen.task.step else None
        reason = step.reason if isinstance(step, Exit) else COMPLETED
        self._end(seen, reason, seen.task.step or END)
        return {}

    def _end(self, seen: Seen, reason: str, step: str) -> None:
        end(self._ground, seen.task.profile, seen.task.entry, reason, seen.now)
        if step != END:  # of an exit there is nothing to say but that it was this one
            self._ground.counters.add(seen.entry.journey, seen.entry.version, {(step, OUT): 1}, seen.entry.id)

    def _wait(self, seen: Seen, step: WaitUntilTime | WaitUntilDate) -> dict[str, Any]:
        moment = until(step, seen.root.snapshot, zone_of(seen.root.snapshot, self._company()), seen.now)
        if moment is None:
            self._note(seen, Logged(seen.now, WAY, OTHERWISE), OTHERWISE)
            raise Otherwise
        self._ground.note(seen.entry, seen.row, seen.course, (step.name, seen.task.round),
                          Logged(seen.now, WAITING, to_iso(moment)), NEXT, then=moment)
        return {"until": to_iso(moment)}

    def _case(self, seen: Seen, step: Branch) -> str:
        if (chosen := self._chosen(seen)) is not None:
            return chosen
        _await_updates(seen)
        ground, zone = self._ground, seen.course.document.timezone
        plans = Plans({one.name: one.document for one in ground.definitions(SEGMENTS)},
                      {one.name: one.document for one in ground.definitions(COMPUTED_TRAITS)})
        cases = planned(step, plans, zone)

        def person() -> Person:
            nodes = [case.when for case in cases if case.when is not None]
            history = standing(Profiles(ground.profiles).known(seen.root.id).events)
            return person_of(seen.root.id, seen.root.snapshot, seen.root.given, watches(nodes), history)

        event = event_of(ground, seen.entry) if any(case.event for case in cases) else said(None)
        return case_of(cases, person, event or {}, seen.row.responses if seen.row is not None else {}, seen.now)

    def _share(self, seen: Seen, step: Split) -> str:
        if (chosen := self._chosen(seen)) is not None:
            return chosen
        winner = winner_of(step, self._ground.counters.read(seen.entry.journey, seen.entry.version)) if step.winner else ""
        return way_of(step, seen.entry.journey, seen.entry.part, winner)

    def _chosen(self, seen: Seen) -> str | None:
        """What was chosen when this was asked before, and may have been acted upon."""
        before = seen.row.log.get((seen.task.step, seen.task.round)) if seen.row is not None else None
        known = before is not None and before.outcome == WAY and before.detail in seen.course.edges[seen.task.step]
        return before.detail if known and before is not None else None

    def _note(self, seen: Seen, what: Logged, way: str) -> None:
        self._ground.note(seen.entry, seen.row, seen.course, (seen.task.step, seen.task.round), what, way)


def _await_updates(seen: Seen) -> None:
    """A branch after an update asks for what that has changed: its events are on the stream, and in the profile in a moment.

    Raises Unavailable until they are: Step Functions asks again in two seconds.
    """
    said = [max(at, seen.entry.seen[0] + 1) for (name, _), at in (seen.row.begun if seen.row is not None else {}).items()
            if name in seen.course.edges and isinstance(seen.course.document.step(name), Update)]
    if said and seen.root.snapshot.last_seen < max(said) > seen.now - FOLDED:
        raise Unavailable("not_folded", "what the update said is not in the profile yet: again in a moment")
