"""Steps that change what is known, call a system, or let people enter another journey: done again, they do nothing twice."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from socle.effects.webhook import Answer, signing_secret
from socle.errors import Rejected, Unavailable
from socle.events.model import Event
from tests.journeys.story import journey, send
from tests.journeys.world import World

CALL = {"type": "webhook", "name": "Tell sales", "url": "https://crm.example.com/hook"}


def entered(document: dict[str, Any], answers: list[Answer | Exception] | None = None) -> World:
    world = World()
    world.answers = list(answers or [])
    world.publish("j", document)
    world.agree("ada")
    world.happen("ada", "Product Added", {"sku": "shoe"})
    return world


def outcome(world: World, step: str) -> tuple[str, str]:
    [entry] = [one for one in world.entries("ada") if one.journey == "j"]
    what = world.row(entry).log[step, 0]
    return what.outcome, what.detail


def test_an_update_is_events_of_the_person() -> None:
    update = {"type": "update", "name": "Note", "traits": {"plan": "gold"}, "add_tags": ["kind"], "points": 30,
              "emit": [{"event": "Offer Made", "properties": {"value": 5}}]}
    world = entered(journey("Product Added", update))
    snapshot = world.root("ada").snapshot
    assert (snapshot.traits["plan"].value, snapshot.traits["tags"].value) == ("gold", ["kind"])
    assert world.named("Points Earned")[0]["points"] == 30
    assert world.named("Offer Made")[0]["value"] == 5


def test_an_update_that_is_done_again_makes_the_same_events() -> None:
    world = World()
    world.publish("j", journey("Product Added", {"type": "update", "name": "Note", "points": 30}))
    world.agree("ada")
    put, failures = world.put, [Unavailable("down", "down")]

    def failing(records: Any) -> None:
        put(records)
        if failures and world.steps_done:
            world.now += 5_000
            raise failures.pop()

    world.ground = world.ground._replace(stream=type("Stream", (), {"put": staticmethod(failing)})())
    world.steps._calls._ground = world.ground
    world.happen("ada", "Product Added")
    earned: list[Event] = [one for one in world.told if one.name == "Points Earned"]
    assert len(earned) == 2
    assert earned[0].key == earned[1].key
    assert world.root("ada").snapshot.counts["Points Earned"] == 1


def test_a_webhook_is_told_of_the_person_and_the_event_signed() -> None:
    world = entered(journey("Product Added", CALL))
    [(url, body, headers)] = world.hooks
    told = json.loads(body)
    assert url == "https://crm.example.com/hook"
    assert (told["journey"], told["step"], told["event"]["properties"]) == ("j", "Tell sales", {"sku": "shoe"})
    assert told["profile"]["identifiers"]["email"] == ["ada@shop.example.com"]
    key = base64.b64decode(signing_secret(b"master", "journeys/j").removeprefix("whsec_"))
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert outcome(world, "Tell sales") == ("done", "")


@pytest.mark.parametrize("failure", [Answer(500), Answer(429), Unavailable("webhook_slow", "slow")])
def test_a_receiver_that_is_down_is_called_again_with_the_same_id(failure: Answer | Exception) -> None:
    world = entered(journey("Product Added", CALL, send("Say")), [failure, failure])
    assert len(world.hooks) == 3
    assert len({headers["webhook-id"] for _, _, headers in world.hooks}) == 1
    assert outcome(world, "Tell sales") == ("done", "")
    assert world.templates("ada") == ["reminder"]


@pytest.mark.parametrize(("failures", "least"), [([Answer(404)], 1), ([Rejected("private_address", "private")], 1),
                                                 ([Answer(503)] * 90, 10)])
def test_what_a_receiver_refuses_for_good_goes_the_way_of_failures(failures: list[Answer | Exception], least: int) -> None:
    world = entered(journey("Product Added", {**CALL, "on_failure": "Ask", "next": "end"}, send("Ask", "offer")), failures)
    assert world.templates("ada") == ["offer"]
    assert len(world.hooks) == 1 if least == 1 else len(world.hooks) >= least
    assert outcome(world, "Tell sales")[0] == "failed"
    assert world.counts("j")["Tell sales", "failed"] >= 1


def test_an_answer_that_is_kept_decides_later() -> None:
    ask = {**CALL, "name": "Score", "keep": True}
    passes = [{"property": "risk", "test": {"op": "gt", "value": 5}}]
    risky = {"name": "risky", "response": "Score", "passes": passes, "next": "Hi"}
    document = journey("Product Added", ask, {"type": "branch", "name": "Risky?", "cases": [risky], "next": "end"}, send("Hi"))
    assert entered(document, [Answer(200, b'{"risk": 6}')]).templates("ada") == ["reminder"]
    assert entered(document, [Answer(200, b'{"risk": 4}')]).templates("ada") == []
    assert entered(document, [Answer(200, b'{"risk": 6' + b" " * 4_096 + b"}")]).templates("ada") == []
    world = entered(document, [Answer(200, b"fine")])
    assert outcome(world, "Score") == ("done", "the answer was not kept: it is no JSON, or has more than 4 KB")


def test_a_step_lets_them_enter_another_journey_with_what_happened() -> None:
    world = World()
    world.publish("other", {**journey("x", send("Hello", "offer")), "trigger": {"type": "request"}})
    world.publish("j", journey("Product Added", {"type": "start", "name": "Then", "journey": "other"}))
    world.agree("ada")
    world.happen("ada", "Product Added", {"sku": "shoe"})
    assert world.templates("ada") == ["offer"]
    [asked] = world.named("Journey Requested")
    assert asked == {"journey": "other", "key": "", "data": {"sku": "shoe"}, "by": "j"}


def test_what_is_too_much_to_hand_on_stays_behind() -> None:
    world = World()
    world.publish("other", {**journey("x", send("Hello", "offer")), "trigger": {"type": "request"}})
    world.publish("j", journey("Product Added", {"type": "start", "name": "Then", "journey": "other"}))
    world.agree("ada")
    world.happen("ada", "Product Added", {"text": "x" * 9_000})
    assert world.templates("ada") == ["offer"]
    assert world.named("Journey Requested")[0]["data"] == {}
