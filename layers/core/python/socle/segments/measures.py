"""What values of events come to: sums, averages, favourites, the first and the last. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from socle.profiles.fold import HistoryNeeded
from socle.profiles.money import exponent
from socle.segments.facts import Fact, Seen, Totals, total
from socle.segments.nodes import EVER, Measure, Value
from socle.segments.values import MICRO

PARTS = {"sum": "sum", "average": "sum", "min": "least", "max": "greatest", "first": "first", "last": "last"}
"""Function → the part of totals that it takes."""


def measured(measure: Measure, seen: Seen, lo: int | None, hi: int | None) -> tuple[Any, Sequence[Fact]]:
    """(value, the facts in [lo, hi), newest first): numbers and money in millionths, texts, booleans; None where no event has
    one. Raises HistoryNeeded."""
    value, function = measure.value, measure.function
    if measure.span == EVER and (value, PARTS.get(function)) in seen.watch.totals:
        return _of_totals(measure, seen.totals.get(value)), seen.facts
    facts = [fact for fact in seen.since(lo) if hi is None or fact.at < hi]
    place = seen.place(value)
    if function in ("distinct", "most_frequent"):
        return (_distinct if function == "distinct" else _most_frequent)(facts, place), facts
    return _of_totals(measure, total(facts, place)), facts


def turning(measure: Measure, seen: Seen, facts: Sequence[Fact], passes: Callable[[Any], bool]) -> Fact | None:
    """Of facts that leave a window one after the other, the oldest first, the one with which the answer may turn; None: it
    never does."""
    if measure.function == "most_frequent":
        return facts[-1] if facts else None
    place, unit = seen.place(measure.value), _unit(measure.value)
    number = total = 0
    least: Any = None
    greatest: Any = None
    first: Any = None
    last: Any = None
    names: set[str] = set()
    answers = [passes(0 if measure.function in ("sum", "distinct") else None)]
    at: dict[str, int] = {}
    for fact in facts:  # as if those that are older had left already
        value = fact.values[place]
        if measure.function == "distinct":
            names.update(value)
            answers.append(passes(len(names) * MICRO))
            continue
        if value is None:
            answers.append(answers[-1])
            continue
        first = value if at.get("first") != fact.at else max(first, value)
        last = value if last is None else max(last, value) if at.get("last") == fact.at else last
        at = {"first": fact.at, "last": at.get("last", fact.at)}
        if value.__class__ is int:
            number, total = number + 1, total + value
            least, greatest = (value, value) if least is None else (min(least, value), max(greatest, value))
        found = {"first": first, "last": last, "min": least, "max": greatest, "sum": total}.get(measure.function)
        if measure.function == "average":
            found = half_up(total, number)
        answers.append(passes(found if measure.function in ("first", "last") or found is None else found * unit))
    turned = [place for place, answer in enumerate(answers) if answer != answers[-1]]
    return facts[turned[-1]] if turned else None


def _unit(value: Value) -> int:
    """Millionths in one of what is added up."""
    return MICRO // 10 ** exponent(value.currency) if value.kind == "m" else 1


def _of_totals(measure: Measure, totals: Totals | None) -> Any:
    function, value = measure.function, measure.value
    if totals is None:
        return 0 if function == "sum" else None
    if function in ("first", "last"):
        found = totals.first if function == "first" else totals.last
        if found is None:
            raise HistoryNeeded
        return found
    unit = _unit(value)
    if function == "average":
        return half_up(totals.sum, totals.number) * unit
    return {"sum": totals.sum, "min": totals.least, "max": totals.greatest}[function] * unit


def half_up(total: int, number: int) -> int:
    """total / number, rounded half up."""
    return (2 * total + number) // (2 * number)


def _distinct(facts: Sequence[Fact], place: int) -> int:
    return len({name for fact in facts for name in fact.values[place]}) * MICRO


def _most_frequent(facts: Sequence[Fact], place: int) -> str | None:
    """Of those met equally often the one met last, then the first in alphabetical order."""
    counts: dict[str, int] = {}
    latest: dict[str, int] = {}
    for fact in facts:
        for name in fact.values[place]:
            counts[name] = counts.get(name, 0) + 1
            latest[name] = max(latest.get(name, fact.at), fact.at)
    return min(counts, key=lambda name: (-counts[name], -latest[name], name), default=None)
