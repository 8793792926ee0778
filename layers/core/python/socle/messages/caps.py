"""How often somebody was written to, day by day in their own zone, and whether once more is too often. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from socle.messages.rules import DAYS, Cap

Counts = Mapping[str, Mapping[str, int]]
"""Date → `<channel> <topic>` → marketing messages claimed that day."""

KEPT = max(DAYS.values()) + 1
"""Days that are kept: one more than the longest cap, for who travels west."""


def together(of_parts: Iterable[Counts]) -> dict[str, dict[str, int]]:
    """The counts of all partitions of a person."""
    found: dict[str, dict[str, int]] = {}
    for counts in of_parts:
        for day, by_kind in counts.items():
            mine = found.setdefault(day, {})
            for kind, count in by_kind.items():
                mine[kind] = mine.get(kind, 0) + count
    return found


def exceeded(caps: Iterable[Cap], counts: Counts, channel: str, topic: str, today: str) -> Cap | None:
    """The first cap that one more message over `channel` on `topic` would break, or None."""
    for cap in caps:
        if cap.channel not in (None, channel) or cap.topic not in (None, topic):
            continue
        first = (date.fromisoformat(today) - timedelta(days=DAYS[cap.per] - 1)).isoformat()
        # Later days count too: who flew west yesterday has written tomorrow's date.
        had = sum(count for day, by_kind in counts.items() if day >= first for kind, count in by_kind.items()
                  if cap.channel in (None, kind.partition(" ")[0]) and cap.topic in (None, kind.partition(" ")[2]))
        if had >= cap.count:
            return cap
    return None


def counted(own: Counts, channel: str, topic: str, today: str) -> dict[str, dict[str, int]]:
    """The counts of the person's own partition with one message more; days that no cap looks at are gone."""
    first = (date.fromisoformat(today) - timedelta(days=KEPT)).isoformat()
    kept = {day: dict(by_kind) for day, by_kind in own.items() if day >= first}
    mine = kept.setdefault(today, {})
    kind = f"{channel} {topic}"
    mine[kind] = mine.get(kind, 0) + 1
    return kept
