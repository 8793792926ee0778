"""Unmerge undoes merge: what is left is what two people would have been who were never taken for one."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.errors import NotFound, Rejected
from socle.identity.model import MANUAL, Evidence
from socle.identity.service.graph import IdentityGraph
from socle.profiles import seal
from socle.profiles.service import Profiles
from tests.people import T0, event, identify
from tests.world import World

ANN, BOB = ("user_id", "ann"), ("user_id", "bob")
MAIL, DEVICE, TABLET, PHONE = ("email", "a@b.c"), ("anonymous_id", "d1"), ("anonymous_id", "d2"), ("phone", "+33123456789")
NOW = T0 + 10_000_000
WHY = Evidence(MANUAL, NOW)


class Life:
    """A world with its graph."""

    def __init__(self) -> None:
        self.world = World()
        self.graph = IdentityGraph(self.world.profiles)  # type: ignore[arg-type]
        self.profiles = Profiles(self.world.profiles)  # type: ignore[arg-type]

    def find(self, identifier) -> str:
        return self.profiles.find(*identifier)

    def merge(self, one, other) -> str:
        return self.graph.merge(self.find(one), self.find(other), WHY, NOW)

    def loser(self, one, other) -> str:
        """Of two profiles to be merged, the one that will be merged away."""
        before = {self.find(one), self.find(other)}
        return (before - {self.merge(one, other)}).pop()

    def people(self) -> dict[frozenset, dict[str, Any]]:
        """Everybody by their identifiers, with all that a reader sees but for the random ids."""
        seen = {}
        for kind, what in list(self.world.profiles.items):
            if what == "A":
                try:
                    profile = self.profiles.read(kind)
                except NotFound:
                    continue
                timeline = self.profiles.timeline(kind, 10_000)["items"]
                owned = frozenset((one, value) for one, values in profile["identifiers"].items() for value in values)
                seen[owned] = {**profile, "id": None, "merged": None, "timeline": timeline,
                               "found": {one: self.find(one) == profile["id"] for one in owned}}
        return seen


def test_two_who_were_merged_by_hand_are_two_again_and_later_events_go_where_they_belong():
    life = Life()
    life.world.deliver(identify(1, ANN, traits={"name": "Ann"}))
    life.world.deliver(identify(2, DEVICE, traits={"name": "Somebody"}))
    before = life.people()
    loser = life.loser(ANN, DEVICE)
    life.world.deliver(event(3, DEVICE), event(4, ANN), event(5, DEVICE, TABLET))
    assert life.profiles.read(life.find(ANN))["event_count"] == 5
    assert life.graph.unmerge(life.find(ANN), loser, NOW) == (life.find(ANN), life.find(DEVICE))
    assert life.profiles.read(life.find(ANN))["event_count"] == 2
    device = life.profiles.read(life.find(DEVICE))
    assert device["event_count"] == 3
    assert device["identifiers"] == {"anonymous_id": ["d1", "d2"]}
    assert life.find(TABLET) == life.find(DEVICE)
    assert {person["traits"]["name"] for person in life.people().values()} \
        == {person["traits"]["name"] for person in before.values()}


def test_nothing_is_left_of_a_merge_that_is_undone_at_once():
    life = Life()
    life.world.deliver(*(event(number, ANN, TABLET) for number in range(40)))
    life.world.deliver(*(event(number, DEVICE) for number in range(100, 140)))
    before = life.people()
    loser = life.loser(ANN, DEVICE)
    assert len(life.people()) == 1
    life.graph.unmerge(life.find(ANN), loser, NOW)
    assert life.people() == before


def test_two_who_were_unmerged_stay_two_for_ever():
    life = Life()
    life.world.deliver(event(1, ANN))
    life.world.deliver(event(2, DEVICE))
    life.world.deliver(event(3, ANN, DEVICE))
    merged = life.profiles.read(life.find(ANN))["merged"]
    life.graph.unmerge(life.find(ANN), merged[0], NOW)
    life.world.deliver(event(3, ANN, DEVICE), event(4, ANN, DEVICE))
    assert life.find(ANN) != life.find(DEVICE)
    assert life.profiles.read(life.find(ANN))["event_count"] == 3
    assert life.profiles.read(life.find(DEVICE))["event_count"] == 1
    with pytest.raises(Rejected) as refused:
        life.merge(ANN, DEVICE)
    assert refused.value.code == "kept_apart"


def test_who_was_kept_apart_from_somebody_is_kept_apart_from_whoever_that_one_becomes():
    life = Life()
    for number, one in enumerate((ANN, DEVICE, TABLET)):
        life.world.deliver(event(number, one))
    life.graph.keep_apart(life.find(DEVICE), life.find(TABLET), NOW)
    life.world.deliver(event(5, ANN, DEVICE))
    life.world.deliver(event(6, ANN, TABLET), event(7, MAIL, TABLET), event(8, ANN, MAIL))
    assert life.find(ANN) == life.find(DEVICE)
    assert life.find(TABLET) == life.find(MAIL) != life.find(ANN)


def test_a_member_of_a_member_takes_along_what_was_its_own():
    life = Life()
    for number, one in enumerate((ANN, MAIL, DEVICE, TABLET)):
        life.world.deliver(event(number, one))
    life.world.deliver(event(5, DEVICE, TABLET))
    life.world.deliver(event(6, MAIL, DEVICE))
    life.world.deliver(event(7, ANN, MAIL))
    assert len(life.people()) == 1
    root = life.find(ANN)
    middle = next(one["profile"] for one in life.graph.read(root)["merges"] if one["identifier"]["value"] == "d1"
                  or one["identifier"]["type"] == "email")
    life.graph.unmerge(root, middle, NOW)
    assert life.find(ANN) != life.find(MAIL) or life.find(MAIL) != life.find(DEVICE)
    assert life.find(DEVICE) == life.find(TABLET)


def test_a_thousand_events_move_in_many_steps_and_none_is_lost():
    life = Life()
    life.world.deliver(event(1, ANN))
    life.world.deliver(event(2, DEVICE))
    loser = life.loser(ANN, DEVICE)
    for start in range(10, 1_000, 30):
        life.world.deliver(*(event(number, (ANN, DEVICE)[number % 2], properties={"text": "x" * 300})
                             for number in range(start, start + 30)))
    life.graph.unmerge(life.find(ANN), loser, NOW)
    for one, parity in ((ANN, 0), (DEVICE, 1)):
        items = life.profiles.timeline(life.find(one), 10_000)["items"]
        assert {int(item["messageId"][2:]) for item in items if int(item["messageId"][2:]) >= 10} \
            == {number for number in range(10, 1_000) if number % 2 == parity}
        assert len(items) == life.profiles.read(life.find(one))["event_count"] == 496
        again = life.world.deliver(*(event(number, one) for number in range(10, 1_000) if number % 2 == parity))
        assert again.applied == 0


@pytest.mark.parametrize(("profile", "member", "code"), [
    ("ann", "nobody", "not_merged"), ("ann", "device", "not_merged"), ("nobody", "device", "unknown_profile")])
def test_who_was_never_merged_can_not_be_unmerged(profile, member, code):
    life = Life()
    life.world.deliver(event(1, ANN))
    life.world.deliver(event(2, DEVICE))
    names = {"ann": life.find(ANN), "device": life.find(DEVICE), "nobody": "nobody"}
    with pytest.raises(Rejected) as refused:
        life.graph.unmerge(names[profile], names[member], NOW)
    assert refused.value.code == code


IDS = (ANN, MAIL, DEVICE, TABLET, PHONE, ("crm_id", "c1"), ("anonymous_id", "d3"))


@st.composite
def stories(draw: st.DrawFn):
    """Events of two people, merged somewhere, and events after that which name identifiers of one of them, or new ones."""
    sides = [list(IDS[:3]), list(IDS[3:])]
    first = [draw(st.lists(st.sets(st.sampled_from(side), min_size=1, max_size=2), min_size=1, max_size=5)) for side in sides]
    later = draw(st.lists(st.tuples(st.sampled_from((0, 1)), st.booleans()), max_size=12))
    events, number = [], 0
    for side in first:
        for ids in side:
            number += 1
            events.append((number, tuple(sorted(ids))))
    links = [(number + 1, tuple(sides[0])), (number + 2, tuple(sides[1]))]
    after = []
    for place, (side, new) in enumerate(later):
        ids = {draw(st.sampled_from(sides[side]))}
        if new:
            one = ("anonymous_id", f"new-{place}")
            sides[side].append(one)
            ids.add(one)
        after.append((number + 3 + place, tuple(ids)))
    return events, links, after, draw(st.booleans()), draw(st.sampled_from([40, 960]))


@given(stories())
def test_merge_and_unmerge_leave_what_was_never_merged(story):
    first, links, after, late, budget = story
    with patch.object(seal, "BUDGET", budget), patch.object(seal, "MIN_ENTRIES", 1):
        worlds = []
        for merges in (True, False):
            life = Life()
            # Each side is one person first: its link names all its identifiers. Times run backwards for late events.
            for number, ids in [*first, *links]:
                life.world.deliver(identify(number, *ids, traits={f"t{number % 3}": number}))
            one, other = links[0][1][0], links[1][1][0]
            assert life.find(one) != life.find(other)
            if merges:
                loser = life.loser(one, other)
            else:
                life.graph.keep_apart(life.find(one), life.find(other), NOW)
            for number, ids in after:
                ts = T0 - number if late else None
                life.world.deliver(identify(number, *ids, traits={f"t{number % 3}": number}, ts=ts, received=T0 + number * 1_000))
            if merges:
                assert len(life.people()) == 1
                life.graph.unmerge(life.find(one), loser, NOW)
            worlds.append(life.people())
        assert worlds[0] == worlds[1]
