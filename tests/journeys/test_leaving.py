"""How it ends: by an exit, an operator, its time, a merge, an erasure; and going over to another version."""

from __future__ import annotations

from typing import Any

import pytest

from socle.effects.model import OUT, Effect
from socle.identity.model import MANUAL, Evidence
from socle.identity.service.join import merge_profiles
from socle.journeys.items import SHARDS
from socle.journeys.store import EntryStore
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from tests.journeys.story import hold, journey, send, wait
from tests.journeys.world import World

EXITS = {"exits": [{"name": "bought", "event": "Order Completed"}]}
LATER = journey("Product Added", wait("A while", "1h"), send("Remind"), **EXITS)


def lived(document: dict[str, Any], *who: str) -> World:
    world = World()
    world.publish("j", document)
    for one in who or ("ada",):
        world.agree(one)
        world.happen(one, "Product Added")
    return world


def inside(world: World) -> int:
    store = EntryStore(world.quiet, "t")
    return sum(len(store.people("j", shard)) for shard in range(SHARDS))


def reasons(world: World, who: str = "ada") -> list[str]:
    return [entry.reason for entry in world.entries(who)]


def statuses(world: World) -> list[str]:
    return [one.status for one in world.workflows.executions.values()]


def test_an_exit_is_told_once_stops_the_workflow_and_takes_them_off_the_list() -> None:
    world = lived(LATER)
    assert inside(world) == 1
    world.happen("ada", "Order Completed", {"order_id": "o1"})
    world.advance("2h")
    assert (reasons(world), statuses(world), inside(world)) == (["exit:bought"], ["aborted"], 0)
    assert world.templates("ada") == []
    for effect in list(world.queue.sent):  # the queue brings them again
        world.run_effect(effect)
    world.settle()
    [told] = world.named("Journey Exited")
    assert (told["journey"], told["reason"], told["version"]) == ("j", "exit:bought", 1)
    assert world.counts("j")["", "ended:exit:bought"] == 1


def test_who_has_left_gets_nothing_even_if_their_workflow_goes_on() -> None:
    world = lived(LATER)
    world.happen("ada", "Order Completed", {"order_id": "o1"}, settle=False)
    world.flow()
    del world.queue.sent[:]  # nobody stops the workflow
    world._done = 0
    world.advance("2h")
    assert world.templates("ada") == []
    assert statuses(world) == ["succeeded"]
    assert [told["reason"] for told in world.named("Journey Exited")] == ["exit:bought"]


def test_who_leaves_between_the_look_and_the_claim_of_a_message_gets_none() -> None:
    world = lived(LATER)
    look, orders = world.letters._post.stand.ledger.standings, [1]

    def ordering(addresses: Any) -> Any:
        found = look(addresses)
        if orders:
            orders.pop()
            world.happen("ada", "Order Completed", {"order_id": "o1"}, settle=False)
            world.flow()
        return found

    world.letters._post.stand.ledger.standings = ordering  # type: ignore[method-assign]
    world.advance("1h")
    assert not orders
    assert world.templates("ada") == []
    assert reasons(world) == ["exit:bought"]


def test_an_exit_by_a_step_has_its_reason() -> None:
    world = lived(journey("Product Added", send("Say"), {"type": "exit", "name": "Enough", "reason": "had enough"}))
    assert reasons(world) == ["had enough"]
    assert world.counts("j")["Enough", "out"] == 1
    assert statuses(world) == ["succeeded"]


def test_whoever_is_inside_when_it_is_stopped_is_out_at_their_next_step() -> None:
    world = lived(LATER)
    world.turn("j", "stopped")
    world.turn("j", "live")
    world.advance("1h")
    assert (world.templates("ada"), reasons(world)) == ([], ["stopped"])


def test_whose_version_is_gone_is_out() -> None:
    world = lived(LATER)
    world.releases["j"] = []
    world._refresh()
    world.courses.forget("j")
    world.advance("1h")
    assert (world.templates("ada"), reasons(world), statuses(world)) == ([], ["stopped"], ["succeeded"])


def test_nobody_stays_longer_than_it_lasts() -> None:
    world = lived({**LATER, "lasts": "30m"})
    world.advance("1h")
    assert (world.templates("ada"), reasons(world)) == ([], ["over"])


