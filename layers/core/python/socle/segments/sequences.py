"""Events in order: sequences, and values that change from one event to the next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from socle.profiles.fold import HistoryNeeded
from socle.segments.facts import Fact, Seen
from socle.segments.nodes import ChangedTest, SequenceTest


class Found(NamedTuple):
    """facts: the last events of sequences that hold, newest first; oldest: while that time is in the window, one holds;
    pending: when the next one may hold because nothing has followed."""

    facts: tuple[Fact, ...]
    oldest: int | None
    pending: int | None


def sequence(node: SequenceTest, seen: Sequence[Seen], lo: int | None, hi: int | None, now: int) -> Found:
    """`seen` are the steps', then that of what must not follow; steps are in [lo, hi). Raises HistoryNeeded, unless what is
    remembered has such a sequence: older events take nothing away from it.

    Of several ways to reach a step the one that reached it last is kept: whatever follows in time for another follows it too.
    """
    steps = len(node.steps)
    places = [None if node.same is None else one.place(node.same) for one in seen]
    moments: dict[int, list[tuple[int, Any, Fact]]] = {}
    for index in range(steps):
        for fact in seen[index].known(lo):
            label = _label(fact, places[index])
            if label is not None and (hi is None or fact.at < hi):
                moments.setdefault(fact.at, []).append((index, label, fact))
    reached: dict[Any, list[int | None]] = {}
    ends: list[tuple[Any, Fact]] = []
    for at in sorted(moments):
        new: list[tuple[Any, int]] = []
        for index, label, fact in moments[at]:
            before = reached.get(label, [None] * steps)[index - 1] if index else at
            within = node.steps[index].within
            if before is not None and (within is None or at - before <= within):
                new.append((label, index))
                if index == steps - 1:
                    ends.append((label, fact))
        for label, index in new:  # all of one moment together: none of them is later than another
            reached.setdefault(label, [None] * steps)[index] = at
    pending = None
    if node.without is not None:
        ends, pending = _alone(ends, node.without.within or 0, seen[-1], places[-1], now)
    if not ends and not all(one.covers(lo) for one in seen):
        raise HistoryNeeded
    oldest = max(fact.at for _, fact in ends) if ends and steps == 1 else min(moments, default=None)
    return Found(tuple(fact for _, fact in reversed(ends)), oldest, pending)


def _label(fact: Fact, place: int | None) -> Any:
    return "" if place is None else fact.values[place]


def _alone(ends: list[tuple[Any, Fact]], within: int, seen: Seen, place: int | None,
           now: int) -> tuple[list[tuple[Any, Fact]], int | None]:
    """The ends that, as is known, nothing has followed for `within` ms, and when the next one may be."""
    alone, pending = [], []
    others = seen.facts
    for label, end in ends:
        until = end.at + within
        if not seen.covers(end.at) or any(end.at < other.at < until and _label(other, place) == label for other in others):
            continue
        if now >= end.at + within:
            alone.append((label, end))
        else:
            pending.append(end.at + within)
    return alone, min(pending, default=None)


def changed(node: ChangedTest, seen: Seen, lo: int | None, hi: int | None) -> tuple[Fact, ...]:
    """The facts in [lo, hi) that say another value than the one before them, newest first. Raises HistoryNeeded."""
    place = seen.place(node.value)
    facts = sorted((fact for fact in seen.facts if fact.values[place] is not None),
                   key=lambda fact: (fact.at, fact.values[place]), reverse=True)
    if not seen.complete:
        # One that says something is needed from before lo, and all of its moment with it.
        edge = seen.facts[-1].at if seen.facts else None
        before = next((fact for fact in facts if lo is not None and fact.at < lo), None)
        if before is None or before.at == edge:
            raise HistoryNeeded
    found = []
    for after, before in pairwise(facts):
        if (lo is None or after.at >= lo) and (hi is None or after.at < hi):
            was, becomes = before.values[place], after.values[place]
            if was != becomes and node.was in (None, was) and node.becomes in (None, becomes):
                found.append(after)
    return tuple(found)
