"""Each condition in SQL against people made up by hand; Lake.members holds the answer to evaluate's, too."""

from __future__ import annotations

from typing import Any

import pytest

from socle.clock import DAY, HOUR, MINUTE
from tests.people import T0, consent, event, identify, order
from tests.segments.sql.lake import Lake

NOW = T0 + DAY


def did(name: str, at: int = T0, **properties: Any) -> Any:
    did.number += 1  # type: ignore[attr-defined]
    return event(did.number, name=name, ts=at, properties=properties)  # type: ignore[attr-defined]


did.number = 0  # type: ignore[attr-defined]


def event_test(name: str, op: str = "gte", value: int = 1, **more: Any) -> dict[str, Any]:
    return {"type": "event", "event": name, "count": {"op": op, "value": value}, **more}


def aggregate(function: str, of: str, op: str, **test: Any) -> dict[str, Any]:
    more = {name: test.pop(name) for name in ("currency", "event", "window") if name in test}
    return {"type": "aggregate", "function": function, "of": of, "test": {"op": op, **test}, **more}


def trait(path: str, op: str, **test: Any) -> dict[str, Any]:
    return {"type": "trait", "trait": path, "test": {"op": op, **test}}


@pytest.fixture(scope="module")
def shop() -> Lake:
    return Lake({
        "ann": [did("View", price=3.5, tags=["a", 42, "42", 7.5]), did("View", T0 + 1, price="3.5", tags=["a"]),
                order(900, order_id="o1", revenue=20.005, currency="EUR"),
                order(901, order_id="o2", revenue=10, currency="eur ")],
        "bob": [identify(910, traits={"plan": "free", "birthday": "1990-11-15", "n": 5}), identify(911, traits={"plan": "pro"}),
                consent(912, "subscribed"), did("View", price=-0.005)],
        "cat": [did("A", cart_id=1), did("B", T0 + MINUTE, cart_id="1"), identify(920, traits={"birthday": "2000-02-29"})],
        "dan": [did("B", cart_id="1"), did("A", T0 + MINUTE, cart_id="1"), did("B", T0 + MINUTE, cart_id="1")],
        "eve": [],
    }, {"bob": {"rfm": {"group": "Lost"}}, "cat": {"rfm": {"group": "New"}}}, {
        "points": {"value": {"type": "score", "rules": [
            {"points": 10, "when": event_test("View"), "decay": {"every": "1h", "lose": 1}},
            {"points": 5, "when": event_test("A")}]}},
        "kind": {"value": {"type": "persona", "cases": [{"label": "buyer", "when": event_test("Order Completed")},
                                                        {"label": "looker", "when": event_test("View")}]}}})


EVERYONE = "ann bob cat dan eve"


@pytest.mark.parametrize(("condition", "members"), [
    ({"type": "everyone"}, EVERYONE),
    ({"type": "not", "of": {"type": "everyone"}}, ""),
    (event_test("View"), "ann bob"),
    (event_test("View", "gte", 2), "ann"),
    (event_test("View", "eq", 1), "bob"),
    (event_test("View", "lte", 1), "bob cat dan eve"),
    (event_test("View", "eq", 0), "cat dan eve"),
    (event_test("View", "gte", 0), EVERYONE),
    ({"type": "event", "event": ["A", "View"]}, "ann bob cat dan"),
    ({"type": "event", "event": None}, "ann bob cat dan"),
    (event_test("View", where=[{"property": "price", "test": {"op": "eq", "value": 3.5}}], value=2), "ann"),
    (event_test("View", where=[{"property": "tags[]", "test": {"op": "eq", "value": "42"}}]), "ann"),
    (event_test("View", where=[{"property": "tags[]", "test": {"op": "between", "min": 7, "max": 8}}]), "ann"),
    ({"type": "at_least", "count": 2, "of": [event_test("A"), event_test("B"), event_test("View")]}, "cat dan"),
    (trait("plan", "eq", value="pro"), "bob"),
    (trait("plan", "exists"), "bob"),
    (trait("n", "gte", value=5), "bob"),
    (trait("n", "gt", value=5), ""),
    (trait("plan", "matches", pattern="^P(?i)RO$"), ""),
    (trait("plan", "matches", pattern="(?i)^P.O$"), "bob"),
    (trait("birthday", "anniversary", period="day"), "bob"),
    (trait("birthday", "before", value="1995-01-01"), "bob"),
    (aggregate("sum", "price", "eq", value=7), "ann"),
    (aggregate("sum", "price", "lte", value=0), "bob cat dan eve"),
    (aggregate("average", "price", "eq", value=3.5), "ann"),
    (aggregate("average", "price", "lt", value=0), "bob"),
    (aggregate("max", "price", "exists"), "ann bob"),
    (aggregate("sum", "$amount", "eq", value=30.01, currency="EUR"), "ann"),
    (aggregate("average", "$amount", "eq", value=15.01, currency="EUR"), "ann"),
    (aggregate("min", "price", "eq", value=-0.01, currency="USD"), "bob"),
    (aggregate("distinct", "tags[]", "eq", value=2), "ann"),
    (aggregate("most_frequent", "tags[]", "eq", value="a"), "ann"),
    (aggregate("first", "price", "eq", value=3.5), "ann"),
    (aggregate("last", "price", "eq", value="3.5"), "ann"),
    (aggregate("last", "cart_id", "eq", value="1"), "cat dan"),
    ({"type": "changed", "trait": "plan", "within": "2d"}, "bob"),
    ({"type": "changed", "trait": "plan", "within": "2d", "was": "free", "becomes": "pro"}, "bob"),
    ({"type": "changed", "trait": "plan", "within": "2d", "becomes": "free"}, ""),
    ({"type": "sequence", "steps": [{"event": "A"}, {"event": "B"}]}, "cat"),
    ({"type": "sequence", "steps": [{"event": "A"}, {"event": "B", "within": "1m"}], "same": "cart_id"}, "cat"),
    ({"type": "sequence", "steps": [{"event": "A"}], "without": {"event": "B", "within": "5m"}}, "dan"),
    ({"type": "consent", "channel": "email", "topic": "news", "state": "subscribed"}, "bob"),
    ({"type": "consent", "channel": "email", "topic": "", "state": "none"}, EVERYONE),
    ({"type": "rfm", "groups": ["Lost", "New"]}, "bob cat"),
    ({"type": "lifecycle", "stages": ["visitor"]}, "bob cat dan eve"),
    ({"type": "orders", "measure": "revenue", "currency": "EUR", "test": {"op": "eq", "value": 30.01}}, "ann"),
    ({"type": "orders", "measure": "average", "currency": "EUR", "test": {"op": "lte", "value": 15.01}}, "ann"),
    ({"type": "orders", "measure": "net", "currency": "EUR", "test": {"op": "eq", "value": 0}}, "bob cat dan eve"),
    ({"type": "profile", "field": "event_count", "test": {"op": "eq", "value": 0}}, "eve"),
    ({"type": "identifier", "identifier": "user_id"}, "ann bob cat dan"),
    ({"type": "computed", "trait": "kind", "test": {"op": "eq", "value": "looker"}}, "bob"),
    ({"type": "computed", "trait": "kind", "test": {"op": "eq", "value": "buyer"}}, "ann"),
    ({"type": "computed", "trait": "points", "test": {"op": "gte", "value": 5}}, "cat dan"),
    ({"type": "segment", "segment": "nobody at all"}, ""),
], ids=lambda value: value if isinstance(value, str) else value["type"])
def test_a_condition_holds_for_those_it_is_meant_for(shop: Lake, condition: dict[str, Any], members: str) -> None:
    if condition["type"] == "segment":
        condition = {"type": "segment", "segment": "nobody-at-all"}
    assert shop.members(condition, NOW) == members


