"""What many walks come to: how many entered, by which ways they went, what would have been sent, and what it would cost. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from socle.clock import HOUR
from socle.costs.prices import COMPUTE, INVOCATIONS, MAILS, PUSHES, READS, STREAM_IN, TEXTS, TRANSITIONS, WRITES, dollars
from socle.journeys.compile.machine import tells_the_end
from socle.journeys.graph import NEXT
from socle.journeys.model.entry import HOLDOUT
from socle.journeys.model.steps import END, Branch, Exit, Hold, Send, Split, Wait, WaitUntilDate, WaitUntilTime
from socle.journeys.model.steps import TIMED_OUT as NOTHING_CAME
from socle.journeys.walk.model import SKIPPED, TIMED_OUT, WAY, Score, Visit, Walked, Way
from socle.messages.model import EMAIL, PUSH
from socle.profiles.orders import COMPLETED, worth
from socle.segments.durations import milliseconds

PATHS = 50
"""Paths that are told, the commonest."""
_CALL_SECONDS, _CALL_GB = 0.06, 1.0
_CALL_READS, _CALL_WRITES = 3, 2
"""Modelled, of one call of run_journey_step: its time and memory; the person is read, the row is written."""
_SEND_WRITES, _EVENT_KIB = 14, 1
"""Modelled, of a message: its claim, counts and marks; of an event that it makes."""


class Tally:
    """Adds up walks of one journey, in any order."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self.people = self.entries = self.held_out = self.inside = 0
        self._refused: Counter[str] = Counter()
        self._paths: Counter[tuple[str, ...]] = Counter()
        self._steps: dict[str, Counter[str]] = defaultdict(Counter)
        self._ends: Counter[str] = Counter()
        self._sends: Counter[str] = Counter()
        self._units: Counter[str] = Counter()
        self._goal: dict[bool, list[int]] = {False: [], True: []}
        self._before = 0
        self._revenue: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}

    def add(self, found: Walked, earned: Callable[[int, int], Mapping[str, int]]) -> None:
        """The walk of one person. earned: what they bought between two moments (epoch ms), minor units by currency."""
        self._refused.update(found.refused)
        self.people += bool(found.ways)
        for way in found.ways:
            is_held_out = way.entry.reason == HOLDOUT
            self.entries += not is_held_out
            self.held_out += is_held_out
            self._goals(way, is_held_out, earned)
            if not is_held_out:
                self._add(way)

    def _goals(self, way: Way, is_held_out: bool, earned: Callable[[int, int], Mapping[str, int]]) -> None:
        goal, entry = self._score.document.goal, way.entry
        if goal is None:
            return
        if entry.goal:
            self._goal[is_held_out].append(entry.goal - entry.at)
            self._before += not is_held_out and not any(one.at <= entry.goal for one in way.sent)
        if goal.revenue:
            self._revenue[is_held_out].update(earned(entry.at, entry.at + milliseconds(goal.within)))

    def _add(self, way: Way) -> None:
        self._paths[tuple(visit.said() for visit in way.path)] += 1
        self.inside += way.entry.active
        if not way.entry.active:
            self._ends[way.entry.reason] += 1
        for visit in way.path:
            counts = self._steps[visit.step]
            counts["entered"] += 1
            counts[_outcome(visit)] += 1
        for one in way.sent:
            self._sends[one.channel] += 1
            unit = {EMAIL: MAILS, PUSH: PUSHES}.get(one.channel)
            self._units.update({unit: 1} if unit else {TEXTS: one.micro_usd})
        self._cost(way)

    def _cost(self, way: Way) -> None:
        states = calls = 0
        steps = self._score.steps
        for visit, after in zip(way.path, [*(one.step for one in way.path[1:]), END], strict=True):
            step = steps[visit.step]
            states += 1
            calls += not isinstance(step, Wait)
            states += isinstance(step, WaitUntilTime | WaitUntilDate | Branch | Split)
            if isinstance(step, Hold):
                late = visit.outcome == TIMED_OUT
                states += late or len(step.until) > 1
                calls += late
            if isinstance(step, Send) and visit.left > visit.at:
                states, calls = states + 3, calls + 2  # quiet hours, morning, and the step again
            ends = after == END or isinstance(steps[after], Exit)
            if ends and visit.left and not tells_the_end(step, _way(visit)):
                states, calls = states + 1, calls + 1
        self._units.update({TRANSITIONS: states, INVOCATIONS: calls, COMPUTE: calls * _CALL_SECONDS * _CALL_GB,
                            READS: calls * _CALL_READS, WRITES: calls * _CALL_WRITES + len(way.sent) * _SEND_WRITES,
                            STREAM_IN: (2 + len(way.sent)) * _EVENT_KIB})

    def answer(self, share: float) -> dict[str, Any]:
        """All of it, for everybody, when the walks are of this share of all people (1: of all of them)."""
        def whole(number: float) -> int:
            return round(number / share) if share else 0

        def counted(counts: Mapping[str, float]) -> dict[str, int]:
            return {name: whole(number) for name, number in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if number}

        steps = {name: self._steps[name] for name in self._score.steps if name in self._steps}
        skips: Counter[str] = Counter()
        for counts in steps.values():
            skips.update({what.partition(" ")[2]: number for what, number in counts.items() if what.startswith(f"{SKIPPED} ")})
        usd = dollars({unit: whole(number) if unit != COMPUTE else number / share for unit, number in self._units.items()})
        paths = sorted(self._paths.items(), key=lambda one: (-one[1], one[0]))[:PATHS]
        return {
            "people": whole(self.people), "entries": whole(self.entries), "holdout": whole(self.held_out),
            "inside": whole(self.inside), "refused": counted(self._refused), "ended": counted(self._ends),
            "paths": [{"path": list(path), "entries": whole(number)} for path, number in paths],
            "steps": {name: counted(counts) for name, counts in steps.items()},
            "sends": counted(self._sends), "skips": counted(skips),
            "holds": {name: counted({what: number for what, number in counts.items() if what != "entered"})
                      for name, counts in steps.items() if isinstance(self._score.steps[name], Hold)},
            "goal": self._reached(whole) if self._score.document.goal is not None else None,
            "cost": {"transitions": whole(self._units[TRANSITIONS]), "usd": round(sum(usd.values()), 4),
                     "services": {name: round(amount, 4) for name, amount in usd.items()}}}

    def _reached(self, whole: Callable[[float], int]) -> dict[str, Any]:
        def side(is_held_out: bool) -> dict[str, Any]:
            hours = self._goal[is_held_out]
            return {"reached": whole(len(hours)), "median_hours": round(median(hours) / HOUR, 1) if hours else None,
                    "revenue": {currency: whole(minor) for currency, minor in sorted(self._revenue[is_held_out].items())}}

        return {**side(False), "before_first_message": whole(self._before), "holdout": side(True)}


def earner(events: Sequence[Any]) -> Callable[[int, int], Mapping[str, int]]:
    """What a person bought between two moments: from the first one on, before the second."""
    orders = [(event.at, paid) for event in events if event.name == COMPLETED and (paid := worth(event)) is not None]

    def earned(begin: int, end: int) -> Mapping[str, int]:
        found: Counter[str] = Counter()
        for at, (currency, minor) in orders:
            if begin < at < end:
                found[currency] += minor
        return found

    return earned


def _outcome(visit: Visit) -> str:
    if visit.outcome in (WAY, SKIPPED):
        return visit.detail if visit.outcome == WAY else f"{SKIPPED} {visit.detail}"
    return visit.outcome


def _way(visit: Visit) -> str:
    """The way by which they left a step."""
    if visit.outcome == WAY:
        return visit.detail
    return NOTHING_CAME if visit.outcome == TIMED_OUT else NEXT


