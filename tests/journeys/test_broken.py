"""Whoever was in an execution that failed for good is out, once, and somebody is told; who is elsewhere stays there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from socle.errors import Unavailable
from socle.journeys.model.entry import FAILED, Entry
from socle.journeys.service.broken import end_broken
from socle.journeys.service.ground import Ground, input_of
from socle.journeys.store import EntryStore
from socle.settings import EndBrokenSettings
from tests.journeys.story import hold, journey, send, wait
from tests.journeys.world import World

CART = journey("Product Added", hold("Bought?", "1h", {"event": "Order Completed"}), send("Thank", "thanks"))
CONTEXT = SimpleNamespace(function_name="end_broken_journey", memory_limit_in_mb=512, aws_request_id="request",
                          invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:end_broken_journey")
SETTINGS = EndBrokenSettings(profiles_table="profiles", definitions_table="definitions", stream_name="events").to_env()


def lived(document: Mapping[str, Any] = CART) -> tuple[World, Entry]:
    world = World()
    world.publish("j", document)
    world.agree("ada")
    world.happen("ada", "Product Added")
    [entry] = world.entries("ada")
    return world, entry


def broken(world: World, one: Entry, execution: str = "", **given: Any) -> bool:
    found = end_broken(world.ground, execution or one.id, json.dumps(input_of(one) | given), world.now)
    world.settle()
    return found


def test_whoever_was_in_it_is_out_counted_and_told_of_once_however_often_it_is_announced() -> None:
    world, entry = lived()
    for _ in range(2):
        assert broken(world, entry)
        world.now += 1_000
    [after] = world.entries("ada")
    assert (after.active, after.reason, after.ended) == (False, FAILED, world.now - 2_000)
    assert [told["reason"] for told in world.named("Journey Exited")] == [FAILED]
    assert world.counts("j")["", "ended:failed"] == 1
    store = EntryStore(world.quiet, "t")
    assert not [one for shard in range(16) for one in store.people("j", shard)]


def test_what_broke_off_after_they_were_out_is_done_by_the_next_try() -> None:
    world, entry = lived()

    class Down:
        def put(self, found: Any) -> None:
            raise Unavailable("down", "the stream is down")

    with pytest.raises(Unavailable):
        end_broken(world.ground._replace(stream=Down()), entry.id, json.dumps(input_of(entry)), world.now)
    assert not world.entries("ada")[0].active
    assert world.named("Journey Exited") == []
    assert broken(world, entry)
    assert [told["reason"] for told in world.named("Journey Exited")] == [FAILED]


def test_who_left_before_keeps_their_reason_and_nobody_is_told() -> None:
    world, entry = lived()
    world.turn("j", "stopped")
    world.advance("2h")
    assert not broken(world, entry)
    assert world.entries("ada")[0].reason == "stopped"
    assert len(world.named("Journey Exited")) == 1


def test_who_was_moved_goes_on_in_the_execution_of_the_other_version() -> None:
    document = journey("Product Added", hold("Bought?", "1h", {"event": "Order Completed"}), wait("A while", "1h"),
                       send("Thank", "thanks"), wait("More", "3h"), send("Again", "offer"))
    world, entry = lived(document)
    world.publish("j", {**document, "in_flight": "move"})
    world.advance("3h")
    assert world.entries("ada")[0].version == 2
    assert not broken(world, entry)
    assert world.entries("ada")[0].active
    assert broken(world, entry, f"{entry.id}-2")
    assert world.entries("ada")[0].reason == FAILED


def test_who_is_known_to_nobody_is_nobody_to_tell_of() -> None:
    world, entry = lived()
    assert not broken(world, entry, entry="0" * 20)
    assert not broken(world, entry, profile="nobody")
    assert world.entries("ada") == (entry,)


@pytest.mark.parametrize("given", [
    None, "", "{", "[]", "null", "{}", '{"entry": "x", "profile": "p000001"}', '{"entry": 1, "profile": 2}',
    '{"entry": "00000000000000000000", "profile": "\\ud800"}', '{"entry": "00000000000000000000", "profile": ""}'])
def test_an_execution_that_does_not_say_whose_it_is_is_told_of_all_the_same(given: str | None) -> None:
    world, entry = lived()
    assert end_broken(world.ground, entry.id, given, world.now)
    assert world.entries("ada") == (entry,)


@pytest.mark.parametrize(("is_broken", "logged"), [(True, ["failed for good"]), (False, [])])
def test_the_function_counts_what_is_broken_and_says_nothing_of_whose_it_was(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, is_broken: bool,
        logged: list[str]) -> None:
    for name, value in (SETTINGS | {"AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_METRICS_NAMESPACE": "Socle",
                                    "POWERTOOLS_SERVICE_NAME": "end_broken_journey"}).items():
        monkeypatch.setenv(name, value)
    from functions.end_broken_journey import handler
    asked: list[Any] = []

    def decide(ground: Ground, *given: Any) -> bool:
        asked.append(given[:2])
        return is_broken

    monkeypatch.setattr(handler, "end_broken", decide)
    detail = {"executionArn": "arn:of:it", "name": "e1", "status": "TIMED_OUT", "input": '{"profile": "somebody"}',
              "cause": "secret"}
    assert handler.handler({"detail": detail}, CONTEXT) == {"broken": is_broken}
    assert asked == [("e1", '{"profile": "somebody"}')]
    said = capsys.readouterr().out
    counted = [line for line in map(json.loads, said.splitlines()) if "JourneysBroken" in line]
    assert [line["JourneysBroken"] for line in counted] == [[float(is_broken)]]
    # Where the log goes depends on who came first in this process: a local machine logs to stderr.
    assert [one.getMessage().removeprefix("a journey's execution ") for one in caplog.records] == logged
    known = [vars(one) for one in caplog.records]
    assert [(one["execution"], one["status"]) for one in known] == [("arn:of:it", "TIMED_OUT")] * len(logged)
    assert "somebody" not in f"{said}{known}"
    assert "secret" not in f"{said}{known}"
