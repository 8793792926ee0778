"""A request's events as records of the stream: one per person, so that one shard sees a person's events. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from socle.events.model import Event, Quarantined
from socle.events.stream import encode_events, encode_quarantined
from socle.identity.model import ANONYMOUS_ID

MAX_RAW_BYTES = 256 * 1024
"""JSON in one record, roughly: well below what Kinesis takes (1 MB) however badly it compresses."""


Row = TypeVar("Row", Event, Quarantined)


class Record(NamedTuple):
    """One record for the stream: `key` says which shard."""

    key: str
    data: bytes


def records(events: Iterable[Event], quarantined: Sequence[Quarantined], size: int) -> list[Record]:
    """The records that carry the events and the quarantined of a request whose body has `size` bytes."""
    people: dict[str, list[Event]] = {}
    for event in events:
        people.setdefault(_person(event), []).append(event)
    found = [Record(_shard_key(person), encode_events(part))
             for person, theirs in people.items()
             for part in ([theirs] if size <= MAX_RAW_BYTES else _split(theirs))]
    if quarantined:
        parts = [quarantined] if size <= MAX_RAW_BYTES else _split(quarantined)
        found.extend(Record(_shard_key(part[0].raw[:64]), encode_quarantined(part)) for part in parts)
    return found


def _person(event: Event) -> str:
    """The anonymousId, else the most trusted identifier."""
    for kind, value in event.ids:
        if kind == ANONYMOUS_ID:
            return value
    return event.ids[0][1]


def _shard_key(text: str) -> str:
    """Short, whatever the text, and no personal data in Kinesis' own logs and metrics."""
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _split(rows: Sequence[Row]) -> list[list[Row]]:
    parts: list[list[Row]] = [[]]
    total = 0
    for row in rows:
        count = len(repr(row))
        if parts[-1] and total + count > MAX_RAW_BYTES:
            parts.append([])
            total = 0
        parts[-1].append(row)
        total += count
    return parts
