"""What a query computes of a person's events: one pass over all of them. Pure.

Whatever conditions ask for is asked for once: equal questions of many segments are one bit. Each question (which events, when)
is a bit of a word that every row gets, by its name, what is asked of its properties, and its time. "Has there been one" is then
one bit_or for up to 62 questions together, and a count is the sum of one bit.
"""

# ruff: noqa: S608 (what people wrote gets into the SQL through quote.py alone)
from __future__ import annotations

from socle.lake.columns import EVENTS, TRAITS, Column
from socle.profiles.orders import ORDER_EVENTS
from socle.segments.nodes import Measure, Selector, Span
from socle.segments.sql.quote import listed, literal, one_of
from socle.segments.sql.values import half_up, passes, taken

WORD = 62
"""Bits of a word; a BIGINT has 63 that are not its sign."""
Question = tuple[Selector, int | None, int | None]


class Scan:
    """The pass over the events. Its answers are expressions over the row of a person: alias `e` is the pass itself."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.columns: dict[Column, None] = {}
        self._questions: dict[Question, int] = {}
        self._totals: dict[str, str] = {}

    def typed(self, path: str, kind: str) -> str:
        """A typed column of events."""
        return self._typed(Column(EVENTS, path, kind))

    def trait(self, path: str, kind: str) -> str:
        """A typed column of profiles."""
        return self._typed(Column(TRAITS, path, kind))

    def selected(self, selector: Selector) -> str:
        """Whether an event is one of those that are meant."""
        named = [one_of("name", selector.names)] if selector.names else []
        return " AND ".join(f"({part})" for part in [*named, *self._asked(selector)]) or "true"

    def count(self, selector: Selector, span: Span) -> str:
        """How many events."""
        word, bit = self._bit(selector, span)
        return f"coalesce({self._total(f'sum((({word} >> {bit}) & 1)::INTEGER)')}, 0)"

    def has(self, selector: Selector, span: Span) -> str:
        """Whether there is an event."""
        word, bit = self._bit(selector, span)
        return f"(coalesce({self._total(f'bit_or({word})')}, 0) & {1 << bit}) <> 0"

    def first(self, selector: Selector, span: Span) -> str:
        """The time of the first event, or NULL."""
        return self._total(f'min({self._where(selector, span, chr(34) + "at" + chr(34))})')

    def last(self, selector: Selector, span: Span) -> str:
        """The time of the last event, or NULL."""
        return self._total(f'max({self._where(selector, span, chr(34) + "at" + chr(34))})')

    def number(self, measure: Measure) -> str:
        """A sum, average, least or greatest number; NULL where no event has one, but 0 for a sum."""
        value = self._where(measure.selector, measure.span, taken(measure.value, self.typed))
        if measure.function == "average":
            return half_up(self._total(f"sum({value})"), self._total(f"count({value})"))
        total = self._total(f"{measure.function}({value})")
        return f"coalesce({total}, 0)" if measure.function == "sum" else total

    def sql(self) -> str:
        """The pass: `profile` and its totals; "" when nobody asks for any."""
        if not self._totals:
            return ""
        named = [set(selector.names) for selector, _, _ in self._questions]
        where = f" WHERE {one_of('name', sorted(set().union(*named)))}" if all(named) else ""
        words = "".join(f", {self._word(number)} AS m{number}" for number in range(1 + (len(self._questions) - 1) // WORD))
        totals = "".join(f", {sql} AS {alias}" for sql, alias in self._totals.items())
        return f"SELECT profile{totals} FROM (SELECT *{words} FROM events{where}) GROUP BY profile"

    def _word(self, number: int) -> str:
        """The bits of a row: those of its name, those that its properties pass for, and of both the ones whose span it is in."""
        mine = dict(enumerate(list(self._questions)[number * WORD:(number + 1) * WORD]))
        plain = {bit: one[0] for bit, one in mine.items() if not one[0].where}
        bits = _by_name(plain)
        if whole := sum(1 << bit for bit, one in plain.items() if one.whole):
            bits = f"({bits} & CASE WHEN part = 1 THEN -1::BIGINT ELSE {literal(~whole)} END)"
        if asking := {bit: one[0] for bit, one in mine.items() if one[0].where}:
            bits = f"({bits} | {self._by_properties(asking)})"
        edges = sorted({edge for _, lo, hi in mine.values() for edge in (lo, hi) if edge is not None}, reverse=True)
        if not edges:
            return bits

        def mask(at: int) -> str:
            return literal(sum(1 << bit for bit, (_, lo, hi) in mine.items()
                               if (lo is None or at >= lo) and (hi is None or at < hi)))

        steps = "".join(f' WHEN "at" >= {literal(edge)} THEN {mask(edge)}' for edge in edges)
        return f"({bits} & (CASE{steps} ELSE {mask(edges[-1] - 1)} END))"

    def _by_properties(self, asking: dict[int, Selector]) -> str:
        """The bits of what is asked of properties: nothing is, of an event of another name."""
        names = sorted({name for selector in asking.values() for name in selector.names})

        def bits(name: str) -> str:
            conditions = [(bit, " AND ".join(f"({part})" for part in self._asked(selector)))
                          for bit, selector in asking.items() if not selector.names or name in selector.names]
            parts = [f"(CASE WHEN {condition} THEN {1 << bit}::BIGINT ELSE 0 END)" for bit, condition in conditions]
            return " | ".join(parts) or "0"

        cases = "".join(f" WHEN {literal(name)} THEN {bits(name)}" for name in names)
        return f"(CASE name{cases} ELSE {bits('')} END)" if cases else f"({bits('')})"

    def _asked(self, selector: Selector) -> list[str]:
        """What is asked of an event beside its name."""
        parts = ["part = 1"] if selector.whole and not ORDER_EVENTS.isdisjoint(selector.names or ORDER_EVENTS) else []
        return parts + [passes(test, path, self.typed, self.now) for path, test in selector.where]

    def _bit(self, selector: Selector, span: Span) -> tuple[str, int]:
        lo, hi = (None if edge is None else edge.at(self.now) for edge in span)
        place = self._questions.setdefault((selector, lo, hi), len(self._questions))
        self._asked(selector)  # so that the columns are known
        return f"m{place // WORD}", place % WORD

    def _where(self, selector: Selector, span: Span, sql: str) -> str:
        word, bit = self._bit(selector, span)
        return f"CASE WHEN {word} & {1 << bit} <> 0 THEN {sql} END"

    def _typed(self, column: Column) -> str:
        self.columns[column] = None
        return column.quoted

    def _total(self, sql: str) -> str:
        return "e." + self._totals.setdefault(sql, f"t{len(self._totals)}")


def _by_name(plain: dict[int, Selector]) -> str:
    """The bits of what is asked of names alone: looked up in a list, which DuckDB does once for each name of a page."""
    names = sorted({name for selector in plain.values() for name in selector.names})

    def bits(name: str) -> int:
        return sum(1 << bit for bit, selector in plain.items() if not selector.names or name in selector.names)

    if not names:
        return literal(bits(""))
    found = ", ".join(str(bits(name)) for name in names)
    return f"coalesce(list_extract([{found}]::BIGINT[], list_position([{listed(names)}], name)), {literal(bits(''))})"
