"""The chunks of a run and how far they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

TEST, REST, HELD = "test", "rest", "held"
"""Phases of chunks: of a test, what waits for its winner, people who come again after their quiet hours; "" is none of these."""
REST_FILE = "rest/{:05}.ndjson.gz"
"""People who get the winner; their chunk is written when there is one."""

Place = tuple[int, str]
"""(shard, profile): the order in which an audience is gone through."""
Counts = dict[str, dict[str, dict[str, int]]]
"""Variant → outcome → reason ("" for none) → people."""


class Recipient(NamedTuple):
    """Somebody of an audience; `variant` "" for the only one, or while it isn't known."""

    profile: str
    variant: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of the audience that one call begins to send to.

    number    of its file
    at        not before, epoch ms; 0 = at once; in the phase REST, ms after its release
    people    in it
    phase     TEST, REST (until it is released), HELD or ""
    first, last  where its people are in the audience's order
    position  line that the next call begins at
    done      whether all have an outcome
    """

    number: int
    at: int
    people: int
    phase: str
    first: Place
    last: Place
    position: int = 0
    done: bool = False

    def next(self, **changes: Any) -> Chunk:
        """The chunk with changes."""
        return replace(self, **changes)

    def to_row(self) -> list[Any]:
        """JSON-ready."""
        return [self.number, self.at, self.people, self.phase, self.first, self.last, self.position, int(self.done)]

    @classmethod
    def from_row(cls, row: list[Any]) -> Chunk:
        """Inverse of `to_row`."""
        number, at, people, phase, first, last, position, done = row
        return cls(number, at, people, phase, (first[0], first[1]), (last[0], last[1]), position, bool(done))


@dataclass(frozen=True)
class Progress:
    """How far a run is. It is written whole, once for each step of the workflow.

    chunks     by number
    counts     what became of the people of chunks that are done; who was held is counted when it is over
    partial    the same of chunks that were begun, as of when the run was stopped last
    attempt    the execution that wrote it
    events     of the history of that execution, about: it may have 25,000
    decide_at  epoch ms at which the test is decided; 0 while it is being sent, or without one
    """

    chunks: Mapping[int, Chunk]
    counts: Counts = field(default_factory=dict)
    partial: Counts = field(default_factory=dict)
    attempt: int = 1
    events: int = 0
    decide_at: int = 0

    def next(self, **changes: Any) -> Progress:
        """The progress with changes."""
        return replace(self, **changes)

    def with_chunks(self, chunks: Iterable[Chunk]) -> Progress:
        """With these chunks, new ones or others for those of their numbers."""
        return replace(self, chunks={**self.chunks, **{chunk.number: chunk for chunk in chunks}})

    @property
    def free(self) -> int:
        """The number of the next chunk."""
        return max(self.chunks, default=-1) + 1

    @property
    def waiting(self) -> int:
        """People of chunks that are not done."""
        return sum(chunk.people for chunk in self.chunks.values() if not chunk.done)

    def to_json(self) -> bytes:
        """For the bucket."""
        return json.dumps({
            "chunks": [chunk.to_row() for chunk in self.chunks.values()], "counts": self.counts, "partial": self.partial,
            "attempt": self.attempt, "events": self.events, "decide_at": self.decide_at}, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Progress:
        """Inverse of `to_json`, parsed."""
        chunks = (Chunk.from_row(row) for row in found["chunks"])
        return cls(**{**found, "chunks": {chunk.number: chunk for chunk in chunks}})
