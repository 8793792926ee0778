"""Where somebody is in a journey, how they came there, what was skipped and why, and what is next and when. Pure.

Steps that do something leave a line in the person's row; plain waits leave none: they are put between the lines, by the document.
Works for people who are out, too, and for rows whose older rounds are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from socle.iso import from_iso, to_iso
from socle.journeys.graph import FAILURE, NEXT, OTHERWISE, backward, edges
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.entry import HOLDOUT, Entry
from socle.journeys.model.row import (
    HELD,
    HOLDING,
    PARKED,
    TIMED_OUT,
    WAITING,
    WAY,
    Logged,
    Place,
    Row,
)
from socle.journeys.model.steps import END, CallWebhook, Exit, Step, Wait, WaitUntilDate
from socle.journeys.tell import ended, happened, waiting
from socle.segments.durations import milliseconds

WAITED, LEFT = "waited", "left"
"""Of waits, of which the row says nothing: it was over, or they left the journey during it."""
_DUE, _ENDING = "due", "ending"
"""They come to it at any moment; it was their last step, and they are out at any moment."""
_STAYING = (WAITING, HOLDING, HELD, PARKED)
_MOST = 2_000
"""Lines of one path."""


class Passed(NamedTuple):
    """One step of somebody's path. `at`: when the outcome was known, of waits when they began, epoch ms; `until` of waits and
    holds."""

    step: Step
    round: int
    at: int
    outcome: str
    detail: str = ""
    until: int | None = None


class Position(NamedTuple):
    """`here` is the step that they are in, or come to at any moment; None of those who are out."""

    path: list[Passed]
    here: Passed | None


def position(document: JourneyDocument, entry: Entry, row: Row | None, now: int) -> Position:
    """The path of an entry up to `now` (epoch ms), and where it stands."""
    if entry.reason == HOLDOUT:
        return Position([], None)
    path = list(_walk(document, entry, row, min(now, entry.ended) if entry.ended else now))
    if entry.active:
        return Position(path[:-1], path[-1])
    return Position([one._replace(outcome=LEFT, detail="") if one.outcome in _STAYING else one for one in path
                     if one.outcome not in (_DUE, _ENDING)], None)


def view(document: JourneyDocument, entry: Entry, row: Row | None, now: int, state: str = "live") -> dict[str, Any]:
    """The same for people, as JSON; `state` of the journey."""
    found = position(document, entry, row, now)
    here = _here(document, entry, found.here, now, state) if found.here else None
    summary = ended(entry) if here is None else here["says"]
    return {
        "entry": entry.id, "journey": entry.journey, "version": entry.version, "key": entry.key, "entered": to_iso(entry.at),
        "state": "inside" if entry.active else "held_out" if entry.reason == HOLDOUT else "ended",
        "ended": to_iso(entry.ended) if entry.ended else None, "reason": entry.reason or None,
        "goal": to_iso(entry.goal) if entry.goal else None, "says": summary, "at": here,
        "path": [{"step": one.step.name, "round": one.round, "at": to_iso(one.at), "outcome": one.outcome,
                  "detail": one.detail or None, "says": happened(one.step, one.outcome, one.detail)} for one in found.path]}


def _here(document: JourneyDocument, entry: Entry, here: Passed, now: int, state: str) -> dict[str, Any]:
    ways = {way or "next": target for way, target in edges(document)[here.step.name].items()}
    return {"step": here.step.name, "type": here.step.type, "round": here.round, "since": to_iso(here.at),
            "state": here.outcome, "detail": here.detail or None, "ways": ways,
            "until": to_iso(here.until) if here.until is not None else None,
            "says": waiting(entry.journey, here.step, here.outcome, here.detail, here.until, now, ways, state)}


def _walk(document: JourneyDocument, entry: Entry, row: Row | None, end: int) -> Iterator[Passed]:
    """The path up to `end`; its last line is where somebody is who is inside."""
    ways, first = edges(document), document.steps[0].name
    steps = {step.name: step for step in document.steps}
    back = backward(ways, first)
    # Waits are foretold: of several in a row all have their line before the first one is over. What was done stays true, though:
    # a last message is noted a moment after the end that it led to.
    left = {place: said for place, said in (row.log if row else {}).items()
            if place[0] in steps and (said.at <= end or said.outcome != WAITING)}
    place: Place | None = (first, 0)
    if left and min(round_ for _, round_ in left) > 0:
        place = _earliest(left, steps)
    at = entry.at
    for _ in range(_MOST):
        if place is None:
            if not left:
                return
            place = _earliest(left, steps)
        step, said = steps[place[0]], left.pop(place, None)
        passed, at = _passed(step, place[1], said, entry, at, end, bool(left))
        if passed is None:
            place = _earliest(left, steps)  # an older round is gone, or they were moved: go on where the row does
            continue
        yield passed
        way = _way(step, passed)
        if way is None:
            place = None
            continue
        target = ways[step.name].get(way, END)
        place = None if target == END else (target, place[1] + ((step.name, way) in back))
        if place is None and not left and entry.active:
            yield Passed(step, passed.round, at, _ENDING)


def _earliest(left: Mapping[Place, Logged], steps: Mapping[str, Step]) -> Place:
    order = {name: number for number, name in enumerate(steps)}
    return min(left, key=lambda place: (left[place].at, place[1], order[place[0]]))


def _passed(step: Step, round_: int, said: Logged | None, entry: Entry, at: int, end: int,
            more: bool) -> tuple[Passed | None, int]:
    """What became of a step at which somebody arrived at `at`, and when they went on; None: they have not been there."""
    if said is not None:
        until = _moment(said.detail) if said.outcome in (WAITING, HOLDING, HELD) else None
        hold = entry.hold
        if said.outcome == HOLDING and hold is not None and (hold.step, hold.round) == (step.name, round_) and hold.way:
            return Passed(step, round_, said.at, WAY, hold.way), max(at, said.at)
        if said.outcome == WAITING and until is not None and until <= end:
            return Passed(step, round_, said.at, WAITED, until=until), until
        return Passed(step, round_, said.at, said.outcome, said.detail, until), max(at, said.at)
    if isinstance(step, Wait):
        until = at + milliseconds(step.duration)
        if until <= end or more:
            return Passed(step, round_, at, WAITED, until=until), until
        return Passed(step, round_, at, WAITING if entry.active else LEFT, until=until), until
    if more:
        return None, at
    return Passed(step, round_, at, _DUE), at


def _way(step: Step, passed: Passed) -> str | None:
    """By which way somebody went on; None: they have not."""
    match passed.outcome:
        case "way":
            return passed.detail
        case "timed out":
            return TIMED_OUT
        case "failed" if isinstance(step, CallWebhook):
            return FAILURE
        case "waiting" | "holding" | "held" | "parked" | "out" | "left" | "due":
            return None
        case "done" if isinstance(step, Exit):
            return None
        case "skipped" | "otherwise" if isinstance(step, WaitUntilDate):
            return OTHERWISE
        case _:
            return NEXT


def _moment(text: str) -> int | None:
    try:
        return from_iso(text.partition(" ")[0])
    except ValueError:
        return None