@pytest.mark.parametrize(("now", "members"), [(T0 + HOUR - 1, "one"), (T0 + HOUR, ""), (T0 - 1, "one")],
                         ids=["before it ends", "at its end", "an event to come"])
def test_an_event_leaves_its_window_exactly_when_the_time_is_over(now: int, members: str) -> None:
    assert Lake({"one": [did("A")]}).members(event_test("A", window={"within": "1h"}), now) == members


@pytest.mark.parametrize(("now", "members"), [(T0 + HOUR - 1, ""), (T0 + HOUR, "one")], ids=["too early", "when it is over"])
def test_that_nothing_followed_is_known_when_the_time_is_over(now: int, members: str) -> None:
    asked = {"type": "sequence", "steps": [{"event": "A"}], "without": {"event": "B", "within": "1h"}}
    lake = Lake({"one": [did("A"), did("B", T0 + HOUR)], "two": [did("A"), did("B", T0 + HOUR - 1)]})
    assert lake.members(asked, now) == members


def test_points_are_lost_for_whole_hours(shop: Lake) -> None:
    points = {"type": "computed", "trait": "points", "test": {"op": "eq", "value": 9}}
    assert [shop.members(points, T0 + HOUR + ms) for ms in (-1, 0, 1)] == ["", "bob", "ann bob"]


def test_of_equally_frequent_values_the_last_met_wins_then_the_least() -> None:
    lake = Lake({"one": [did("V", c="x"), did("V", T0 + 1, c="y"), did("V", T0 + 1, c="z")]})
    asked = [aggregate("most_frequent", "c", "eq", value=value) for value in "xyz"]
    assert [lake.members(one, NOW) for one in asked] == ["", "one", ""]


def test_of_values_at_one_moment_the_greatest_is_first_and_last() -> None:
    lake = Lake({"one": [did("V", c="x"), did("V", c="é"), did("V", c="Z")]})
    assert [lake.members(aggregate(which, "c", "eq", value="é"), NOW) for which in ("first", "last")] == ["one", "one"]


def test_nobody_in_the_lake_is_nobody_in_a_segment() -> None:
    assert Lake({}).members(event_test("A", "eq", 0), NOW) == ""


def test_more_questions_than_a_word_has_bits_are_all_answered() -> None:
    lake = Lake({"one": [did(f"E{number}") for number in range(0, 200, 2)]})
    found = [lake.members(event_test(f"E{number}"), NOW) for number in (0, 1)]
    of = [event_test(f"E{number}") for number in range(190)] + [event_test("E198")] * 5
    many = {"type": "at_least", "count": 100, "of": of}
    assert [*found, lake.members(many, NOW), lake.members({**many, "count": 101}, NOW)] == ["one", "", "one", ""]


def test_segments_that_use_segments_that_use_segments_stay_short() -> None:
    from socle.segments.nodes import Group, Negation
    from socle.segments.sql.compile import compile_segments

    node: Any = Group(1, ())
    for _ in range(20):
        node = Group(1, (node, Negation(node)))
    assert len(compile_segments({"deep": node}, NOW).sql) < 100_000
