"""Which way somebody goes at a branch or a split."""

from __future__ import annotations

from typing import Any

import pytest

from socle.events.model import Event
from socle.journeys.choose import case_of, passes_all, planned, said, way_of, winner_of
from socle.journeys.model.entry import REQUESTED
from socle.journeys.model.steps import Branch, Split
from socle.profiles.model import Register, Snapshot
from socle.segments.facts import Person, Seen, Watch
from socle.segments.plan import Plans

VIP = {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "vip"}}
DEAR = [{"property": "total", "test": {"op": "gte", "value": 100}}]


def branch(*cases: dict[str, Any]) -> Branch:
    return Branch.model_validate({"name": "who", "type": "branch", "cases": cases})


def choose(step: Branch, event: dict[str, Any] | None = None, responses: dict[str, Any] | None = None, **traits: Any) -> str:
    snapshot = Snapshot(traits={name: Register(1, 1, value) for name, value in traits.items()}, events=1)
    person = Person("p1", snapshot, {}, lambda selector: Seen(Watch(selector)))
    return case_of(planned(step, Plans({}, {}), "UTC"), lambda: person, event or {}, responses or {}, 0)


def test_the_first_case_that_holds_is_the_way() -> None:
    step = branch({"name": "dear", "event": DEAR}, {"name": "vip", "when": VIP})
    assert choose(step, {"total": 100}, plan="vip") == "dear"
    assert choose(step, {"total": 99}, plan="vip") == "vip"
    assert choose(step, {"total": 99}, plan="free") == "otherwise"


def test_a_case_holds_when_all_that_it_asks_holds() -> None:
    step = branch({"name": "both", "when": VIP, "event": DEAR})
    assert choose(step, {"total": 100}, plan="free") == "otherwise"
    assert choose(step, {"total": 1}, plan="vip") == "otherwise"
    assert choose(step, {"total": 100}, plan="vip") == "both"


def test_a_webhook_that_has_not_answered_decides_nothing() -> None:
    step = branch({"name": "risky", "response": "score it", "passes": [{"property": "risk", "test": {"op": "gt", "value": 5}}]})
    assert choose(step) == "otherwise"
    assert choose(step, responses={"score it": {"risk": 4}}) == "otherwise"
    assert choose(step, responses={"score it": ["no object"]}) == "otherwise"
    assert choose(step, responses={"score it": {"risk": 6}}) == "risky"


def test_who_is_not_asked_is_not_read() -> None:
    step = branch({"name": "dear", "event": DEAR})
    assert case_of(planned(step, Plans({}, {}), "UTC"), lambda: pytest.fail("read"), {"total": 100}, {}, 0) == "dear"


def test_nothing_is_asked_of_nothing() -> None:
    assert passes_all((), {})


def test_a_request_is_seen_as_what_it_brings() -> None:
    def event(name: str, properties: Any) -> Event:
        return Event(1, "m", 0, 1, 1, "web", "track", name, (("user_id", "1"),), {"properties": properties})

    assert said(event("Product Added", {"sku": 1})) == {"sku": 1}
    assert said(event(REQUESTED, {"journey": "j", "data": {"store": "Lyon"}})) == {"store": "Lyon"}
    assert said(event(REQUESTED, {"journey": "j"})) == {}
    assert said(None) == {}


def split(*weights: float, winner: dict[str, Any] | None = None) -> Split:
    ways = [{"name": name, "weight": weight} for name, weight in zip("abc", weights, strict=False)]
    return Split.model_validate({"name": "ab", "type": "split", "winner": winner, "ways": ways})


def test_a_split_keeps_its_weights_and_everybody_their_way() -> None:
    step, other = split(20, 30, 50), split(20, 30, 50).model_copy(update={"name": "another"})
    people = [f"p{number}" for number in range(5_000)]
    ways = [way_of(step, "cart", one) for one in people]
    assert ways == [way_of(step, "cart", one) for one in people]
    assert [round(ways.count(name) / 50) for name in "abc"] == pytest.approx([20, 30, 50], abs=2)
    assert ways != [way_of(other, "cart", one) for one in people]  # splits are not tied to each other
    assert ways != [way_of(step, "mail", one) for one in people]


def test_a_winner_gets_everybody_once_it_is_sure() -> None:
    step = split(50, 50, winner={"least": 100, "significance": 0.95})

    def winner(a: tuple[int, int], b: tuple[int, int]) -> str:
        return winner_of(step, {("ab", "way:a"): a[0], ("ab", "goal:a"): a[1], ("ab", "way:b"): b[0], ("ab", "goal:b"): b[1]})

    assert winner((99, 60), (500, 10)) == ""  # too few people of one way
    assert winner((200, 20), (200, 22)) == ""  # chance
    assert winner((200, 20), (200, 60)) == "b"
    assert winner((200, 0), (200, 0)) == ""
    assert way_of(step, "cart", "p1", "b") == way_of(step, "cart", "p2", "b") == "b"
    assert winner_of(split(50, 50), {("ab", "way:a"): 900, ("ab", "way:b"): 900, ("ab", "goal:b"): 900}) == ""
