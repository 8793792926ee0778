"""What the consumer knows of journeys: every version that somebody may be in, and what events mean to them. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from socle.journeys.model.entry import COMPLETED, REQUESTED, Entry
from socle.journeys.model.release import Release
from socle.segments.durations import milliseconds
from socle.segments.facts import Watch
from socle.segments.nodes import Node, Selector
from socle.segments.plan import Plans, selector_of
from socle.segments.watches import watches

GEOFENCES = "geofences"
HOLD, RESET, EXIT, GOAL = "hold", "reset", "exit", "goal"
END = "end"
"""As socle.journeys.model.steps has it, whose models nothing on the way of an event imports."""


class Note(NamedTuple):
    """What an event, or a move between segments, means to somebody inside.

    kind      HOLD: it ends the hold `name` by `way`; RESET: the time of that hold begins anew; EXIT: they leave, by the exit
              `name`; GOAL
    selector  which events; None for moves
    match     path of the property that must be the entry's key, "" for none
    timeout   of a RESET: ms for which the hold lasts anew
    """

    kind: str
    name: str
    way: str = ""
    selector: Selector | None = None
    match: str = ""
    timeout: int = 0


class Place(NamedTuple):
    """A place of a geofence; degrees (WGS 84), metres."""

    name: str
    latitude: float
    longitude: float
    radius_m: float


class Where(Protocol):
    """The places of a geofence."""

    def at(self, latitude: float, longitude: float) -> str | None: ...


@dataclass(frozen=True)
class Course:
    """One published version of a journey.

    opens     whether people enter it: it is the current version, and the journey is live
    stopped   who entered by then (epoch ms) is out
    trigger, entry   as in the document
    wanted    the events that trigger it, None where it is not by events
    audience  who may enter, None for everybody; `watches`: what that looks at
    places    of its geofence, None without one
    holdout   per cent
    lasts, cool_down, within   ms: the longest stay, between two entries, and from entering to the goal (0: no goal)
    by_event, by_segment       event name, (segment, change) → what it means to those inside
    ends      (hold, way) that lead to the end → the reason that the journey has ended for
    """

    name: str
    version: int
    opens: bool
    stopped: int
    trigger: Mapping[str, Any]
    entry: Mapping[str, Any]
    wanted: Selector | None
    audience: Node | None
    watches: Mapping[Selector, Watch]
    places: Where | None
    holdout: float
    lasts: int
    cool_down: int
    within: int
    by_event: Mapping[str, tuple[Note, ...]]
    by_segment: Mapping[tuple[str, str], tuple[Note, ...]]
    ends: Mapping[tuple[str, str], str]


@dataclass(frozen=True)
class LiveJourneys:
    """All journeys as the consumer follows them; `number` is 0 when there are none.

    courses  (name, version) → course
    opened   event name → the courses that it triggers; moved: (segment, change) → the same; dated: those that a date triggers
    """

    number: int = 0
    courses: Mapping[tuple[str, int], Course] = field(default_factory=dict)
    opened: Mapping[str, tuple[Course, ...]] = field(default_factory=dict)
    moved: Mapping[tuple[str, str], tuple[Course, ...]] = field(default_factory=dict)
    dated: tuple[Course, ...] = ()

    def lacks(self, entries: Iterable[Entry]) -> bool:
        """Whether somebody is in a version that was published after these rules were read: they can't tell what it waits for."""
        return any(entry.active and (entry.journey, entry.version) not in self.courses for entry in entries)

    @classmethod
    def of(cls, releases: Iterable[Release], plans: Plans, geofences: Mapping[str, Mapping[str, Any]]) -> LiveJourneys:
        """The rules that these releases make; `plans` of the current segments, geofences by name."""
        found = [course_of(one, plans, geofences) for one in releases]
        if not found:
            return cls()
        opened: dict[str, list[Course]] = {}
        moved: dict[tuple[str, str], list[Course]] = {}
        for course in found:
            if course.opens and course.wanted is not None:
                for name in course.wanted.names:
                    opened.setdefault(name, []).append(course)
            elif course.opens and course.trigger["type"] == "segment":
                moved.setdefault((course.trigger["segment"], course.trigger["change"]), []).append(course)
        number = zlib.crc32("\n".join(sorted(f"{one.name}/{one.version}/{one.opens}" for one in found)).encode()) or 1
        return cls(number, {(one.name, one.version): one for one in found},
                   {name: tuple(courses) for name, courses in opened.items()},
                   {move: tuple(courses) for move, courses in moved.items()},
                   tuple(one for one in found if one.opens and one.trigger["type"] == "date"))


