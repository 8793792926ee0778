"""Whether somebody enters a journey, and which of their earlier entries must be remembered for that. Pure.

The consumer, the backtest and whoever explains why somebody did not enter ask the same function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from socle.clock import DAY
from socle.events.model import Event
from socle.journeys.model.entry import REQUESTED, Entry, Moment, entry_id
from socle.journeys.rules import Course, LiveJourneys
from socle.segments.facts import properties_of, selects
from socle.segments.values import at_path

OLD, INSIDE, AGAIN, COOL_DOWN, PER_DAY, CROWDED, AUDIENCE = (
    "old", "inside", "again", "cool_down", "per_day", "crowded", "audience")
"""Why somebody does not enter: the event is old; they are in it with that key; they were; too soon; too often in a day; they are
in too many; they are not of the audience."""
FRESH = DAY
"""Ms: an older event starts nothing. Imports bring years of them."""
MAX_INSIDE = 20
"""Journeys that one person is in at a time, each entry counted: they share the profile's item."""
MAX_KEYS = 50
"""Keys of one journey that a person's profile remembers, the latest: an older cart that is filled again could enter once more."""
MAX_KEY = 100
"""Characters of a key; the rest is cut."""


def key_of(course: Course, event: Event) -> str | None:
    """The occasion that an event is for a course; None when it is for another journey."""
    properties = properties_of(event)
    if event.name == REQUESTED and course.trigger["type"] in ("request", "schedule"):
        # Only we may ask so: a client could name any journey.
        return as_key(properties.get("key")) if event.source == "socle" and properties.get("journey") == course.name else None
    path = course.entry.get("key")
    found = at_path(properties, path) if path else []
    return as_key(found[0]) if found else ""


def as_key(value: Any) -> str:
    """A value as the key of an entry; "" for what is no text, number or boolean."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)[:MAX_KEY] if isinstance(value, str | int | float) else ""


def triggers(course: Course, event: Event) -> bool:
    """Whether an event is one of those that let people enter the course, wherever they are."""
    return course.wanted is not None and selects(course.wanted, event)


def refusal(course: Course, entries: Sequence[Entry], key: str, at: int, now: int) -> str:
    """Why nobody with these entries enters now by an event of `at` (epoch ms); "" when they do, if they are of the audience."""
    if at <= now - FRESH:
        return OLD
    own = [entry for entry in entries if entry.journey == course.name]
    if any(entry.active and entry.key == key for entry in own):
        return INSIDE
    again = course.entry["again"]
    if own and (again == "never" or (again == "per_key" and any(entry.key == key for entry in own))):
        return AGAIN
    if course.trigger["type"] == "date" and any(entry.key == key for entry in own):
        return AGAIN
    if course.cool_down and any(entry.at > at - course.cool_down for entry in own):
        return COOL_DOWN
    if sum(entry.at > at - DAY for entry in own) >= course.entry["per_day"]:
        return PER_DAY
    return CROWDED if sum(entry.active for entry in entries) >= MAX_INSIDE else ""


def entered(course: Course, part: str, key: str, moment: Moment, event: str, is_held_out: bool, reason: str) -> Entry:
    """The entry of somebody; of one who is held out it has ended for `reason`."""
    at = moment[0]
    entry = Entry(entry_id(course.name, part, key, event, at), course.name, course.version, key, at, event, part, moment)
    return entry._replace(ended=at, reason=reason) if is_held_out else entry


def kept(entries: Sequence[Entry], rules: LiveJourneys, now: int) -> tuple[Entry, ...]:
    """The entries that somebody may still ask for: active ones, those whose goal may come, and as many as the rules of entering
    look back on. Oldest first."""
    found: list[Entry] = []
    later: dict[str, set[str]] = {}
    for entry in sorted(entries, key=lambda one: (one.at, one.id), reverse=True):
        course = rules.courses.get((entry.journey, entry.version))
        keys = later.setdefault(entry.journey, set())
        look = max(DAY, course.cool_down, course.within) if course is not None else 30 * DAY
        again = course.entry["again"] if course is not None else "never"
        # The latest entry of a journey stays: that somebody was in it once is asked for ever.
        remembered = not keys if again != "per_key" else entry.key not in keys and len(keys) < MAX_KEYS
        is_recent = entry.at > now - look or entry.ended > now - DAY
        if entry.active or remembered or is_recent:
            found.append(entry if entry.active else _shortened(entry, is_recent))
        keys.add(entry.key)
    return tuple(reversed(found))


def _shortened(entry: Entry, is_recent: bool) -> Entry:
    """An entry that has ended; of an old one only that there was one."""
    if is_recent:
        return entry._replace(hits={})
    return Entry(entry.id, entry.journey, entry.version, entry.key, entry.at, "", entry.part, (entry.at, ""), ended=entry.ended,
                 reason=entry.reason, goal=entry.goal)
