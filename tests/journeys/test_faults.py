"""One fault of every call of a journey, several together, and what happens to people between any two calls.

Each entry is made once, no step's effect comes twice, nobody is stuck, and whoever is out by then gets nothing more.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from functools import cache
from typing import Any

import pytest

from socle.journeys.model.entry import COMPLETED
from tests.faults.calls import kinds
from tests.journeys.trial import Meanwhile, Trial

BOUGHT = {"event": "Order Completed", "match": "cart_id"}
CART: dict[str, Any] = {
    "trigger": {"type": "event", "event": "Product Added"}, "entry": {"again": "per_key", "key": "cart_id"}, "topic": "stories",
    "steps": [
        {"type": "hold", "name": "Left alone", "timeout": "1h", "until": [BOUGHT | {"next": "end"}],
         "reset_on": [{"event": "Product Added", "match": "cart_id"}]},
        {"type": "send", "name": "Remind", "template": "reminder"},
        {"type": "update", "name": "Points", "points": 5},
        {"type": "hold", "name": "Still", "timeout": "23h", "until": [BOUGHT | {"next": "Tell"}], "next": "Offer"},
        {"type": "send", "name": "Offer", "template": "offer"},
        {"type": "webhook", "name": "Tell", "url": "https://crm.example.com/carts"}],
    "exits": [{"name": "cleared", "event": "Cart Cleared", "match": "cart_id"}]}
MINUTE = 60_000
CALLS_OF_SES = ("SendEmail", "TransactWriteItems")
"""After the claim nobody knows whether a message went out, and it is never tried again: it may be lost there."""


def told(story: str, faults: dict[int, str] | None = None, number: int | None = None,
         meanwhile: Meanwhile | None = None) -> Trial:
    """Ada fills a cart, adds to it after twenty minutes, and orders at once, after the reminder, or never."""
    world = Trial()
    world.publish("cart", CART)
    world.know(_known())
    world.begin(faults, number, meanwhile)
    world.happen("ada", "Product Added", {"cart_id": "c1"})
    if story == "two":
        world.happen("eve", "Product Added", {"cart_id": "c1"})
    world.advance("20m")
    world.happen("ada", "Product Added", {"cart_id": "c1"})
    if story in STORIES and STORIES[story][0]:
        world.advance(STORIES[story][0])
        world.happen("ada", "Order Completed", {"cart_id": "c1", "order_id": "o1"})
    world.advance("40h")
    world.faulty.arrive()
    world.settle()
    return world


@cache
def _known() -> Trial:
    world = Trial()
    for who in ("ada", "eve"):
        world.agree(who)
    return world


STORIES: dict[str, tuple[str, list[str], int, int]] = {
    "nobody orders": ("", ["reminder", "offer"], 1, 1), "ordered at once": ("30m", [], 0, 0),
    "ordered after the reminder": ("10h", ["reminder"], 1, 1)}
"""When somebody orders, and what comes of it: templates, times that points are given, calls of the webhook."""


def check(world: Trial) -> None:
    """What must hold whatever went wrong."""
    over = {one.status for one in world.workflows.executions.values()}
    assert over <= {"succeeded", "aborted"}, [(one.state, one.status) for one in world.workflows.executions.values()]
    twice = {key: count for key, count in Counter(world.sent_to()).items() if count > 1}
    assert not twice, f"sent twice: {twice}"
    assert len({headers["webhook-id"] for _, _, headers in world.hooks}) <= 1
    entries = world.entries("ada")
    assert entries
    assert len(entries) == len({(entry.part, entry.key) for entry in entries})
    assert all(not entry.active for entry in entries), entries
    counts = world.root("ada").snapshot.counts
    assert counts.get("Points Earned", 0) <= 1, "points were given twice"
    assert [counts.get(f"Journey {name}") for name in ("Entered", "Exited")] == [len(entries)] * 2, counts
    listed = [key for key in world.quiet.items if key[0].startswith(("journey-parked", "journey-people"))]
    assert not listed, listed


@cache
def calls_of(story: str) -> tuple[tuple[str, int, bool], ...]:
    """What a story asks of AWS when nothing goes wrong."""
    return tuple(told(story).faulty.log)


@cache
def faults_of(story: str) -> tuple[tuple[int, str], ...]:
    """Every single thing that may go wrong in a story."""
    return tuple((number, kind) for number, call in enumerate(calls_of(story)) for kind in kinds(*call) if kind != "stale")


@pytest.mark.parametrize("story", STORIES)
def test_without_faults_a_story_goes_as_it_should(story):
    world, (_, sent, points, hooks) = told(story), STORIES[story]
    check(world)
    assert (world.templates("ada"), len(world.hooks)) == (sent, hooks)
    assert world.root("ada").snapshot.counts.get("Points Earned", 0) == points
    assert world.entries("ada")[0].reason == COMPLETED


@pytest.mark.parametrize("story", STORIES)
def test_one_fault_of_any_call_changes_nothing_but_what_nobody_can_know(story):
    _, sent, points, _ = STORIES[story]
    # What the other stories share with the first one is tried there; of theirs every second fault.
    for number, kind in faults_of(story) if story == "nobody orders" else faults_of(story)[::2]:
        world, call = told(story, {number: kind}), calls_of(story)[number][0]
        try:
            check(world)
            got = world.templates("ada")
            lost = [one for one in sent if one not in got]
            assert not set(got) - set(sent), got
            assert not lost or "crash" in kind or call in CALLS_OF_SES, f"nobody sent {lost}"
            assert world.root("ada").snapshot.counts.get("Points Earned", 0) == points
        except AssertionError as error:
            raise AssertionError(f"{kind} of call {number}, {call}: {error}") from error


def test_several_faults_together_change_no_more():
    for number in range(120 if os.environ.get("HYPOTHESIS_PROFILE") != "trials" else 5_000):
        chance = random.Random(f"journeys {number}")
        story = chance.choice(list(STORIES))
        faults = dict(chance.sample(faults_of(story), 4))
        try:
            check(told(story, faults))
        except AssertionError as error:
            raise AssertionError(f"trial {number}, {story}, {faults}: {error}") from error


def at_every_call(meanwhile: Meanwhile, story: str = "nobody orders") -> list[tuple[int, Trial]]:
    """The story, once for each of its calls: right before that call something happens."""
    return [(number, told(story, None, number, meanwhile)) for number in range(len(calls_of(story)))]


def test_an_order_between_any_two_calls_is_never_missed():
    """The journey goes on by it, and nothing is claimed after it that it should have prevented."""
    def order(world: Trial) -> None:
        world.fold("ada", "Order Completed", cart_id="c1", order_id="o1")

    for number, world in at_every_call(order):
        check(world)
        [entry] = world.entries("ada")
        if not world.claims() or world.happened < entry.at:
            continue
        # Whoever orders when the time of a hold is over already is past it: for that there are exits.
        [execution] = world.workflows.executions.values()
        assert entry.hold is not None
        over = {"Remind": entry.at + 80 * MINUTE, "Offer": entry.hold.until}
        assert world.happened >= max(over[one] for one in world.claims()), f"call {number}: {world.claims()}: {execution.visited}"


def test_who_leaves_between_any_two_calls_gets_nothing_that_is_claimed_afterwards():
    def leave(world: Trial) -> None:
        world.fold("ada", "Cart Cleared", cart_id="c1")
        assert all(not one.active for one in world.entries("ada"))

    for number, world in at_every_call(leave):
        check(world)
        assert not world.claims() or world.entries("ada")[0].reason == COMPLETED, f"call {number}: {world.claims()}"


def test_whoever_is_erased_between_any_two_calls_gets_nothing_more_and_nobody_is_stuck():
    for number, world in at_every_call(lambda world: world.erase("ada")):
        states = [(one.state, one.status) for one in world.workflows.executions.values()]
        assert all(status in ("succeeded", "aborted") for _, status in states), f"call {number}: {states}"
        assert not world.claims(), f"call {number}: {world.claims()}"


def test_two_who_become_one_between_any_two_calls_go_on_once():
    for number, world in at_every_call(lambda world: world.merge("ada", "eve"), "two"):
        claimed = Counter(world.claims())
        assert all(count == 1 for count in claimed.values()), f"call {number}: {claimed}"
        assert all(not entry.active for entry in world.entries("ada")), f"call {number}: {world.entries('ada')}"
        states = [(one.state, one.status) for one in world.workflows.executions.values()]
        assert all(status in ("succeeded", "aborted") for _, status in states), f"call {number}: {states}"