NO_JOURNEYS = LiveJourneys()


def course_of(release: Release, plans: Plans, geofences: Mapping[str, Mapping[str, Any]]) -> Course:
    """A release as it is followed. It was checked before it was published: what its references have become since is taken for
    nobody, and for no place."""
    document = release.document
    trigger, entry, goal = document["trigger"], document["entry"], document.get("goal")
    audience = plans.condition(document["audience"], document["timezone"]) if document.get("audience") else None
    notes = list(_notes(document))
    by_event: dict[str, list[Note]] = {}
    by_segment: dict[tuple[str, str], list[Note]] = {}
    for source, note in notes:
        if note.selector is not None:
            by_event.setdefault(source["event"], []).append(note)
        else:
            by_segment.setdefault((source["segment"], source["change"]), []).append(note)
    return Course(
        release.name, release.version, release.open, release.stopped, trigger, entry, _wanted(trigger), audience,
        watches([audience]) if audience is not None else {}, _places(trigger, geofences), document.get("holdout") or 0,
        milliseconds(document["lasts"]), milliseconds(entry["cool_down"]) if entry.get("cool_down") else 0,
        milliseconds(goal["within"]) if goal else 0,
        {name: tuple(found) for name, found in by_event.items()}, {move: tuple(found) for move, found in by_segment.items()},
        dict(_ends(document)))


def _notes(document: Mapping[str, Any]) -> Iterable[tuple[Mapping[str, Any], Note]]:
    """What an event means is told in this order: whoever is held and waits for it to go to the end takes that way, which counts
    there; anybody else leaves by an exit, and is then no longer held by it."""
    ends = {way for way, _ in _ends(document)}
    holds = [step for step in document["steps"] if step["type"] == "hold"]
    ways = [(one, _note(HOLD, step["name"], one, way_of(one))) for step in holds for one in step["until"]]
    yield from (way for way in ways if (way[1].name, way[1].way) in ends)
    for one in document["exits"]:
        yield one, _note(EXIT, one["name"], one)
    yield from (way for way in ways if (way[1].name, way[1].way) not in ends)
    for step in holds:
        for one in step["reset_on"]:
            yield one, _note(RESET, step["name"], one)._replace(timeout=milliseconds(step["timeout"]))
    if document.get("goal"):
        yield document["goal"], _note(GOAL, "", document["goal"])


def _note(kind: str, name: str, one: Mapping[str, Any], way: str = "") -> Note:
    return Note(kind, name, way, selector_of(one, "UTC") if "event" in one else None, one.get("match") or "")


def way_of(one: Mapping[str, Any]) -> str:
    """What a way out of a hold is called; as socle.journeys.model.steps.way_name says of the parsed document."""
    return str(one.get("name") or one.get("event") or f"{one['segment']} {one['change']}")


def _ends(document: Mapping[str, Any]) -> Iterable[tuple[tuple[str, str], str]]:
    steps = document["steps"]
    exits = {step["name"]: step["reason"] for step in steps if step["type"] == "exit"}
    for step, following in zip(steps, [*(one["name"] for one in steps[1:]), END], strict=True):
        for one in step["until"] if step["type"] == "hold" else ():
            target = one.get("next") or following
            if target == END or target in exits:
                yield (step["name"], way_of(one)), exits.get(target, COMPLETED)


def _wanted(trigger: Mapping[str, Any]) -> Selector | None:
    if trigger["type"] in ("event", "geofence"):
        return selector_of({"event": trigger["event"], "where": trigger.get("where")}, "UTC")
    if trigger["type"] in ("request", "schedule"):
        return Selector((REQUESTED,), whole=False)
    return None


def _places(trigger: Mapping[str, Any], geofences: Mapping[str, Mapping[str, Any]]) -> Where | None:
    if trigger["type"] != "geofence":
        return None
    from socle.journeys.places import Places  # only where there is a geofence

    found: Where = Places(Place(one["name"], one["latitude"], one["longitude"], one["radius_m"])
                          for one in geofences.get(trigger["geofence"], {}).get("places", ()))
    return found
