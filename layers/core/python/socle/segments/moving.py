"""Whether time alone can move somebody into a segment, or out of it. Pure.

It errs on the side of yes: who is looked at in vain costs a write, who is not would be late.
"""

from __future__ import annotations

from typing import NamedTuple

from socle.segments.nodes import (
    AccountTest,
    Anniversary,
    ChangedTest,
    CountTest,
    DateTest,
    FieldTest,
    GivenTest,
    Group,
    MeasureTest,
    Negation,
    Node,
    ScoreTest,
    SequenceTest,
    Span,
    Test,
    TimeTest,
    TraitTest,
)


class Moves(NamedTuple):
    """What time alone may do."""

    enters: bool
    leaves: bool


STAYS = Moves(False, False)
BOTH = Moves(True, True)
_LEAVES = Moves(False, True)


def moves(node: Node) -> Moves:
    """What time alone may do to somebody's membership."""
    if isinstance(node, Negation):
        enters, leaves = moves(node.of)
        return Moves(leaves, enters)
    if isinstance(node, Group):
        return _together([moves(one) for one in node.of])
    if isinstance(node, TraitTest | FieldTest | GivenTest | AccountTest | TimeTest):
        return _dated(node.test)
    if isinstance(node, CountTest | MeasureTest | ChangedTest | SequenceTest):
        return _windowed(node)
    if isinstance(node, ScoreTest):
        timed = any(rule.every or moves(rule.of) != STAYS for rule in node.rules)
        return BOTH if timed else STAYS
    return STAYS


def _windowed(node: CountTest | MeasureTest | ChangedTest | SequenceTest) -> Moves:
    if isinstance(node, SequenceTest):
        return Moves(node.without is not None, _slides(node.span))
    if isinstance(node, MeasureTest):
        return BOTH if _slides(node.measure.span) else STAYS
    if not _slides(node.span):
        return STAYS
    if isinstance(node, CountTest) and node.op != "gte":
        return BOTH
    return _LEAVES


def _slides(span: Span) -> bool:
    return any(edge is not None and edge.relative for edge in span)


def _dated(test: Test) -> Moves:
    """A date comes into [lo, hi) when hi moves past it, and drops out when lo does."""
    if isinstance(test, Anniversary):
        return BOTH
    if not isinstance(test, DateTest):
        return STAYS
    lo, hi = test.span
    return Moves(hi is not None and hi.relative, lo is not None and lo.relative)


def _together(many: list[Moves]) -> Moves:
    return Moves(any(one.enters for one in many), any(one.leaves for one in many))
