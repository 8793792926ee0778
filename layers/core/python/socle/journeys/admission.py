"""Why somebody would enter a journey now, or would not, and why they did not last time: by the consumer's own rules. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from socle.clock import DAY
from socle.events.model import Event
from socle.iso import to_iso
from socle.journeys.entering import (
    AGAIN,
    COOL_DOWN,
    CROWDED,
    FRESH,
    INSIDE,
    MAX_INSIDE,
    OLD,
    PER_DAY,
    as_key,
    key_of,
    refusal,
    triggers,
)
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.entry import Entry
from socle.journeys.model.release import HELD, LIVE, PAUSED, Release
from socle.journeys.phrases import begins, lasting
from socle.journeys.rules import Course
from socle.segments.evaluate import share

AUDIENCE, HOLDOUT, CLOSED, NEVER, BEFORE = "audience", "holdout", "closed", "not_triggered", "before_publishing"
"""Further reasons: not of the audience; held out; nobody enters now; nothing has triggered it; it did before it was published."""


class Facts(NamedTuple):
    """What the rules look at.

    entries   of the person, of all journeys
    events    theirs, those that count
    audience  the explained condition, as socle.segments.explain has it; None: everybody may enter
    """

    profile: str
    entries: Sequence[Entry]
    events: Sequence[Event]
    audience: dict[str, Any] | None


def admission(release: Release, document: JourneyDocument, course: Course, facts: Facts, now: int) -> dict[str, Any]:
    """Each rule of entering with whether it holds at `now` (epoch ms), the first that does not, and what the last event that
    could have let them enter came to."""
    last = _last(course, facts.events)
    key = _key(course, last)
    refused = refusal(course, facts.entries, key, now, now)
    checks = [_check("open", release.open, _standing(release)), _check("entry", not refused, _rule(course, refused, key))]
    if facts.audience is not None:
        checks.append(_check(AUDIENCE, facts.audience["true"], facts.audience["says"], because=facts.audience))
    if course.holdout:
        out = share(f"holdout/journey/{course.name}", facts.profile) < course.holdout * 100
        checks.append(_check(HOLDOUT, not out, f"{course.holdout:g}% are held out, for the comparison; this person is "
                             + ("one of them: they would be counted, and get nothing." if out else "not.")))
    failing = [one for one in checks if not one["holds"]]
    says = f"They would not enter now: {failing[0]['says']}" if failing else f"They would enter: {begins(document.trigger)}."
    return {"would_enter": not failing, "reason": failing[0]["rule"] if failing else None, "says": says, "checks": checks,
            "last": _told(release, course, facts, last) if course.wanted is not None else None}


def _last(course: Course, events: Sequence[Event]) -> Event | None:
    found = [event for event in events if triggers(course, event)
             and (course.places is not None or key_of(course, event) is not None)]
    return max(found, key=lambda event: (event.at, event.key), default=None)


def _key(course: Course, event: Event | None) -> str:
    return "" if event is None or course.places is not None else key_of(course, event) or ""


def _told(release: Release, course: Course, facts: Facts, event: Event | None) -> dict[str, Any]:
    """What became of the last event that could have let them enter."""
    if event is None:
        return {"event": None, "at": None, "key": None, "entry": None, "reason": NEVER,
                "says": "They never did what lets people enter."}
    key = _key(course, event)
    shown = {"event": event.name, "at": to_iso(event.at), "key": key}
    entered = next((one for one in facts.entries if one.journey == course.name and one.event == event.key), None)
    if entered is not None:
        return {**shown, "entry": entered.id, "reason": None, "says": "By this one they entered."}
    earlier = [one for one in facts.entries if one.at < event.at]
    reason = refusal(course, earlier, key, event.at, event.received)
    if event.at < release.at:
        reason, says = BEFORE, f"That was before this version was published, at {to_iso(release.at)}."
    elif reason:
        says = _rule(course, reason, key)
    elif facts.audience is not None and not facts.audience["true"]:
        reason, says = AUDIENCE, f"They are not of the audience, as of now: {facts.audience['says']}"
    else:
        reason, says = CLOSED, "By the rules they would have entered: nobody did at that time, or their audience was another one."
    return {**shown, "entry": None, "reason": reason, "says": says}


def _check(rule: str, holds: bool, says: str, **more: Any) -> dict[str, Any]:
    return {"rule": rule, "holds": holds, "says": says, "because": None, **more}


def _standing(release: Release) -> str:
    said: dict[str, str] = {
        LIVE: "the journey is live." if release.current else "there is a newer version.",
        PAUSED: "the journey is paused: nobody enters, those inside go on.",
        HELD: "the journey is paused: nobody enters, and those inside stop at their next step."}
    return said.get(release.state, "the journey was stopped: nobody enters.")


def _rule(course: Course, refused: str, key: str) -> str:
    again, per_day = course.entry["again"], course.entry["per_day"]
    of_key = f" with the key {as_key(key)!r}" if key else ""
    return {
        "": "the entry rules let them in.",
        OLD: f"the event was more than {lasting(FRESH)} old when it came: such events start nothing.",
        INSIDE: f"they are inside already{of_key}.",
        AGAIN: "they were in it, and it is entered once in a life (entry.again is never)." if again == "never" else
               f"they were in it{of_key}, and it is entered once for each (entry.again is {again}).",
        COOL_DOWN: f"they entered less than {lasting(course.cool_down)} before (entry.cool_down).",
        PER_DAY: f"they entered {per_day} times within {lasting(DAY)} (entry.per_day).",
        CROWDED: f"they are in {MAX_INSIDE} journeys at once already.",
    }[refused]
