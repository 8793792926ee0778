"""What is asked of a journey among the other definitions, before it is written, published or deleted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, Protocol

from socle.definitions.model import Definition
from socle.errors import NotFound, Rejected, poison_is_rejected
from socle.journeys.check import RESERVED, check, events_of, names_event, segments_of, warnings
from socle.journeys.choose import planned
from socle.journeys.model.document import KIND, JourneyDocument
from socle.journeys.model.geofence import KIND as GEOFENCES
from socle.journeys.model.release import LIVE, Release
from socle.journeys.model.steps import Branch, Send, StartJourney, WaitUntilDate
from socle.journeys.model.triggers import OnDate, OnGeofence
from socle.journeys.rules import course_of
from socle.segments.check import Documents, Warned
from socle.segments.check import check as check_segment
from socle.segments.check import warnings as segment_warnings
from socle.segments.plan import Plans
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS
from socle.segments.service.checks import Seen

Warning_ = dict[str, str]
_EVENT = re.compile(r"\bevent\.\w")


class Definitions(Protocol):
    """Where documents come from."""

    def current(self, kind: str, name: str) -> Definition | None: ...
    def list_current(self, kind: str) -> list[Definition]: ...


class JourneyChecks:
    """Journeys among the others.

    seen     names of events and traits that were ever received
    inside   an entry of somebody who is in a journey that was not stopped, None when nobody is
    """

    def __init__(self, definitions: Definitions, seen: Callable[[], Seen], inside: Callable[[str], str | None]) -> None:
        self._definitions = definitions
        self._seen = seen
        self._inside = inside

    def check(self, kind: str, name: str, document: dict[str, Any]) -> list[Warning_]:
        """What is odd, as {"field", "message"}. Raises Rejected for what can't run."""
        if kind == GEOFENCES:
            return []
        if name in RESERVED:
            raise Rejected("bad_name", f"{name} stands for something else in the API's paths: choose another name", "name")
        journey = JourneyDocument.model_validate(document)
        check(journey)
        found = [*warnings(journey), *self._conditions(journey, document), *self._names(name, journey)]
        for place, step in enumerate(journey.steps):
            if isinstance(step, Send):
                found += self._send(journey, step, f"steps.{place}")
        self._run(name, journey, document)
        return [one._asdict() for one in dict.fromkeys(found)]

    def release(self, kind: str, name: str) -> None:
        """Raises Rejected while people are inside, or others need it."""
        users = [f"{KIND}/{one.name}" for one in self._definitions.list_current(KIND) if one.name != name or kind != KIND
                 if _needs(one.document, kind, name)]
        if users:
            raise Rejected("in_use", f"{kind}/{name} is used by {', '.join(users[:10])}: change or delete these first", "name",
                           status=409)
        if kind == KIND and self._inside(name) is not None:
            raise Rejected("people_inside", f"people are in it: POST /api/journeys/{name}/stop, so that nothing more follows for "
                           "them, and then delete it", "name", status=409)

    def _names(self, name: str, journey: JourneyDocument) -> Iterator[Warned]:
        """Everything that is named outside conditions is there; what was never received is told."""
        events, traits = self._seen()
        for field, segment in segments_of(journey):
            self._ask(SEGMENTS, segment, field)
        if isinstance(journey.trigger, OnGeofence):
            self._ask(GEOFENCES, journey.trigger.geofence, "trigger.geofence")
        dates = [("trigger.trait", journey.trigger.trait)] if isinstance(journey.trigger, OnDate) else []
        for place, step in enumerate(journey.steps):
            if isinstance(step, WaitUntilDate):
                dates.append((f"steps.{place}.trait", step.trait))
            if isinstance(step, StartJourney):
                self._startable(name, step.journey, f"steps.{place}.journey")
        for field, event in events_of(journey):
            if event not in events:
                yield Warned(field, f"the event {event!r} was never received: check its spelling, or start to send it")
        for field, path in dates:
            if path.partition(".")[0] not in traits:
                yield Warned(field, f"the trait {path!r} was never received: check its spelling, or start to send it")

    def _startable(self, name: str, other: str, field: str) -> None:
        if other == name:
            raise Rejected("circle", "a journey does not start itself: lead back to its first step", field)
        found = self._ask(KIND, other, field)
        if found["trigger"]["type"] != "request":
            raise Rejected("other_trigger", f"journeys/{other} is entered by {found['trigger']['type']}: only one whose trigger "
                           "is request can be started", field)

    def _conditions(self, journey: JourneyDocument, document: dict[str, Any]) -> Iterator[Warned]:
        """Conditions are checked as a segment of their own would be."""
        places = [("audience", document["audience"])] if journey.audience else []
        places += [(f"steps.{place}.cases.{index}.when", case["when"]) for place, step in enumerate(document["steps"])
                   if step["type"] == "branch" for index, case in enumerate(step["cases"]) if case["when"]]
        if not places:
            return
        others = self._others()
        seen = self._seen()
        for place, condition in places:
            one, segment = (SEGMENTS, ""), {"when": condition, "timezone": journey.timezone}
            try:
                check_segment(one, others, segment)
            except Rejected as error:
                _raise_at(error, place)
            for warned in segment_warnings(one, others, segment, *seen):
                yield Warned(_moved(warned.field, place), warned.message)

    def _send(self, journey: JourneyDocument, step: Send, field: str) -> Iterator[Warned]:
        topic = step.topic or journey.topic
        where = f"{field}.topic" if step.topic else "topic"
        channels = self._ask("topics", topic, where)["channels"] if topic else None
        for index, template in enumerate(step.templates):
            place = f"{field}.template" if step.template else f"{field}.best_of.{index}"
            document = self._ask("templates", template, place)
            if channels is not None and document["channel"] not in channels:
                raise Rejected("other_channel", f"the topic {topic} is for {', '.join(channels)}, the template {template} for "
                               f"{document['channel']}: add {document['channel']} to the topic's channels, or take another "
                               "template", place)
            if not names_event(journey) and not document.get("event") and _EVENT.search(_texts(document)):
                yield Warned(place, f"the template {template} shows properties of an event, and a {journey.trigger.type} trigger "
                             "has none: name an event in the template")

    def _run(self, name: str, journey: JourneyDocument, document: dict[str, Any]) -> None:
        """Make of it what runs."""
        others = self._others()
        plans = Plans({one: document for (kind, one), document in others.items() if kind == SEGMENTS},
                      {one: document for (kind, one), document in others.items() if kind == COMPUTED_TRAITS})
        try:
            with poison_is_rejected():
                course_of(Release(name, 1, document, "", 0, True, LIVE), plans, {})
                for step in journey.steps:
                    if isinstance(step, Branch):
                        planned(step, plans, journey.timezone)
        except Rejected as error:
            raise Rejected("cannot_run", "it can't be run, which is our fault: say it in another way, and report it") from error

    def _others(self) -> Documents:
        return {(one.kind, one.name): one.document for kind in (SEGMENTS, COMPUTED_TRAITS)
                for one in self._definitions.list_current(kind)}

    def _ask(self, kind: str, name: str, field: str) -> dict[str, Any]:
        found = self._definitions.current(kind, name)
        if found is None:
            raise Rejected(f"unknown_{kind[:-1]}", f"there is no {kind}/{name}: PUT /api/{kind}/{name} first", field)
        return found.document


def _needs(document: dict[str, Any], kind: str, name: str) -> bool:
    """Whether a journey names another one, or a geofence."""
    if kind == GEOFENCES:
        return bool(document["trigger"].get("geofence") == name)
    return any(step["type"] == "start" and step["journey"] == name for step in document["steps"])


def _raise_at(error: Rejected, place: str) -> NoReturn:
    moved = NotFound if isinstance(error, NotFound) else Rejected
    raise moved(error.code, error.message, _moved(error.field or "when", place)) from error


def _moved(field: str, place: str) -> str:
    """The place of what a segment calls `when.…`."""
    return place + field.removeprefix("when")


def _texts(document: dict[str, Any]) -> str:
    return " ".join(str(document.get(name)) for name in ("subject", "preheader", "html", "mjml", "text", "title", "body", "url"))
