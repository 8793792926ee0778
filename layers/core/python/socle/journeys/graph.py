"""Where each step of a journey leads: its ways by name, what can be reached, and which steps go in circles. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

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
    WaitUntilDate,
    way_name,
)

OTHERWISE = "otherwise"
"""The way of a branch of which no case holds, and of wait_until_date without a date to wait for."""
FAILURE = "failure"
"""The way of a webhook that failed for good."""
NEXT = ""
"""The way of a step that has one way only."""

Edges = Mapping[str, Mapping[str, str]]
"""Step → its way → the step that follows, or END. A step of type `exit` has no way."""


def edges(document: JourneyDocument) -> Edges:
    """Every way of every step, in the order of the document; targets need not exist (socle.journeys.check asks)."""
    found: dict[str, dict[str, str]] = {}
    for place, step in enumerate(document.steps):
        following = document.steps[place + 1].name if place + 1 < len(document.steps) else END
        found[step.name] = dict(_ways(step, following))
    return found


def next_of(document: JourneyDocument, step: str, way: str = NEXT) -> str:
    """The step that follows by this way, or END. Raises KeyError for what there is not."""
    return edges(document)[step][way]


def reachable(ways: Edges, start: str) -> set[str]:
    """The steps that somebody who begins at `start` can come to, itself included; END is none of them."""
    found: set[str] = set()
    ahead = [start]
    while ahead:
        step = ahead.pop()
        if step in ways and step not in found:
            found.add(step)
            ahead.extend(ways[step].values())
    return found


def backward(ways: Edges, start: str) -> set[tuple[str, str]]:
    """The (step, way) that lead back to where somebody has been: without them there is no circle.

    Walked depth first in the order of the ways, so that the same document always has the same ones.
    """
    found: set[tuple[str, str]] = set()
    done: set[str] = set()
    path = {start}
    ahead: list[tuple[str, Iterator[tuple[str, str]]]] = [(start, iter(ways.get(start, {}).items()))]
    while ahead:
        step, left = ahead[-1]
        for way, target in left:
            if target in path:
                found.add((step, way))
            elif target in ways and target not in done:
                path.add(target)
                ahead.append((target, iter(ways[target].items())))
                break
        else:
            ahead.pop()
            path.discard(step)
            done.add(step)
    return found


def circle(ways: Edges, without: set[str]) -> list[str]:
    """The steps of a circle that touches none of the steps `without`, in order; [] when there is none."""
    rest = {step: [target for target in targets.values() if target in ways and target not in without]
            for step, targets in ways.items() if step not in without}
    done: set[str] = set()
    for start in rest:
        path: list[str] = []
        ahead: list[tuple[str, Iterator[str]]] = [] if start in done else [(start, iter(rest[start]))]
        path.extend([start] if ahead else [])
        while ahead:
            for target in ahead[-1][1]:
                if target in path:
                    return path[path.index(target):]
                if target not in done:
                    path.append(target)
                    ahead.append((target, iter(rest[target])))
                    break
            else:
                done.add(path.pop())
                ahead.pop()
    return []


def _ways(step: Step, following: str) -> Iterator[tuple[str, str]]:
    onward = getattr(step, "next", None) or following
    match step:
        case Exit():
            return
        case Hold():
            for one in step.until:
                yield way_name(one), one.next or following
            yield TIMED_OUT, onward
        case Branch():
            for case in step.cases:
                yield case.name, case.next or following
            yield OTHERWISE, onward
        case Split():
            for share in step.ways:
                yield share.name, share.next or onward
        case WaitUntilDate():
            yield NEXT, onward
            yield OTHERWISE, step.otherwise or onward
        case CallWebhook():
            yield NEXT, onward
            yield FAILURE, step.on_failure or onward
        case _:
            yield NEXT, onward
