"""A consumer with in-memory stores around it: what most tests of the writer path live in."""

from __future__ import annotations

from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.events.model import Event
from socle.events.stream import encode_events
from tests.memory import Calls, MemoryProfiles, MemoryQuarantine, MemoryQueue, MemoryRaw


class World:
    """A consumer with in-memory stores around it. `deliver` hands it batches as the stream would; `rules` and `now` may
    be changed."""

    def __init__(self, webhooks: dict[str, list[str]] | None = None, calls: Calls | None = None) -> None:
        self.profiles, self.raw, self.quarantine, self.queue = (
            MemoryProfiles(calls), MemoryRaw(calls), MemoryQuarantine(calls), MemoryQueue(calls))
        self.rules = Rules(webhooks or {})
        self.now = 1_700_000_000_000
        self.drawn = 0
        self._sequence = 0
        self.consumer = Consumer(self.profiles, self.raw, self.quarantine, self.queue,  # type: ignore[arg-type]
                                 lambda: self.rules, self.new_id, lambda: self.now)

    def new_id(self) -> str:
        self.drawn += 1
        return f"p{self.drawn - 1:06d}"

    def record(self, data: bytes) -> Record:
        self._sequence += 1
        return Record("shard-0", f"{self._sequence:020d}", 1_700_000_000_000, data)

    def deliver(self, *events: Event):
        return self.consumer.apply([self.record(encode_events(events))])
