"""Stories walked: what a rehearsal says of somebody who did what a story tells."""

from __future__ import annotations

from socle.definitions.model import Definition
from socle.events.model import Event
from socle.journeys.model.document import JourneyDocument
from socle.journeys.walk.model import Score, Someone, Walked
from socle.journeys.walk.walk import times, walk
from socle.segments.plan import Plans
from socle.segments.rules import LiveRules
from tests.journeys.story import HOUSE, START, Story, Went, after


def events_of(story: Story) -> list[Event]:
    """What they did, as it is stored."""
    found = []
    for number, did in enumerate(story.did):
        at, properties = START + after(did.at), story.fill(dict(did.properties))
        is_identify = did.event == "$identify"
        body = {"traits" if is_identify else "properties": properties}
        if did.timezone:
            body["context"] = {"timezone": did.timezone}
        found.append(Event(at, f"m{number}", 0, at, at, "shop", "identify" if is_identify else "track", did.event,
                           (("user_id", story.who),), body))
    return found


def score_of(story: Story) -> Score:
    """Its journey, ready."""
    also = {kind: {**HOUSE.get(kind, {}), **story.also.get(kind, {})} for kind in {*HOUSE, *story.also}}
    segments = also.get("segments", {})
    plans = Plans(segments, also.get("computed-traits", {}))
    live = LiveRules.of(Definition("segments", name, 1, dict(document), 0, 0) for name, document in segments.items())
    return Score.of(story.journey, JourneyDocument.model_validate(story.fill(story.document)), plans,
                    {name: template["channel"] for name, template in also["templates"].items()},
                    geofences=also.get("geofences"), segments=live)


def walked(story: Story) -> Walked:
    """Their ways through it."""
    until = START + after(story.until)
    score = score_of(story)
    return walk(score, Someone(f"p{story.who}", events_of(story)), START, until, until, list(times(score, START, until)))


def told(found: Walked) -> tuple[list[Went], list[str]]:
    """What a walk found, as stories tell it: the ways, and the templates that were sent."""
    ways = [Went([visit.said() for visit in way.path], way.entry.reason, way.entry.key, way.entry.goal > 0) for way in found.ways]
    return ways, [one.template for one in sorted((one for way in found.ways for one in way.sent), key=lambda one: one.at)]
