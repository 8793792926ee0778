"""From documents to nodes: what definitions mean, with references to each other resolved. Pure.

It reads the documents as they are stored (validated when they were saved, model.py), so that nothing on the hot path imports
their models. A reference to a definition that is not there means nobody; a circle can't be saved, and one that came about all the
same (two saved at one moment) means nobody too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from socle.clock import DAY
from socle.segments.durations import milliseconds
from socle.segments.nodes import (
    EVER,
    EVERYONE,
    IDENTIFY,
    NOBODY,
    AccountMembersTest,
    AccountTest,
    Anniversary,
    Asked,
    ChangedTest,
    ConsentTest,
    CountTest,
    DateTest,
    Edge,
    Exists,
    FieldTest,
    GivenTest,
    Group,
    IdentifierTest,
    Measure,
    MeasureTest,
    Negation,
    Node,
    OneOf,
    OrdersTest,
    PercentageTest,
    Range,
    Rule,
    ScoreTest,
    Selector,
    SequenceStep,
    SequenceTest,
    Span,
    Test,
    TimeTest,
    TraitTest,
    Value,
)
from socle.segments.testing import moment, one_of, passes, predicate_of
from socle.segments.values import MICRO, mark

Document = Mapping[str, Any]
MESSAGE_EVENTS = {
    ("email", "sent"): "Email Sent", ("email", "delivered"): "Email Delivered", ("email", "opened"): "Email Opened",
    ("email", "clicked"): "Email Link Clicked", ("email", "bounced"): "Email Bounced",
    ("email", "complained"): "Email Marked as Spam", ("email", "unsubscribed"): "Unsubscribed",
    ("sms", "sent"): "SMS Sent", ("sms", "delivered"): "SMS Delivered", ("sms", "clicked"): "SMS Link Clicked",
    ("sms", "bounced"): "SMS Failed", ("sms", "unsubscribed"): "SMS Unsubscribed",
    ("push", "sent"): "Push Notification Sent", ("push", "delivered"): "Push Notification Received",
    ("push", "opened"): "Push Notification Tapped", ("push", "clicked"): "Push Notification Tapped",
    ("push", "bounced"): "Push Notification Bounced",
}
"""(channel, action) → name of the event, as Segment's specifications have it; what is not here never happens."""

_NUMERIC = ("sum", "average", "min", "max", "distinct")


class Plans:
    """The nodes of all segments and computed traits, each made once."""

    def __init__(self, segments: Mapping[str, Document], computed: Mapping[str, Document]) -> None:
        self._segments = segments
        self._computed = computed
        self._made: dict[str, Node] = {}
        self._open: set[str] = set()

    def segment(self, name: str) -> Node:
        """What it means to be in a segment."""
        if name not in self._segments or name in self._open:
            return NOBODY
        if name not in self._made:
            self._open.add(name)
            document = self._segments[name]
            made = self.condition(document["when"], document.get("timezone", "UTC"))
            self._open.discard(name)
            if self._open:
                return made  # within a circle it would be the node of that circle's view only
            self._made[name] = made
        return self._made[name]

    def condition(self, one: Document, zone: str) -> Node:
        """The node of one condition; dates without a zone are meant in `zone`."""
        return _MAKERS[one["type"]](self, one, zone)

    def computed_test(self, name: str, predicate: Document, zone: str) -> Node:
        """The value of a computed trait passes."""
        if name not in self._computed or f"computed {name}" in self._open:
            return NOBODY
        document = self._computed[name]
        value, own = document["value"], document.get("timezone", "UTC")
        self._open.add(f"computed {name}")
        try:
            if value["type"] == "aggregate":
                return _measure_test(value, predicate, zone, own)
            if value["type"] == "persona":
                return self._persona(value["cases"], predicate_of(predicate, zone), own)
            return ScoreTest(self.rules(value["rules"], own), _ranges(value.get("thresholds") or (), predicate, zone))
        finally:
            self._open.discard(f"computed {name}")

    def rules(self, rules: Sequence[Document], zone: str) -> tuple[Rule, ...]:
        """The rules of a score."""
        return tuple(Rule(one["points"], self.condition(one["when"], zone),
                          *((milliseconds(one["decay"]["every"]), one["decay"]["lose"]) if one.get("decay") else ()))
                     for one in rules)

    def _persona(self, cases: Sequence[Document], test: Test, zone: str) -> Node:
        found: list[Node] = []
        before: list[Node] = []
        for case in cases:
            node = self.condition(case["when"], zone)
            if passes(test, case["label"]):
                found.append(Group(len(before) + 1, (*before, node)))
            before.append(Negation(node))
        return Group(1, tuple(found)) if found else NOBODY