def test_who_is_erased_is_nowhere_any_more_and_gets_nothing() -> None:
    world = lived(LATER)
    Profiles(ProfileStore(world.dynamo, "t")).erase(world.root("ada").id, world.now)
    world.told.clear()
    world.advance("2h")
    assert world.sent == []
    assert inside(world) == 0
    assert not [key for key in world.dynamo.items if key[1].startswith("J#")]
    assert world.named("Journey Exited") == []
    assert statuses(world) == ["succeeded"]
    assert (world.counts("j")["", "entered"], world.counts("j")["", "ended:erased"]) == (1, 1)


def test_who_is_erased_is_left_in_peace_by_effects_that_come_late() -> None:
    world = lived(LATER)
    [entry] = world.entries("ada")
    Profiles(ProfileStore(world.dynamo, "t")).erase(world.root("ada").id, world.now)
    world.told.clear()
    for effect in (*world.queue.sent, Effect(OUT, "j", entry.part, entry.id, 1)):
        if effect.kind in ("journey", "out"):
            assert not world.run_effect(effect)
    world.settle()
    assert world.told == []
    assert statuses(world) == ["aborted"]


@pytest.mark.parametrize("survivor", [0, 1])
def test_of_two_who_become_one_the_first_goes_on_once(survivor: int) -> None:
    world = World()
    world.publish("j", {**LATER, "entry": {"again": "never"}})
    world.agree("ada")
    world.agree("bob")
    world.happen("ada", "Product Added")
    world.advance("10m")
    world.happen("bob", "Product Added")
    ids = [world.root(who).id for who in ("ada", "bob")]
    store = ProfileStore(world.dynamo, "t")
    merge_profiles(store, ids[survivor], ids[1 - survivor], Evidence(MANUAL, world.now), store.load(ids), due=world.now)
    world.advance("3h")
    assert sorted(reasons(world)) == ["completed", "merged"]
    assert len(world.sent) == 1
    assert len(world.named("Journey Exited")) == 2
    assert sorted(statuses(world)) == ["aborted", "succeeded"]


def test_who_is_inside_goes_over_to_a_version_that_takes_them_along() -> None:
    world = lived(journey("Product Added", wait("A while", "1h"), send("Remind"), wait("More", "1h"), send("Again", "offer")))
    world.publish("j", journey("Product Added", wait("A while", "1h"), send("Remind", "thanks"), in_flight="move"))
    world.advance("1h")
    [entry] = world.entries("ada")
    assert (entry.version, entry.reason) == (2, "completed")
    assert world.templates("ada") == ["thanks"]
    assert {name: one.status for name, one in world.workflows.executions.items()} == {
        entry.id: "succeeded", f"{entry.id}-2": "succeeded"}


def test_who_comes_to_a_step_that_the_new_version_has_not_stays() -> None:
    world = lived(journey("Product Added", wait("A while", "1h"), send("Remind")))
    world.publish("j", journey("Product Added", send("Other", "thanks"), in_flight="move"))
    world.advance("1h")
    assert world.templates("ada") == ["reminder"]
    assert world.entries("ada")[0].version == 1


def test_who_is_inside_stays_on_a_version_that_takes_nobody_along() -> None:
    world = lived(journey("Product Added", wait("A while", "1h"), send("Remind")))
    world.publish("j", journey("Product Added", wait("A while", "1h"), send("Remind", "thanks")))
    world.advance("1h")
    assert world.templates("ada") == ["reminder"]


def test_who_was_moved_in_a_loop_gets_no_message_of_a_round_again() -> None:
    loop = [wait("A day", "1d"), send("Say", next="A day")]
    world = lived(journey("Product Added", *loop))
    world.advance("2d")
    world.publish("j", journey("Product Added", *loop, in_flight="move"))
    world.advance("2d")
    assert world.templates("ada") == ["reminder"] * 4


@pytest.mark.parametrize(("after", "sent"), [("end", []), ("Thank", ["thanks"])])
def test_a_hold_that_ended_too_late_for_its_time_is_obeyed(after: str, sent: list[str]) -> None:
    """The time is over for Step Functions, but the order came before the next step looked."""
    world = lived(journey("Product Added", hold("Bought?", "1h", {"event": "Order Completed", "next": after}),
                          send("Say", next="end"), send("Thank", "thanks")))
    world.now += 3_600_000
    world.happen("ada", "Order Completed", {"order_id": "o1"}, at=world.now - 60_000, settle=False)
    world.flow()
    world.workflows.run()  # the time-out, before the effect of the order
    world.settle()
    assert world.templates("ada") == sent
    assert reasons(world) == ["completed"]
