"""A journey among the other definitions: all that it names is there, and stays while it is named."""

from __future__ import annotations

from typing import Any

import pytest

from socle.definitions.model import Definition
from socle.errors import Rejected
from socle.journeys.service.checks import JourneyChecks
from socle.segments.walk import references
from tests.journeys.documents import document

MAIL = {"channel": "email", "subject": "Hello {{ event.total }}", "event": ""}
WRITE = {"name": "Write", "type": "send", "template": "hello", "topic": "news"}
VIP = {"when": {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}}, "timezone": "UTC"}
OTHER = document([WRITE]).model_dump(mode="json")


class Definitions:
    """What is written."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], dict[str, Any]] = {
            ("templates", "hello"): MAIL, ("topics", "news"): {"channels": ["email"]}, ("segments", "vip"): VIP,
            ("journeys", "other"): OTHER, ("geofences", "shops"): {"places": []}}

    def current(self, kind: str, name: str) -> Definition | None:
        found = self.documents.get((kind, name))
        return Definition(kind, name, 1, found, 1, 1) if found else None

    def list_current(self, kind: str) -> list[Definition]:
        return [Definition(one, name, 1, found, 1, 1) for (one, name), found in self.documents.items() if one == kind]


class Desk:
    def __init__(self) -> None:
        self.definitions, self.inside = Definitions(), set[str]()
        self.checks = JourneyChecks(self.definitions, lambda: ({"Order Completed"}, {"plan": 1.0}),
                                    lambda name: "e" if name in self.inside else None)

    def check(self, steps: list[dict[str, Any]], name: str = "cart", **more: Any) -> list[dict[str, str]]:
        return self.checks.check("journeys", name, document(steps, **more).model_dump(mode="json"))

    def refused(self, steps: list[dict[str, Any]], name: str = "cart", **more: Any) -> tuple[str, str | None]:
        with pytest.raises(Rejected) as raised:
            self.check(steps, name, **more)
        return raised.value.code, raised.value.field


@pytest.fixture
def desk() -> Desk:
    return Desk()


def hold(**until: Any) -> dict[str, Any]:
    return {"name": "Hold", "type": "hold", "timeout": "1d", "until": [until]}


@pytest.mark.parametrize(("steps", "more", "code", "field"), [
    ([WRITE | {"template": "gone"}], {}, "unknown_template", "steps.0.template"),
    ([WRITE | {"template": None, "best_of": ["hello", "gone"]}], {}, "unknown_template", "steps.0.best_of.1"),
    ([WRITE | {"topic": "gone"}], {}, "unknown_topic", "steps.0.topic"),
    ([WRITE | {"topic": None}], {"topic": "gone"}, "unknown_topic", "topic"),
    ([hold(segment="gone"), WRITE], {}, "unknown_segment", "steps.0.until.0.segment"),
    ([WRITE], {"exits": [{"name": "x", "segment": "gone"}]}, "unknown_segment", "exits.0.segment"),
    ([WRITE], {"trigger": {"type": "segment", "segment": "gone"}}, "unknown_segment", "trigger.segment"),
    ([WRITE], {"trigger": {"type": "geofence", "geofence": "gone"}}, "unknown_geofence", "trigger.geofence"),
    ([{"name": "Go", "type": "start", "journey": "gone"}], {}, "unknown_journey", "steps.0.journey"),
    ([{"name": "Go", "type": "start", "journey": "cart"}], {}, "circle", "steps.0.journey"),
    ([WRITE], {"audience": {"type": "segment", "segment": "gone"}}, "unknown_reference", "audience.segment"),
    ([{"name": "Which?", "type": "branch", "cases": [{"name": "x", "when": {"type": "all", "of": [
        {"type": "segment", "segment": "gone"}]}}]}, WRITE], {}, "unknown_reference", "steps.0.cases.0.when.of.0.segment"),
])
def test_what_a_journey_names_must_be_there(desk: Desk, steps: list[dict[str, Any]], more: dict[str, Any], code: str,
                                            field: str) -> None:
    assert desk.refused(steps, **more) == (code, field)


def test_a_topic_is_for_the_channel_of_what_is_sent(desk: Desk) -> None:
    desk.definitions.documents["topics", "news"] = {"channels": ["sms"]}
    assert desk.refused([WRITE]) == ("other_channel", "steps.0.template")


def test_only_a_journey_that_is_asked_for_can_be_started(desk: Desk) -> None:
    desk.definitions.documents["journeys", "other"] = OTHER | {"trigger": {"type": "segment", "segment": "vip"}}
    assert desk.refused([{"name": "Go", "type": "start", "journey": "other"}]) == ("other_trigger", "steps.0.journey")


@pytest.mark.parametrize("name", ["recipes", "schema"])
def test_names_that_the_api_needs_are_not_given_away(desk: Desk, name: str) -> None:
    assert desk.refused([WRITE], name) == ("bad_name", "name")


def test_what_was_never_received_is_told(desk: Desk) -> None:
    steps = [{"name": "D", "type": "wait_until_date", "trait": "trial_ends"}, hold(event="Order Complete"), WRITE]
    told = desk.check(steps, goal={"event": "Order Completed"}, audience={
        "type": "trait", "trait": "plann", "test": {"op": "exists"}})
    assert {one["field"] for one in told} == {"audience.trait", "steps.1.until.0.event", "steps.0.trait"}


def test_a_template_that_shows_an_event_is_odd_where_nobody_enters_by_one(desk: Desk) -> None:
    by_segment = {"trigger": {"type": "segment", "segment": "vip"}}
    assert [one["field"] for one in desk.check([WRITE], **by_segment)] == ["steps.0.template"]
    assert desk.check([WRITE]) == []
    desk.definitions.documents["templates", "hello"] = MAIL | {"event": "Order Completed"}
    assert desk.check([WRITE], **by_segment) == []


def test_what_a_journey_needs_is_not_deleted(desk: Desk) -> None:
    desk.definitions.documents["journeys", "cart"] = document(
        [{"name": "Go", "type": "start", "journey": "other"}]).model_dump(mode="json")
    desk.definitions.documents["journeys", "near"] = document(
        [WRITE], trigger={"type": "geofence", "geofence": "shops"}).model_dump(mode="json")
    for kind, name, user in (("journeys", "other", "journeys/cart"), ("geofences", "shops", "journeys/near")):
        with pytest.raises(Rejected, match=user) as raised:
            desk.checks.release(kind, name)
        assert (raised.value.code, raised.value.status) == ("in_use", 409)
    desk.checks.release("journeys", "cart")


def test_a_journey_with_people_inside_is_not_deleted(desk: Desk) -> None:
    desk.inside.add("other")
    with pytest.raises(Rejected, match="stop") as raised:
        desk.checks.release("journeys", "other")
    assert (raised.value.code, raised.value.status) == ("people_inside", 409)


def test_segments_and_computed_traits_that_a_journey_asks_for_are_found_wherever_they_stand() -> None:
    computed = {"type": "computed", "trait": "score", "test": {"op": "exists"}}
    made = document([hold(segment="a"), {"name": "Which?", "type": "branch", "cases": [
        {"name": "x", "when": {"type": "any", "of": [computed, {"type": "segment", "segment": "b"}]}}]}],
        trigger={"type": "segment", "segment": "c"}, exits=[{"name": "x", "segment": "d"}], audience={
            "type": "not", "of": {"type": "segment", "segment": "e"}}).model_dump(mode="json")
    assert {place for place, _ in references("journeys", made)} == {
        ("computed-traits", "score"), *(("segments", name) for name in "abcde")}
