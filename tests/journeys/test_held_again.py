"""Holds that people come back to: after a pause, after a failure, when their time began anew, and round after round."""

from __future__ import annotations

from typing import Any

import pytest

from socle.journeys.compile.machine import compile_journey, rounds
from socle.journeys.holds import MOST_RESETS, note, register
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.entry import COMPLETED, OVER, Entry
from tests.journeys.story import hold, journey, send, wait
from tests.journeys.test_parking import let_go
from tests.journeys.world import World

HOUR = 3_600_000
ORDERED = {"event": "Order Completed", "next": "end"}
RESET = {"reset_on": [{"event": "Cart Viewed"}]}


def lived(*steps: dict[str, Any], **more: Any) -> World:
    world = World()
    world.publish("j", journey("Product Added", *steps, **more))
    world.agree("ada")
    world.happen("ada", "Product Added")
    return world


def test_who_is_held_as_the_time_of_a_hold_is_over_does_not_wait_for_it_again() -> None:
    world = lived(hold("Bought?", "1h", ORDERED, **RESET), send("Remind"))
    world.turn("j", "held")
    world.advance("2h")
    world.turn("j", "live")
    let_go(world)
    assert world.templates("ada") == ["reminder"]


def test_who_comes_back_to_a_hold_after_its_time_is_held_anew_and_what_happened_meanwhile_counts() -> None:
    entry = register(Entry("e", "j", 1, "", 1_000, "", "p", (1_000, "")), "Bought?", 0, HOUR, 2_000)
    assert register(entry, "Bought?", 0, HOUR, HOUR) == entry
    again = register(entry, "Bought?", 0, HOUR, 5 * HOUR)
    assert again.hold is not None
    assert again.hold.until == 6 * HOUR
    ordered = register(note(entry, "Bought?", "Order Completed", (2 * HOUR, "o")), "Bought?", 0, HOUR, 5 * HOUR)
    assert ordered.hold is not None
    assert ordered.hold.way == "Order Completed"


def test_a_hold_whose_time_began_anew_and_is_over_ends_by_nothing_any_more() -> None:
    world = lived(hold("Bought?", "1h", ORDERED, **RESET), send("Remind"), wait("A day", "1d"), send("Offer", "offer"))
    world.advance("30m")
    world.happen("ada", "Cart Viewed")
    world.advance("3h")
    assert world.templates("ada") == ["reminder"]
    world.happen("ada", "Order Completed")  # no exit: it means something to the hold alone, and that is over
    assert [one.active for one in world.entries("ada")] == [True]
    world.advance("1d")
    assert world.templates("ada") == ["reminder", "offer"]


def test_an_order_in_the_time_that_began_anew_ends_the_hold() -> None:
    world = lived(hold("Bought?", "1h", ORDERED, **RESET), send("Remind"))
    world.advance("30m")
    world.happen("ada", "Cart Viewed")
    world.advance("50m")
    world.happen("ada", "Order Completed")
    assert [one.reason for one in world.entries("ada")] == [COMPLETED]


def test_names_of_states_are_no_longer_than_step_functions_takes() -> None:
    name = "B" * 60
    made = compile_journey(JourneyDocument.model_validate(journey(
        "Product Added", hold(name, "1h", ORDERED, **RESET), send("S" * 60))), "step")
    assert max(map(len, made["States"])) <= 80


def test_a_row_keeps_the_token_of_the_last_round_only() -> None:
    world = lived(hold("Bought?", "1m", ORDERED, next="Wait"), wait("Wait", "1m", next="Bought?"))
    world.advance("3h")
    [entry] = world.entries("ada")
    row = world.row(entry)
    assert max(round_ for _, round_ in row.log) > 50
    assert len(row.holds) == 1


def test_who_makes_the_time_begin_anew_for_ever_is_out_before_the_history_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_RESETS * 2 * (5 + 6) < 20_000  # entries: at most twice in its time it is asked whether that is over
    monkeypatch.setattr("socle.journeys.holds.MOST_RESETS", 5)
    world = lived(hold("Silent?", "2m", ORDERED, **RESET), send("Alert"))
    for _ in range(12):
        world.advance("1m")
        world.happen("ada", "Cart Viewed")
    [entry] = world.entries("ada")
    assert (entry.reason, entry.ended - entry.at) == (OVER, 10 * 60_000)
    assert world.templates("ada") == []


def test_circles_end_before_the_history_is_full() -> None:
    def most(*steps: dict[str, Any]) -> int:
        return rounds(JourneyDocument.model_validate(journey("Product Added", *steps)))

    assert most(hold("H", "1m", ORDERED, next="H")) * (6 + 5 + 2) < 24_000
    pause, hook = wait("W", "1m", next="C"), {"type": "webhook", "name": "C", "url": "https://crm.example.com/"}
    assert most(hook, pause) * (5 + 3 * 30 + 2 + 2) < 24_000
    assert most(send("C"), pause) * (5 + 5 + 2 + 5 + 2 + 2) < 24_000
