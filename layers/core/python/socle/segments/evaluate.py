"""evaluate(node, person, now) -> whether somebody is in, when time alone may change that, and what it rests on. Pure.

One of the two executions of the one meaning (nodes.py); sql/ is the other, and a differential test holds them equal.

`flips` is never late: before it, without a new event, the answer stays what it is. It may be early, where being exact would cost
more than looking once too often. Raises HistoryNeeded when what the trackers remember does not reach back far enough.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from socle.profiles.model import Orders
from socle.profiles.money import exponent
from socle.segments.decay import Falling, turns, within
from socle.segments.facts import Fact, Person
from socle.segments.measures import half_up, measured, turning
from socle.segments.nodes import (
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
    Range,
    ScoreTest,
    SequenceTest,
    Span,
    Test,
    TimeTest,
    TraitTest,
)
from socle.segments.sequences import changed, sequence
from socle.segments.testing import dated, in_range, passes
from socle.segments.values import MICRO, Date, at_path, date


class Verdict(NamedTuple):
    """true: whether the condition holds; flips: epoch ms before which time alone does not change that, None for never.

    value  what was tested, where there is one: a trait, a count, a sum
    facts  the events that it rests on, newest first
    """

    true: bool
    flips: int | None = None
    value: Any = None
    facts: Sequence[Fact] = ()


def evaluate(node: Node, person: Person, now: int) -> Verdict:
    """Whether the condition holds for the person at `now` (epoch ms). Raises HistoryNeeded."""
    return _EVALUATORS[node.__class__](node, person, now)


def share(salt: str, profile: str) -> int:
    """Where in 0 to 9,999 a profile lies, by a hash that only the salt changes."""
    return int(hashlib.md5(f"{salt}\0{profile}".encode(), usedforsecurity=False).hexdigest()[:8], 16) * 10_000 >> 32


def _group(node: Group, person: Person, now: int) -> Verdict:
    """With t of n true it takes `t - least + 1` of them to flip before the group can, or `least - t` of the others."""
    true: list[int | None] = []
    false: list[int | None] = []
    for one in node.of:
        verdict = evaluate(one, person, now)
        (true if verdict.true else false).append(verdict.flips)
    holds = len(true) >= node.least
    flips, enough = (true, len(true) - node.least + 1) if holds else (false, node.least - len(true))
    known = sorted(flip for flip in flips if flip is not None)
    return Verdict(holds, known[enough - 1] if enough <= len(known) else None, len(true))


def _negation(node: Negation, person: Person, now: int) -> Verdict:
    verdict = evaluate(node.of, person, now)
    return verdict._replace(true=not verdict.true)


def tested(test: Test, values: Iterable[Any], now: int) -> Verdict:
    """Whether one of the JSON values passes; the value shown is the first that does, else the first."""
    values = list(values)
    shown = values[0] if values else None
    if isinstance(test, DateTest | Anniversary):
        verdicts = [(*dated(test, found, now), value) for value in values if (found := date(value)) is not None]
        flips = min((flip for _, flip, _ in verdicts if flip is not None), default=None)
        return Verdict(any(true for true, _, _ in verdicts), flips, shown)
    for value in values:
        if passes(test, value):
            return Verdict(True, None, value)
    return Verdict(False, None, shown)


def _trait(node: TraitTest, person: Person, now: int) -> Verdict:
    name = node.path.partition(".")[0].removesuffix("[]")
    register = person.snapshot.traits.get(name)
    return tested(node.test, [] if register is None else at_path({name: register.value}, node.path), now)


def _given(node: GivenTest, person: Person, now: int) -> Verdict:
    value: Any = person.given
    for key in node.keys:
        value = value.get(key) if isinstance(value, dict) else None
    return tested(node.test, [] if value is None else [value], now)


def _field(node: FieldTest, person: Person, now: int) -> Verdict:
    snapshot = person.snapshot
    if node.field in ("first_seen", "last_seen"):
        seen = getattr(snapshot, node.field)
        if isinstance(node.test, DateTest | Anniversary) and snapshot.events:
            return Verdict(*dated(node.test, Date(False, seen), now), seen)
        return Verdict(isinstance(node.test, Exists) and snapshot.events > 0, None, seen)
    if node.field == "event_count":
        return tested(node.test, [snapshot.events], now)
    register = snapshot.context.get(node.field)
    return tested(node.test, [] if register is None else [register.value], now)


def _orders(node: OrdersTest, person: Person, _: int) -> Verdict:
    orders = person.snapshot.orders.get(node.currency, Orders())
    unit = MICRO // 10 ** exponent(node.currency)
    value: int | None
    if node.measure in ("count", "refunds"):
        value = (orders.completed if node.measure == "count" else orders.refunds) * MICRO
    elif node.measure == "refund_share":
        value = orders.refunded * MICRO // orders.revenue if orders.revenue > 0 else MICRO if orders.refunded > 0 else None
    elif node.measure == "average":
        value = half_up(orders.revenue, orders.completed) * unit if orders.completed else None
    else:
        net = orders.revenue - orders.refunded
        value = unit * {"revenue": orders.revenue, "refunded": orders.refunded, "net": net}[node.measure]
    return Verdict(value is not None and holds(node.test, value), None, None if value is None else value / MICRO)


def holds(test: Test, value: Any) -> bool:
    """Whether a value that was computed passes: an int is millionths."""
    if value.__class__ is int:
        if isinstance(test, Range):
            return in_range(test, value)
        return not isinstance(test, OneOf) or (test.kind == "n" and value in test.values)
    return passes(test, value)


def ends(span: Span, now: int) -> tuple[int | None, int | None, int | None]:
    """(lo, hi) at `now`, and what is added to the time of an event to know when it leaves; None: it never does."""
    lo, hi = span
    return (None if lo is None else lo.at(now), None if hi is None else hi.at(now),
            1 - lo.ms if lo is not None and lo.relative else None)


def _count(node: CountTest, person: Person, now: int) -> Verdict:
    seen, wanted = person.look(node.selector), node.value
    lo, hi, leaves = ends(node.span, now)
    if lo is None and hi is None:
        count, facts = seen.count, seen.facts
    else:
        enough = wanted if node.op == "gte" else wanted + 1
        facts = tuple(fact for fact in seen.facts if (lo is None or fact.at >= lo) and (hi is None or fact.at < hi))[:enough]
        if len(facts) < enough:
            facts = tuple(fact for fact in seen.since(lo) if hi is None or fact.at < hi)
        count = len(facts)
    true = count >= wanted if node.op == "gte" else count <= wanted if node.op == "lte" else count == wanted
    # The answer changes when so many have left that `wanted`, or one less, are still in.
    stay = wanted if node.op == "gte" or count == wanted else wanted + 1
    flips = None
    if leaves is not None and 0 < stay <= count and not (node.op == "lte" and true):
        flips = facts[stay - 1].at + leaves
    return Verdict(true, flips, count, facts)


def _time(node: TimeTest, person: Person, now: int) -> Verdict:
    seen = person.look(node.selector)
    if not seen.count:
        return Verdict(False)
    at = seen.first if node.which == "first" else seen.last
    return Verdict(*dated(node.test, Date(False, at), now), at, seen.facts[:1] if node.which == "last" else seen.facts[-1:])


def _measure(node: MeasureTest, person: Person, now: int) -> Verdict:
    measure = node.measure
    lo, hi, leaves = ends(measure.span, now)
    value, facts = measured(measure, person.look(measure.selector), lo, hi)
    true = value is not None and holds(node.test, value)
    turn = None if leaves is None else turning(measure, person.look(measure.selector), facts,
                                               lambda one: one is not None and holds(node.test, one))
    return Verdict(true, turn.at + leaves if turn and leaves else None, value / MICRO if value.__class__ is int else value, facts)


def _changed(node: ChangedTest, person: Person, now: int) -> Verdict:
    lo, hi, leaves = ends(node.span, now)
    facts = changed(node, person.look(node.selector), lo, hi)
    return Verdict(bool(facts), facts[0].at + leaves if facts and leaves is not None else None, None, facts)


def _sequence(node: SequenceTest, person: Person, now: int) -> Verdict:
    lo, hi, leaves = ends(node.span, now)
    found = sequence(node, [person.look(step.selector) for step in (*node.steps, *([node.without] if node.without else []))],
                     lo, hi, now)
    if not found.facts:
        return Verdict(False, found.pending)
    return Verdict(True, None if leaves is None or found.oldest is None else found.oldest + leaves, None, found.facts)


def _consent(node: ConsentTest, person: Person, _: int) -> Verdict:
    register = person.snapshot.consent.get((node.channel, node.topic))
    state = "none" if register is None else register.value["state"]
    return Verdict(state == node.state, None, state)


def _accounts(person: Person) -> list[dict[str, Any]]:
    return [person.given.get(f"account:{name}") or {} for name in sorted(person.snapshot.accounts)]


def _account(node: AccountTest, person: Person, now: int) -> Verdict:
    verdicts = [tested(node.test, at_path(account.get("traits") or {}, node.path), now) for account in _accounts(person)]
    number = sum(verdict.true for verdict in verdicts)
    flips = min((verdict.flips for verdict in verdicts if verdict.flips is not None), default=None)
    return Verdict(_quantified(node.quantifier, number, len(verdicts)), flips, number)


def _account_members(node: AccountMembersTest, person: Person, _: int) -> Verdict:
    """The account's given counts are [members in the segment, members]."""
    found = [(account.get("segments") or {}).get(node.segment) or [0, 0] for account in _accounts(person)]
    if node.quantifier == "none":
        return Verdict(bool(found) and any(inside == 0 for inside, _ in found), None, found)
    everybody = node.quantifier == "all"
    return Verdict(any(0 < inside == members if everybody else inside > 0 for inside, members in found), None, found)


