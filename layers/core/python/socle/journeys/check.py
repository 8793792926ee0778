"""Before a journey is saved: whatever is saved can run. What can't is refused, what looks odd is told. Pure.

The parts of a document were checked by its model; here they are looked at together, and socle.journeys.service.checks looks at
the document among the others. Errors and warnings name the place, such as `steps.3.cases.0.next`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from socle.clock import DAY
from socle.errors import Rejected
from socle.journeys.compile.machine import compile_journey, rounds
from socle.journeys.graph import Edges, backward, circle, edges, reachable
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.steps import (
    END,
    Branch,
    CallWebhook,
    Case,
    Exit,
    Hold,
    Send,
    Share,
    Split,
    Step,
    UntilEvent,
    UntilSegment,
    Update,
    Wait,
    WaitUntilDate,
    WaitUntilTime,
)
from socle.journeys.model.triggers import LONGEST, EventMatch, OnDate, OnEvent, OnSchedule, OnSegment
from socle.segments.check import Warned
from socle.segments.durations import milliseconds

RESERVED = frozenset(("recipes", "schema"))
"""Names that stand for something else in the API's paths."""
MAX_DEFINITION = 1_000_000
"""Bytes of a state machine's definition that Step Functions takes in one request, less its envelope."""
_ARN = "arn:aws:lambda:xx-xxxx-0:000000000000:function:" + "x" * 64


def check(document: JourneyDocument) -> None:
    """Refuse what can't run. Raises Rejected that names the field."""
    _check_names(document)
    _check_targets(document)
    ways = edges(document)
    start = document.steps[0].name
    met = reachable(ways, start)
    for place, step in enumerate(document.steps):
        if step.name not in met:
            raise Rejected("unreachable_step", f"no way leads to {step.name!r}: name it in some step's `next`, or leave it out",
                           f"steps.{place}.name")
    _check_circles(document, ways)
    _check_length(document, ways)
    _check_keys(document)
    for place, step in enumerate(document.steps):
        _check_step(document, ways, f"steps.{place}", step)
    size = len(json.dumps(compile_journey(document, _ARN), separators=(",", ":"), ensure_ascii=False).encode())
    if size > MAX_DEFINITION:
        raise Rejected("too_large", f"its state machine would have {size:,} bytes, Step Functions takes {MAX_DEFINITION:,}: move "
                       "a part of the steps into another journey, and start that", "steps")


def warnings(document: JourneyDocument) -> list[Warned]:
    """What runs, and may not be what was meant."""
    found: list[Warned] = []
    ways = edges(document)
    steps = {step.name: step for step in document.steps}
    for place, step in enumerate(document.steps):
        onward = ways[step.name].get("", "")
        if isinstance(step, Wait | WaitUntilTime | WaitUntilDate) and (onward == END or isinstance(steps.get(onward), Exit)):
            found.append(Warned(f"steps.{place}", "nothing follows this wait: whoever is in it stays inside for nothing, and "
                                "can't enter again meanwhile"))
        if isinstance(step, Update) and isinstance(steps.get(onward), Branch | WaitUntilDate):
            found.append(Warned(f"steps.{place}", f"{onward!r} may look before the change has arrived, which takes a second or "
                                "two: put a wait of 1m between them if it asks for what is changed here"))
        if isinstance(step, Send) and step.purpose == "marketing" and not (step.topic or document.topic):
            found.append(Warned(f"steps.{place}.topic", "without one only people who subscribed to the whole channel get it"))
        if isinstance(step, Send) and step.purpose == "transactional" and document.holdout:
            found.append(Warned(f"steps.{place}.purpose", f"{document.holdout:g} % of people are held out and do not get it, "
                                "though it is transactional"))
    if rounds(document):
        found.append(Warned("steps", f"it goes in circles: who has gone round {rounds(document):,} times is out"))
    if document.goal is not None and document.goal.match and milliseconds(document.goal.within) < DAY:
        found.append(Warned("goal.within", "is less than a day: events that arrive late may miss it"))
    return found


def names_event(document: JourneyDocument) -> bool:
    """Whether people enter by an event, so that branches and templates have its properties."""
    return not isinstance(document.trigger, OnSegment | OnDate | OnSchedule)


def _check_names(document: JourneyDocument) -> None:
    for place, step in enumerate(document.steps):
        name, parts = _parts(step)
        met: set[str] = set()
        for index, part in enumerate(() if isinstance(step, Hold) else parts):
            field = f"steps.{place}.{name}.{index}.name"
            if part.name in met:
                raise Rejected("same_name", f"there are several called {part.name!r}: give each a name of its own", field)
            if part.name == "otherwise":
                raise Rejected("same_name", "`otherwise` is the way of those for whom no case holds: choose another name", field)
            met.add(str(part.name))


def _targets(document: JourneyDocument) -> Iterator[tuple[str, str]]:
    """(place, step) of everything that names a step to go on with."""
    for place, step in enumerate(document.steps):
        for name in ("next", "otherwise", "on_failure"):
            if target := getattr(step, name, None):
                yield f"steps.{place}.{name}", target
        name, parts = _parts(step)
        for index, part in enumerate(parts):
            if part.next:
                yield f"steps.{place}.{name}.{index}.next", part.next


def _parts(step: Step) -> tuple[str, tuple[Case | Share | UntilEvent | UntilSegment, ...]]:
    """(field, ways) of a step that has several."""
    match step:
        case Hold():
            return "until", step.until
        case Branch():
            return "cases", step.cases
        case Split():
            return "ways", step.ways
    return "", ()


