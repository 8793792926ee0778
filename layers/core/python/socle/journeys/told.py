"""The events that a journey makes: what an `update` step says of the person, and that somebody entered or left. Pure.

The steps that run put them on the stream, a rehearsal folds them into the history that it walks: the same ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from socle.events.model import Event, Identifier
from socle.journeys.model.entry import ENTERED, EXITED, HOLDOUT, Entry
from socle.journeys.model.steps import Update
from socle.messages.events import SOURCE
from socle.profiles.model import Snapshot

EARNED, SPENT = "Points Earned", "Points Spent"
TAGS = "tags"
"""The trait that holds them, a list."""


def updates(step: Update, entry: Entry, round_: int, snapshot: Snapshot, who: tuple[Identifier, ...], at: int) -> list[Event]:
    """The events of an `update` step.

    snapshot  of the person: which tags they have
    who       an identifier of theirs, by which the events find them
    at        when the step was come to first, epoch ms: who repeats it makes the same events of the same time
    """
    at = max(at, entry.seen[0] + 1)  # what the journey makes comes after what let it come so far, also within a millisecond
    found: list[tuple[int, str, str, dict[str, Any]]] = []
    # Each has a number of its own: of who does it again the tags may be as they are to become already.
    if traits := {**step.traits, **dict(_tags(step, snapshot))}:
        found.append((0, "identify", "$identify", {"traits": traits}))
    if step.points:
        found.append((1, "track", EARNED if step.points > 0 else SPENT, {"properties": {
            "points": abs(step.points), **_of(entry)}}))
    found += [(number, "track", one.event, {"properties": {**one.properties, **_of(entry)}})
              for number, one in enumerate(step.emit, 2)]
    return [Event(at, f"{event_id(entry, step.name, round_)}.{number}", 0, at, at, SOURCE, type_, name, who, body)
            for number, type_, name, body in found]


def entered(entry: Entry, who: tuple[Identifier, ...]) -> Event:
    """That somebody has entered, or would have but for the holdout."""
    return _event(entry, ENTERED, entry.at, who, {
        "key": entry.key, "holdout": entry.reason == HOLDOUT, "profile": entry.part, "trigger": entry.event})


def exited(entry: Entry, who: tuple[Identifier, ...]) -> Event:
    """That it is over for somebody."""
    return _event(entry, EXITED, entry.ended, who, {"reason": entry.reason})


def event_id(entry: Entry, step: str, round_: int) -> str:
    """What message ids of a step's events begin with."""
    return f"{entry.id}.{hashlib.sha256(step.encode()).hexdigest()[:8]}.{round_}"


def _event(entry: Entry, name: str, at: int, who: tuple[Identifier, ...], properties: Mapping[str, Any]) -> Event:
    word = name.rpartition(" ")[2].lower()
    return Event(at, f"{entry.id}.{word}", 0, at, at, SOURCE, "track", name, who, {
        "properties": {**_of(entry), "version": entry.version, **properties}})


def _of(entry: Entry) -> dict[str, Any]:
    return {"journey": entry.journey, "entry": entry.id}


def _tags(step: Update, snapshot: Snapshot) -> Iterator[tuple[str, Any]]:
    """`tags` as it becomes, if it becomes another one."""
    known = snapshot.traits.get(TAGS)
    had = known.value if known is not None and isinstance(known.value, list) else []
    after = [one for one in had if one not in step.remove_tags]
    after += [one for one in dict.fromkeys(step.add_tags) if one not in after]
    if after != had:
        yield TAGS, after
