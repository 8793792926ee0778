"""What the state machine costs, counted on its own definition: transitions for each message, and room in its history."""

from __future__ import annotations

from typing import Any

import pytest

from socle.campaigns.rounds import AT_ONCE, CHUNK_EVENTS, MOST_EVENTS, ROUND_EVENTS
from tests.campaigns.asl import CAMPAIGN
from tests.campaigns.world import World

DEAR = [{}, {"variants": [{"name": "a", "template": "hello", "share": 50}, {"name": "b", "template": "other", "share": 50}],
             "test": {"share": 20}}, {"throttle": {"per_minute": 60}}, {"warm_up": {"first_day": 400, "growth": 2}}]


@pytest.mark.parametrize("document", DEAR, ids=["plain", "test", "throttled", "warm-up"])
@pytest.mark.parametrize("people", [1_000, 5_000])
def test_a_message_costs_at_most_two_hundredths_of_a_transition(document: dict[str, Any], people: int,
                                                                record_property: Any) -> None:
    world = World(people, **document)
    world.counters.counts = {"a": {"sent": 100, "clicked": 50}, "b": {"sent": 100, "clicked": 5}}
    run = world.launch()
    world.work()
    each = sum(walk.transitions for walk in world.walks) / len(world.sent[run.id])
    record_property("summary", f"campaign of {people:,} people ({', '.join(document) or 'plain'}): {each:.4f} transitions each")
    assert each <= 0.02


def test_a_round_takes_less_of_the_history_than_is_reckoned() -> None:
    world = World(3_000)
    world.per_call = 100
    world.launch()
    world.work()
    (walk,) = world.walks
    rounds, chunks = walk.path.count("Send the chunks"), walk.path.count("Send")
    assert walk.events <= ROUND_EVENTS * (rounds + 2) + (CHUNK_EVENTS + 1) * chunks
    assert MOST_EVENTS + ROUND_EVENTS + CHUNK_EVENTS * AT_ONCE < 15_000  # of 25,000: the rest is for retries


def test_every_step_is_tried_again_and_what_can_not_be_mended_is_not() -> None:
    for name, state in {**CAMPAIGN["States"], **CAMPAIGN["States"]["Send the chunks"]["ItemProcessor"]["States"]}.items():
        if state["Type"] != "Task":
            continue
        assert "States.ALL" in state["Retry"][-1]["ErrorEquals"], name
        if name != "Give up":
            assert state["Retry"][0] == {"ErrorEquals": ["Rejected", "NotFound"], "MaxAttempts": 0}, name
        assert name in ("Send", "Give up") or state["Catch"][0]["Next"] == "Give up", name
