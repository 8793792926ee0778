"""Events that totals are not enough of: sequences, changes, favourites, the first and the last value. Pure.

Each of these is a small query of its own over the events of the names that it is about: reading few rows of few columns of the
lake costs less than reading them again from rows that were picked for all of them.
"""

# ruff: noqa: S608 (what people wrote gets into the SQL through quote.py alone)
from __future__ import annotations

from socle.segments.nodes import EVER, ChangedTest, Measure, Selector, SequenceTest, Span
from socle.segments.sql.dates import within
from socle.segments.sql.events import Scan
from socle.segments.sql.quote import literal, one_of
from socle.segments.sql.values import taken
from socle.segments.values import is_list


class Picked:
    """Queries over picked events. Each answers one `v` for a profile, and is joined by the alias that it is asked under."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self.parts: dict[str, str] = {}

    def measure(self, measure: Measure) -> str:
        """The value of distinct, most_frequent, first or last; NULL where there is none."""
        rows = f"FROM events WHERE {self._wanted(measure.selector, measure.span)}"
        value = taken(measure.value, self._scan.typed)
        if measure.function in ("first", "last"):
            sign = "-" if measure.function == "first" else ""
            return self._part(f'SELECT profile, max({{a: {sign}"at", v: v}}).v AS v FROM '
                              f'(SELECT profile, "at", {value} AS v {rows}) WHERE v IS NOT NULL GROUP BY profile')
        label = f"unnest({value})" if is_list(measure.value.path) else value
        labels = f'SELECT profile, "at", {label} AS l {rows}'
        if measure.function == "distinct":
            return self._part(f"SELECT profile, count(DISTINCT l) AS v FROM ({labels}) GROUP BY profile")
        return self._part(
            "SELECT profile, min({n: -n, t: -t, l: l}).l AS v FROM "
            f'(SELECT profile, l, count(*) AS n, max("at") AS t FROM ({labels}) WHERE l IS NOT NULL GROUP BY profile, l) '
            "GROUP BY profile")

    def changed(self, node: ChangedTest) -> str:
        """Whether an event in the span says another value than the one before it."""
        inside = within('"at"', node.span, self._scan.now)
        tests = ["mark <> before", *([inside] if inside else []),
                 *([f"before = {literal(node.was)}"] if node.was is not None else []),
                 *([f"mark = {literal(node.becomes)}"] if node.becomes is not None else [])]
        return self._part(
            "SELECT DISTINCT profile, true AS v FROM "
            '(SELECT profile, "at", mark, lag(mark) OVER (PARTITION BY profile ORDER BY "at", mark) AS before '
            f'FROM (SELECT profile, "at", {taken(node.value, self._scan.typed)} AS mark FROM events '
            f"WHERE {self._wanted(node.selector, EVER)}) WHERE mark IS NOT NULL) WHERE {' AND '.join(tests)}")

    def sequence(self, node: SequenceTest) -> str:
        """Whether the steps were made: of each step the moments at which it was reached, from the last time that the one
        before was. Only people who did all of the steps are looked at."""
        steps = {f"s{index}": self._wanted(step.selector, Span(hi=node.span.hi)) for index, step in enumerate(node.steps)}
        done = " AND ".join(f"bool_or({step})" for step in steps)
        names = [step.selector.names for step in node.steps]
        if node.without is not None:
            steps["o"] = self._scan.selected(node.without.selector)
            names.append(node.without.selector.names)
        # What comes before the span follows nothing in it. Names are looked at while the file is read, if they stand alone.
        at_all = [within('"at"', Span(lo=node.span.lo), self._scan.now),
                  one_of("name", sorted(set().union(*names))) if all(names) else ""]
        label = literal("") if node.same is None else taken(node.same, self._scan.typed)
        shown = "".join(f", {condition} AS {name}" for name, condition in steps.items())
        rows = (f'SELECT * FROM (SELECT profile, "at", {label} AS label{shown} FROM events '
                f"WHERE {' AND '.join(filter(None, at_all)) or 'true'}) WHERE ({' OR '.join(steps)}) AND label IS NOT NULL")
        inner = (f"SELECT * FROM picked SEMI JOIN (SELECT profile, label FROM picked GROUP BY profile, label HAVING {done}) "
                 "USING (profile, label)")
        by = 'OVER (PARTITION BY profile, label ORDER BY "at" RANGE BETWEEN'
        for index, step in enumerate(node.steps[1:], 1):
            before = f'max(CASE WHEN s{index - 1} THEN "at" END) {by} UNBOUNDED PRECEDING AND 1 PRECEDING)'
            near = f'"at" - {before} <= {literal(step.within)}' if step.within is not None else f"{before} IS NOT NULL"
            inner = f"SELECT * REPLACE (s{index} AND coalesce({near}, false) AS s{index}) FROM ({inner})"
        last = f"s{len(node.steps) - 1}"
        with_ = f"WITH picked AS MATERIALIZED ({rows}) SELECT DISTINCT profile, true AS v FROM"
        if node.without is None:
            return self._part(f"{with_} ({inner}) WHERE {last}")
        length = node.without.within or 0
        follows = f'min(CASE WHEN o THEN "at" END) {by} 1 FOLLOWING AND UNBOUNDED FOLLOWING)'
        return self._part(
            f"{with_} (SELECT *, {follows} AS follows FROM ({inner})) "
            f'WHERE {last} AND "at" <= {literal(self._scan.now - length)} '
            f'AND (follows IS NULL OR follows >= "at" + {literal(length)})')

    def _wanted(self, selector: Selector, span: Span) -> str:
        """Whether an event is meant, and in the span."""
        inside = within('"at"', span, self._scan.now)
        return self._scan.selected(selector) + (f" AND {inside}" if inside else "")

    def _part(self, sql: str) -> str:
        return self.parts.setdefault(sql, f"c{len(self.parts)}") + ".v"
