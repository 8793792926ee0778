"""Before a segment or computed trait is saved: whatever is saved can run. What can't is refused, what looks odd is told. Pure.

A document alone was checked by its model; here it is looked at among the others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from socle.errors import Rejected, poison_is_rejected
from socle.profiles.model import Snapshot
from socle.segments.evaluate import evaluate
from socle.segments.facts import person_of
from socle.segments.nodes import CountTest, Group, Negation, Node, PercentageTest
from socle.segments.plan import Plans
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS
from socle.segments.sql.compile import compile_segments
from socle.segments.walk import Document, conditions_in, references, values_in
from socle.segments.watches import watches

MAX_SEGMENTS = 200
"""Segments of a workspace: each of them may be looked at for each event."""
MAX_EXPANDED = 5_000
"""Conditions of a definition with those of all definitions that it refers to."""
MAX_CHAIN = 10
"""Definitions that refer to each other in a row."""
RESERVED = frozenset(("members", "preview", "ready-made", "recompute", "runs", "schema", "sizes"))
"""Names that stand for something else in the API's paths."""

Ref = tuple[str, str]
Documents = Mapping[Ref, Document]
"""(kind, name) → the document as it is stored."""
Graph = Mapping[Ref, list[tuple[Ref, str]]]
"""What each refers to, and where."""


class Warned(NamedTuple):
    """Something that runs, and may not be what was meant; `field` is its place in the document."""

    field: str
    message: str


def check(one: Ref, others: Documents, document: Document) -> None:
    """Refuse what can't run once `one` is `document` among the `others`. Raises Rejected that names the field."""
    kind, name = one
    everything = {**others, one: document}
    graph = {ref: list(references(ref[0], found)) for ref, found in everything.items()}
    for target, field in graph[one]:
        if target not in everything:
            raise Rejected("unknown_reference", f"there is no {'/'.join(target)}: write that one first", field)
        circle = _way(target, one, graph)
        if circle:
            raise Rejected("circle", "these would rest on each other: " + " → ".join("/".join(ref) for ref in (one, *circle)),
                           field)
    _check_size(one, everything, graph)
    _check_computed(one, everything, graph)
    with_plans = Plans(*_by_kind(everything))
    try:
        with poison_is_rejected():
            run(*_nodes(kind, name, with_plans))
    except Rejected as error:
        raise Rejected("cannot_run", "it can't be run, which is our fault: say it in another way, and report it") from error


def check_name(one: Ref, others: Documents) -> None:
    """Refuse a name that can't be written to, or one more segment than there may be. Raises Rejected."""
    kind, name = one
    if kind == SEGMENTS and name in RESERVED:
        raise Rejected("bad_name", f"{name} stands for something else in the API's paths: choose another name", "name")
    if kind == SEGMENTS and sum(kind == SEGMENTS for kind, _ in {*others, one}) > MAX_SEGMENTS:
        raise Rejected("too_many_segments", f"there are {MAX_SEGMENTS} segments already: delete one that nobody needs", "name")


def run(*nodes: Node) -> None:
    """Run conditions for an empty person, and make the query for all."""
    person = person_of("0" * 32, Snapshot(), {}, watches(nodes), ())
    for node in nodes:
        evaluate(node, person, 0)
    compile_segments({str(place): node for place, node in enumerate(nodes)}, 0)


def _nodes(kind: str, name: str, plans: Plans) -> tuple[Node, ...]:
    if kind == SEGMENTS:
        return (plans.segment(name),)
    return (plans.computed_test(name, {"op": "exists"}, "UTC"),)


def warnings(one: Ref, others: Documents, document: Document, events: Collection[str], traits: Mapping[str, float | None],
             ) -> list[Warned]:
    """What may not be meant.

    events, traits  names that were ever seen; of a trait the share of people who have it, None when nobody has counted yet
    """
    found: list[Warned] = []
    for what, name, field in values_in(document):
        if what == "event" and name not in events:
            found.append(Warned(field, f"the event {name!r} was never received: check its spelling, or start to send it"))
        if what == "trait" and name not in traits:
            found.append(Warned(field, f"the trait {name!r} was never received: check its spelling, or start to send it"))
        elif what == "trait" and (share := traits[name]) is not None and share < 0.05:
            found.append(Warned(field, f"the trait {name!r} is empty for {100 - 100 * share:.0f} % of all people"))
    if one[0] == SEGMENTS:
        always = constant(Plans(*_by_kind({**others, one: document})).segment(one[1]))
        if always is not None:
            found.append(Warned("when", "everybody is in, always" if always else "nobody can be in, ever"))
    return found


