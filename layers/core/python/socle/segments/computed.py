"""The value of a computed trait for one person. Pure.

Numbers and money are in the units that conditions compare: money in the major unit (12.5), whole numbers without a fraction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from socle.segments.evaluate import ends, evaluate, score
from socle.segments.facts import Person
from socle.segments.measures import measured
from socle.segments.nodes import MeasureTest, Node
from socle.segments.plan import Plans
from socle.segments.values import MICRO
from socle.segments.watches import leaves

EXISTS = {"op": "exists"}
Document = Mapping[str, Any]


def node_of(plans: Plans, name: str) -> Node:
    """A condition that looks at everything that the value of a computed trait is made of."""
    return plans.computed_test(name, EXISTS, "UTC")


def value_of(document: Document, plans: Plans, name: str, person: Person, now: int) -> Any:
    """A number, a text, a boolean, or None where there is nothing to tell. Raises HistoryNeeded."""
    value, zone = document["value"], document.get("timezone", "UTC")
    if value["type"] == "persona":
        return next((case["label"] for case in value["cases"]
                     if evaluate(plans.condition(case["when"], zone), person, now).true), None)
    if value["type"] == "score":
        points, *_ = score(plans.rules(value["rules"], zone), person, now)
        if not value.get("thresholds"):
            return points
        reached = {one["least"]: one["label"] for one in value["thresholds"] if points >= one["least"]}
        return reached[max(reached)] if reached else None
    return _aggregate(node_of(plans, name), person, now)


def _aggregate(node: Node, person: Person, now: int) -> Any:
    """Of a first or last value, which may be of any kind, the one whose event came first or last."""
    found = []
    for leaf in leaves([node]):
        if not isinstance(leaf, MeasureTest):
            continue
        measure, seen = leaf.measure, person.look(leaf.measure.selector)
        lo, hi, _ = ends(measure.span, now)
        value, facts = measured(measure, seen, lo, hi)
        if value is not None:
            place = seen.place(measure.value)
            times = [fact.at for fact in facts if fact.values[place] is not None]
            at = 0 if not times else -min(times) if measure.function == "first" else max(times)
            found.append((at, measure.value.kind, plain(value)))
    return max(found, key=lambda one: one[:2])[2] if found else None


def plain(value: Any) -> Any:
    """A value as people write it: millionths as a number."""
    if value.__class__ is not int:
        return value
    return value // MICRO if value % MICRO == 0 else value / MICRO
