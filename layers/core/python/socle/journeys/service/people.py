"""Somebody in a journey as they are now: found through merges, changed on the version that was seen, and let go."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from socle.errors import Conflict
from socle.identity.service.join import load_roots
from socle.journeys.model.entry import Entry
from socle.journeys.model.row import OUT, Logged, Row
from socle.journeys.service.ground import Ground
from socle.journeys.told import exited
from socle.messages.service.people import known_by
from socle.profiles.codec import encode_aggregate
from socle.profiles.model import Aggregate

_ATTEMPTS = 10


class Found(NamedTuple):
    """Somebody, and how far they are; `entry` is None when they are erased, or nobody knows of this entry (any more)."""

    root: Aggregate
    entry: Entry | None


def find(ground: Ground, part: str, entry: str) -> Found:
    """The person who entered under `part`, by whoever's aggregate has them now. Raises Unavailable."""
    aggregates, roots = load_roots(ground.profiles, {part})
    root = aggregates[roots[part]]
    if root.erased is not None:
        return Found(root, None)
    return Found(root, next((one for one in root.journeys if one.id == entry), None))


def change(ground: Ground, part: str, entry: str, what: Callable[[Entry, Aggregate], Entry]) -> Found:
    """Write what `what` makes of the entry, on the version of the aggregate that it saw: again if somebody was faster.

    Raises Conflict when others are always faster.
    """
    for _ in range(_ATTEMPTS):
        found = find(ground, part, entry)
        if found.entry is None:
            return found
        after = what(found.entry, found.root)
        if after == found.entry:
            return found
        root = found.root.next(journeys=tuple(after if one.id == entry else one for one in found.root.journeys))
        try:
            ground.profiles.save(root, encode_aggregate(root))
        except Conflict:
            continue
        return Found(root, after)
    raise Conflict("contended", "this profile is being written all the time: try again")


def end(ground: Ground, part: str, entry: str, reason: str, now: int) -> Found:
    """It is over for them, unless it was before."""
    found = change(ground, part, entry, lambda one, _: one._replace(ended=max(now, one.at), reason=reason) if one.active else one)
    if found.entry is not None:
        close(ground, found.root, found.entry)
    return found


def close(ground: Ground, root: Aggregate, entry: Entry, row: Row | None = None) -> None:
    """Say that it is over for them, and strike them off the lists: once, whoever sees it first."""
    row = row or ground.entries.get(entry.part, entry.id)
    if row is not None and ("", 0) in row.log:
        ground.entries.leave(entry.journey, entry.id)  # again: whoever let them begin at the same time may have listed them since
        return
    who = known_by(root)
    if row is not None and who is not None:
        ground.tell([exited(entry, (who,))])
    ground.entries.leave(entry.journey, entry.id)
    if ground.entries.log(entry.part, entry.id, {("", 0): Logged(entry.ended, OUT, entry.reason)}, once=True):
        ground.counters.add(entry.journey, entry.version, {("", f"ended:{entry.reason}"): 1}, entry.id)
