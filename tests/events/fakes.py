"""Stand-ins that keep the contracts of what collecting talks to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from socle.errors import Unavailable
from socle.events.group import Record


class FakeKeys:
    """Write keys in memory; None in the place of them is an outage."""

    def __init__(self, sources: Mapping[str, str] | None) -> None:
        self.sources = sources

    def find(self, secret: str, now: int) -> str | None:
        if self.sources is None:
            raise Unavailable("keys_unavailable", "try again")
        return self.sources.get(secret)


class FakeStream:
    """A stream in memory, or one that is down."""

    def __init__(self, down: bool = False) -> None:
        self.down = down
        self.records: list[Record] = []

    def put(self, records: Sequence[Record]) -> None:
        if self.down:
            raise Unavailable("stream_unavailable", "try again")
        self.records += records
