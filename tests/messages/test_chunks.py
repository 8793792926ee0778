"""A chunk goes as far as the time of one call, stops when its run is stopped, and gives up only those who surely failed."""

from __future__ import annotations

from typing import Any

import pytest

from socle.channels.model import NotSent, Taken
from socle.errors import NotFound
from socle.messages.service import chunks
from socle.messages.service.chunks import TRIES
from tests.faults.calls import FaultyCalls
from tests.messages import trial
from tests.messages.trial import PEOPLE, World

LONG = 900_000


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(chunks, "BATCH", 2)
    return World(FaultyCalls())


def work(world: World, position: int = 0, remaining: Any = lambda: LONG) -> tuple[int, bool, bool]:
    return world.worker().work("letter", "r1", 1, 0, position, remaining)


def test_it_goes_on_where_the_time_of_the_call_before_ended(world):
    left = iter([LONG, LONG, LONG, LONG, 1_000, 1_000])
    position, done, stopped = work(world, remaining=lambda: next(left))
    assert (done, stopped) == (False, False)
    assert 0 < position < len(PEOPLE)
    assert len(world.outcomes()) == position
    assert work(world, position) == (len(PEOPLE), True, False)
    assert world.outcomes().keys() == set(PEOPLE)
    assert len(world.delivered) == len(PEOPLE) - 1


def test_it_stops_with_the_batch_at_which_its_run_is_stopped(world):
    goes_on = iter([True, False])
    world.is_sending = lambda *_: next(goes_on)  # type: ignore[method-assign]
    assert work(world) == (2, False, True)
    assert len(world.delivered) == 2


def test_a_run_that_is_stopped_while_a_batch_waits_for_its_turn_sends_it_not(world, monkeypatch):
    monkeypatch.setattr(trial.Pace, "take", lambda self, count: 5_000)
    goes_on = iter([True, True, True, False, False])
    world.is_sending = lambda *_: next(goes_on)
    assert work(world) == (2, False, False)
    assert len(world.delivered) == 2
    assert work(world, 2) == (2, False, True)
    world.is_sending = lambda *_: True
    assert work(world, 2)[1]
    assert world.outcomes().keys() == set(PEOPLE)


def test_what_the_channel_refuses_for_now_goes_again_and_then_has_failed(world, monkeypatch):
    tries: dict[str, int] = {}

    def refuse(message: Any, address: Any, *_: Any) -> Taken:
        tries[message.profile] = tries.get(message.profile, 0) + 1
        if message.profile == "p2" or tries[message.profile] < 3:
            raise NotSent("throttled", "slow down", again=True)
        return Taken("ses", 1)

    monkeypatch.setattr(world, "deliver", refuse)
    assert work(world)[1]
    outcomes = world.outcomes()
    assert (outcomes["p2"].outcome, outcomes["p2"].reason, tries["p2"]) == ("failed", "throttled", TRIES)
    assert outcomes["p1"].outcome == "sent"
    assert tries["p1"] == 3


def test_when_nothing_can_be_sent_at_all_the_run_is_paused_and_nobody_is_lost(world, monkeypatch):
    paused: list[tuple[Any, ...]] = []
    monkeypatch.setattr(world, "pause", lambda *given: paused.append(given) or True)

    def closed(*_: Any) -> Taken:
        raise NotSent("sending_paused", "AWS paused the account", stop=True)

    monkeypatch.setattr(world, "deliver", closed)
    assert work(world) == (0, False, True)
    assert paused[0][:3] == ("letter", "r1", "sending_paused: AWS paused the account")
    monkeypatch.undo()
    assert work(world)[1]
    assert {one.outcome for one in world.outcomes().values()} == {"sent", "skipped"}


def test_who_waits_longer_than_the_call_has_time_is_left_for_the_next_one(world, monkeypatch):
    monkeypatch.setattr(trial.Pace, "take", lambda self, count: LONG)
    assert work(world) == (0, False, False)
    assert not world.delivered


def test_a_failure_that_is_sure_is_written_down_with_its_reason(world, monkeypatch):
    def refuse(message: Any, *_: Any) -> Taken:
        raise NotSent("rejected", "no such domain")

    monkeypatch.setattr(world, "deliver", refuse)
    assert work(world)[1]
    one = world.outcomes()["p1"]
    assert (one.outcome, one.reason, one.detail) == ("failed", "rejected", "no such domain")
    rows = {key: item for key, item in world.dynamo.items.items() if key[1].startswith("M#")}
    assert {item["why"]["S"] for item in rows.values()} == {"rejected"}
    assert work(world)[1], "again: nobody is tried again by himself"
    assert {item["n"]["N"] for key, item in world.dynamo.items.items() if key[1].startswith("M#")} == {"1"}


def test_a_chunk_that_is_not_there_says_what_to_do(world):
    with pytest.raises(NotFound, match="launch the campaign again"):
        world.worker().work("letter", "r1", 1, 7, 0, lambda: LONG)
