"""Which facts definitions need of a person: the watches of their conditions, joined by selector. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from socle.segments.facts import Watch
from socle.segments.measures import PARTS
from socle.segments.nodes import (
    EVER,
    ChangedTest,
    CountTest,
    Group,
    MeasureTest,
    Negation,
    Node,
    ScoreTest,
    Selector,
    SequenceTest,
    Span,
    TimeTest,
    Value,
)

T = TypeVar("T")

MAX_DEPTH = 16
"""Facts remembered for one watch of one person, at most: they share the profile's item. Whoever needs more reads the history."""
WINDOWED = 8
"""Facts remembered where a window's facts are taken together, however many there may be."""


def leaves(nodes: Iterable[Node]) -> Iterator[Node]:
    """The conditions without conditions in them, each once."""
    met: set[Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Group):
            waiting += node.of
        elif isinstance(node, Negation):
            waiting.append(node.of)
        elif isinstance(node, ScoreTest):
            waiting += [rule.of for rule in node.rules]
        elif node not in met:
            met.add(node)
            yield node


def watches(nodes: Iterable[Node]) -> dict[Selector, Watch]:
    """Selector → the watch that serves all of these conditions."""
    found: dict[Selector, Watch] = {}
    for selector, values, totals, depth in sorted((need for node in leaves(nodes) for need in _needs(node)), key=repr):
        one = found.get(selector, Watch(selector))
        found[selector] = Watch(selector, _joined(one.values, values), _joined(one.totals, totals),
                                max(one.depth, min(depth, MAX_DEPTH)))
    return found


Need = tuple[Selector, tuple[Value, ...], tuple[tuple[Value, str], ...], int]


def _needs(node: Node) -> Iterator[Need]:
    if isinstance(node, CountTest):
        yield node.selector, (), (), _depth(node.span, node.value + (node.op != "gte"))
    elif isinstance(node, TimeTest):
        yield node.selector, (), (), 0
    elif isinstance(node, MeasureTest):
        measure = node.measure
        part = PARTS.get(measure.function) if measure.span == EVER else None
        yield measure.selector, (measure.value,), ((measure.value, part),) if part else (), 0 if part else WINDOWED
    elif isinstance(node, ChangedTest):
        yield node.selector, (node.value,), (), WINDOWED
    elif isinstance(node, SequenceTest):
        same = () if node.same is None else (node.same,)
        for step in (*node.steps, *([node.without] if node.without else [])):
            yield step.selector, same, (), WINDOWED


def _joined(some: tuple[T, ...], more: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*some, *more)))


def _depth(span: Span, enough: int) -> int:
    return 0 if span == EVER else enough
