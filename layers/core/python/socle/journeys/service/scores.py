"""A journey made ready to be walked: its document with everything that it speaks of, as that is defined now. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from socle.definitions.model import Definition
from socle.definitions.survivorship import SURVIVORSHIP, rules_of
from socle.errors import NotFound, Rejected
from socle.journeys.model.document import KIND, ExitOnSegment, JourneyDocument
from socle.journeys.model.geofence import KIND as GEOFENCES
from socle.journeys.model.steps import Hold, Send, UntilSegment
from socle.journeys.model.triggers import OnSchedule, OnSegment
from socle.journeys.walk.model import Score
from socle.messages.rules import KIND as SENDING_RULES
from socle.messages.rules import SendingRules
from socle.segments.nodes import Node
from socle.segments.plan import Plans
from socle.segments.rules import COMPUTED_TRAITS, NO_SEGMENTS, SEGMENTS, LiveRules
from socle.segments.walk import references
from socle.templates.document import TEMPLATES

Definitions = Callable[[str], Iterable[Definition]]
"""Lists the current definitions of a kind."""


class Ready(NamedTuple):
    """The score, and the segments that the journey follows, by name."""

    score: Score
    segments: Mapping[str, Node]


def ready(definitions: Definitions, journey: str, document: Mapping[str, Any] | None) -> Ready:
    """A journey by its document, or as it is saved (None). Raises NotFound(`unknown_journey`), and Rejected(`unknown_template`)
    with the field for a template that is not there."""
    if document is None:
        document = next((one.document for one in definitions(KIND) if one.name == journey), None)
        if document is None:
            raise NotFound("unknown_journey", f"there is no journey {journey}: write it to /api/journeys/{journey}, or send the "
                           "document along", "name")
    parsed = JourneyDocument.model_validate(document)
    kinds = {kind: {one.name: one for one in definitions(kind)} for kind in (SEGMENTS, COMPUTED_TRAITS)}
    documents = {kind: {name: one.document for name, one in found.items()} for kind, found in kinds.items()}
    plans = Plans(documents[SEGMENTS], documents[COMPUTED_TRAITS])
    followed = {name: plans.segment(name) for name in _followed(parsed)}
    live = LiveRules.of([kinds[SEGMENTS][name] for name in _closure(followed, documents) if name in kinds[SEGMENTS]],
                        kinds[COMPUTED_TRAITS].values()) if followed else NO_SEGMENTS
    sending = next((SendingRules.model_validate(one.document) for one in definitions(SENDING_RULES)), SendingRules())
    geofences = {one.name: one.document for one in definitions(GEOFENCES)}
    score = Score.of(journey, parsed, plans, _channels(definitions, parsed), geofences=geofences, sending=sending,
                     traits=rules_of(definitions(SURVIVORSHIP)), segments=live)
    return Ready(score, followed)


def _channels(definitions: Definitions, document: JourneyDocument) -> dict[str, str]:
    known = {one.name: str(one.document["channel"]) for one in definitions(TEMPLATES)}
    for place, step in enumerate(document.steps):
        for template in step.templates if isinstance(step, Send) else ():
            if template not in known:
                raise Rejected("unknown_template", f"there is no template {template}: write it to /api/templates/{template}, or "
                               "name another one", f"document.steps.{place}.template")
    return known


def _followed(document: JourneyDocument) -> set[str]:
    """The segments that somebody must be seen to enter and leave."""
    found = {one.segment for one in document.exits if isinstance(one, ExitOnSegment)}
    if isinstance(document.trigger, OnSegment | OnSchedule):
        found.add(document.trigger.segment)
    for step in document.steps:
        if isinstance(step, Hold):
            found |= {one.segment for one in step.until if isinstance(one, UntilSegment)}
    return found


def _closure(names: Iterable[str], documents: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """The segments with all that their conditions refer to."""
    found: set[tuple[str, str]] = set()
    waiting = [(SEGMENTS, name) for name in names]
    while waiting:
        kind, name = waiting.pop()
        if (kind, name) not in found:
            found.add((kind, name))
            waiting += [there for there, _ in references(kind, documents[kind].get(name, {}))]
    return sorted(name for kind, name in found if kind == SEGMENTS)
