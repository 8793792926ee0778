"""Time without events: find the profiles that are due and put a tick for each on the stream, the one writer path."""

from __future__ import annotations

from socle.events.group import Record
from socle.events.store import EventStream
from socle.events.stream import encode_ticks
from socle.profiles.store import ProfileStore

LIMIT = 3_000
"""Ticks of one run, about: what a new on-demand stream takes at once; the rest is found a minute later."""


def sweep(profiles: ProfileStore, stream: EventStream, now: int) -> int:
    """Send a tick to every profile due by `now` (epoch ms); answers how many. A tick sent twice is dropped once."""
    ticks = profiles.due(now, LIMIT)
    if ticks:
        stream.put([Record(tick.profile, encode_ticks([tick])) for tick in ticks])
    return len(ticks)
