"""Explanations: every condition has a sentence, its truth, what it rests on, and when time alone changes it."""

from __future__ import annotations

from typing import Any

import pytest

from socle.clock import DAY, HOUR
from socle.iso import to_iso
from socle.profiles.fold import highest_revisions, refold
from socle.profiles.orders import standing
from socle.segments.document import ComputedTrait, Segment
from socle.segments.evaluate import evaluate
from socle.segments.explain import MAX_EVENTS, Explainer
from socle.segments.facts import person_of
from tests.people import T0, consent, event, identify

NOW = T0 + 10 * DAY
HISTORY = [
    identify(0, traits={"plan": "gold", "born": "1990-11-24", "trial": to_iso(T0 - 20 * DAY), "tags": ["a", "b"]}),
    identify(1, traits={"plan": "silver"}, ts=T0 + DAY),
    *[event(number, name="Order Completed", ts=T0 + number * DAY, properties={
        "order_id": f"o-{number}", "currency": "EUR", "revenue": revenue, "category": "shoes"})
      for number, revenue in ((2, 12.5), (3, 7.5))],
    event(4, name="Product Added", properties={"cart_id": "c1"}, ts=NOW - 2 * HOUR),
    event(5, name="Checkout Started", properties={"cart_id": "c1"}, ts=NOW - HOUR),
    consent(6, "subscribed"),
    *[event(100 + number, ts=T0 + number) for number in range(30)],
]
COMPUTED: dict[str, dict[str, Any]] = {
    "favourite": {"value": {"type": "aggregate", "function": "most_frequent", "of": "category", "event": "Order Completed"}},
    "spent": {"value": {"type": "aggregate", "function": "sum", "of": "$amount", "event": "Order Completed", "currency": "EUR"}},
    "nothing": {"value": {"type": "aggregate", "function": "last", "of": "never", "event": "Order Completed"}},
    "last-category": {"value": {"type": "aggregate", "function": "last", "of": "category"}},
    "points": {"value": {"type": "score", "rules": [
        {"points": 10, "when": {"type": "event", "event": "Order Completed", "window": {"within": "30d"}}},
        {"points": 8, "when": {"type": "event", "event": "Product Added"}, "decay": {"every": "1h", "lose": 3}},
        {"points": -5, "when": {"type": "event", "event": "Never"}}]}},
    "heat": {"value": {"type": "score", "rules": [{"points": 10, "when": {"type": "everyone"}}], "thresholds": [
        {"least": 5, "label": "warm"}, {"least": 10, "label": "hot"}, {"least": 20, "label": "burning"}]}},
    "persona": {"value": {"type": "persona", "cases": [
        {"label": "never", "when": {"type": "event", "event": "Never"}}, {"label": "buyer", "when": {
            "type": "orders", "measure": "count", "currency": "EUR", "test": {"op": "gte", "value": 2}}}]}},
}


def conditions() -> dict[str, dict[str, Any]]:
    """One condition of each type, with words that its sentence must have."""
    return {
        "all of these 2": {"type": "all", "of": [{"type": "everyone"}, {"type": "everyone"}]},
        "at least one of these 2": {"type": "any", "of": [{"type": "everyone"}, {"type": "everyone"}]},
        "at least 1 of these 2": {"type": "at_least", "count": 1, "of": [{"type": "everyone"}, {"type": "everyone"}]},
        "does not hold": {"type": "not", "of": {"type": "everyone"}},
        "everybody": {"type": "everyone"},
        'the trait plan is "silver" or "gold"': {
            "type": "trait", "trait": "plan", "test": {"op": "in", "values": ["silver", "gold"]}},
        "this week": {"type": "trait", "trait": "born", "test": {"op": "anniversary", "period": "week"}},
        "the 6 days after it": {"type": "trait", "trait": "born", "test": {"op": "anniversary", "days": 7}},
        'holds "a"': {"type": "trait", "trait": "tags", "test": {"op": "array_contains", "value": "a"}},
        'changed to "silver" within the last 30 days': {"type": "changed", "trait": "plan", "within": "30d", "becomes": "silver"},
        'performed "product viewed" at least 3 times within the last 2 weeks': {
            "type": "event", "event": "Product Viewed", "count": {"value": 3}, "window": {"within": "2w"}},
        'has not performed "never" from 2024-01-01 until before 2024-02-01': {
            "type": "event", "event": "Never", "count": {"op": "eq", "value": 0},
            "window": {"since": "2024-01-01", "until": "2024-02-01"}},
        'whose category is "shoes"': {"type": "event", "event": "Order Completed", "where": [
            {"property": "category", "test": {"op": "eq", "value": "shoes"}}]},
        "the last time of": {"type": "event_time", "which": "last", "event": "Order Completed",
                             "test": {"op": "more_than_ago", "duration": "1d"}},
        "sum of $amount in eur": {"type": "aggregate", "function": "sum", "of": "$amount", "currency": "EUR",
                                  "event": "Order Completed", "test": {"op": "gte", "value": 20}},
        "then": {"type": "sequence", "same": "cart_id", "steps": [{"event": "Product Added"}, {
            "event": "Checkout Started", "within": "2h"}], "without": {"event": "Order Completed", "within": "1h"}},
        "messages by email": {"type": "engagement", "channel": "email", "action": "opened"},
        "consent to email about news is subscribed": {
            "type": "consent", "channel": "email", "topic": "news", "state": "subscribed"},
        "rfm group": {"type": "rfm", "groups": ["Champions", "Lost"]},
        "computed trait points is at least 12": {"type": "computed", "trait": "points", "test": {"op": "gte", "value": 12}},
        "stage of the customer's life": {"type": "lifecycle", "stages": ["new"]},
        "revenue of all orders in eur is between 1 and 20": {
            "type": "orders", "measure": "revenue", "currency": "EUR", "test": {"op": "between", "min": 1, "max": 20}},
        "none of the person's accounts": {"type": "account", "quantifier": "none", "trait": "plan", "test": {"op": "exists"}},
        "all of the members": {"type": "account_members", "quantifier": "all", "segment": "inner"},
        "in the segment inner": {"type": "segment", "segment": "inner"},
        "random part from 0 to 50": {"type": "percentage", "end": 50},
        "event count is at least 5": {"type": "profile", "field": "event_count", "test": {"op": "gte", "value": 5}},
        "identifier of type user_id": {"type": "identifier", "identifier": "user_id"},
    }


