"""Raw objects as work for a replay: which to read together, and what their rows say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from socle.errors import Rejected
from socle.events.model import Event
from socle.identity.model import Evidence
from socle.lake.raw import decode_raw
from socle.profiles.codec import entry_of
from socle.profiles.model import Member
from socle.replay.model import Moved, Note, Portion

MAX_OBJECTS = 500
MAX_BYTES = 16 << 20
"""Of one task: as stored. Some 200,000 events, a few minutes of one function."""

ROUND_BYTES = 16 * 1024
"""Text of events that one write of a profile takes in. Only what a write before has stored goes into pages, so that more at
a time would leave large items behind."""


class Object(NamedTuple):
    """An object in S3 and its size in bytes."""

    key: str
    size: int


def tasks(objects: Iterable[Object], max_objects: int = MAX_OBJECTS, max_bytes: int = MAX_BYTES) -> Iterator[list[str]]:
    """The keys of all objects, cut into tasks of about the same work."""
    keys: list[str] = []
    size = 0
    for one in objects:
        if keys and (len(keys) >= max_objects or size + one.size > max_bytes):
            yield keys
            keys, size = [], 0
        keys.append(one.key)
        size += one.size
    if keys:
        yield keys


def add_rows(portion: Portion, data: bytes) -> None:
    """Add what a raw object holds, all or nothing. Raises Rejected(`unreadable`)."""
    try:
        rows = decode_raw(data)
        events = [(row["profile"], Event.from_json(row)) for row in rows if row["row"] in ("event", "moved")]
        notes = [note for row in rows if row["row"] == "profile" for note in _notes(row)]
        moved = {_moved(row) for row in rows if row["row"] == "moved"}
    except (OSError, EOFError, ValueError, LookupError, TypeError, RuntimeError) as error:
        raise Rejected("unreadable", f"this is no raw object ({type(error).__name__}): restore it from the bucket's "
                       "older versions") from error
    for profile, event in events:
        portion.groups.setdefault(profile, []).append(event)
    portion.moved |= moved
    portion.events += len(events)
    for note in notes:
        known = portion.notes.get(note.profile)
        if known is None or known.version < note.version:
            portion.notes[note.profile] = note


def rounds(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Events of one profile, as much at a time as one write of it may take in."""
    part: list[Event] = []
    size = 0
    for event in events:
        if size > ROUND_BYTES:
            yield part
            part, size = [], 0
        part.append(event)
        size += len(entry_of(event).row)
    yield part


def _notes(row: Mapping[str, Any]) -> Iterator[Note]:
    """What the row of a profile says of it, and of those that were merged into it."""
    members = {name: Member(one["into"], "", one["version"], _evidence(*one["evidence"])) for name, one in row["members"].items()}
    yield Note(row["profile"], row["version"], members, frozenset((kind, value) for kind, value in row["reserved"]),
               frozenset(row["apart"]), named=frozenset(
                   (kind, value) for kind, values in row["snapshot"]["identifiers"].items() for value in values if row["apart"]))
    for name, member in members.items():
        yield Note(name, member.version, merged=True)


def _evidence(rule: str, at: int, identifier: Sequence[str] | None, event: str, detail: str) -> Evidence:
    return Evidence(rule, at, (identifier[0], identifier[1]) if identifier else None, event, detail)


def _moved(row: dict[str, Any]) -> Moved:
    event = Event.from_json(row)
    stays = row["from"] == row["profile"]
    return Moved(row["from"], event.key, event.revision, event.unlinked if stays else None, row["profile"])