def _check_targets(document: JourneyDocument) -> None:
    names = {step.name for step in document.steps}
    for field, target in _targets(document):
        if target != END and target not in names:
            raise Rejected("unknown_step", f"there is no step {target!r}: the steps are {', '.join(sorted(names)[:10])}, and "
                           f"{END!r}", field)


def _check_circles(document: JourneyDocument, ways: Edges) -> None:
    """A window of time may be open already, and a date past: only a wait or a hold surely takes time."""
    pauses = {step.name for step in document.steps if isinstance(step, Wait | Hold)}
    found = circle(ways, pauses)
    if found:
        place = next(place for place, step in enumerate(document.steps) if step.name == found[-1])
        raise Rejected("endless_loop", f"it goes round without a pause: {' → '.join([*found, found[0]])}: put a wait or a hold "
                       "into the circle", f"steps.{place}.next")
    found = circle(ways, {step.name for step in document.steps if not isinstance(step, Wait)})
    if found:
        place = next(place for place, step in enumerate(document.steps) if step.name == found[-1])
        raise Rejected("endless_loop", f"nothing but waits, for ever: {' → '.join([*found, found[0]])}: lead it on",
                       f"steps.{place}.next")


def _check_length(document: JourneyDocument, ways: Edges) -> None:
    """The longest way without going round: an execution lives a year."""
    back = backward(ways, document.steps[0].name)
    lengths = {step.name: milliseconds(step.duration if isinstance(step, Wait) else step.timeout)
               for step in document.steps if isinstance(step, Wait | Hold)}
    longest: dict[str, tuple[int, str]] = {}

    def length(name: str) -> tuple[int, str]:
        """(ms from here to the end, the longest pause on that way)."""
        if name not in longest:
            after = max((length(target) for way, target in ways[name].items() if target != END and (name, way) not in back),
                        default=(0, ""))
            own = lengths.get(name, 0)
            longest[name] = (after[0] + own, name if own >= lengths.get(after[1], 0) else after[1])
        return longest[name]

    total, worst = length(document.steps[0].name)
    if total > LONGEST:
        place = next(place for place, step in enumerate(document.steps) if step.name == worst)
        raise Rejected("too_long", f"its waits and holds are up to {total / DAY:,.0f} days in all, {LONGEST // DAY} are allowed: "
                       "make them shorter", f"steps.{place}")


def _check_keys(document: JourneyDocument) -> None:
    trigger, entry = document.trigger, document.entry
    if entry.key is not None and not isinstance(trigger, OnEvent):
        raise Rejected("no_key", f"a {trigger.type} trigger has no event whose property could be the key: leave it out",
                       "entry.key")
    keyed = entry.key is not None or trigger.type in ("request", "geofence")
    if entry.again == "per_key" and isinstance(trigger, OnSegment):
        raise Rejected("no_key", "who enters by a segment has no key: make it always, with a cool_down", "entry.again")
    for field, match in _matches(document):
        if match.match is not None and not keyed:
            raise Rejected("no_key", "people enter without a key, so that nothing equals it: name a property in entry.key, or "
                           "leave match out", f"{field}.match")


def _matches(document: JourneyDocument) -> Iterator[tuple[str, EventMatch]]:
    """(place, what is asked of an event) of holds, exits and the goal."""
    for place, step in enumerate(document.steps):
        if isinstance(step, Hold):
            for index, one in enumerate(step.until):
                if isinstance(one, EventMatch):
                    yield f"steps.{place}.until.{index}", one
            for index, reset in enumerate(step.reset_on):
                yield f"steps.{place}.reset_on.{index}", reset
    for index, leaving in enumerate(document.exits):
        if isinstance(leaving, EventMatch):
            yield f"exits.{index}", leaving
    if document.goal is not None:
        yield "goal", document.goal


def events_of(document: JourneyDocument) -> Iterator[tuple[str, str]]:
    """(place, event) of every event that a journey waits for."""
    event = getattr(document.trigger, "event", None)
    if event is not None:
        yield "trigger.event", event
    for field, match in _matches(document):
        yield f"{field}.event", match.event


def segments_of(document: JourneyDocument) -> Iterator[tuple[str, str]]:
    """(place, segment) of every segment that is named outside conditions."""
    if isinstance(document.trigger, OnSegment | OnSchedule):
        yield "trigger.segment", document.trigger.segment
    for place, step in enumerate(document.steps):
        for index, one in enumerate(step.until if isinstance(step, Hold) else ()):
            if not isinstance(one, EventMatch):
                yield f"steps.{place}.until.{index}.segment", one.segment
    for index, leaving in enumerate(document.exits):
        if not isinstance(leaving, EventMatch):
            yield f"exits.{index}.segment", leaving.segment


def _check_step(document: JourneyDocument, ways: Edges, field: str, step: Step) -> None:
    if isinstance(step, Split) and step.winner is not None and document.goal is None:
        raise Rejected("no_goal", "a winner is the way that brings most people to the goal: give the journey a goal",
                       f"{field}.winner")
    for index, case in enumerate(step.cases if isinstance(step, Branch) else ()):
        if case.event and not names_event(document):
            raise Rejected("no_event", f"a {document.trigger.type} trigger has no event: ask for something else",
                           f"{field}.cases.{index}.event")
        if case.response is None:
            continue
        asked = next((one for one in document.steps if one.name == case.response), None)
        if not isinstance(asked, CallWebhook) or not asked.keep:
            raise Rejected("no_response", f"{case.response!r} is no webhook step that keeps its answer: name one, and give it "
                           "keep: true", f"{field}.cases.{index}.response")
        if step.name not in reachable(ways, asked.name):
            raise Rejected("no_response", f"{case.response!r} does not come before this step", f"{field}.cases.{index}.response")
