"""What the counters of a journey say about each step and each way: who came, who went on, who is inside, who left. Pure.

Counters count what steps do. A wait is counted when it begins, not when it is over: who went on came to the step after it, if
nothing else leads there. What cannot be told is None, not 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from socle.journeys.graph import FAILURE, NEXT, OTHERWISE, Edges, edges
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.steps import (
    END,
    TIMED_OUT,
    Branch,
    CallWebhook,
    Exit,
    Hold,
    Split,
    Step,
    Wait,
    WaitUntilDate,
    WaitUntilTime,
)

Counts = Mapping[tuple[str, str], int]
"""(step, what) → how often; step "" is the journey."""
_SKIPPED, _WAY, _ENDED = "skipped:", "way:", "ended:"
_PASSING = ("sent", "failed", "unknown", "done", "skipped")
"""Outcomes after which somebody goes on, of steps with one way."""


class StepFigures(NamedTuple):
    """One step; times that somebody came, went on, left.

    came     to it
    went     way → by it to the next step
    inside   who is in it now
    left     the journey, while they were in it: by an exit, or because it was stopped
    outcomes what was counted, as counted: `sent`, `skipped:no_consent`, `way:yes`, `timed out` …
    """

    came: int | None
    went: Mapping[str, int | None]
    inside: int | None
    left: int | None
    outcomes: Mapping[str, int]

    @property
    def skipped(self) -> dict[str, int]:
        """Reason → how often nothing was sent because of it."""
        return {what.removeprefix(_SKIPPED): many for what, many in self.outcomes.items() if what.startswith(_SKIPPED)}


class Figures(NamedTuple):
    """A journey.

    entered  times that somebody entered, without those held out
    inside   who is inside now
    ended    reason → times
    goal     times that the goal was reached
    revenue  currency → minor units
    holdout, holdout_goal, holdout_revenue   of those held out
    """

    entered: int
    inside: int
    ended: Mapping[str, int]
    goal: int
    revenue: Mapping[str, int]
    holdout: int
    holdout_goal: int
    holdout_revenue: Mapping[str, int]
    steps: Mapping[str, StepFigures]


def figures(document: JourneyDocument, counts: Counts, inside: Mapping[str, int] | None = None) -> Figures:
    """What the counts say; `inside`: step → who is in it now, when that is known."""
    whole = totals(counts)
    of: dict[str, dict[str, int]] = {}
    for (step, what), many in counts.items():
        of.setdefault(step, {})[what] = many
    return whole._replace(steps=_steps(document, of, whole.entered, sum(whole.ended.values()), inside))


def totals(counts: Counts) -> Figures:
    """What the counts say of the journey as a whole, without its steps."""
    whole = {what: many for (step, what), many in counts.items() if not step}
    ended = _after(whole, _ENDED)
    entered = whole.get("entered", 0)
    return Figures(entered, max(entered - sum(ended.values()), 0), ended, whole.get("goal", 0),
                   {name: sum_ for name, sum_ in _after(whole, "revenue:").items() if not name.startswith("holdout:")},
                   whole.get("holdout", 0), whole.get("goal:holdout", 0), _after(whole, "revenue:holdout:"), {})


def _steps(document: JourneyDocument, of: Mapping[str, dict[str, int]], entered: int, ended: int,
           inside: Mapping[str, int] | None) -> dict[str, StepFigures]:
    ways = edges(document)
    counted = {step.name: _counted(step, ways[step.name], of.get(step.name, {})) for step in document.steps}
    went = {step.name: counted[step.name] or dict.fromkeys(ways[step.name]) for step in document.steps}
    leading = _leading(ways)
    for step in document.steps:
        if counted[step.name] is None:
            target = ways[step.name].get(NEXT, END)
            if target != END and leading[target] == [(step.name, NEXT)] and target != document.steps[0].name:
                went[step.name] = {NEXT: _visits(document.step(target), counted[target], of.get(target, {}))}
    found: dict[str, StepFigures] = {}
    for step in document.steps:
        name = step.name
        incoming = [went[before][way] for before, way in leading[name]]
        came: int | None = None if None in incoming else sum(many or 0 for many in incoming)
        if name == document.steps[0].name and came is not None:
            came += entered
        if came is None:
            came = _visits(step, counted[name], of.get(name, {}))
        now = None if inside is None else inside.get(name, 0)
        gone = list(went[name].values())
        left = None
        if came is not None and now is not None and None not in gone and not isinstance(step, Exit):
            # Who is on the way between two counts has not left: nobody leaves but those who have ended.
            left = min(max(came - sum(many or 0 for many in gone) - now, 0), ended)
        found[name] = StepFigures(came, went[name], now, left, dict(sorted(of.get(name, {}).items())))
    return found


def _counted(step: Step, ways: Mapping[str, str], seen: Mapping[str, int]) -> dict[str, int | None] | None:
    """Way → how often, by the step's own counters; None for a step that counts nothing when somebody goes on."""
    match step:
        case Wait() | WaitUntilTime():
            return None
        case Branch() | Split():
            return {way: seen.get(f"{_WAY}{way}", 0) for way in ways}
        case Hold():
            return {way: seen.get(TIMED_OUT if way == TIMED_OUT else f"{_WAY}{way}", 0) for way in ways}
        case WaitUntilDate():
            return {NEXT: seen.get("waiting", 0), OTHERWISE: seen.get(f"{_WAY}{OTHERWISE}", 0)}
        case CallWebhook():
            return {NEXT: seen.get("done", 0), FAILURE: seen.get("failed", 0)}
        case Exit():
            return {}
        case _:
            passed = sum(many for what, many in seen.items() if what in _PASSING or what.startswith(_SKIPPED))
            return dict.fromkeys(ways, passed)


def _visits(step: Step, counted: Mapping[str, int | None] | None, seen: Mapping[str, int]) -> int | None:
    """How often somebody came to a step, by its own counters alone."""
    match step:
        case Wait() | WaitUntilTime():
            return seen.get("waiting", 0) + seen.get("done", 0)
        case Hold():
            return max(seen.get("holding", 0), sum(many or 0 for many in (counted or {}).values()))
        case Exit():
            return seen.get("out", 0)
        case _:
            return sum(many or 0 for many in (counted or {}).values())


def _leading(ways: Edges) -> dict[str, list[tuple[str, str]]]:
    """Step → the (step, way) that lead to it."""
    found: dict[str, list[tuple[str, str]]] = {step: [] for step in ways}
    for step, targets in ways.items():
        for way, target in targets.items():
            if target in found:
                found[target].append((step, way))
    return found


def _after(counts: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {what.removeprefix(prefix): many for what, many in sorted(counts.items()) if what.startswith(prefix)}
