"""Which way somebody goes at a branch or a split. Pure; the steps that run and the backtest both decide by it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any, NamedTuple

from socle.campaigns.guard import SENT
from socle.campaigns.winner import stand
from socle.events.model import Event
from socle.journeys.graph import OTHERWISE
from socle.journeys.model.entry import REQUESTED
from socle.journeys.model.steps import Branch, Hold, Split, UntilSegment, way_name
from socle.segments.evaluate import evaluate, share
from socle.segments.facts import Person, properties_of
from socle.segments.nodes import Asked, Node
from socle.segments.parts import Where
from socle.segments.plan import Plans, selector_of
from socle.segments.testing import passes
from socle.segments.values import at_path

GOAL = "goal"


class Planned(NamedTuple):
    """A case of a branch, ready to be asked: what holds of the person, of the event, of what a webhook answered."""

    name: str
    when: Node | None
    event: tuple[Asked, ...]
    response: str
    passes: tuple[Asked, ...]


def planned(branch: Branch, plans: Plans, zone: str) -> tuple[Planned, ...]:
    """The cases of a branch; dates without a zone are meant in `zone`, the journey's."""
    return tuple(Planned(case.name, plans.condition(case.when.model_dump(mode="json"), zone) if case.when else None,
                         asked(case.event, zone), case.response or "", asked(case.passes, zone)) for case in branch.cases)


def asked(wheres: list[Where], zone: str) -> tuple[Asked, ...]:
    """What is asked of properties, ready for `passes_all`."""
    return selector_of({"where": [where.model_dump(mode="json") for where in wheres]}, zone).where


def passes_all(tests: tuple[Asked, ...], data: Mapping[str, Any]) -> bool:
    """Whether properties pass all of it."""
    return all(any(passes(test, value) for value in at_path(data, path)) for path, test in tests)


def case_of(cases: tuple[Planned, ...], person: Callable[[], Person], event: Mapping[str, Any],
            responses: Mapping[str, Any], now: int) -> str:
    """The name of the first case of which everything holds at `now` (epoch ms), or OTHERWISE.

    person     reads what conditions look at, when one is asked for
    event      what the event with which they entered says (`said`); responses: webhook step → what it answered
    """
    for case in cases:
        if not passes_all(case.event, event):
            continue
        if case.response and not (isinstance(answer := responses.get(case.response), dict) and passes_all(case.passes, answer)):
            continue
        if case.when is None or evaluate(case.when, person(), now).true:
            return case.name
    return OTHERWISE


def said(event: Event | None) -> Mapping[str, Any]:
    """What branches and templates see as the event of an entry: its properties; of a request its `data`."""
    if event is None:
        return {}
    properties = properties_of(event)
    if event.name != REQUESTED:
        return properties
    data = properties.get("data")
    return data if isinstance(data, dict) else {}


def already(hold: Hold, segments: Container[str]) -> str:
    """The way of a hold that ends as it begins, because somebody is in a segment, or out of it, already; "" for none."""
    for one in hold.until:
        if isinstance(one, UntilSegment) and (one.segment in segments) == (one.change == "entered"):
            return way_name(one)
    return ""


def way_of(split: Split, journey: str, profile: str, winner: str = "") -> str:
    """The way of somebody: the winner's once there is one, else by the weights, for one profile always the same."""
    if winner:
        return winner
    place, end = share(f"split/{journey}/{split.name}", profile), 0.0
    for way in split.ways:
        end += way.weight * 100
        if place < round(end):
            return way.name
    return split.ways[-1].name


def winner_of(split: Split, counts: Mapping[tuple[str, str], int]) -> str:
    """The way that is surely the best, "" as long as none is: each has had enough people, and chance alone would seldom make so
    much of a difference (z tests, Holm).

    counts  of the journey: (step, `way:<name>`) → people who went it, (step, `goal:<name>`) → those of them who reached the goal
    """
    if split.winner is None:
        return ""
    names = [way.name for way in split.ways]
    rates = {name: {SENT: counts.get((split.name, f"way:{name}"), 0), GOAL: counts.get((split.name, f"goal:{name}"), 0)}
             for name in names}
    if any(rate[SENT] < split.winner.least for rate in rates.values()):
        return ""
    standing = stand(names, GOAL, rates)
    return standing.best if standing.is_decided(split.winner.significance) else ""
