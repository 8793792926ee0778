"""The live tail: the last events of one source, read from the stream itself, to debug an integration.

Nothing is written for it and nothing is stored twice: the stream keeps 24 hours anyway, so a tail costs a few reads
when somebody looks and nothing when nobody does. It looks back 10 seconds first, then a minute, then ten, and stops as
soon as it has enough, so that a busy stream answers with its newest events too; calls and time are bounded.
A shard gives its readers five calls and 2 MB a second together: the tail reads little at a time, and stops when a shard
is throttled, for the consumers need it more.
"""

from __future__ import annotations

import heapq
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.clock import MINUTE, SECOND
from socle.errors import Rejected
from socle.events.model import Event, Quarantined
from socle.events.stream import decode
from socle.iso import to_iso
from socle.safe_json import value_or_text

WINDOWS = (10 * SECOND, MINUTE, 10 * MINUTE)
"""How far to look back, in ms, one after the other."""
MAX_CALLS = 60
"""GetRecords calls in all."""
MAX_RECORDS = 200
"""Records in one call; each holds the events of one person in one request."""
MAX_SECONDS = 8.0


class Tail(NamedTuple):
    """The items, newest first, and whether calls or time ran out before everything in the last window was read."""

    items: list[dict[str, Any]]
    complete: bool


def tail(client: Client, stream: str, source: str, limit: int, now: int) -> Tail:
    """The last `limit` events of `source` on the stream, accepted and quarantined, newest received first.

    now  epoch ms by the real clock: the stream stamps records with it
    Raises Unavailable when the stream cannot be read.
    """
    reader = _Reader(client, stream, deadline=time.monotonic() + MAX_SECONDS)
    found: list[tuple[int, int, dict[str, Any]]] = []
    until = now + MINUTE
    for window in WINDOWS:
        since = now - window
        for number, row in enumerate(reader.read(since, until), start=len(found)):
            if row.source == source:
                found.append((row.received, number, _show(row)))
        if len(found) >= limit or reader.spent:
            break
        until = since
    newest = heapq.nlargest(limit, found, key=lambda entry: entry[:2])
    return Tail([item for _, _, item in newest], not reader.spent)


class _Reader:
    """Reads all shards within one budget of calls and time; `spent` once that is used up."""

    def __init__(self, client: Client, stream: str, deadline: float) -> None:
        self._client = client
        self._stream = stream
        self._deadline = deadline
        self._calls = 0
        self._shards: list[str] = []
        self.spent = False

    def read(self, since: int, until: int) -> list[Event | Quarantined]:
        """What arrived in [since, until), in epoch ms."""
        rows: list[Event | Quarantined] = []
        start, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (since, until))
        with translated("the stream"):
            self._shards = self._shards or [shard["ShardId"] for shard in
                                            self._client.list_shards(StreamName=self._stream)["Shards"]]
        for shard in self._shards:
            with translated("the stream"):
                iterator: str | None = self._client.get_shard_iterator(
                    StreamName=self._stream, ShardId=shard, ShardIteratorType="AT_TIMESTAMP",
                    Timestamp=start)["ShardIterator"]
            while iterator:
                answer = self._records(iterator)
                if answer is None:
                    self.spent = True
                    return rows
                records = [record for record in answer["Records"]
                           if start <= record["ApproximateArrivalTimestamp"] < end]
                for record in records:
                    rows.extend(_rows(record["Data"]))
                past = len(records) < len(answer["Records"])
                iterator = None if past or not answer["MillisBehindLatest"] else answer.get("NextShardIterator")
        return rows

    def _records(self, iterator: str) -> dict[str, Any] | None:
        """One GetRecords; None when the budget is used up, or the shard is needed by its consumers."""
        if self._calls >= MAX_CALLS or time.monotonic() > self._deadline:
            return None
        self._calls += 1
        with translated("the stream"):
            try:
                answer: dict[str, Any] = self._client.get_records(ShardIterator=iterator, Limit=MAX_RECORDS)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") != "ProvisionedThroughputExceededException":
                    raise
                return None
        return answer


def _rows(data: bytes) -> list[Event | Quarantined]:
    try:
        decoded = decode(data)
    except Rejected:
        return []  # not ours; apply_events reports it
    return [*decoded.events, *decoded.quarantined]


def _show(row: Event | Quarantined) -> dict[str, Any]:
    if isinstance(row, Quarantined):
        return {"state": "quarantined", "received": to_iso(row.received), "messageId": row.message_id,
                "code": row.code, "field": row.field, "message": row.message, "event": value_or_text(row.raw)}
    return {"state": "accepted", "received": to_iso(row.received), "timestamp": to_iso(row.at),
            "messageId": row.message_id, "type": row.type, "name": row.name,
            "identifiers": [{"type": kind, "value": value} for kind, value in row.ids], "event": row.to_message()}
