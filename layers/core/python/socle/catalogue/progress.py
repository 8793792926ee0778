"""Which raw objects have been read, by day, safe against late ones. Pure.

The name of a raw object says nothing about when it came, and S3 stamps an object when its writing began: one may appear
below others that are there already. So of each day we remember a time up to which everything was read, some minutes
below the newest object, and the objects read above it one by one. A day takes in late objects for as long as the stream
keeps records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

OVERLAP = 15 * 60_000
"""Ms for which an object may be under way: no function lives longer."""
OPEN_DAYS = 10
"""Newest days that are looked at; the stream keeps records for 7."""
QUIET = 12 * 3_600_000
"""Ms after which a day that is neither the newest nor the one before is listed again."""


class Object(NamedTuple):
    """A raw object as S3 lists it: `modified` in epoch ms, whole seconds."""

    key: str
    modified: int


@dataclass
class Day:
    """How far a day has been read: all objects up to `until` (epoch ms), above it those in `read`; when it was `listed`."""

    until: int = -1
    read: set[str] = field(default_factory=set)
    listed: int = 0

    def unread(self, objects: Iterable[Object]) -> list[Object]:
        """Those not read yet, the oldest first."""
        return sorted((one for one in objects if one.modified > self.until and _short(one.key) not in self.read),
                      key=lambda one: (one.modified, one.key))

    def after(self, objects: Iterable[Object], read: Iterable[Object], now: int) -> Day:
        """The day when `objects` were listed in it, and `read`, the oldest of the unread ones, were read."""
        listed, taken = list(objects), {one.key for one in read}
        known = self.read | {_short(key) for key in taken}
        unread = [one.modified for one in self.unread(listed) if one.key not in taken]
        newest = max((one.modified for one in listed), default=-1)
        until = max(self.until, min([newest - OVERLAP, *(moment - 1 for moment in unread)]))
        # What lies at or below `until` is read by that: only what is above needs to be remembered.
        return Day(until, {_short(one.key) for one in listed if one.modified > until} & known, now)


@dataclass
class Progress:
    """days: day (YYYY-MM-DD) → how far; all days up to `closed` are read for good."""

    closed: str = ""
    days: dict[str, Day] = field(default_factory=dict)

    def open(self, days: Iterable[str], now: int) -> list[str]:
        """Of the days that there are, those to be listed now, the oldest first."""
        ordered = sorted(day for day in days if day > self.closed)
        newest = set(ordered[-2:])
        return [day for day in ordered if day in newest or now - self.days.get(day, Day()).listed >= QUIET]

    def close(self, days: Iterable[str]) -> None:
        """Let go of days that no late object can come to any more: those read, and older than the newest OPEN_DAYS."""
        for day in sorted(day for day in days if day > self.closed)[:-OPEN_DAYS]:
            if day not in self.days:
                return
            del self.days[day]
            self.closed = day

    def to_json(self) -> dict[str, Any]:
        """JSON-ready; `from_json` is the inverse."""
        return {"closed": self.closed,
                "days": {name: [day.until, sorted(day.read), day.listed] for name, day in self.days.items()}}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Progress:
        """Inverse of `to_json`."""
        return cls(document["closed"], {name: Day(until, set(read), listed)
                                        for name, (until, read, listed) in document["days"].items()})


def _short(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:12]
