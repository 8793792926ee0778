"""Which raw objects the lake has taken in: exactly, by name, as long as an object of that day may still come. Pure."""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from socle.clock import DAY
from socle.iso import to_iso

LATE = 9 * DAY
"""The stream keeps a batch for up to seven days, and a name has the day on which the batch arrived; with a day to spare."""


class Consumed(NamedTuple):
    """What was taken in.

    closed    the day (YYYY-MM-DD) before which everything was; "" before the first run
    days      day → names of objects, without the prefix of all raw objects
    erasures  keys of markers of erasures
    """

    closed: str = ""
    days: Mapping[str, frozenset[str]] = MappingProxyType({})
    erasures: frozenset[str] = frozenset()

    def after(self) -> str:
        """The key after which there may be something new."""
        return f"raw/dt={self.closed}" if self.closed else ""

    def has(self, name: str) -> bool:
        """Whether an object was taken in."""
        return name in self.days.get(_day(name), ()) or _day(name) < self.closed

    def plus(self, names: Iterable[str], erasures: Collection[str], now: int) -> Consumed:
        """With what a run took in that looked at `now` (epoch ms)."""
        closed = max(self.closed, to_iso(now - LATE)[:10])
        days = {day: set(names) for day, names in self.days.items()}
        for name in names:
            days.setdefault(_day(name), set()).add(name)
        return Consumed(closed, {day: frozenset(names) for day, names in days.items() if day >= closed},
                        self.erasures | set(erasures))

    def to_bytes(self) -> bytes:
        """As it lies in S3: JSON, compressed by gzip."""
        document = {"closed": self.closed, "days": {day: sorted(names) for day, names in sorted(self.days.items())},
                    "erasures": sorted(self.erasures)}
        return gzip.compress(json.dumps(document, separators=(",", ":")).encode(), mtime=0)

    @classmethod
    def from_bytes(cls, data: bytes) -> Consumed:
        """Inverse of `to_bytes`."""
        found = json.loads(gzip.decompress(data))
        return cls(found["closed"], {day: frozenset(names) for day, names in found["days"].items()},
                   frozenset(found["erasures"]))


def _day(name: str) -> str:
    """The day of `dt=2026-01-31/…`."""
    return name[3:13]
