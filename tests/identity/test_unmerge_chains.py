"""Chains of three people and more, merged by events and by hand, and taken apart anywhere: the invariants of an unmerge.

Where nobody knows what two people would have been who never met, these still hold: every event is in one profile, which is the
fold of its events; rows, members and survivors agree; the two are two for ever (tests/faults/story_promises.py).
"""

from __future__ import annotations

import pytest

from socle.identity.model import MANUAL, Evidence
from socle.identity.service.graph import IdentityGraph
from socle.profiles.service import Profiles
from tests.faults.story_trials import told
from tests.people import T0, event
from tests.world import World

NOW = T0 + 10_000_000
ANN, BOB, CAT = (("user_id", name) for name in ("ann", "bob", "cat"))
DEVICE, TABLET = ("anonymous_id", "d1"), ("anonymous_id", "d2")


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_every_event_is_in_one_profile_whoever_is_taken_out_of_a_chain(first):
    done = sum(told(7, number).answers.count("done") for number in range(first, first + 50))
    assert done > 25


@pytest.mark.parametrize("order", [(1, 2), (2, 1)], ids=["the first one first", "the last one first"])
def test_of_three_who_were_merged_by_hand_each_gets_their_own_back(order):
    world = World()
    graph, profiles = IdentityGraph(world.profiles), Profiles(world.profiles)  # type: ignore[arg-type]
    people = ANN, BOB, CAT
    for number, one in enumerate(people):
        world.deliver(event(number, one))
    ids = [profiles.find(*one) for one in people]
    for place in (1, 2):
        assert graph.merge(ids[0], ids[place], Evidence(MANUAL, NOW + place), NOW) == ids[0]
    for number in range(3, 30):
        world.deliver(event(number, people[number % 3]))
    for place in order:
        graph.unmerge(ids[0], ids[place], NOW)
    for place, one in enumerate(people):
        assert profiles.find(*one) == ids[place]
        keys = {int(item["messageId"][2:]) for item in profiles.timeline(ids[place], 100)["items"]}
        assert keys == {number for number in range(30) if number % 3 == place}


def test_who_was_merged_in_the_batch_of_their_first_event_gets_it_back():
    """Both met in one batch: their events lie with the survivor, but the row of the device names the other one."""
    world = World()
    graph, profiles = IdentityGraph(world.profiles), Profiles(world.profiles)  # type: ignore[arg-type]
    world.deliver(event(1, DEVICE), event(2, ANN), event(3, ANN, DEVICE))
    root = profiles.find(*ANN)
    if members := profiles.read(root)["merged"]:
        graph.unmerge(root, members[0], NOW)
        assert profiles.read(profiles.find(*DEVICE))["event_count"] == 1
        assert profiles.read(profiles.find(*ANN))["event_count"] == 2
