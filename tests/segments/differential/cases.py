"""Cases by hand, one for each thing that a definition may get wrong: a person, a condition, and whether it holds at NOW."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from socle.clock import DAY, HOUR, MINUTE
from socle.events.model import Event
from socle.segments.values import epoch

NOW = epoch(datetime(2026, 3, 30, tzinfo=ZoneInfo("Europe/Paris")))
"""A Monday, midnight in Paris, the day after its clocks went forward."""
VIEW, ORDER = "Product Viewed", "Order Completed"
Document = dict[str, Any]
Said = tuple[int, str, dict[str, Any]]


class Case(NamedTuple):
    """expected: whether the person is in; events: (ms before NOW, name, properties or traits)."""

    expected: bool
    when: Document
    events: tuple[Said, ...]
    zone: str = "Europe/Paris"


def event(within: str | None = None, op: str = "gte", value: int = 1, **more: Any) -> Document:
    window = {"within": within} if within else more.pop("window", {})
    return {"type": "event", "event": VIEW, "count": {"op": op, "value": value}, "window": window, **more}


def views(*back: int, **properties: Any) -> tuple[Said, ...]:
    return tuple((ms, VIEW, properties) for ms in back)


def scores(*values: Any, **more: Any) -> tuple[Said, ...]:
    """Views a minute apart, the first the oldest."""
    return tuple((MINUTE * (len(values) - place), VIEW, {"score": value, **more}) for place, value in enumerate(values))


def trait(path: str, op: str, **more: Any) -> Document:
    return {"type": "trait", "trait": path, "test": {"op": op, **more}}


def has(**traits: Any) -> tuple[Said, ...]:
    return ((HOUR, "$identify", traits),)


def total(function: str, op: str, value: Any, of: str = "score", **more: Any) -> Document:
    return {"type": "aggregate", "function": function, "of": of, "test": {"op": op, "value": value}, **more}


def sequence(*steps: Document, **more: Any) -> Document:
    return {"type": "sequence", "steps": list(steps), **more}


A, B, C = {"event": "A"}, {"event": "B"}, {"event": "C"}
NOT_C = {"event": "C", "within": "1h"}


def abc(*said: tuple[int, str]) -> tuple[Said, ...]:
    return tuple((ms, name, {"cart_id": "c1"}) for ms, name in said)


def money(amount: Any, currency: str | None = "EUR", **more: Any) -> Said:
    return (HOUR, ORDER, {"revenue": amount, "order_id": str(amount), **({"currency": currency} if currency else {}), **more})


def euros(measure: str, op: str, value: Any) -> Document:
    return {"type": "orders", "measure": measure, "currency": "EUR", "test": {"op": op, "value": value}}


def computed(name: str, value: Any) -> Document:
    return {"type": "computed", "trait": name, "test": {"op": "eq", "value": value}}


HALF = {"type": "percentage", "start": 0, "end": 100}
YES: Document = {"type": "everyone"}
NO: Document = {"type": "not", "of": YES}

CASES: dict[str, Case] = {
    "an hour ago is out": Case(False, event("1h"), views(HOUR)),
    "a ms less is in": Case(True, event("1h"), views(HOUR - 1)),
    "two of two": Case(True, event("1h", value=2), views(HOUR - 1, 0)),
    "one of two": Case(False, event("1h", value=2), views(HOUR, 0)),
    "two are not one": Case(False, event(None, "eq", 1), views(1, 2)),
    "one is at most one": Case(True, event(None, "lte", 1), views(1)),
    "two are more than one": Case(False, event(None, "lte", 1), views(1, 2)),
    "none is none": Case(True, event("1h", "eq", 0), views(HOUR)),
    "since is in": Case(True, event(window={"since": "2026-03-29T23:00"}), views(HOUR)),
    "until is out": Case(False, event(window={"until": "2026-03-29T23:00"}), views(HOUR)),
    "before until is in": Case(True, event(window={"until": "2026-03-29T23:00"}), views(HOUR + 1)),
    "another name": Case(False, event(), ((1, "B", {}),)),
    "all of where": Case(False, event(where=[{"property": "score", "test": {"op": "gt", "value": 1}},
                                            {"property": "plan", "test": {"op": "exists"}}]), scores(2)),
    "a text is no number": Case(False, event(where=[{"property": "score", "test": {"op": "eq", "value": "2"}}]), scores(2)),
    "an order of two parts is one": Case(True, {**event(None, "eq", 1), "event": ORDER},
                                         (money(1, part=1, parts=2, order_id="o"),
                                          (9, ORDER, {"part": 2, "parts": 2, "order_id": "o"}))),
    "an order said twice is one": Case(True, {**event(None, "eq", 1), "event": ORDER},
                                       (money(1, order_id="o"), (9, ORDER, {"revenue": 2, "order_id": "o"}))),
    "an order taken back is none": Case(False, {**event(), "event": ORDER}, (money(1, voided=True),)),
    "greater is not equal": Case(False, trait("score", "gt", value=2.5), has(score=2.5)),
    "a millionth more is greater": Case(True, trait("score", "gt", value=2.5), has(score=2.500001)),
    "less is not equal": Case(False, trait("score", "lt", value=2.5), has(score="2.50")),
    "the lower end is between": Case(True, trait("score", "between", min=2.5, max=3), has(score=2.5)),
    "the upper end is between": Case(True, trait("score", "between", min=2, max=2.5), has(score=2.5)),
    "a trillion is no number": Case(False, trait("score", "gt", value=0), has(score=1e12)),
    "case counts": Case(False, trait("plan", "contains", value="gold"), has(plan="GOLD")),
    "starts are no ends": Case(False, trait("plan", "starts_with", value="ld"), has(plan="gold")),
    "ends are no starts": Case(False, trait("plan", "ends_with", value="go"), has(plan="gold")),
    "some part matches": Case(True, trait("plan", "matches", pattern="o.d$"), has(plan="very gold")),
    "any element": Case(True, trait("tags", "array_contains", value="blue"), has(tags=["red", "blue"])),
    "null is nothing": Case(False, trait("a.b", "exists"), has(a={"b": None})),
    "false is something": Case(True, trait("a.b", "exists"), has(a={"b": False})),
    "no truth in a text": Case(False, trait("flag", "eq", value=True), has(flag="true")),
    "before is not at": Case(False, trait("when", "before", value="2026-03-29"), has(when="2026-03-29")),
    "after is at": Case(True, trait("when", "after", value="2026-03-29"), has(when="2026-03-29")),
    "a skipped hour is the jump": Case(True, trait("when", "after", value="2026-03-29T01:00:00Z"), has(when="2026-03-29T02:30")),
    "and not later": Case(True, trait("when", "before", value="2026-03-29T01:00:00.001Z"), has(when="2026-03-29T02:59:59.999")),
    "21 hours ago is out": Case(False, trait("when", "within_last", duration="21h"), has(when="2026-03-29T01:00:00Z")),
    "more than an hour ago begins at it": Case(True, trait("when", "more_than_ago", duration="1h"), has(when="2026-03-29T23:00")),
    "now is not more than ago": Case(False, trait("when", "more_than_ago", duration="1h"), has(when="2026-03-29T23:00:00.001")),
    "now is not next": Case(False, trait("when", "within_next", duration="1h"), has(when="2026-03-30")),
    "next ends at its end": Case(True, trait("when", "within_next", duration="1h"), has(when="2026-03-30T01:00")),
    "a zone is a zone": Case(True, trait("when", "within_last", duration="1h"), has(when="2026-03-30T05:30:00+08:00")),
    "today in Paris": Case(True, trait("when", "anniversary", period="day"), has(when="1980-03-30")),
    "yesterday in UTC": Case(True, trait("when", "anniversary", period="day"), has(when="1980-03-29"), "UTC"),
    "an instant has its day there": Case(True, trait("when", "anniversary", period="day"), has(when="1980-03-29T23:30:00Z")),
    "Sunday is in the week": Case(True, trait("when", "anniversary", period="week"), has(when="1990-04-05")),
    "the next Monday is not": Case(False, trait("when", "anniversary", period="week"), has(when="1990-04-06")),
    "the last of the month": Case(True, trait("when", "anniversary", period="month"), has(when="1990-03-31")),
    "three days are today and two": Case(False, trait("when", "anniversary", days=3), has(when="1990-04-02")),
    "the third day": Case(True, trait("when", "anniversary", days=3), has(when="1990-04-01")),
    "a change": Case(True, {"type": "changed", "trait": "plan", "within": "2h", "was": "a", "becomes": "b"}, (
        (3 * HOUR, "$identify", {"plan": "a"}), (HOUR, "$identify", {"plan": "b"}))),
    "no change": Case(False, {"type": "changed", "trait": "plan", "within": "2h"}, (
        (3 * HOUR, "$identify", {"plan": "a"}), (HOUR, "$identify", {"plan": "a"}))),
    "a change long ago": Case(False, {"type": "changed", "trait": "plan", "within": "1h"}, (
        (3 * HOUR, "$identify", {"plan": "a"}), (HOUR, "$identify", {"plan": "b"}))),
    "a change of another value": Case(False, {"type": "changed", "trait": "plan", "within": "2h", "was": "x"}, (
        (3 * HOUR, "$identify", {"plan": "a"}), (HOUR, "$identify", {"plan": "b"}))),
    "the first, not the last": Case(False, {"type": "event_time", "which": "first", "event": VIEW,
                                            "test": {"op": "within_last", "duration": "1h"}}, views(2 * HOUR, 1)),
    "the last, not the first": Case(True, {"type": "event_time", "which": "last", "event": VIEW,
                                           "test": {"op": "within_last", "duration": "1h"}}, views(2 * HOUR, 1)),
    "a sum is exact": Case(True, total("sum", "eq", 0.3), scores(0.1, 0.2)),
    "no sum is 0": Case(True, total("sum", "eq", 0), has(plan="a")),
    "no least is none": Case(False, total("min", "lte", 9), has(plan="a")),
    "an average rounds half up": Case(True, total("average", "eq", 0.000002), scores(0.000001, 0.000002)),
    "and below 0 too": Case(True, total("average", "eq", -0.000001), scores(-0.000001, -0.000002)),
    "the least": Case(True, total("min", "eq", 1), scores(2, 1, 3)),
    "the greatest": Case(True, total("max", "eq", 3), scores(2, 3, 1)),
    "how many differ": Case(True, total("distinct", "eq", 2), scores("a", "b", "a")),
    "the favourite": Case(True, total("most_frequent", "eq", "a"), scores("a", "b", "a", "b", "a")),
    "of two favourites the later": Case(True, total("most_frequent", "eq", "b"), scores("b", "a", "a", "b")),
    "of two at once the first by name": Case(True, total("most_frequent", "eq", "a", of="tags[]"), views(1, tags=["b", "a"])),
    "the first value": Case(True, total("first", "eq", "a"), scores("a", "b")),
    "the last value": Case(True, total("last", "eq", "b"), scores("a", "b")),
    "of two last at once the greatest": Case(True, total("last", "eq", "b"), (*views(5, score="b"), *views(5, score="a"))),
    "euros are no dollars": Case(True, total("sum", "eq", 0, "$amount", currency="EUR"), (money(5, None),)),
    "cents round half up": Case(True, total("sum", "eq", 0.02, "score", currency="EUR"), scores(0.015, currency="EUR")),
    "yen have no cents": Case(True, total("sum", "eq", 3, "score", currency="JPY"), scores(2.5, currency=" jpy ")),
    "A then B": Case(True, sequence(A, B), abc((2, "A"), (1, "B"))),
    "A with B is not then": Case(False, sequence(A, B), abc((1, "A"), (1, "B"))),
    "B then A is not": Case(False, sequence(A, B), abc((1, "A"), (2, "B"))),
    "B an hour after A": Case(True, sequence(A, {**B, "within": "1h"}), abc((HOUR + 1, "A"), (1, "B"))),
    "B later than that": Case(False, sequence(A, {**B, "within": "1h"}), abc((HOUR + 2, "A"), (1, "B"))),
    "the A that B follows closely": Case(True, sequence(A, {**B, "within": "1h"}), abc((5 * HOUR, "A"), (9, "A"), (1, "B"))),
    "three in order": Case(False, sequence(A, B, C), abc((3, "A"), (2, "C"), (1, "B"))),
    "another cart": Case(False, sequence(A, B, same="cart_id"), ((2, "A", {"cart_id": "c1"}), (1, "B", {"cart_id": "c2"}))),
    "no cart is no cart": Case(False, sequence(A, B, same="cart_id"), ((2, "A", {}), (1, "B", {}))),
    "no C within the hour": Case(True, sequence(A, without=NOT_C), abc((HOUR, "A"))),
    "the hour is not over": Case(False, sequence(A, without=NOT_C), abc((HOUR - 1, "A"))),
    "a C in it": Case(False, sequence(A, without=NOT_C), abc((2 * HOUR, "A"), (HOUR + 1, "C"))),
    "a C at its end": Case(True, sequence(A, without=NOT_C), abc((2 * HOUR, "A"), (HOUR, "C"))),
    "a C with A": Case(True, sequence(A, without=NOT_C), abc((2 * HOUR, "A"), (2 * HOUR, "C"))),
    "A is out of the window": Case(False, sequence(A, B, window={"within": "1h"}), abc((HOUR, "A"), (1, "B"))),
    "subscribed": Case(True, {"type": "consent", "channel": "email", "topic": "news", "state": "subscribed"},
                       ((9, "Consent Updated", {"channel": "email", "topic": "news", "state": "subscribed"}),)),
    "another topic": Case(True, {"type": "consent", "channel": "email", "state": "none"},
                          ((9, "Consent Updated", {"channel": "email", "topic": "news", "state": "subscribed"}),)),
    "net of refunds": Case(True, euros("net", "eq", 3), (money(5), (9, "Order Refunded", {"revenue": 2, "currency": "EUR"}))),
    "the share refunded": Case(True, euros("refund_share", "eq", 0.4), (
        money(5), (9, "Order Refunded", {"revenue": 2, "currency": "EUR"}))),
    "an average order half up": Case(True, euros("average", "eq", 0.02), (money(0.01), money(0.02))),
    "no average without orders": Case(False, euros("average", "gte", 0), has(plan="a")),
    "two of three": Case(True, {"type": "at_least", "count": 2, "of": [YES, NO, YES]}, has(plan="a")),
    "not three of three": Case(False, {"type": "at_least", "count": 3, "of": [YES, NO, YES]}, has(plan="a")),
    "all flip with the first of them": Case(True, {"type": "all", "of": [event("1h"), event("3h")]}, views(1)),
    "all in a hundred per cent": Case(True, HALF, has(plan="a")),
    "a customer of a month is active": Case(True, {"type": "lifecycle", "stages": ["active"]}, ((30 * DAY, ORDER, {}),)),
    "a customer of less is new": Case(True, {"type": "lifecycle", "stages": ["new"]}, ((30 * DAY - 1, ORDER, {}),)),
    "and not active": Case(False, {"type": "lifecycle", "stages": ["active"]}, ((30 * DAY - 1, ORDER, {}),)),
    "another campaign": Case(False, {"type": "engagement", "channel": "email", "action": "opened", "campaign": "spring"}, (
        (1, "Email Opened", {"campaign": "autumn"}),)),
    "no account is none of them": Case(True, {"type": "account", "quantifier": "none", "trait": "plan", "test": {"op": "exists"}},
                                       has(plan="a")),
    "dollars are no euros": Case(True, total("sum", "eq", 5, "$amount", currency="EUR"), (money(5), money(7, "USD"))),
    "no e-mail": Case(False, {"type": "identifier", "identifier": "email"}, has(plan="a")),
    "how many events": Case(True, {"type": "profile", "field": "event_count", "test": {"op": "eq", "value": 2}}, views(1, 2)),
    "points decay by whole hours": Case(True, computed("points", 8), views(2 * HOUR)),
    "and stay until then": Case(True, computed("points", 9), views(2 * HOUR - 1)),
    "but not below 0": Case(True, computed("points", 0), views(11 * HOUR)),
    "a label by its least": Case(True, computed("label", "hot"), scores(1)),
    "and not by one below it": Case(False, computed("label", "warm"), scores(1)),
    "the first persona": Case(True, computed("persona", "one"), scores(1)),
    "and no other": Case(False, computed("persona", "two"), scores(1)),
}
COMPUTED: dict[str, Document] = {
    "points": {"value": {"type": "score", "rules": [{"points": 10, "when": event(), "decay": {"every": "1h", "lose": 1}}]}},
    "label": {"value": {"type": "score", "rules": [{"points": 5, "when": event()}],
                        "thresholds": [{"least": 5, "label": "hot"}, {"least": 1, "label": "warm"}]}},
    "persona": {"value": {"type": "persona", "cases": [{"label": "one", "when": event()}, {"label": "two", "when": YES}]}},
}


def events_of(name: str) -> list[Event]:
    """What a case's person did; the person's user id is the case's name."""
    found = []
    for number, (back, event_name, said) in enumerate(CASES[name].events):
        identify = event_name == "$identify"
        at = NOW - back
        found.append(Event(at, f"m{number}", 0, at, at, "shop", "identify" if identify else "track", event_name,
                           (("user_id", name),), {"traits" if identify else "properties": said}))
    return found
