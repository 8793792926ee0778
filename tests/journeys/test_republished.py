"""While versions of a journey follow one another: nobody is lost, nobody begins twice, and nothing that happens is missed."""

from __future__ import annotations

from typing import Any

from socle.effects.model import JOURNEY, RESUME, Effect
from socle.events.model import Event
from socle.journeys.model.entry import Entry
from socle.journeys.model.row import Inside
from socle.journeys.model.steps import Update
from socle.journeys.rules import NO_JOURNEYS
from socle.journeys.store import EntryStore
from socle.journeys.told import updates
from socle.profiles.model import Register, Snapshot
from tests.journeys.story import hold, journey, send, wait
from tests.journeys.world import World

ORDERED = {"event": "Order Completed", "next": "end"}
WAITED = journey("Product Added", wait("A while", "1h"), send("Remind"))


def lived(document: dict[str, Any] = WAITED) -> World:
    world = World()
    world.publish("j", document)
    world.agree("ada")
    return world


def test_who_enters_a_version_right_after_it_was_published_begins() -> None:
    world = lived()
    world.courses.find("j", 1)  # as a warm function knows it for some seconds
    known = world.courses._known["j"]
    world.publish("j", WAITED)
    world.courses._known["j"] = known
    world.happen("ada", "Product Added")
    world.advance("1h")
    assert world.templates("ada") == ["reminder"]


def test_who_enters_right_after_a_journey_runs_again_begins() -> None:
    world = lived()
    world.turn("j", "stopped")
    world.courses.find("j", 1)
    known = world.courses._known["j"]
    world.now += 1_000
    world.turn("j", "live")
    world.courses._known["j"] = known
    world.happen("ada", "Product Added")
    world.advance("1h")
    assert world.templates("ada") == ["reminder"]


def test_an_order_is_noted_though_the_consumer_does_not_know_the_version_yet() -> None:
    world = lived(journey("Product Added", hold("Bought?", "1h", ORDERED), send("Remind")))
    world.happen("ada", "Product Added")
    read = world.consumer._rules
    stale = [read()._replace(journeys=NO_JOURNEYS)]
    world.consumer._rules = lambda: stale[0] if stale else read()
    world.consumer._forget = stale.clear
    world.happen("ada", "Order Completed")
    world.advance("2h")
    assert world.templates("ada") == []


def test_who_was_moved_is_listed_in_the_version_in_which_they_are() -> None:
    world = lived()
    world.happen("ada", "Product Added")
    world.publish("j", {**WAITED, "in_flight": "move", "steps": [*WAITED["steps"], wait("More", "1h"), send("Again", "offer")]})
    world.advance("1h")
    store = EntryStore(world.quiet, "t")
    assert [one.version for shard in range(8) for one in store.people("j", shard)] == [2]


def test_who_was_moved_does_not_begin_again_when_the_queue_brings_their_entry_again() -> None:
    world = lived()
    world.happen("ada", "Product Added")
    [entry] = world.entries("ada")
    world.publish("j", {**WAITED, "in_flight": "move", "steps": [*WAITED["steps"], wait("On", "1h"), send("Last", "offer")]})
    world.advance("1h")
    world.run_effect(Effect(JOURNEY, "j", entry.part, entry.id, 1))
    del world.workflows.executions[entry.id]  # Step Functions forgets names after 90 days
    world.run_effect(Effect(JOURNEY, "j", entry.part, entry.id, 1))
    assert set(world.workflows.executions) == {f"{entry.id}-2"}


def test_nobody_moves_to_an_exit_and_begins_anew() -> None:
    world = lived(journey("Product Added", wait("A while", "1h"), send("Remind"), wait("B", "1h"), send("Last", "offer")))
    world.happen("ada", "Product Added")
    world.advance("1h")
    world.publish("j", {**WAITED, "in_flight": "move", "steps": [
        *WAITED["steps"], {"type": "exit", "name": "Last", "reason": "enough"}]})
    world.advance("5h")
    assert world.templates("ada") == ["reminder", "offer"]


def test_a_hold_that_the_version_does_not_have_any_more_is_answered_once() -> None:
    world = lived(journey("Product Added", hold("Bought?", "1h", {"event": "Order Completed"}), wait("A while", "1h"),
                          send("Thank")))
    world.happen("ada", "Product Added")
    world.happen("ada", "Order Completed")
    world.publish("j", {**WAITED, "in_flight": "move", "steps": [wait("Other", "1h"), send("Thank"), wait("More", "5h"),
                                                                 send("Again", "offer")]})
    world.advance("1h")
    [entry] = world.entries("ada")
    assert entry.version == 2
    assert not world.run_effect(Effect(RESUME, "j", entry.part, f"{entry.id}\0Bought?\0000", 1))


def test_who_left_while_they_were_let_begin_is_on_no_list() -> None:
    world = lived({**WAITED, "exits": [{"event": "Gone", "name": "gone"}]})
    world.happen("ada", "Product Added")
    [entry] = world.entries("ada")
    world.happen("ada", "Gone")
    store, execution = EntryStore(world.quiet, "t"), world.workflows.executions[entry.id]
    # The other way round: first they are struck off and stopped, then listed and started.
    store.inside("j", Inside(entry.id, entry.part, 1))
    execution.status, execution.due = "running", world.now
    world.advance("2h")
    assert [one for shard in range(8) for one in store.people("j", shard)] == []


def test_an_update_that_is_done_again_after_the_tags_have_arrived_is_the_same_events() -> None:
    step = Update.model_validate({"type": "update", "name": "U", "add_tags": ["x"], "points": 5, "emit": [{"event": "Won"}]})
    entry = Entry("e" * 20, "j", 1, "", 1_000, "", "p", (1_000, ""))

    def told(snapshot: Snapshot) -> dict[str, Event]:
        return {one.message_id: one for one in updates(step, entry, 0, snapshot, (), 2_000)}

    first, later = told(Snapshot()), told(Snapshot(traits={"tags": Register(1, 0, ["x"])}))
    assert [one.name for one in first.values()] == ["$identify", "Points Earned", "Won"]
    assert later == {id_: one for id_, one in first.items() if one.name != "$identify"}