def explained(condition: dict[str, Any], now: int = NOW, events: list[Any] | None = None) -> dict[str, Any]:
    segments = {"inner": {"when": {"type": "event", "event": "Product Added"}}, "it": {"when": condition}}
    explainer = Explainer({name: Segment.model_validate(one).model_dump(mode="json") for name, one in segments.items()},
                          {name: ComputedTrait.model_validate(one).model_dump(mode="json") for name, one in COMPUTED.items()})
    part = explainer.part("it")
    events = highest_revisions(HISTORY if events is None else events)
    person = person_of("p", refold(events), {"rfm": {"group": "Lost"}}, explainer.watches(part), standing(events))
    tree = explainer.tree(part, person, now)
    assert tree["true"] == evaluate(explainer.plans.segment("it"), person, now).true
    return tree | {"computed": explainer.values(person, now)}


@pytest.mark.parametrize("words", conditions())
def test_every_condition_says_what_it_asks(words):
    condition = conditions()[words]
    assert words in explained(condition)["says"].lower()


def test_every_type_of_condition_has_a_sentence():
    from socle.segments.plan import _MAKERS

    assert {condition["type"] for condition in conditions().values()} == set(_MAKERS)


def test_a_condition_shows_its_newest_events_and_how_many_more_there_are():
    tree = explained({"type": "event", "event": "Product Viewed", "count": {"value": 30}, "window": {"within": "30d"}})
    assert (tree["true"], tree["value"], len(tree["events"]), tree["more"]) == (True, 30, MAX_EVENTS, 30 - MAX_EVENTS)
    assert tree["events"][0] == {"messageId": "m-129", "event": "Product Viewed", "timestamp": to_iso(T0 + 29)}
    assert tree["flips_at"] == to_iso(T0 + 30 * DAY)
    assert f"may stop to hold at {tree['flips_at']}" in tree["says"]


@pytest.mark.parametrize("condition", [
    {"type": "event", "event": "Order Completed", "window": {"within": "6d"}},
    {"type": "event_time", "which": "last", "event": "Order Completed", "test": {"op": "within_last", "duration": "6d"}},
    {"type": "aggregate", "function": "max", "of": "revenue", "event": "Order Completed", "window": {"within": "6d"},
     "test": {"op": "gte", "value": 1}},
], ids=lambda one: one["type"])
def test_what_left_by_time_alone_says_so_and_when(condition):
    at = T0 + 9 * DAY
    assert explained(condition, at - 1)["flips_at"] == to_iso(at)
    gone = explained(condition, at)
    assert gone["true"] is False
    assert f"dropped out of this time at {to_iso(at)}, by time alone" in gone["says"]


def test_a_trait_that_left_by_time_alone_says_so():
    gone = explained({"type": "trait", "trait": "trial", "test": {"op": "within_last", "duration": "21d"}})
    assert f"dropped out of this time at {to_iso(T0 + DAY)}, by time alone" in gone["says"]
    assert gone["value"] == to_iso(T0 - 20 * DAY)


def test_what_never_happened_did_not_leave_by_time():
    never = explained({"type": "event", "event": "Never", "window": {"within": "6d"}})
    assert (never["true"], never["value"], never["events"]) == (False, 0, [])
    assert "by time alone" not in never["says"]


def test_segments_and_computed_traits_are_opened_once():
    twice = {"type": "all", "of": [{"type": "segment", "segment": "inner"}] * 2}
    first, second = explained(twice)["of"]
    assert first["of"][0]["events"][0]["messageId"] == "m-4"
    assert second["of"] == []
    assert "explained elsewhere" in second["says"]
    points = explained({"type": "computed", "trait": "points", "test": {"op": "gte", "value": 12}})
    assert points["value"] == 12
    assert [one["true"] for one in points["of"]] == [True, True, False]
    assert points["of"][0]["says"].startswith("+10 points: ")


def test_a_reference_to_nobody_says_so():
    assert "none of this name" in explained({"type": "segment", "segment": "gone"})["says"]


def test_computed_traits_have_the_values_that_conditions_compare():
    assert explained({"type": "everyone"})["computed"] == {
        "favourite": "shoes", "spent": 20, "last-category": "shoes", "points": 12, "heat": "hot", "persona": "buyer"}
    assert explained({"type": "everyone"}, events=[])["computed"] == {"spent": 0, "points": 0, "heat": "hot"}


def test_values_are_shown_as_people_write_them():
    assert explained({"type": "orders", "measure": "revenue", "currency": "EUR", "test": {"op": "gt", "value": 1}})["value"] == 20
    assert explained({"type": "orders", "measure": "average", "currency": "EUR", "test": {"op": "gt", "value": 1}})["value"] == 10
    assert explained({"type": "lifecycle", "stages": ["lapsed"]})["value"] == "new"
    assert explained({"type": "consent", "channel": "sms", "state": "none"})["value"] == "none"
    assert explained({"type": "profile", "field": "first_seen", "test": {"op": "exists"}})["value"] == to_iso(T0)
    assert explained({"type": "rfm", "groups": ["Lost"]})["value"] == "Lost"