def _quantified(quantifier: str, number: int, total: int) -> bool:
    if quantifier == "none":
        return number == 0
    return number > 0 if quantifier == "any" else 0 < number == total


def _percentage(node: PercentageTest, person: Person, _: int) -> Verdict:
    place = share(node.salt, person.profile)
    return Verdict(node.lo <= place < node.hi, None, place / 100)


def _identifier(node: IdentifierTest, person: Person, _: int) -> Verdict:
    return Verdict(bool(person.snapshot.identifiers.get(node.kind)))


def score(rules: Sequence[Any], person: Person, now: int) -> tuple[int, list[Falling], int | None]:
    """(points, those of them that time takes away, the next moment at which it may change what else there is). Raises
    HistoryNeeded."""
    points, flips = 0, []
    falling: list[Falling] = []
    for rule in rules:
        verdict = evaluate(rule.of, person, now)
        flips.append(verdict.flips)
        last = _last(rule.of, person, now) if verdict.true and rule.every else None
        if last is not None:
            falling.append(Falling(rule.points, last, rule.every, rule.lose))
            leaves = ends(rule.of.span, now)[2]
            flips.append(None if leaves is None else last + leaves)  # without any event nothing is lost
        points += 0 if not verdict.true else rule.points if last is None else falling[-1].at(now)
    return points, falling, min((flip for flip in flips if flip is not None), default=None)


