"""What a profile remembers for a watch, as a row of JSON in its item. Pure.

Row: [last time, count, last - first, [[last - at, *values], …] newest first, totals]; trailing empty parts are left out.
Totals are [number, sum, least, greatest, first_at, first, last_at, last] or null, in the order of the watch's `totals`.
Rows commute: whatever the order in which events are added, the row is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from socle.events.model import Event
from socle.segments.facts import Fact, Seen, Totals, Watch, both, fact_of, order, total

_EMPTY: Sequence[Any] = (0, 0, 0, (), ())


def add(seen: Seen, events: Sequence[Event]) -> Seen:
    """What a watch has seen, with more events that it selects; only the newest facts are kept."""
    watch = seen.watch
    new = [fact_of(watch, event) for event in events]
    times = [fact.at for fact in new]
    totals = {}
    for value in watch.totals:
        found = both(seen.totals.get(value), total(new, watch.values.index(value)))
        if found is not None:
            totals[value] = found
    facts = sorted([*seen.facts, *new], key=order, reverse=True)
    kept = tuple(facts[:watch.depth])
    ends = [seen.first, seen.last] if seen.count else []
    return Seen(watch, seen.count + len(new), min([*times, *ends]), max([*times, *ends]), kept,
                seen.complete and len(kept) == len(facts), totals)


def row_of(seen: Seen) -> list[Any]:
    """The row that keeps what was seen."""
    row: list[Any] = [seen.last, seen.count, seen.last - seen.first,
                      [[seen.last - fact.at, *fact.values] for fact in seen.facts],
                      [list(seen.totals[value]) if value in seen.totals else None for value in seen.watch.totals]]
    while row and row[-1] in ([], 0):
        row.pop()
    return row


def from_row(watch: Watch, row: Sequence[Any] | None) -> Seen:
    """Inverse of `row_of`; nothing was seen where there is no row."""
    if row is None:
        return Seen(watch)
    last, count, span, facts, totals = [*row, *_EMPTY[len(row):]]
    labels = [place for place, value in enumerate(watch.values) if value.kind == "labels"]
    kept = tuple(_fact(last, fact, labels) for fact in facts)
    return Seen(watch, count, last - span, last, kept, len(kept) == count,
                {value: Totals(*one) for value, one in zip(watch.totals, totals, strict=False) if one is not None})


def _fact(last: int, row: Sequence[Any], labels: Sequence[int]) -> Fact:
    back, *values = row
    for place in labels:
        values[place] = tuple(values[place])
    return Fact(last - back, tuple(values))
