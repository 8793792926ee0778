"""A lake of people who did things, and a journey rehearsed over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from socle.clock import DAY
from socle.definitions.model import Definition
from socle.events.model import Event
from socle.journeys.service.backtest import BUDGET, MOST, Backtests, Question
from socle.lake.store import LakeStore
from tests.journeys.story import HOUSE, START, Story, after
from tests.lake.bucket import Lake
from tests.world import World

NOW = START + 60 * DAY


class Stage:
    """A world whose raw objects are compacted into a lake of some buckets, and definitions."""

    def __init__(self, buckets: int = 4) -> None:
        self.world, self.lake = World(), Lake(buckets)
        self.world.now = NOW
        self.documents: dict[str, dict[str, Any]] = {kind: dict(those) for kind, those in HOUSE.items()}

    def tell(self, events: Iterable[Event]) -> None:
        """Let these happen."""
        self.world.deliver(*events)

    def define(self, kind: str, documents: Mapping[str, Any]) -> None:
        """Write definitions."""
        self.documents.setdefault(kind, {}).update(documents)

    def compact(self, now: int = NOW) -> None:
        """Take everything into the lake."""
        for name, data in self.world.raw.objects.items():
            self.lake.raw.save(name, now - DAY, data)
        self.lake.s3.now = now
        self.lake.run("run-1")

    def definitions(self, kind: str) -> list[Definition]:
        """The current ones."""
        return [Definition(kind, name, 1, document, 0, 0) for name, document in sorted(self.documents.get(kind, {}).items())]

    def backtest(self, document: Mapping[str, Any] | None, begin: str = "0m", end: str = "30d", journey: str = "carts",
                 budget: int = BUDGET, most: int = MOST, now: int = NOW) -> dict[str, Any]:
        """What it would have come to."""
        found = Backtests(LakeStore(self.lake.s3, "bucket"), self.definitions,
                          lambda: duckdb.connect(config={"threads": 1}), lambda: 0)
        with TemporaryDirectory() as directory:
            return found.backtest(Question(journey, START + after(begin), START + after(end), document), now, Path(directory),
                                  budget, most)


def told(story: Story, events: Iterable[Event]) -> list[Event]:
    """A story's events, with keys of their own among those of other stories."""
    return [event._replace(message_id=f"{story.who}-{event.message_id}", received=event.at) for event in events]
