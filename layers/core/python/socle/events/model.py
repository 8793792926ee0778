"""The event: one thing that happened to one person, as every part of Socle sees it.

The *key* of an event, (ts, message_id), is a pure function of what the client sent, so a retry has the same key.
A correction repeats the key with a higher `revision`; among the revisions of one key the highest counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from socle.iso import to_iso
from socle.normalisation.model import as_sent

TYPES = ("identify", "track", "page", "screen", "group", "alias")

Identifier = tuple[str, str]
"""(type, value), e.g. ("user_id", "42"); the types are in socle.identity.model."""


class Event(NamedTuple):
    """One accepted event.

    ts          the client's own timestamp in epoch ms, as sent, uncorrected; 0 when it sent none
    message_id  the client's messageId, or a content hash when it sent none
    revision    0, or higher for a correction of the event with the same key
    at          effective time in epoch ms: min(skew-corrected timestamp, received)
    received    when Socle received it, in epoch ms
    source      name of the source whose write key it came with
    type        one of TYPES
    name        the event's name: track's `event`, `$page`, `$identify`…: what counters count by
    ids         the identifiers it came with, normalised, most trusted first
    body        the rest of the message as the client sent it: properties, traits, context, unknown fields; traits are
                normalised, and `raw` and `flags` say what was sent (socle.normalisation.model)
    unlinked    those of `ids` that belonged to somebody else when it was applied
    """

    ts: int
    message_id: str
    revision: int
    at: int
    received: int
    source: str
    type: str
    name: str
    ids: tuple[Identifier, ...]
    body: dict[str, Any]
    unlinked: tuple[Identifier, ...] = ()

    @property
    def key(self) -> str:
        """Sorts by client timestamp, then messageId: `time_key` of ts, then the messageId."""
        return time_key(self.ts) + self.message_id

    def to_row(self) -> list[Any]:
        """The compact JSON form on the stream and in profiles; `from_row` reads it."""
        row: list[Any] = [self.ts, self.message_id, self.revision, self.at - self.ts, self.received - self.at,
                          self.source, self.type, self.name, self.ids, self.body]
        if self.unlinked:
            row.append(self.unlinked)
        return row

    @classmethod
    def from_row(cls, row: list[Any]) -> Event:
        """Inverse of `to_row`. A row of another shape raises ValueError, TypeError or IndexError."""
        ts, message_id, revision, shift, delay, source, type_, name, ids, body, *rest = row
        return cls(ts, message_id, revision, ts + shift, ts + shift + delay, source, type_, name,
                   tuple((kind, value) for kind, value in ids), body,
                   tuple((kind, value) for kind, value in rest[0]) if rest else ())

    def to_message(self) -> dict[str, Any]:
        """The message as the client sent it, as far as it shows: what a quarantined event is replayed from."""
        message = {"type": self.type, "messageId": self.message_id, **as_sent(self.body)}
        if self.type == "track":
            message["event"] = self.name
        if self.ts:
            message["timestamp"] = to_iso(self.ts)
        if self.revision:
            message["revision"] = self.revision
        for kind, field in (("user_id", "userId"), ("anonymous_id", "anonymousId")):
            values = [value for one, value in self.ids if one == kind]
            if values and field not in message:
                message[field] = values[0]
        return message

    def to_json(self) -> dict[str, Any]:
        """The self-describing form of the raw objects in S3; times in epoch ms."""
        return {
            "ts": self.ts, "messageId": self.message_id, "revision": self.revision, "at": self.at,
            "received": self.received, "source": self.source, "type": self.type, "name": self.name,
            "ids": [list(pair) for pair in self.ids], "unlinked": [list(pair) for pair in self.unlinked],
            "body": self.body,
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Event:
        """Inverse of `to_json`."""
        return cls(row["ts"], row["messageId"], row["revision"], row["at"], row["received"], row["source"],
                   row["type"], row["name"], tuple((k, v) for k, v in row["ids"]), row["body"],
                   tuple((k, v) for k, v in row["unlinked"]))


class Quarantined(NamedTuple):
    """One event that could not be accepted or applied, with the reason; it is kept and can be replayed.

    index       its place in the request, 0-based
    message_id  the client's messageId, or None when there is none to read
    code        stable name of the reason, e.g. `too_large`
    field       path of the field at fault, e.g. `properties.total`; "" for the event as a whole
    message     what is wrong and what to do
    source      name of the source
    received    epoch ms
    raw         the event as sent: JSON text, compact where it could be parsed
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    message_id: str | None
    code: str
    field: str
    message: str
    source: str
    received: int
    raw: str

    def to_answer(self) -> dict[str, Any]:
        """What the client is told."""
        return {"index": self.index, "messageId": self.message_id, "code": self.code, "field": self.field,
                "message": self.message}


RECHECK = 0
"""Due time of a tick that asks to look at a profile whatever it is due at."""


class Tick(NamedTuple):
    """A reminder that a profile is due: it travels on the same stream, so that there is one writer path.

    profile  profile id
    due      epoch ms, as stored in the aggregate when the tick was sent; no longer equal means dropped. Or RECHECK
    given    values computed elsewhere for the profile to keep, None to forget one; only with RECHECK
    """

    profile: str
    due: int
    given: dict[str, Any] | None = None


_YEAR_1 = 62_135_596_800_000
"""Milliseconds from 0001-01-01 to the epoch."""
_WIDTH = 13


def time_key(ts: int) -> str:
    """Epoch ms as 13 hexadecimal digits that sort as the numbers do, from year 1 to 9999."""
    return f"{ts + _YEAR_1:013x}"


def key_time(key: str) -> tuple[int, str]:
    """(ts, message_id) of an event key."""
    return int(key[:_WIDTH], 16) - _YEAR_1, key[_WIDTH:]
