"""What a profile remembers for a watch, as a row of JSON in its item. Pure.

Row: [last time, count, last - first, facts, totals]; trailing empty parts are left out. Facts are newest first: how much
earlier than the one before (the first: than `last`), in a list with its values where the watch takes any. Totals are, for each of
the watch's: [number, sum], [least], [greatest], or [time, value] of the first or the last, or null.
Rows commute: whatever the order in which events are added, the row is the same. But all people's rows share an item with what
else is known of them, so long values are not kept, and then which of the others are may depend on the order: fewer facts, the
newest still, and null for the text of a first or last value. Who needs more reads the history.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from socle.events.model import Event
from socle.segments.facts import Fact, Seen, Totals, Watch, both, fact_of, order, total
from socle.segments.nodes import Value

MAX_LENGTH = 1_000
"""Characters of the values of all facts that a row keeps, and of one first or last value."""
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
    joining = new if seen.complete else _newer(seen, new)
    facts = sorted([*seen.facts, *joining], key=order if watch.values else _at, reverse=True)
    kept = tuple(_short(facts[:watch.depth]) if watch.values else facts[:watch.depth])
    count = seen.count + len(new)
    ends = [seen.first, seen.last] if seen.count else []
    return Seen(watch, count, min([*times, *ends]), max([*times, *ends]), kept, len(kept) == count, totals)


def _newer(seen: Seen, new: Sequence[Fact]) -> list[Fact]:
    """Those with nothing between them and the facts that are kept: what was dropped is older."""
    if not seen.facts:
        return [fact for fact in new if fact.at > seen.last]
    oldest = order(seen.facts[-1])
    return [fact for fact in new if order(fact) >= oldest]


def _short(facts: Sequence[Fact]) -> Sequence[Fact]:
    """The newest of them that are short together."""
    length = 0
    for place, fact in enumerate(facts):
        length += sum(len(one) if one.__class__ is str else sum(map(len, one)) + 3 * len(one) if one.__class__ is tuple else 0
                      for one in fact.values)
        if length > MAX_LENGTH:
            return facts[:place]
    return facts


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
    if totals is None:
        return None
    kept = [getattr(totals, slot) for slot in _SLOTS[part]]
    return [None if one.__class__ is str and len(one) > MAX_LENGTH else one for one in kept]


_SLOTS = {"sum": ("number", "sum"), "least": ("least",), "greatest": ("greatest",), "first": ("first_at", "first"),
          "last": ("last_at", "last")}
_LONG_AGO = -10 ** 18
_NONE = Totals(1, 0, 0, 0, -_LONG_AGO, None, _LONG_AGO, None)
"""What is not kept of totals is nobody's: it loses against whatever comes."""
