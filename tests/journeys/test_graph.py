"""Where the steps of a journey lead, and what goes in circles."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from socle.journeys.graph import backward, circle, edges, next_of, reachable
from socle.journeys.model.document import JourneyDocument
from tests.examples import examples

STEPS: list[dict[str, Any]] = [
    {"name": "An hour", "type": "wait", "for": "1h"},
    {"name": "Will they buy?", "type": "hold", "timeout": "23h", "until": [
        {"event": "Order Completed", "next": "Thanks"}, {"segment": "vip", "next": "end", "name": "now a VIP"}]},
    {"name": "Big cart?", "type": "branch", "next": "Tag", "cases": [
        {"name": "big", "event": [{"property": "total", "test": {"op": "gt", "value": 100}}], "next": "Coin"}]},
    {"name": "Tag", "type": "update", "add_tags": ["small"], "next": "Trial"},
    {"name": "Coin", "type": "split", "next": "An hour", "ways": [
        {"name": "A", "weight": 50}, {"name": "B", "weight": 50, "next": "Tag"}]},
    {"name": "Trial", "type": "wait_until_date", "trait": "trial_ends", "otherwise": "Thanks"},
    {"name": "Tell sales", "type": "webhook", "url": "https://example.com/hook", "on_failure": "end"},
    {"name": "Thanks", "type": "send", "template": "thanks"},
    {"name": "Out", "type": "exit"},
]


def journey(steps: list[dict[str, Any]]) -> JourneyDocument:
    return JourneyDocument.model_validate({"trigger": {"type": "request"}, "steps": steps})


def test_every_way_of_every_step_leads_where_the_document_says_or_to_the_next_in_the_list() -> None:
    assert edges(journey(STEPS)) == {
        "An hour": {"": "Will they buy?"},
        "Will they buy?": {"Order Completed": "Thanks", "now a VIP": "end", "timed out": "Big cart?"},
        "Big cart?": {"big": "Coin", "otherwise": "Tag"},
        "Tag": {"": "Trial"},
        "Coin": {"A": "An hour", "B": "Tag"},
        "Trial": {"": "Tell sales", "otherwise": "Thanks"},
        "Tell sales": {"": "Thanks", "failure": "end"},
        "Thanks": {"": "Out"},
        "Out": {},
    }


def test_the_last_step_leads_to_the_end_and_steps_are_found_by_their_way() -> None:
    last = journey(STEPS[:1])
    assert next_of(last, "An hour") == "end"
    assert next_of(journey(STEPS), "Coin", "B") == "Tag"


def test_what_no_way_leads_to_is_not_reached() -> None:
    ways = edges(journey([{"name": "a", "type": "wait", "for": "1h", "next": "c"}, {"name": "b", "type": "wait", "for": "1h"},
                          {"name": "c", "type": "exit"}]))
    assert reachable(ways, "a") == {"a", "c"}


def test_circles_are_found_and_broken_where_they_lead_back() -> None:
    ways = edges(journey(STEPS))
    assert backward(ways, "An hour") == {("Coin", "A")}
    assert circle(ways, set()) == ["An hour", "Will they buy?", "Big cart?", "Coin"]
    assert circle(ways, {"An hour"}) == []


def test_a_step_that_leads_to_itself_is_a_circle() -> None:
    ways = edges(journey([{"name": "a", "type": "wait", "for": "1h", "next": "a"}]))
    assert backward(ways, "a") == {("a", "")}
    assert circle(ways, set()) == ["a"]


@examples(200)
@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=3), min_size=1))
def test_without_the_ways_back_nothing_goes_in_circles(targets: dict[str, list[str]]) -> None:
    ways = {step: {str(place): to for place, to in enumerate(found)} for step, found in targets.items()}
    start = next(iter(ways))
    back = backward(ways, start)
    inside = reachable(ways, start)
    kept = {step: {way: to for way, to in found.items() if (step, way) not in back} for step, found in ways.items()
            if step in inside}
    assert circle(kept, set()) == []
    assert bool(back) == bool(circle({step: ways[step] for step in inside}, set()))
