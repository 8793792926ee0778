"""Events that totals are not enough of: sequences, changes, favourites, the first and the last value. Pure.

The rows that any of these needs are picked out of the events once; each of them is a small query over what was picked.
"""

# ruff: noqa: S608 (what people wrote gets into the SQL through quote.py alone)
from __future__ import annotations

from socle.segments.nodes import EVER, ChangedTest, Measure, Selector, SequenceTest, Span
from socle.segments.sql.dates import within
from socle.segments.sql.events import Scan
from socle.segments.sql.quote import listed, literal
from socle.segments.sql.values import taken
from socle.segments.values import is_list

_EVER = -(1 << 62)
"""Ms: before all events."""


class Picked:
    """Queries over picked events. Each answers one `v` for a profile, and is joined by the alias that it is asked under."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._rows: dict[str, str] = {}
        self._wanted: dict[str, None] = {}
        self._since: dict[str, int] = {}
        self.parts: dict[str, str] = {}

    def measure(self, measure: Measure) -> str:
        """The value of distinct, most_frequent, first or last; NULL where there is none."""
        condition = self._condition(measure.selector, measure.span)
        inside = within('"at"', measure.span, self._scan.now)
        wanted = self._want(f"{condition} AND {inside}" if inside else condition)
        value = self._row(taken(measure.value, self._scan.typed))
        if measure.function in ("first", "last"):
            sign = "-" if measure.function == "first" else ""
            return self._part(f'SELECT profile, max({{a: {sign}"at", v: {value}}}).v AS v FROM picked '
                              f"WHERE {wanted} AND {value} IS NOT NULL GROUP BY profile")
        label = f"unnest({value})" if is_list(measure.value.path) else value
        labels = f'SELECT profile, "at", {label} AS l FROM picked WHERE {wanted}'
        if measure.function == "distinct":
            return self._part(f"SELECT profile, count(DISTINCT l) AS v FROM ({labels}) GROUP BY profile")
        return self._part(
            "SELECT profile, min({n: -n, t: -t, l: l}).l AS v FROM "
            f'(SELECT profile, l, count(*) AS n, max("at") AS t FROM ({labels}) WHERE l IS NOT NULL GROUP BY profile, l) '
            "GROUP BY profile")

    def changed(self, node: ChangedTest) -> str:
        """Whether an event in the span says another value than the one before it."""
        condition = self._want(self._condition(node.selector, EVER))
        mark = self._row(taken(node.value, self._scan.typed))
        inside = within('"at"', node.span, self._scan.now)
        tests = ["mark <> before", *([inside] if inside else []),
                 *([f"before = {literal(node.was)}"] if node.was is not None else []),
                 *([f"mark = {literal(node.becomes)}"] if node.becomes is not None else [])]
        return self._part(
            "SELECT DISTINCT profile, true AS v FROM "
            f'(SELECT profile, "at", {mark} AS mark, lag({mark}) OVER (PARTITION BY profile ORDER BY "at", {mark}) AS before '
            f"FROM picked WHERE {condition} AND {mark} IS NOT NULL) WHERE {' AND '.join(tests)}")

    def sequence(self, node: SequenceTest) -> str:
        """Whether the steps were made: of each step the moments at which it was reached, from the last time that the one
        before was."""
        inside = within('"at"', node.span, self._scan.now)
        steps = [self._condition(step.selector, node.span) for step in node.steps]
        steps = [f"({step} AND {inside})" if inside else step for step in steps]
        wanted = list(steps)
        other = ""
        if node.without is not None:
            since_lo = node.span._replace(hi=None)  # what comes before the span follows nothing in it
            other = self._condition(node.without.selector, since_lo)
            since = within('"at"', since_lo, self._scan.now)
            wanted.append(f"({other} AND {since})" if since else other)
        label = None if node.same is None else self._row(taken(node.same, self._scan.typed))
        rows = self._want(" OR ".join(dict.fromkeys(wanted)))
        columns = [f"{step} AS s{index}" for index, step in enumerate(steps)] + ([f"{other} AS o"] if other else [])
        inner = (f'SELECT profile, "at", {label or literal("")} AS label, {", ".join(columns)} FROM picked WHERE ({rows})'
                 + (f" AND {label} IS NOT NULL" if label else ""))
        by = 'OVER (PARTITION BY profile, label ORDER BY "at" RANGE BETWEEN'
        for index, step in enumerate(node.steps[1:], 1):
            before = f'max(CASE WHEN s{index - 1} THEN "at" END) {by} UNBOUNDED PRECEDING AND 1 PRECEDING)'
            near = f'"at" - {before} <= {literal(step.within)}' if step.within is not None else f"{before} IS NOT NULL"
            inner = f"SELECT * REPLACE (s{index} AND coalesce({near}, false) AS s{index}) FROM ({inner})"
        last = f"s{len(node.steps) - 1}"
        if node.without is None:
            return self._part(f"SELECT DISTINCT profile, true AS v FROM ({inner}) WHERE {last}")
        length = node.without.within or 0
        follows = f'min(CASE WHEN o THEN "at" END) {by} 1 FOLLOWING AND UNBOUNDED FOLLOWING)'
        return self._part(
            f"SELECT DISTINCT profile, true AS v FROM (SELECT *, {follows} AS follows FROM ({inner})) "
            f'WHERE {last} AND "at" <= {literal(self._scan.now - length)} '
            f'AND (follows IS NULL OR follows >= "at" + {literal(length)})')

    def sql(self) -> str:
        """The query of what was picked; "" when nothing needs it."""
        if not self.parts:
            return ""
        rows = "".join(f", {sql} AS {alias}" for sql, alias in self._rows.items())
        # By name and time first: what is asked of properties is then worked out for few rows.
        since = dict(sorted(self._since.items()))
        any_name = since.pop("", None)
        moments = ", ".join(str(min(one, any_name) if any_name is not None else one) for one in since.values())
        near = f"list_extract([{moments}]::BIGINT[], list_position([{listed(since)}]::VARCHAR[], name))"
        near = near if any_name is None else f"coalesce({near}, {literal(any_name)})"
        return (f'SELECT * FROM (SELECT profile, "at"{rows} FROM events WHERE "at" >= {near}) '
                f"WHERE {' OR '.join(f'({one})' for one in self._wanted)}")

    def _condition(self, selector: Selector, span: Span) -> str:
        since = _EVER if span.lo is None else span.lo.at(self._scan.now)
        for name in selector.names or ("",):
            self._since[name] = min(since, self._since.get(name, since))
        return self._row(f"coalesce({self._scan.selected(selector)}, false)")

    def _row(self, sql: str) -> str:
        return self._rows.setdefault(sql, f"v{len(self._rows)}")

    def _want(self, sql: str) -> str:
        self._wanted[sql] = None
        return sql

    def _part(self, sql: str) -> str:
        return self.parts.setdefault(sql, f"c{len(self.parts)}") + ".v"


