"""One entry on its way: what its state machine would do, step by step, between two moments at which it waits. Pure."""

from __future__ import annotations

from typing import Protocol

from socle.channels.sms import price
from socle.clock import SECOND
from socle.events.model import Event
from socle.journeys import told
from socle.journeys.choose import already, case_of, said, way_of
from socle.journeys.graph import NEXT, OTHERWISE
from socle.journeys.holds import expire, register
from socle.journeys.model.entry import COMPLETED, OVER, Entry
from socle.journeys.model.row import DONE, HELD, HOLDING, SENT, SKIPPED, TIMED_OUT, WAITING, WAY
from socle.journeys.model.steps import (
    END,
    Branch,
    Exit,
    Hold,
    Send,
    Split,
    Step,
    Update,
    Wait,
    WaitUntilDate,
    WaitUntilTime,
)
from socle.journeys.model.steps import TIMED_OUT as NOTHING_CAME
from socle.journeys.waits import until
from socle.journeys.walk.messages import Letters, sent
from socle.journeys.walk.model import Score, Sent, Visit
from socle.journeys.walk.past import Past
from socle.messages.gate import Hold as Later
from socle.messages.gate import Send as Go
from socle.messages.gate import Skip
from socle.messages.model import SMS
from socle.messages.quiet import zone_of


class Around(Protocol):
    """What an entry knows of the person whose it is."""

    past: Past
    letters: Letters

    def entry(self, id_: str) -> Entry: ...
    def keep(self, entry: Entry) -> None: ...
    def tell(self, event: Event) -> None: ...


