"""What many walks come to: how many entered, by which ways they went, what would have been sent, and what it would cost. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from socle.clock import HOUR
from socle.costs.prices import COMPUTE, INVOCATIONS, MAILS, PUSHES, READS, STREAM_IN, TEXTS, TRANSITIONS, WRITES, dollars
from socle.journeys.compile.machine import tells_the_end
from socle.journeys.graph import NEXT
from socle.journeys.model.entry import HOLDOUT
from socle.journeys.model.row import SENT, SKIPPED, TIMED_OUT, WAY
from socle.journeys.model.steps import END, Branch, Exit, Hold, Split, Wait, WaitUntilDate, WaitUntilTime
from socle.journeys.model.steps import TIMED_OUT as NOTHING_CAME
from socle.journeys.walk.model import Score, Visit, Walked, Way
from socle.messages.model import EMAIL, PUSH
from socle.profiles.orders import COMPLETED, worth

PATHS = 50
"""Paths that are told, the commonest."""
_CALL_SECONDS, _CALL_GB = 0.06, 1.0
_CALL_READS, _CALL_WRITES = 3, 2
"""Modelled, of one call of run_journey_step: its time and memory; the person is read, the row is written."""
_SEND_WRITES, _EVENT_KIB = 14, 1
"""Modelled, of a message: its claim, counts and marks; of an event that it makes."""


class _Stop(NamedTuple):
    """A step of a path, for the count: `held`: the message waited for the end of quiet hours; `left`: they went on."""

    step: str
    outcome: str
    detail: str
    held: bool
    left: bool

    @property
    def said(self) -> str:
        """The way, or what became of it."""
        if self.outcome == WAY:
            return self.detail
        return f"{self.outcome} {self.detail}" if self.outcome == SKIPPED else self.outcome


_Path = tuple[str, tuple[_Stop, ...]]
"""(why it is over, "" while they are inside; the steps)"""


class Tally:
    """Adds up walks of one journey, in any order."""

    def __init__(self, score: Score) -> None:
        self._score = score
        self.people = self.entries = self.held_out = 0
        self._refused: Counter[str] = Counter()
        self._paths: Counter[_Path] = Counter()
        self._sends: Counter[str] = Counter()
        self._micro_usd = 0
        self._goal: dict[bool, list[int]] = {False: [], True: []}
        self._before = 0
        self._revenue: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}

    def add(self, found: Walked, earned: Callable[[int, int], Mapping[str, int]]) -> None:
        """The walk of one person. earned: what they bought between two moments (epoch ms), minor units by currency."""
        if found.refused:
            self._refused.update(found.refused)
        self.people += bool(found.ways)
        for way in found.ways:
            is_held_out = way.entry.reason == HOLDOUT
            self.entries += not is_held_out
            self.held_out += is_held_out
            self._goals(way, is_held_out, earned)
            if not is_held_out:
                self._paths[way.entry.reason, tuple([_stop(visit) for visit in way.path])] += 1
            for one in way.sent:
                self._sends[one.channel] += 1
                self._micro_usd += one.micro_usd

    def _goals(self, way: Way, is_held_out: bool, earned: Callable[[int, int], Mapping[str, int]]) -> None:
        goal, entry = self._score.document.goal, way.entry
        if goal is None:
            return
        if entry.goal:
            self._goal[is_held_out].append(entry.goal - entry.at)
            self._before += not is_held_out and not any(one.at <= entry.goal for one in way.sent)
        if goal.revenue and (revenue := earned(entry.at, entry.at + self._score.within)):
            self._revenue[is_held_out].update(revenue)

    def _steps(self) -> dict[str, Counter[str]]:
        """Step → `entered` and what became of them."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for (_, path), number in self._paths.items():
            for stop in path:
                found[stop.step]["entered"] += number
                found[stop.step][stop.said] += number
        return {name: found[name] for name in self._score.steps if name in found}

    def _units(self) -> Counter[str]:
        """What AWS would count."""
        units: Counter[str] = Counter()
        for (_, path), number in self._paths.items():
            states, calls = self._states(path)
            units.update({TRANSITIONS: states * number, INVOCATIONS: calls * number})
        calls, messages = units[INVOCATIONS], sum(self._sends.values())
        units.update({COMPUTE: calls * _CALL_SECONDS * _CALL_GB, READS: calls * _CALL_READS,
                      WRITES: calls * _CALL_WRITES + messages * _SEND_WRITES,
                      STREAM_IN: (2 * self.entries + messages) * _EVENT_KIB, MAILS: self._sends[EMAIL],
                      PUSHES: self._sends[PUSH], TEXTS: self._micro_usd})
        return +units

    def _states(self, path: Sequence[_Stop]) -> tuple[int, int]:
        """States that an execution enters on this path, and how many of them call run_journey_step."""
        states = calls = 0
        steps = self._score.steps
        for stop, after in zip(path, [*(one.step for one in path[1:]), END], strict=True):
            step = steps[stop.step]
            states += 1
            calls += not isinstance(step, Wait)
            states += isinstance(step, WaitUntilTime | WaitUntilDate | Branch | Split)
            if isinstance(step, Hold):
                late = stop.outcome == TIMED_OUT
                states += late or len(step.until) > 1
                calls += late
            if stop.held:
                states, calls = states + 3, calls + 2  # quiet hours, morning, and the step again
            ends = after == END or isinstance(steps[after], Exit)
            if ends and stop.left and not tells_the_end(step, _way(stop)):
                states, calls = states + 1, calls + 1
        return states, calls

    def answer(self, share: float) -> dict[str, Any]:
        """All of it, for everybody, when the walks are of this share of all people (1: of all of them)."""
        def whole(number: float) -> int:
            return round(number / share) if share else 0

        def counted(counts: Mapping[str, float]) -> dict[str, int]:
            return {name: whole(number) for name, number in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if number}

        steps, units = self._steps(), self._units()
        skips: Counter[str] = Counter()
        for counts in steps.values():
            skips.update({what.partition(" ")[2]: number for what, number in counts.items() if what.startswith(f"{SKIPPED} ")})
        usd = dollars({unit: whole(number) if unit != COMPUTE else number / share for unit, number in units.items()})
        paths: Counter[tuple[str, ...]] = Counter()
        ended: Counter[str] = Counter()
        for (reason, path), number in self._paths.items():
            paths[tuple(f"{stop.step}: {stop.said}" for stop in path)] += number
            ended[reason] += number
        return {
            "people": whole(self.people), "entries": whole(self.entries), "holdout": whole(self.held_out),
            "inside": whole(ended.pop("", 0)), "refused": counted(self._refused), "ended": counted(ended),
            "paths": [{"path": list(path), "entries": whole(number)}
                      for path, number in sorted(paths.items(), key=lambda one: (-one[1], one[0]))[:PATHS]],
            "steps": {name: counted(counts) for name, counts in steps.items()},
            "sends": counted(self._sends), "skips": counted(skips),
            "holds": {name: counted({what: number for what, number in counts.items() if what != "entered"})
                      for name, counts in steps.items() if isinstance(self._score.steps[name], Hold)},
            "goal": self._reached(whole) if self._score.document.goal is not None else None,
            "cost": {"transitions": whole(units[TRANSITIONS]), "usd": round(sum(usd.values()), 4),
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


def _stop(visit: Visit) -> _Stop:
    held = visit.outcome in (SENT, SKIPPED) and visit.left > visit.at
    return _Stop(visit.step, visit.outcome, visit.detail if visit.outcome in (WAY, SKIPPED) else "", held, visit.left > 0)


def _way(stop: _Stop) -> str:
    """The way by which they left a step."""
    if stop.outcome == WAY:
        return stop.detail
    return NOTHING_CAME if stop.outcome == TIMED_OUT else NEXT
