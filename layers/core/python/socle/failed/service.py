"""Seeing the batches that Lambda gave up, and putting their records back on the stream.

A replay puts the records of a batch on the stream first and deletes its object second. A crash in between leaves them
in both places; replaying them again is harmless, because an event is applied once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from socle.errors import Rejected
from socle.events.group import Record
from socle.failed.model import FailedBatch
from socle.failed.read import facts, records
from socle.failed.store import FailedStore
from socle.paging import from_cursor, to_cursor

MAX_BATCHES = 100
"""Batches that one call looks at most, tens of ms each."""
MAX_RECORDS = 5_000
MAX_BYTES = 5_000_000
"""A call that replayed so many records or bytes takes no further batch: they may all be of one shard, which takes 1,000
records and 1 MB a second (Kinesis Data Streams quotas), and the gateway waits for 30 s."""
SLICE_RECORDS = 250
SLICE_BYTES = 250_000
"""What is put at once: a quarter of a shard's second, so that it fits in while the stream tries again."""

_HEAD = 4_096
"""Bytes of an object that hold what Lambda says about the batch, with room to spare; the records may be 6 MB more."""
_LISTING = "failed"


class Page(NamedTuple):
    """Batches by shard, oldest first, and the cursor of the next page."""

    items: list[FailedBatch]
    next: str | None


class Failure(NamedTuple):
    """A batch that stays, and why."""

    id: str
    fault: Rejected


class Replay(NamedTuple):
    """`replayed`: records; `batches`: objects that held them, gone now; `next`: cursor to go on with."""

    replayed: int
    batches: int
    failures: list[Failure]
    next: str | None

    def to_json(self) -> dict[str, Any]:
        """What the API answers."""
        return {"replayed": self.replayed, "batches": self.batches, "next": self.next,
                "failures": [{"id": id_, "code": fault.code, "message": fault.message} for id_, fault in self.failures]}


class FailedBatches:
    """The given-up batches. `put` puts records on the stream, all of them or raises Unavailable."""

    def __init__(self, store: FailedStore, put: Callable[[Sequence[Record]], None]) -> None:
        self._store = store
        self._put = put

    def page(self, limit: int, cursor: str | None = None) -> Page:
        """Up to `limit` batches and at most MAX_BATCHES. Raises Rejected(`bad_cursor`)."""
        items: list[FailedBatch] = []
        for identifier in self._ids(cursor):
            if len(items) == min(limit, MAX_BATCHES):
                return Page(items, to_cursor(_LISTING, items[-1].id))
            beginning = self._store.load(identifier, _HEAD)
            if beginning is not None:
                known = facts(beginning) or facts(self._store.load(identifier) or b"")
                items.append(FailedBatch(identifier, known))
        return Page(items, None)

    def replay(self, identifiers: Sequence[str]) -> Replay:
        """Put the records of these batches back. What one call does not get to is named among the failures."""
        chosen = list(dict.fromkeys(identifiers))
        done = self._release(chosen)
        reached = done.batches + len(done.failures)
        later = Rejected("not_reached", "one call replays no more than it did: replay this batch by another call")
        return done._replace(failures=[*done.failures, *(Failure(one, later) for one in chosen[reached:])], next=None)

    def replay_all(self, cursor: str | None = None) -> Replay:
        """The same for all batches; call again with `next` until there is none. Raises Rejected(`bad_cursor`)."""
        return self._release(self._ids(cursor))

    def _release(self, identifiers: Iterable[str]) -> Replay:
        replayed, size, batches = 0, 0, 0
        failures: list[Failure] = []
        last = ""
        for identifier in identifiers:
            if replayed >= MAX_RECORDS or size >= MAX_BYTES or batches + len(failures) == MAX_BATCHES:
                return Replay(replayed, batches, failures, to_cursor(_LISTING, last))
            last = identifier
            try:
                found = self._records(identifier)
            except Rejected as fault:
                failures.append(Failure(identifier, fault))
                continue
            for part in _slices(found):
                self._put(part)
            self._store.delete(identifier)
            replayed += len(found)
            size += sum(len(record.data) for record in found)
            batches += 1
        return Replay(replayed, batches, failures, None)

    def _ids(self, cursor: str | None) -> Iterator[str]:
        return self._store.ids(from_cursor(_LISTING, cursor) if cursor is not None else "")

    def _records(self, identifier: str) -> list[Record]:
        data = self._store.load(identifier)
        if data is None:
            raise Rejected("not_there", "no such batch: it was replayed already, or the id is wrong")
        return records(data)


def _slices(found: Sequence[Record]) -> Iterator[list[Record]]:
    part: list[Record] = []
    size = 0
    for record in found:
        if part and (len(part) == SLICE_RECORDS or size + len(record.data) > SLICE_BYTES):
            yield part
            part, size = [], 0
        part.append(record)
        size += len(record.data)
    if part:
        yield part
