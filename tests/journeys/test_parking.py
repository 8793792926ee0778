"""Who can't go on is parked, and goes on when an operator lets them: while a journey is held, and after a failure."""

from __future__ import annotations

from typing import Any

from socle.channels.model import NotSent
from socle.journeys.model.row import Parked
from socle.journeys.model.task import Task
from socle.journeys.store import EntryStore
from tests.journeys.story import hold, journey, send, wait
from tests.journeys.world import World

LATER = journey("Product Added", wait("A while", "1h"), send("Remind"), wait("More", "1h"), send("Again", "offer"))


def lived(document: dict[str, Any] = LATER) -> World:
    world = World()
    world.publish("j", document)
    world.agree("ada")
    world.happen("ada", "Product Added")
    return world


def parked(world: World) -> list[Parked]:
    return EntryStore(world.quiet, "t").parked("j")


def let_go(world: World) -> None:
    """As an operator does who resumes a journey, or lets those go on who failed."""
    store = EntryStore(world.quiet, "t")
    for one in parked(world):
        row = store.get(one.part, one.entry)
        assert row is not None
        world.workflows.answer(row.parks[one.step, one.round], {})
        store.unpark("j", one)
    world.settle()


def outcome(world: World, step: str) -> tuple[str, str]:
    [entry] = world.entries("ada")
    what = world.row(entry).log[step, 0]
    return what.outcome, what.detail


def test_while_a_journey_is_held_everybody_stops_at_their_next_step() -> None:
    world = lived()
    world.turn("j", "held")
    world.advance("3h")
    assert world.templates("ada") == []
    [one] = parked(world)
    assert (one.step, one.why) == ("Remind", "paused")
    assert outcome(world, "Remind") == ("parked", "paused")
    world.turn("j", "live")
    let_go(world)
    assert world.templates("ada") == ["reminder"]
    assert parked(world) == []
    world.advance("1h")
    assert world.templates("ada") == ["reminder", "offer"]


def test_a_paused_journey_lets_nobody_in_and_those_inside_go_on() -> None:
    world = lived()
    world.turn("j", "paused")
    world.agree("bob")
    world.happen("bob", "Product Added")
    world.advance("3h")
    assert world.templates("ada") == ["reminder", "offer"]
    assert world.entries("bob") == ()


def test_who_is_parked_as_the_journey_is_resumed_goes_on_at_once() -> None:
    world = lived()
    world.turn("j", "held")
    world.now += 3_600_000
    world.workflows.run()
    world.workflows.run()  # the look: on hold next
    world.turn("j", "live")  # the operator finds nobody who is parked yet
    world.settle()
    assert world.templates("ada") == ["reminder"]
    assert parked(world) == []


def test_who_is_out_while_they_are_parked_is_out_when_they_go_on() -> None:
    world = lived({**LATER, "exits": [{"name": "bought", "event": "Order Completed"}]})
    world.turn("j", "held")
    world.advance("1h")
    world.happen("ada", "Order Completed", {"order_id": "o1"})
    assert parked(world) == []
    assert [one.status for one in world.workflows.executions.values()] == ["aborted"]


def test_nobody_is_parked_for_longer_than_the_journey_lasts() -> None:
    world = lived({**LATER, "lasts": "2d"})
    world.turn("j", "held")
    world.advance("4d")
    assert world.entries("ada")[0].reason == "over"
    assert parked(world) == []


def test_what_failed_for_good_waits_for_an_operator_and_is_done_once() -> None:
    world = lived()
    send_, broken = world.send, [True]

    def failing(*asked: Any) -> Any:
        if broken:
            raise NotSent("sending_paused", "SES has paused this account", stop=True)
        return send_(*asked)

    world.send = failing  # type: ignore[method-assign]
    world.advance("1h")
    [one] = parked(world)
    assert (one.step, one.why) == ("Remind", "failed: Unavailable")
    broken.clear()
    let_go(world)
    assert world.templates("ada") == ["reminder"]
    assert outcome(world, "Remind") == ("sent", "")


def test_an_operator_reads_why_somebody_failed() -> None:
    def why(name: str, cause: str) -> str:
        return Task.of({"do": "park", "journey": "j", "version": 1, "entry": "e", "profile": "p", "step": "s", "round": 0,
                        "entered": "2026-11-30T08:00:00Z", "error": {"Error": name, "Cause": cause}}).error

    assert why("Rejected", '{"errorMessage": "no sender", "errorType": "Rejected"}') == "Rejected: no sender"
    assert why("KeyError", '{"errorMessage": "ada@example.com"}') == "KeyError"  # it may quote the person
    assert why("Rejected", "no JSON") == why("Rejected", '["no object"]') == "Rejected"


def test_a_fault_of_ours_parks_people_instead_of_losing_them() -> None:
    world = lived()
    prepare, faults = world.letters._prepare, [True]

    def broken(*asked: Any) -> Any:
        if faults:
            raise KeyError("a template that is not in the plan")
        return prepare(*asked)

    world.letters._prepare = broken  # type: ignore[method-assign]
    world.advance("1h")
    assert [one.why for one in parked(world)] == ["failed: KeyError"]
    faults.clear()
    let_go(world)
    assert world.templates("ada") == ["reminder"]


def test_who_is_held_at_a_hold_holds_when_they_go_on_and_misses_nothing() -> None:
    world = lived(journey("Product Added", wait("A while", "1h"),
                          hold("Bought?", "1h", {"event": "Order Completed", "next": "end"}), send("Remind")))
    world.turn("j", "held")
    world.advance("61m")
    assert [one.step for one in parked(world)] == ["Bought?"]
    world.happen("ada", "Order Completed", {"order_id": "o1"})
    world.turn("j", "live")
    let_go(world)
    world.advance("2h")
    assert world.templates("ada") == []
    assert outcome(world, "Bought?") == ("way", "Order Completed")
