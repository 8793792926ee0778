"""What a query computes of a person's events: totals in one pass over all events, and the few that need more. Pure.

Whatever conditions ask for is asked for once, by its own text: equal questions of many segments are one column.
"""

# ruff: noqa: S608 (what people wrote gets into the SQL through quote.py alone)
from __future__ import annotations

from socle.lake.columns import EVENTS, TRAITS, Column
from socle.profiles.orders import ORDER_EVENTS
from socle.segments.nodes import Measure, Selector, Span
from socle.segments.sql.dates import within
from socle.segments.sql.quote import one_of
from socle.segments.sql.values import half_up, passes, taken


class Scan:
    """The pass over the events. Its answers are expressions over the row of a person: alias `e` is the pass itself."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.columns: dict[Column, None] = {}
        self._rows: dict[str, str] = {}
        self._totals: dict[str, str] = {}
        self._names: set[str] | None = set()

    def typed(self, path: str, kind: str) -> str:
        """A typed column of events."""
        return self._typed(Column(EVENTS, path, kind))

    def trait(self, path: str, kind: str) -> str:
        """A typed column of profiles."""
        return self._typed(Column(TRAITS, path, kind))

    def selected(self, selector: Selector) -> str:
        """Whether an event is one of those that are meant."""
        parts = [one_of("name", selector.names)] if selector.names else []
        if selector.whole and not ORDER_EVENTS.isdisjoint(selector.names or ORDER_EVENTS):
            parts.append("part = 1")
        parts += [passes(test, path, self.typed, self.now) for path, test in selector.where]
        return " AND ".join(f"({part})" for part in parts) or "true"

    def selected_in(self, selector: Selector, span: Span) -> str:
        """The same of those in a span."""
        inside = within('"at"', span, self.now)
        return f"{self.selected(selector)} AND {inside}" if inside else self.selected(selector)

    def count(self, selector: Selector, span: Span) -> str:
        """How many events."""
        return f"coalesce({self._total(selector, span, 'sum({}::BIGINT)')}, 0)"

    def has(self, selector: Selector, span: Span) -> str:
        """Whether there is an event."""
        return f"coalesce({self._total(selector, span, 'bool_or({})')}, false)"

    def first(self, selector: Selector, span: Span) -> str:
        """The time of the first event, or NULL."""
        return self._total(selector, span, 'min(CASE WHEN {} THEN "at" END)')

    def last(self, selector: Selector, span: Span) -> str:
        """The time of the last event, or NULL."""
        return self._total(selector, span, 'max(CASE WHEN {} THEN "at" END)')

    def number(self, measure: Measure) -> str:
        """A sum, average, least or greatest number; NULL where no event has one, but 0 for a sum."""
        value = self._row(taken(measure.value, self.typed))

        def total(function: str) -> str:
            return self._total(measure.selector, measure.span, f"{function}(CASE WHEN {{}} THEN {value} END)")

        if measure.function == "average":
            return half_up(total("sum"), total("count"))
        return f"coalesce({total('sum')}, 0)" if measure.function == "sum" else total(measure.function)

    def sql(self) -> str:
        """The pass: `profile` and its totals."""
        if not self._totals:
            return ""
        rows = "".join(f", {sql} AS {alias}" for sql, alias in self._rows.items())
        where = "" if self._names is None else f" WHERE {one_of('name', sorted(self._names))}"
        totals = "".join(f", {sql} AS {alias}" for sql, alias in self._totals.items())
        return f'SELECT profile{totals} FROM (SELECT profile, "at"{rows} FROM events{where}) GROUP BY profile'

    def _typed(self, column: Column) -> str:
        self.columns[column] = None
        return column.quoted

    def _row(self, sql: str) -> str:
        return self._rows.setdefault(sql, f"r{len(self._rows)}")

    def _total(self, selector: Selector, span: Span, form: str) -> str:
        if not selector.names:
            self._names = None
        elif self._names is not None:
            self._names |= set(selector.names)
        condition = self._row(self.selected(selector))
        inside = within('"at"', span, self.now)
        sql = form.format(f"({condition} AND {inside})" if inside else condition)
        return "e." + self._totals.setdefault(sql, f"t{len(self._totals)}")

