"""Collect: a request of the tracking API becomes records on the stream, or an error that says why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from socle.errors import Rejected
from socle.events import group, parse, wire
from socle.events.group import Record
from socle.events.model import Event, Quarantined
from socle.events.receive import Origin, receive
from socle.events.wire import Request


class Keys(Protocol):
    """Finds the source of a write key; Unavailable when it cannot look."""

    def find(self, secret: str, now: int) -> str | None: ...


class Stream(Protocol):
    """Takes records for good; Unavailable when it cannot."""

    def put(self, records: Sequence[Record]) -> None: ...


class Collected(NamedTuple):
    """What became of a request's messages: all of it is on the stream."""

    source: str
    events: list[Event]
    quarantined: list[Quarantined]


class Collector:
    """One per container: `keys` caches."""

    def __init__(self, keys: Keys, stream: Stream) -> None:
        self._keys = keys
        self._stream = stream

    def collect(self, request: Request, now: int) -> Collected:
        """Check the key, receive each message, put everything on the stream.

        Raises Rejected (400 for the body, 401 for the key) or Unavailable; then nothing has been promised.
        """
        source = self.source(request.write_key, now) if request.write_key else None
        body = parse.parse(wire.content(request), is_batch=request.call is None)
        if source is None:
            source = self.source(body.write_key, now)
        events, quarantined = receive(body, Origin(source, now, request.call, request.user_agent))
        records = group.records(events, quarantined, body.size)
        if records:
            self._stream.put(records)
        return Collected(source, events, quarantined)

    def source(self, write_key: str | None, now: int) -> str:
        """The source that the key belongs to. Raises Rejected (401) for a missing, unknown, revoked or expired key."""
        if not write_key:
            raise Rejected("no_write_key", "send the write key as Basic user name, as Bearer token or as writeKey",
                           "writeKey", status=401)
        source = self._keys.find(write_key, now)
        if source is None:
            raise Rejected("bad_write_key", "this write key is unknown or revoked: use a key of an enabled source",
                           "writeKey", status=401)
        return source
