"""A shop whose events go through the real consumer, with segments as they were written over HTTP, and effects run."""

from __future__ import annotations

from typing import Any

import boto3

from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.definitions.store import DefinitionStore
from socle.effects.service import EffectRunner
from socle.events.model import Event, Tick
from socle.events.stream import encode_events, encode_ticks
from socle.profiles.store import ProfileStore
from tests.memory import MemoryQuarantine, MemoryQueue, MemoryRaw


class Shop:
    """`deliver` events at a time, `pass_time` to a later one."""

    def __init__(self, memberships: Any, prefix: str) -> None:
        self.store: Any = ProfileStore(boto3.client("dynamodb"), "profiles")
        self.now = 0
        self.memberships = memberships
        self._definitions = DefinitionStore(boto3.client("dynamodb"), "definitions")
        self._queue = MemoryQueue()
        self._names = iter(f"{prefix}{number}" for number in range(10_000))
        self._sequence = 0
        self._consumer = Consumer(self.store, MemoryRaw(), MemoryQuarantine(), self._queue,  # type: ignore[arg-type]
                                  self._rules, lambda: next(self._names), lambda: self.now)
        self._runner = EffectRunner(self.store, lambda name: None, lambda: b"", lambda *asked: 200, None, memberships)  # type: ignore[arg-type]

    def deliver(self, now: int, *events: Event, run: bool = True) -> None:
        """Events that arrive at `now`, and what they lead to."""
        self._apply(now, encode_events(events), run)

    def pass_time(self, now: int) -> None:
        """It is `now`: tick who is due."""
        due = self.store.due(now, 1_000)
        if due:
            self._apply(now, encode_ticks(due), True)

    def recheck(self, now: int, *profiles: str, given: dict[str, Any] | None = None) -> None:
        """Look at people again."""
        self._apply(now, encode_ticks([Tick(profile, 0, given) for profile in profiles]), True)

    def run_effects(self) -> None:
        """Run what is queued."""
        effects, self._queue.sent = self._queue.sent, []
        for effect in effects:
            self._runner.run(effect, self.now)

    def _apply(self, now: int, data: bytes, run: bool) -> None:
        self.now = now
        self._sequence += 1
        self._consumer.apply([Record("shard", f"{self._sequence:020d}", now, data)])
        if run:
            self.run_effects()

    def _rules(self) -> Rules:
        # Written by today's clock, and obeyed at times of long ago.
        return Rules.of(lambda kind: [one._replace(created=0) for one in self._definitions.list_current(kind)])
