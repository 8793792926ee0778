"""The records on the Kinesis stream: pure encoding and decoding.

One record is one gzip member of JSON lines: a header `{"v": 1, "kind": "events" | "quarantine" | "tick"}`, then one
line per event (`Event.to_row`), quarantined event (the tuple's fields in order) or tick ([profile, due]).
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from socle.errors import Rejected
from socle.events.model import Event, Quarantined, Tick

VERSION = 1
_GZIP = zlib.MAX_WBITS | 16
"""zlib's sign for one gzip member with its checksum; the gzip module reads through a file object, at twice the time."""
MAX_RECORD_BYTES = 1_000_000
"""Kinesis takes 1 MiB a record, its partition key included."""

_dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class Decoded(NamedTuple):
    """What one record held."""

    events: Sequence[Event] = ()
    quarantined: Sequence[Quarantined] = ()
    ticks: Sequence[Tick] = ()


def encode_events(events: Iterable[Event]) -> bytes:
    """One record of events, in the given order."""
    return _encode("events", (event.to_row() for event in events))


def encode_quarantined(rows: Iterable[Quarantined]) -> bytes:
    """One record of quarantined events: they travel like any other, and apply_events files them in S3."""
    return _encode("quarantine", (list(row) for row in rows))


def encode_ticks(ticks: Iterable[Tick]) -> bytes:
    """One record of ticks."""
    return _encode("tick", (list(tick) for tick in ticks))


def decode(data: bytes) -> Decoded:
    """Read one record. Raises Rejected(`bad_record`) when it is not one of ours."""
    try:
        header, *lines = zlib.decompress(data, _GZIP).decode().split("\n")
        head = json.loads(header)
        rows = json.loads(f"[{','.join(lines)}]")
        if head["v"] != VERSION:
            raise ValueError(f"version {head['v']}")
        kind = head["kind"]
        if kind == "events":
            return Decoded(events=[Event.from_row(row) for row in rows])
        if kind == "quarantine":
            return Decoded(quarantined=[Quarantined(*row) for row in rows])
        if kind == "tick":
            return Decoded(ticks=[Tick(*row) for row in rows])
        raise ValueError(f"kind {kind!r}")
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, IndexError) as error:
        raise Rejected("bad_record", f"not a record of this stream: {type(error).__name__}: {error}") from error


def _encode(kind: str, rows: Iterable[Any]) -> bytes:
    lines = [_dumps({"v": VERSION, "kind": kind})]
    lines.extend(_dumps(row) for row in rows)
    return gzip.compress("\n".join(lines).encode(), compresslevel=3, mtime=0)
