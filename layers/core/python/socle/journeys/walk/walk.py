"""walk(score, person) -> their ways through a journey, had it been live: history goes by, and nothing is sent. Pure.

Time is that at which things happened (their effective time): a rehearsal learns of everything in time. What falls on one
millisecond comes in this order: events that the journey itself makes, moves between segments by time alone, waits that are over,
events.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence

from socle.campaigns.pace import next_due
from socle.events.model import Event
from socle.journeys import told
from socle.journeys.follow import Moves, follow
from socle.journeys.model.entry import Entry
from socle.journeys.model.triggers import OnSchedule
from socle.journeys.requests import SCHEDULE, occasion_id, requested_event
from socle.journeys.walk.messages import Letters
from socle.journeys.walk.model import Score, Someone, Walked, Way
from socle.journeys.walk.past import Past
from socle.journeys.walk.run import Run
from socle.profiles.model import Snapshot

_NOBODY = Snapshot()


def walk(score: Score, who: Someone, begin: int, end: int, until: int, asked: Sequence[int] = ()) -> Walked:
    """Somebody's ways through the journey.

    begin, end  when they may enter, epoch ms: from the first, before the second
    until       how far history goes: whoever is inside by then stays inside
    asked       when a schedule asks those in who are in its segment, epoch ms, in order
    """
    one = _Walk(score, who, begin, end, asked)
    for event in who.events:
        if event.at >= until:
            break
        one.reach(event.at)
        one.take(event)
    one.reach(until)
    ways = [Way(one.entries[id_], tuple(run.path), tuple(run.sent)) for id_, run in one.runs.items()]
    held_out = [Way(entry, (), ()) for id_, entry in one.entries.items() if id_ not in one.runs]
    return Walked(sorted([*ways, *held_out], key=lambda way: (way.entry.at, way.entry.id)), one.refused)


def times(score: Score, begin: int, end: int) -> Iterator[int]:
    """When a schedule asks people in, from `begin` on, before `end` (epoch ms)."""
    trigger, zone = score.document.trigger, score.sending.timezone
    at = next_due(trigger.every, begin - 1, zone) if isinstance(trigger, OnSchedule) else None
    while at is not None and at < end:
        yield at
        at = next_due(trigger.every, at, zone) if isinstance(trigger, OnSchedule) else None


class _Walk:
    """One person on the walk."""

    def __init__(self, score: Score, who: Someone, begin: int, end: int, asked: Sequence[int]) -> None:
        self._score, self._who, self._begin, self._end = score, who, begin, end
        self.past = Past(score, who)
        self.letters = Letters(score, self.past)
        self.entries: dict[str, Entry] = {}
        self.runs: dict[str, Run] = {}
        self.refused: Counter[str] = Counter()
        self._journeys: tuple[Entry, ...] = ()
        self._given = dict(who.given)
        self._due: int | None = None
        self._told: list[tuple[int, int, Event]] = []
        self._began, self._number = False, 0
        self._asked = list(reversed(asked))
        course = score.journeys.courses[score.name, 1]
        self._dated, self._asks = bool(score.journeys.dated), course.audience is not None

    def entry(self, id_: str) -> Entry:
        """As it is now."""
        return self.entries[id_]

    def keep(self, entry: Entry) -> None:
        """A step has changed it."""
        before = self.entries[entry.id]
        self.entries[entry.id] = entry
        self._journeys = tuple(entry if one.id == entry.id else one for one in self._journeys)
        if before.active and not entry.active:
            self.tell(told.exited(entry, ()))

    def tell(self, event: Event) -> None:
        """The journey makes an event. Its own next step knows of it; what it means to the journey is heard after that step."""
        self.past.add(event)
        if self._score.segments.number or self._dated or event.name in self._score.hears:
            self._number += 1
            heapq.heappush(self._told, (event.at, self._number, event))

    def take(self, event: Event) -> None:
        """History: it happened."""
        self.past.add(event)
        self.letters.note(event)
        if self._began:
            self._hear([event], event.at)

    def reach(self, now: int) -> None:
        """Let time pass, and everything happen that it brings."""
        if not self._began:
            if now < self._begin:
                return
            self._began = True
            if self._score.segments.number:
                self.past.segments([], self._begin, ticked=True)
            self._follow([], (), self._begin)
        while (at := self._next()) is not None and at <= now:
            if self._told:
                self._hear([heapq.heappop(self._told)[2]], at)
            elif self.past.due is not None and self.past.due <= at:
                moved = self.past.segments([], at, ticked=True)
                self._follow([], _moves(moved.entered, moved.left), at)
            elif self._due is not None and self._due <= at:
                self._follow([], (), at)
            elif self._asked and self._asked[-1] <= at:
                self._ask(self._asked.pop())
            else:
                next(run for run in self.runs.values() if run.wake is not None and run.wake <= at).go(at)

    def _next(self) -> int | None:
        """When something happens by itself."""
        if self._told:
            return self._told[0][0]
        moments = [run.wake for run in self.runs.values() if run.wake is not None]
        moments += [due for due in (self.past.due, self._due, *self._asked[-1:]) if due is not None]
        return min(moments, default=None)

    def _ask(self, at: int) -> None:
        """The schedule is due: whoever is in its segment is asked in."""
        trigger = self._score.document.trigger
        if isinstance(trigger, OnSchedule) and trigger.segment in self.past.inside:
            id_ = occasion_id(SCHEDULE, self._score.name, str(at))
            self.tell(requested_event(self._score.name, "", {}, ("", ""), at, SCHEDULE, id_)._replace(ids=()))

    def _hear(self, new: Sequence[Event], now: int) -> None:
        score = self._score
        moves: Moves = ()
        if score.segments.number:
            live = self.past.segments(list(new), now)
            moves = _moves(live.entered, live.left)
        if moves or self._dated or any(event.name in score.hears for event in new):
            self._follow(new, moves, now)

    def _follow(self, new: Sequence[Event], moves: Moves, now: int) -> None:
        score = self._score
        is_open = self._begin <= now < self._end
        snapshot = self.past.snapshot() if self._asks or self._dated else _NOBODY
        found = follow(self._who.profile, self._journeys, snapshot, self._given, new, moves,
                       score.journeys if is_open else score.closed, now, self.past.events)
        self._journeys, self._given, self._due = found.journeys, dict(found.given), found.due
        self.refused.update(reason for _, reason in found.refused)
        events = {event.key: event for event in new}
        for entry in found.journeys:
            known = self.entries.get(entry.id)
            if known is None:
                self._enter(entry, events.get(entry.event), now)
            elif known.active:
                self.entries[entry.id] = entry
                if not entry.active:
                    self.tell(told.exited(entry, ()))
            elif entry.goal != known.goal:
                self.entries[entry.id] = known._replace(goal=entry.goal)
        for run in list(self.runs.values()):
            if run.wake is not None:
                run.heard(now)

    def _enter(self, entry: Entry, event: Event | None, now: int) -> None:
        self.entries[entry.id] = entry
        self.tell(told.entered(entry, ()))
        if entry.active:
            self.runs[entry.id] = run = Run(self._score, self, entry, event)
            run.go(now)


def _moves(entered: Sequence[str], left: Sequence[str]) -> Moves:
    return [*((name, "entered") for name in entered), *((name, "left") for name in left)]