class Run:
    """`wake`: when it goes on by itself, epoch ms; None: never."""

    def __init__(self, score: Score, around: Around, entry: Entry, event: Event | None) -> None:
        self._score, self._around, self._id = score, around, entry.id
        self._event = said(event)
        self._step: Step = score.document.steps[0]
        self._round = 0
        self.path: list[Visit] = []
        self.sent: list[Sent] = []
        self.wake: int | None = entry.at

    def heard(self, now: int) -> None:
        """Something happened: perhaps it ends the hold, or everything."""
        entry = self._around.entry(self._id)
        hold = entry.hold
        if isinstance(self._step, Hold) and self._is_here and hold is not None and hold.way and (
                hold.step, hold.round) == (self._step.name, self._round):
            self._leave(now, WAY, hold.way)
            if entry.active:
                self._follow(hold.way, now)
                self.go(now)
        if not self._around.entry(self._id).active:
            self._stop(now)

    def go(self, now: int) -> None:
        """Go on, until it waits or is over."""
        while self.wake is not None and self.wake <= now:
            self.wake = None
            way = self._come(self._step, now) if self._may(now) else None
            if way is not None:
                self._follow(way, now)

    def _may(self, now: int) -> bool:
        """Whether they are inside still: every step asks first, but for a plain wait."""
        entry = self._around.entry(self._id)
        if entry.ended:
            self._stop(now)
            return False
        if now >= entry.at + self._score.lasts:
            self._end(now, OVER)
            return False
        return True

    def _come(self, step: Step, now: int) -> str | None:
        """Do a step; the way by which they go on, None while they wait, or when it is over."""
        if isinstance(step, Send):
            return self._send(step, now)
        if isinstance(step, Hold):
            return self._hold(step, now)
        if isinstance(step, Wait | WaitUntilTime | WaitUntilDate):
            return self._wait(step, now)
        if isinstance(step, Exit):
            self._end(now, step.reason)
            return None
        way, outcome, detail = NEXT, DONE, ""
        if isinstance(step, Branch):
            outcome = WAY
            way = detail = case_of(self._score.cases[step.name], self._around.past.person, self._event, {}, now)
        elif isinstance(step, Split):
            outcome = WAY
            way = detail = way_of(step, self._score.name, self._around.entry(self._id).part)
        elif isinstance(step, Update):
            past = self._around.past
            for event in told.updates(step, self._around.entry(self._id), self._round, past.snapshot(), (), now):
                self._around.tell(event)
        self._visit(now, outcome, detail, now)
        return way

    def _send(self, step: Send, now: int) -> str | None:
        entry = self._around.entry(self._id)
        template, verdict = self._around.letters.send(step, entry, self._round, now)
        if isinstance(verdict, Later):
            if not self._is_here:
                self._visit(now, HELD, str(verdict.until))
            self.wake = verdict.until
            return None
        came = self.path.pop().at if self._is_here else now
        if isinstance(verdict, Skip):
            self.path.append(Visit(step.name, self._round, came, SKIPPED, verdict.reason, now))
            return NEXT
        self.path.append(Visit(step.name, self._round, came, SENT, "", now))
        channel = self._score.channels[template]
        cost = price(verdict.address.value, 1) if channel == SMS and isinstance(verdict, Go) else 0
        self.sent.append(Sent(step.name, template, channel, now, cost))
        self._around.tell(sent(self._score, step, entry, self._round, template, now))
        return NEXT

    def _hold(self, step: Hold, now: int) -> str | None:
        entry, timeout = self._around.entry(self._id), self._score.durations[step.name]
        if not self._is_here:
            entry = register(entry, step.name, self._round, timeout, now)
            hold = entry.hold
            if hold is not None and not hold.way and (way := already(step, self._around.past.inside)):
                entry = entry._replace(hold=hold._replace(way=way))
            self._around.keep(entry)
            self._visit(now, HOLDING)
            if entry.hold is None or not entry.hold.way:
                self.wake = now + timeout
                return None
            self._leave(now, WAY, entry.hold.way)
            return entry.hold.way
        found = expire(entry, step.name, self._round, now, timeout)
        if found.out:
            self._end(now, OVER)
            return None
        if found.left:
            self.wake = now + -(-found.left // SECOND) * SECOND
            return None
        self._leave(now, *((WAY, found.way) if found.way else (TIMED_OUT, "")))
        return found.way or NOTHING_CAME

    def _wait(self, step: Wait | WaitUntilTime | WaitUntilDate, now: int) -> str | None:
        if self._is_here:
            self.path[-1] = self.path[-1]._replace(left=now)
            return NEXT
        if isinstance(step, Wait):
            at: int | None = now + self._score.durations[step.name]
        else:
            snapshot = self._around.past.snapshot()
            at = until(step, snapshot, zone_of(snapshot, self._score.sending.timezone), now)
        if at is None:
            self._visit(now, WAY, OTHERWISE, now)
            return OTHERWISE
        self._visit(now, WAITING, str(at))
        self.wake = at
        return None

    @property
    def _is_here(self) -> bool:
        """Whether they wait in the step: they came to it before."""
        return bool(self.path) and not self.path[-1].left and (self.path[-1].step, self.path[-1].round) == (
            self._step.name, self._round)

    def _visit(self, now: int, outcome: str, detail: str = "", left: int = 0) -> None:
        self.path.append(Visit(self._step.name, self._round, now, outcome, detail, left))

    def _leave(self, now: int, outcome: str, detail: str) -> None:
        """The hold is over."""
        self.path[-1] = self.path[-1]._replace(outcome=outcome, detail=detail, left=now)
        self.wake = None

    def _follow(self, way: str, now: int) -> None:
        step = self._step.name
        target = self._score.edges[step][way]
        if (step, way) in self._score.back:
            self._round += 1
        if target == END or 0 < self._score.rounds < self._round:
            self._end(now, COMPLETED if target == END else OVER)
            return
        self._step = self._score.steps[target]
        self.wake = now

    def _end(self, now: int, reason: str) -> None:
        entry = self._around.entry(self._id)
        self._around.keep(entry._replace(ended=now, reason=reason))
        self.wake = None

    def _stop(self, now: int) -> None:
        """The execution is stopped: they have left it by an exit."""
        self.wake = None
        if self.path and not self.path[-1].left:
            self.path[-1] = self.path[-1]._replace(left=now)
