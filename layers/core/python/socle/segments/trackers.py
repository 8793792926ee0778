"""What a profile remembers for a watch, as a row of JSON in its item. Pure.

Row: [last time, count, last - first, facts, totals]; trailing empty parts are left out. Facts are newest first: how much
earlier than the one before (the first: than `last`), in a list with its values where the watch takes any. Totals are, for each of
the watch's: [number, sum], [least], [greatest], or [time, value] of the first or the last, or null.
Rows commute: whatever the order in which events are added, the row is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from socle.events.model import Event
from socle.segments.facts import Fact, Seen, Totals, Watch, both, fact_of, order, total
from socle.segments.nodes import Value

_EMPTY: Sequence[Any] = (0, 0, 0, (), ())


def add(seen: Seen, events: Sequence[Event]) -> Seen:
    """What a watch has seen, with more events that it selects; only the newest facts are kept."""
    watch = seen.watch
    new = [fact_of(watch, event) for event in events]
    times = [fact.at for fact in new]
    totals = {}
    for value in dict(watch.totals):
        found = both(seen.totals.get(value), total(new, watch.values.index(value)))
        if found is not None:
            totals[value] = found
    facts = sorted([*seen.facts, *new], key=order if watch.values else _at, reverse=True)
    kept = tuple(facts[:watch.depth])
    ends = [seen.first, seen.last] if seen.count else []
    return Seen(watch, seen.count + len(new), min([*times, *ends]), max([*times, *ends]), kept,
                seen.complete and len(kept) == len(facts), totals)


def _at(fact: Fact) -> int:
    return fact.at


def row_of(seen: Seen) -> list[Any]:
    """The row that keeps what was seen."""
    facts: list[Any] = []
    before = seen.last
    for at, values, _ in seen.facts:
        facts.append([before - at, *values] if values else before - at)
        before = at
    row = [seen.last, seen.count, seen.last - seen.first, facts, [_kept(seen.totals.get(value), part) for value, part
                                                                   in seen.watch.totals]]
    while row[-1] in ([], 0):
        row.pop()
    return row


def from_row(watch: Watch, row: Sequence[Any] | None) -> Seen:
    """Inverse of `row_of`; nothing was seen where there is no row."""
    if row is None:
        return Seen(watch)
    last, count, span, facts, totals = [*row, *_EMPTY[len(row):]]
    kept: list[Fact] = []
    at = last
    if watch.values:
        labels = [place for place, value in enumerate(watch.values) if value.kind == "labels"]
        for back, *values in facts:
            at -= back
            for place in labels:
                values[place] = tuple(values[place])
            kept.append(Fact(at, tuple(values)))
    else:
        for back in facts:
            at -= back
            kept.append(Fact(at, ()))
    found: dict[Value, Totals] = {}
    for (value, part), one in zip(watch.totals, totals, strict=False):
        if one is not None:
            found[value] = found.get(value, _NONE)._replace(**dict(zip(_SLOTS[part], one, strict=True)))
    return Seen(watch, count, last - span, last, tuple(kept), len(kept) == count, found)


def _kept(totals: Totals | None, part: str) -> list[Any] | None:
    return None if totals is None else [getattr(totals, slot) for slot in _SLOTS[part]]


_SLOTS = {"sum": ("number", "sum"), "least": ("least",), "greatest": ("greatest",), "first": ("first_at", "first"),
          "last": ("last_at", "last")}
_LONG_AGO = -10 ** 18
_NONE = Totals(1, 0, 0, 0, -_LONG_AGO, None, _LONG_AGO, None)
"""What is not kept of totals is nobody's: it loses against whatever comes."""
