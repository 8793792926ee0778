"""Why somebody is in a segment, or is not: the tree of its conditions, each with its truth and what it rests on. Pure.

Segments and computed traits that are referred to are opened, each once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from socle.iso import to_iso
from socle.segments.computed import node_of, value_of
from socle.segments.evaluate import Verdict, ends, evaluate
from socle.segments.facts import Fact, Person, Watch
from socle.segments.nodes import CountTest, DateTest, FieldTest, MeasureTest, Node, Selector, TimeTest, TraitTest
from socle.segments.plan import Plans
from socle.segments.says import aggregate, sentence
from socle.segments.values import date
from socle.segments.watches import watches
from socle.segments.zones import instant_of

MAX_EVENTS = 10
"""Events shown of one condition, the newest."""
STAGES = ("visitor", "new", "active", "lapsing", "lapsed")
Document = Mapping[str, Any]


@dataclass
class Part:
    """A condition of a document, planned by itself, with the conditions in it; `label` says what it stands for in its place."""

    condition: Document
    zone: str
    node: Node
    label: str = ""
    note: str = ""
    of: list[Part] = field(default_factory=list)

    def nodes(self) -> Iterator[Node]:
        """Its node and those of its parts."""
        yield self.node
        for part in self.of:
            yield from part.nodes()


class Explainer:
    """Explains segments, given the documents of all segments and computed traits by name."""

    def __init__(self, segments: Mapping[str, Document], computed: Mapping[str, Document]) -> None:
        self._segments = segments
        self._computed = computed
        self.plans = Plans(segments, computed)

    def part(self, segment: str) -> Part:
        """The tree of a segment's conditions. Raises KeyError for one that is not there."""
        document = self._segments[segment]
        return self._part(document["when"], document.get("timezone", "UTC"), {f"segment {segment}"})

    def condition(self, condition: Document, zone: str) -> Part:
        """The tree of one condition that stands in another document."""
        return self._part(condition, zone, set())

    def watches(self, *parts: Part) -> dict[Selector, Watch]:
        """Where these parts, and the values of all computed traits, look."""
        nodes = [node for part in parts for node in part.nodes()]
        return watches([*nodes, *(node_of(self.plans, name) for name in self._computed)])

    def values(self, person: Person, now: int) -> dict[str, Any]:
        """The value of every computed trait, by name; those without one are left out."""
        found = {name: value_of(document, self.plans, name, person, now) for name, document in sorted(self._computed.items())}
        return {name: value for name, value in found.items() if value is not None}

    def tree(self, part: Part, person: Person, now: int) -> dict[str, Any]:
        """A condition as JSON: what it says, whether it holds, by which value and events, and when time alone may change it."""
        verdict = evaluate(part.node, person, now)
        facts = [fact for fact in verdict.facts if fact.event is not None]
        says = " ".join(filter(None, (f"{part.label}{sentence(part.condition)}.", part.note, _gone(part, person, verdict, now),
                                      _flips(verdict))))
        return {
            "type": part.condition["type"], "says": says, "true": verdict.true, "value": self._value(part, person, verdict, now),
            "events": [_event(fact) for fact in facts[:MAX_EVENTS]], "more": max(len(facts) - MAX_EVENTS, 0),
            "flips_at": iso(verdict.flips), "of": [self.tree(one, person, now) for one in part.of],
        }

    def _part(self, condition: Document, zone: str, met: set[str], label: str = "") -> Part:
        one = Part(condition, zone, self.plans.condition(condition, zone), label)
        kind = condition["type"]
        if kind in ("all", "any", "at_least"):
            one.of = [self._part(inner, zone, met) for inner in condition["of"]]
        elif kind == "not":
            one.of = [self._part(condition["of"], zone, met)]
        elif kind in ("segment", "computed"):
            name = condition["segment" if kind == "segment" else "trait"]
            documents = self._segments if kind == "segment" else self._computed
            if name not in documents:
                one.note = "There is none of this name any more, so nobody is in."
            elif f"{kind} {name}" in met:
                one.note = "It is explained elsewhere in this tree."
            else:
                met.add(f"{kind} {name}")
                one.of = self._opened(kind, documents[name], met)
                value = documents[name].get("value", {})
                one.note = f"It is the {aggregate(value)}." if value.get("type") == "aggregate" else ""
        return one

    def _opened(self, kind: str, document: Document, met: set[str]) -> list[Part]:
        zone = document.get("timezone", "UTC")
        if kind == "segment":
            return [self._part(document["when"], zone, met)]
        value = document["value"]
        labels = [(f"{rule['points']:+,} points: ", rule) for rule in value.get("rules") or ()]
        labels += [(f"{case['label']}: ", case) for case in value.get("cases") or ()]
        return [self._part(one["when"], zone, met, label) for label, one in labels]

    def _value(self, part: Part, person: Person, verdict: Verdict, now: int) -> Any:
        kind, node = part.condition["type"], part.node
        if kind == "computed":
            name = part.condition["trait"]
            return value_of(self._computed[name], self.plans, name, person, now) if name in self._computed else None
        if kind == "lifecycle":
            nodes = {stage: self.plans.condition({"type": kind, "stages": [stage]}, part.zone) for stage in STAGES}
            return next((stage for stage, stage_node in nodes.items() if evaluate(stage_node, person, now).true), None)
        if isinstance(node, TimeTest) or (isinstance(node, FieldTest) and node.field in ("first_seen", "last_seen")):
            return None if not verdict.value else iso(verdict.value)
        if part.of or kind in ("segment", "everyone"):
            return None
        value = verdict.value
        return int(value) if isinstance(value, float) and value.is_integer() else value