def _last(node: CountTest, person: Person, now: int) -> int | None:
    """The time of the newest event that a condition counts; None when it counts none."""
    seen, (lo, hi, _) = person.look(node.selector), ends(node.span, now)
    if hi is None:
        return seen.last if seen.count and (lo is None or seen.last >= lo) else None
    for fact in seen.facts:
        if fact.at < hi:
            return fact.at if lo is None or fact.at >= lo else None
    return next((fact.at for fact in seen.since(lo) if fact.at < hi), None)


def _score(node: ScoreTest, person: Person, now: int) -> Verdict:
    points, falling, flips = score(node.rules, person, now)
    turn = turns(falling, points, node.ranges, now)
    return Verdict(within(points, node.ranges), min((one for one in (flips, turn) if one is not None), default=None), points)


_EVALUATORS: dict[type, Callable[[Any, Person, int], Verdict]] = {
    Group: _group, Negation: _negation, TraitTest: _trait, FieldTest: _field, OrdersTest: _orders, CountTest: _count,
    TimeTest: _time, MeasureTest: _measure, ChangedTest: _changed, ConsentTest: _consent, GivenTest: _given,
    AccountTest: _account, AccountMembersTest: _account_members, PercentageTest: _percentage, IdentifierTest: _identifier,
    ScoreTest: _score, SequenceTest: _sequence,
}
