"""Each node as a condition of SQL over the row of a person: the other execution of what nodes.py means. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from socle.lake.columns import TRAITS, Column, expression
from socle.segments.nodes import (
    EVER,
    AccountMembersTest,
    AccountTest,
    Anniversary,
    ChangedTest,
    ConsentTest,
    CountTest,
    DateTest,
    Exists,
    FieldTest,
    GivenTest,
    Group,
    IdentifierTest,
    MeasureTest,
    Negation,
    Node,
    OneOf,
    OrdersTest,
    PercentageTest,
    Rule,
    ScoreTest,
    SequenceTest,
    Span,
    TimeTest,
    TraitTest,
)
from socle.segments.sql.dates import instant_passes
from socle.segments.sql.events import Scan
from socle.segments.sql.picked import Picked
from socle.segments.sql.quote import literal, one_of
from socle.segments.sql.values import half_up, number_passes, passes, text_passes, unit
from socle.segments.values import MICRO

SHORT = 300
"""Characters: what is longer becomes a column, so that a condition that many use is not written out for each of them."""


class Conditions:
    """Conditions over the columns of a person (alias `p`), the totals of their events (`e`) and what was picked (`c0`…).

    steps  columns by step: those of a step may use those of the steps before it
    """

    def __init__(self, now: int) -> None:
        self.now = now
        self.scan = Scan(now)
        self.picked = Picked(self.scan)
        self.steps: list[dict[str, str]] = [{}]
        self._made: dict[int, tuple[str, int]] = {}
        self._kept: list[Node] = []
        self._leaves: dict[Node, str] = {}

    def of(self, node: Node) -> tuple[str, int]:
        """(condition, the step it stands on): never NULL."""
        if isinstance(node, Group | Negation | ScoreTest):
            found = self._made.get(id(node))
            if found is None:
                found = self._made[id(node)] = self._column(*self._compound(node))
                self._kept.append(node)  # so that its id stays its own
            return found
        if node not in self._leaves:
            sql = _WRITERS[node.__class__](self, node)
            never_null = isinstance(node, CountTest)  # most are of this kind, and it takes nothing for 0 itself
            self._leaves[node] = self._column(sql if never_null else f"coalesce({sql}, false)", 0)[0]
        return self._leaves[node], 1

    def _compound(self, node: Group | Negation | ScoreTest) -> tuple[str, int]:
        if isinstance(node, Negation):
            sql, step = self.of(node.of)
            return f"(NOT {sql})", step
        if isinstance(node, ScoreTest):
            worth = [self._points(rule) for rule in node.rules]
            points = " + ".join(sql for sql, _ in worth)
            ranges = [" AND ".join(f"({points}) {sign} {edge}" for sign, edge in ((">=", lo), ("<=", hi)) if edge is not None)
                      or "true" for lo, hi in node.ranges]
            return f"({' OR '.join(f'({one})' for one in ranges) or 'false'})", max(step for _, step in worth)
        parts = [self.of(one) for one in node.of]
        step = max((step for _, step in parts), default=1)
        if node.least <= 0:
            return "true", step
        if node.least > len(parts):
            return "false", step
        if node.least in (1, len(parts)):
            return "(" + (" OR " if node.least == 1 else " AND ").join(sql for sql, _ in parts) + ")", step
        return "(" + " + ".join(f"{sql}::INTEGER" for sql, _ in parts) + f" >= {node.least})", step

    def _points(self, rule: Rule) -> tuple[str, int]:
        holds, step = self.of(rule.of)
        worth = literal(rule.points)
        if rule.every and isinstance(rule.of, CountTest):
            last = f"coalesce({self.scan.last(rule.of.selector, rule.of.span)}, {literal(self.now)})"
            steps = f"greatest({literal(self.now)} - {last}, 0) // {literal(rule.every)}"
            worth = self._column(f"greatest({worth} - {literal(rule.lose)} * ({steps}), 0)", 0, short=0)[0]
        return f"CASE WHEN {holds} THEN {worth} ELSE 0 END", step

    def _column(self, sql: str, step: int, short: int = SHORT) -> tuple[str, int]:
        """What reads tables (step 0) is a column at once."""
        if step and len(sql) <= short:
            return sql, step
        while len(self.steps) <= step:
            self.steps.append({})
        return self.steps[step].setdefault(sql, f"k{step}_{len(self.steps[step])}"), step + 1


def _trait(to: Conditions, node: TraitTest) -> str:
    return passes(node.test, node.path, lambda path, kind: "p." + to.scan.trait(path, kind), to.now)


def _field(to: Conditions, node: FieldTest) -> str:
    if node.field in ("first_seen", "last_seen"):
        seen = f"p.{node.field}"
        if isinstance(node.test, DateTest | Anniversary):
            return f"p.event_count > 0 AND {instant_passes(seen, node.test, to.now)}"
        return "p.event_count > 0" if isinstance(node.test, Exists) else "false"
    if node.field == "event_count":
        return number_passes(f"p.event_count * {MICRO}", node.test)
    value = f"json_object('v', p.{node.field})"
    return passes(node.test, "v", lambda path, kind: expression(Column(TRAITS, path, kind), value), to.now)


def _orders(to: Conditions, node: OrdersTest) -> str:
    def said(name: str) -> str:
        return f"coalesce(json_extract_string(p.orders, {_pointer(node.currency, name)})::BIGINT, 0)"

    revenue, refunded = said("revenue"), said("refunded")
    if node.measure in ("count", "refunds"):
        value = f"{said(node.measure)} * {MICRO}"
    elif node.measure == "refund_share":
        value = (f"CASE WHEN {revenue} > 0 THEN {_floor(f'{refunded}::HUGEINT * {MICRO}', revenue)} "
                 f"WHEN {refunded} > 0 THEN {MICRO} END")
    elif node.measure == "average":
        value = f"({half_up(f'{revenue}::HUGEINT', said('count'))} * {unit(node.currency)})"
    else:
        amount = {"revenue": revenue, "refunded": refunded, "net": f"({revenue} - {refunded})"}[node.measure]
        value = f"({amount}::HUGEINT * {unit(node.currency)})"
    return number_passes(value, node.test)


def _count(to: Conditions, node: CountTest) -> str:
    sign, value = {"gte": ">=", "lte": "<=", "eq": "="}[node.op], node.value
    if value == 1 and sign == ">=":
        return to.scan.has(node.selector, node.span)
    if value == 0 and sign != ">=":
        return f"NOT {to.scan.has(node.selector, node.span)}"
    return f"{to.scan.count(node.selector, node.span)} {sign} {value}"


def _time(to: Conditions, node: TimeTest) -> str:
    at = to.scan.first(node.selector, EVER) if node.which == "first" else to.scan.last(node.selector, EVER)
    if isinstance(node.test, Anniversary):
        return instant_passes(at, node.test, to.now)
    lo, hi = node.test.span
    if node.which == "first":
        lo, hi = hi, lo  # the first is not before lo: there is none before it
    # Whether the last is at `lo` or later, and nothing is at `hi` or later (the first: mirrored).
    def beyond(edge: Any) -> str:
        return to.scan.has(node.selector, Span(lo=edge) if node.which == "last" else Span(hi=edge))

    return beyond(lo) if hi is None else f"{beyond(lo)} AND NOT {beyond(hi)}"


def _measure(to: Conditions, node: MeasureTest) -> str:
    measure, test = node.measure, node.test
    if measure.function in ("sum", "average", "min", "max"):
        value = to.scan.number(measure)
        if measure.value.kind == "m":
            value = f"({value} * {unit(measure.value.currency)}::HUGEINT)"
        return number_passes(value, test)
    value = to.picked.measure(measure)
    if measure.function == "distinct":
        return number_passes(f"(coalesce({value}, 0) * {MICRO})", test)
    if measure.value.kind == "n":
        return number_passes(value, test)
    if measure.value.kind == "b":
        return one_of(value, test.values) if isinstance(test, OneOf) and test.kind == "b" else text_passes(value, test)
    return text_passes(value, test)


def _consent(to: Conditions, node: ConsentTest) -> str:
    said = "from_json(p.consent, '[{\"channel\": \"VARCHAR\", \"topic\": \"VARCHAR\", \"state\": \"VARCHAR\"}]')"
    state = (f"list_filter({said}, lambda c: c.channel = {literal(node.channel)} "
             f"AND coalesce(c.topic, '') = {literal(node.topic)})[1].state")
    return f"coalesce({state}, 'none') = {literal(node.state)}"


def _given(to: Conditions, node: GivenTest) -> str:
    *outer, name = node.keys
    if isinstance(node.test, OneOf) and node.test.kind == "s" and not set(name) & set(".[]"):
        where = _pointer(*node.keys)  # two readings of the JSON instead of six, and of most rows only one
        return (f"{one_of(f'json_extract_string(p.given, {where})', node.test.values)} "
                f"AND json_type(p.given, {where}) = 'VARCHAR'")
    value = _member("p.given", *outer) if outer else "p.given"
    return passes(node.test, name, lambda path, kind: expression(Column(TRAITS, path, kind), value), to.now)


_ACCOUNTS = ("list_transform(coalesce(p.accounts, []), lambda a: "
             "json_extract(p.given, '/account:' || replace(replace(a, '~', '~0'), '/', '~1')))")


def _account(to: Conditions, node: AccountTest) -> str:
    holds = passes(node.test, node.path,
                   lambda path, kind: expression(Column(TRAITS, path, kind), "json_extract(account, '$.traits')"), to.now)
    number = f"len(list_filter({_ACCOUNTS}, lambda account: coalesce({holds}, false)))"
    if node.quantifier == "none":
        return f"{number} = 0"
    return f"{number} > 0" if node.quantifier == "any" else f"({number} > 0 AND {number} = len(p.accounts))"


def _account_members(to: Conditions, node: AccountMembersTest) -> str:
    counts = _member("json_extract(account, '$.segments')", node.segment)
    inside, members = (f"coalesce(json_extract_string({counts}, '$[{place}]')::BIGINT, 0)" for place in (0, 1))
    test = {"none": f"{inside} = 0", "any": f"{inside} > 0", "all": f"{inside} > 0 AND {inside} = {members}"}[node.quantifier]
    return f"len(list_filter({_ACCOUNTS}, lambda account: {test})) > 0"


def _percentage(to: Conditions, node: PercentageTest) -> str:
    place = f"(('0x' || substr(md5({literal(node.salt)} || chr(0) || p.profile), 1, 8))::BIGINT * 10000 >> 32)"
    return f"{place} BETWEEN {node.lo} AND {node.hi - 1}"


def _identifier(to: Conditions, node: IdentifierTest) -> str:
    return f"json_extract({_member('p.identifiers', node.kind)}, '$[0]') IS NOT NULL"


def _member(json: str, *names: str) -> str:
    """A member of an object, or of one in it…, in one reading of the JSON."""
    return f"json_extract({json}, {_pointer(*names)})"


def _pointer(*names: str) -> str:
    """Where a member is, by a pointer that hides whatever is in the names."""
    return literal("".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names))


def _floor(dividend: str, divisor: str) -> str:
    """Whole part of a quotient whose divisor is more than 0, rounded down."""
    return f"({dividend} // {divisor} - ({dividend} % {divisor} < 0)::BIGINT)"


_WRITERS: Mapping[type, Callable[[Conditions, Any], str]] = {
    TraitTest: _trait, FieldTest: _field, OrdersTest: _orders, CountTest: _count, TimeTest: _time, MeasureTest: _measure,
    ChangedTest: lambda to, node: to.picked.changed(node), SequenceTest: lambda to, node: to.picked.sequence(node),
    ConsentTest: _consent, GivenTest: _given, AccountTest: _account, AccountMembersTest: _account_members,
    PercentageTest: _percentage, IdentifierTest: _identifier,
}