def _flips(verdict: Verdict) -> str:
    moment = iso(verdict.flips)
    if moment is None:
        return ""
    return f"By time alone this may {'stop' if verdict.true else 'begin'} to hold at {moment}."


def _gone(part: Part, person: Person, verdict: Verdict, now: int) -> str:
    """That the last event, or a date, has left the time that is looked at, where that is why the condition does not hold."""
    node = part.node
    if verdict.true:
        return ""
    if isinstance(node, CountTest | MeasureTest):
        span, selector = (node.span, node.selector) if isinstance(node, CountTest) else (node.measure.span, node.measure.selector)
        seen, leaves = person.look(selector), ends(span, now)[2]
        if leaves is not None and seen.count and seen.last + leaves <= now:
            return f"The last one, of {iso(seen.last)}, dropped out of this time at {iso(seen.last + leaves)}, by time alone."
        return ""
    test = getattr(node, "test", None)
    if not isinstance(test, DateTest) or test.span.lo is None or not test.span.lo.relative:
        return ""
    when = _date(part, person, verdict, test)
    left = None if when is None else when - test.span.lo.ms + 1
    if when is None or left is None or left > now:
        return ""
    return f"It is {iso(when)}, and dropped out of this time at {iso(left)}, by time alone."


def _date(part: Part, person: Person, verdict: Verdict, test: DateTest) -> int | None:
    if isinstance(part.node, TimeTest | FieldTest):
        return verdict.value if isinstance(verdict.value, int) and verdict.value else None
    if isinstance(part.node, TraitTest):
        found = date(verdict.value)
        return None if found is None else instant_of(found, test.zone)
    return None


def _event(fact: Fact) -> dict[str, Any]:
    event = fact.event
    assert event is not None  # noqa: S101 (the caller left those out)
    return {"messageId": event.message_id, "event": event.name, "timestamp": iso(fact.at)}


def iso(ms: int | None) -> str | None:
    """A time, or None for one that no calendar has: it is as good as never."""
    if ms is None:
        return None
    try:
        return to_iso(ms)
    except OverflowError:
        return None