def constant(node: Node) -> bool | None:
    """What a condition is for everybody and at any time; None where that depends."""
    if isinstance(node, Negation):
        inner = constant(node.of)
        return None if inner is None else not inner
    if isinstance(node, Group):
        parts = [constant(part) for part in node.of]
        if parts.count(True) >= node.least:
            return True
        return False if len(parts) - parts.count(False) < node.least else None
    if isinstance(node, CountTest) and node.op == "gte" and node.value == 0:
        return True
    if isinstance(node, PercentageTest) and node.lo == 0 and node.hi == 10_000:
        return True
    return None


def referrers(one: Ref, others: Documents) -> list[str]:
    """`kind/name` of the definitions that refer to this one."""
    return sorted("/".join(ref) for ref, document in others.items()
                  if ref != one and any(target == one for target, _ in references(ref[0], document)))


def _way(start: Ref, goal: Ref, graph: Graph) -> list[Ref]:
    """References from start to goal, both included; [] when there is no way."""
    ways, met = [[start]], {start}
    while ways:
        way = ways.pop()
        if way[-1] == goal:
            return way
        for target, _ in graph.get(way[-1], ()):
            if target not in met:
                met.add(target)
                ways.append([*way, target])
    return []


def _check_size(one: Ref, everything: Documents, graph: Graph) -> None:
    """References are opened where they stand: ten that refer to ten that refer to ten are a thousand."""
    made: dict[Ref, tuple[int, int]] = {}

    def size(ref: Ref, open_: frozenset[Ref]) -> tuple[int, int]:
        if ref in open_ or ref not in everything:
            return 0, 0
        if ref not in made:
            parts = [size(target, open_ | {ref}) for target, _ in graph[ref]]
            conditions = sum(1 for _ in conditions_in(everything[ref])) + sum(conditions for conditions, _ in parts)
            cases = len(everything[ref].get("value", {}).get("cases", ()))  # each rests on all before it not holding
            made[ref] = conditions * max(cases + 1, 2) // 2, 1 + max((chain for _, chain in parts), default=0)
        return made[ref]

    for ref in [one, *(ref for ref in everything if ref != one and _way(ref, one, graph))]:
        conditions, chain = size(ref, frozenset())
        where = "it" if ref == one else "/".join(ref)
        if chain > MAX_CHAIN:
            raise Rejected("too_large", f"{where} would refer to definitions that refer to others, more than {MAX_CHAIN} in a "
                           "row: write some of their conditions out", "when")
        if conditions > MAX_EXPANDED:
            raise Rejected("too_large", f"{where} would have {conditions:,} conditions with those of the definitions that it "
                           f"refers to, {MAX_EXPANDED:,} are allowed: refer to fewer, or to smaller ones", "when")


def _check_computed(one: Ref, everything: Documents, graph: Graph) -> None:
    """A test of a computed trait is of the kind that its values are."""
    for ref in [one, *(ref for ref in everything if ref != one and any(target == one for target, _ in graph[ref]))]:
        for field, part in conditions_in(everything[ref]):
            if part["type"] != "computed" or (ref != one and part["trait"] != one[1]):
                continue
            wrong = misfit(everything[COMPUTED_TRAITS, part["trait"]]["value"], part["test"])
            if wrong and ref == one:
                raise Rejected("wrong_kind", wrong, f"{field}.test")
            if wrong:
                raise Rejected("in_use", f"{'/'.join(ref)} tests it at {field}, and {wrong}: change that one first", "value",
                               status=409)


def misfit(value: Document, test: Document) -> str | None:
    """What is wrong with a test of a computed trait; None when they fit."""
    op = test["op"]
    if op == "exists":
        return None
    if op in ("before", "after", "within_last", "more_than_ago", "within_next", "anniversary", "array_contains"):
        return f"{op} does not fit a computed trait: compare a number or a text"
    example = test["values"][0] if op == "in" else test.get("value") if op == "eq" else None
    number = op in ("gt", "gte", "lt", "lte", "between") or (isinstance(example, int | float) and not isinstance(example, bool))
    function = value.get("function")
    if function in ("first", "last"):
        return None
    points = value["type"] == "score" and not value.get("thresholds")
    numeric = points or function in ("sum", "average", "min", "max", "distinct")
    if isinstance(example, bool):
        return "it is no boolean: compare a number" if numeric else "it is no boolean: compare a text"
    if numeric and not number:
        return "it is a number: compare it with gt, gte, lt, lte, between, or eq a number"
    return "it is a text: compare it with eq, in, contains, starts_with, ends_with or matches" if number and not numeric else None


def _by_kind(documents: Documents) -> tuple[dict[str, Document], dict[str, Document]]:
    return ({name: one for (kind, name), one in documents.items() if kind == SEGMENTS},
            {name: one for (kind, name), one in documents.items() if kind == COMPUTED_TRAITS})