def _all(plans: Plans, one: Document, zone: str) -> tuple[Node, ...]:
    return tuple(plans.condition(part, zone) for part in one["of"])


def span_of(window: Document | None, zone: str) -> Span:
    """When events count."""
    window = window or {}
    if window.get("within"):
        return Span(lo=Edge(True, 1 - milliseconds(window["within"])))
    lo, hi = window.get("since"), window.get("until")
    return Span(_edge(lo, zone) if lo else None, _edge(hi, zone) if hi else None)


def selector_of(one: Document, zone: str) -> Selector:
    """Which events a condition speaks of."""
    names = one.get("event")
    names = (names,) if isinstance(names, str) else tuple(sorted(set(names or ())))
    where = tuple(_asked(part["property"], part["test"], zone) for part in one.get("where") or ())
    return Selector(names, where, whole=not where)


def measure_of(value: Document, zone: str, kind: str = "") -> Measure:
    """What an aggregate takes together; `kind` of its values where the function leaves that open."""
    function = value["function"]
    currency = value.get("currency") or ""
    if function in ("distinct", "most_frequent"):
        kind = "labels"
    elif function in _NUMERIC:
        kind = "m" if currency else "n"
    return Measure(replace(selector_of(value, zone), whole=False), function, Value(value["of"], kind or "s", currency),
                   span_of(value.get("window"), zone))


def _edge(text: str, zone: str) -> Edge:
    return Edge(False, moment(text, zone))


def _asked(path: str, predicate: Document, zone: str) -> Asked:
    if predicate["op"] == "array_contains":
        return Asked(f"{path}[]", one_of([predicate["value"]]))
    return Asked(path, predicate_of(predicate, zone))


def _count(one: Document) -> tuple[str, int]:
    count = one.get("count") or {}
    return count.get("op", "gte"), count.get("value", 1)


def _event(_: Plans, one: Document, zone: str) -> Node:
    return CountTest(selector_of(one, zone), span_of(one.get("window"), zone), *_count(one))


def _engagement(plans: Plans, one: Document, zone: str) -> Node:
    name = MESSAGE_EVENTS.get((one["channel"], one["action"]))
    if name is None:
        return NOBODY
    where = (Asked("campaign", OneOf("s", (one["campaign"],))),) if one.get("campaign") else ()
    return CountTest(Selector((name,), where, whole=not where), span_of(one.get("window"), zone), *_count(one))


def _event_time(_: Plans, one: Document, zone: str) -> Node:
    test = predicate_of(one["test"], zone)
    return TimeTest(selector_of(one, zone), one["which"], test) if isinstance(test, DateTest | Anniversary) else NOBODY


def _measure_test(value: Document, predicate: Document, zone: str, own: str) -> Node:
    """Nobody where the test is of another kind than the measure can be."""
    test = predicate_of(predicate, zone)
    function = value["function"]
    if isinstance(test, Exists):
        # The first or last value may be of any kind.
        kinds = ("s", "n", "b") if function in ("first", "last") else ("",)
        return Group(1, tuple(MeasureTest(measure_of(value, own, kind), test) for kind in kinds))
    kind = test.kind if isinstance(test, OneOf) else "n" if isinstance(test, Range) else "s"
    wanted = "n" if function in _NUMERIC else "s" if function == "most_frequent" else kind
    if isinstance(test, DateTest | Anniversary) or kind != wanted:
        return NOBODY
    return MeasureTest(measure_of(value, own, kind), test)


def _sequence(_: Plans, one: Document, zone: str) -> Node:
    def step(part: Document) -> SequenceStep:
        return SequenceStep(selector_of(part, zone), milliseconds(part["within"]) if part.get("within") else None)

    return SequenceTest(tuple(map(step, one["steps"])), step(one["without"]) if one.get("without") else None,
                        Value(one["same"], "label") if one.get("same") else None, span_of(one.get("window"), zone))


def _changed(_: Plans, one: Document, zone: str) -> Node:
    marks = [None if one.get(name) is None else mark(one[name]) for name in ("was", "becomes")]
    return ChangedTest(Selector((IDENTIFY,), (Asked(one["trait"], Exists()),), whole=False), Value(one["trait"], "mark"),
                       span_of({"within": one["within"]}, zone), *marks)


def _trait(_: Plans, one: Document, zone: str) -> Node:
    return TraitTest(*_asked(one["trait"], one["test"], zone))


def _account(_: Plans, one: Document, zone: str) -> Node:
    return AccountTest(one["quantifier"], *_asked(one["trait"], one["test"], zone))


def _lifecycle(_: Plans, one: Document, zone: str) -> Node:
    """Stages by the times of the first and the last order: the first test of a stage that holds is the stage."""
    orders = Selector(("Order Completed",))

    def since(which: str, days: int) -> Node:
        return TimeTest(orders, which, DateTest(Span(lo=Edge(True, 1 - days * DAY)), "UTC"))

    none = CountTest(orders, EVER, "eq", 0)
    order = (("visitor", none), ("new", since("first", 30)), ("active", since("last", 90)), ("lapsing", since("last", 180)),
             ("lapsed", EVERYONE))
    found: list[Node] = []
    before: list[Node] = []
    for stage, node in order:
        if stage in one["stages"]:
            found.append(Group(len(before) + 1, (*before, node)))
        before.append(Negation(node))
    return Group(1, tuple(found))


def _orders(_: Plans, one: Document, zone: str) -> Node:
    test = predicate_of(one["test"], zone)
    return OrdersTest(one["currency"], one["measure"], test) if isinstance(test, Range | OneOf) else NOBODY


def _ranges(thresholds: Sequence[Document], predicate: Document, zone: str) -> tuple[tuple[int | None, int | None], ...]:
    test = predicate_of(predicate, zone)
    if thresholds:
        steps = sorted({one["least"]: one["label"] for one in thresholds}.items())
        ends = [*(least - 1 for least, _ in steps[1:]), None]
        return tuple((least, end) for (least, label), end in zip(steps, ends, strict=True) if passes(test, label))
    if isinstance(test, Exists):
        return ((None, None),)
    if isinstance(test, Range):
        return ((None if test.lo is None else -(-test.lo // MICRO), None if test.hi is None else test.hi // MICRO),)
    if isinstance(test, OneOf) and test.kind == "n":
        return tuple((int(value) // MICRO, int(value) // MICRO) for value in test.values if int(value) % MICRO == 0)
    return ()


_MAKERS: Mapping[str, Callable[[Plans, Document, str], Node]] = {
    "all": lambda plans, one, zone: Group(len(one["of"]), _all(plans, one, zone)),
    "any": lambda plans, one, zone: Group(1, _all(plans, one, zone)),
    "at_least": lambda plans, one, zone: Group(one["count"], _all(plans, one, zone)),
    "not": lambda plans, one, zone: Negation(plans.condition(one["of"], zone)),
    "everyone": lambda plans, one, zone: EVERYONE,
    "trait": _trait,
    "changed": _changed,
    "event": _event,
    "event_time": _event_time,
    "aggregate": lambda plans, one, zone: _measure_test(one, one["test"], zone, zone),
    "sequence": _sequence,
    "engagement": _engagement,
    "consent": lambda plans, one, zone: ConsentTest(one["channel"], one.get("topic") or "", one["state"]),
    "rfm": lambda plans, one, zone: GivenTest(("rfm", "group"), OneOf("s", tuple(sorted(set(one["groups"]))))),
    "computed": lambda plans, one, zone: plans.computed_test(one["trait"], one["test"], zone),
    "lifecycle": _lifecycle,
    "orders": _orders,
    "account": _account,
    "account_members": lambda plans, one, zone: AccountMembersTest(one["quantifier"], one["segment"]),
    "segment": lambda plans, one, zone: plans.segment(one["segment"]),
    "percentage": lambda plans, one, zone: PercentageTest(one.get("salt") or "", round(one["start"] * 100),
                                                          round(one["end"] * 100)),
    "profile": lambda plans, one, zone: FieldTest(one["field"], predicate_of(one["test"], zone)),
    "identifier": lambda plans, one, zone: IdentifierTest(one["identifier"]),
}
