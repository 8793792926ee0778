"""Invariants 1 to 3 of the consumer, by property: nothing lost, nothing twice, order and batches without effect."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from socle.iso import to_iso
from socle.profiles import seal
from socle.profiles.fold import highest_revisions, refold
from socle.profiles.service import Profiles
from socle.profiles.view import event_view, profile_view
from tests.people import SECOND, T0, USER, cut, histories
from tests.people import events as one_event
from tests.world import World

ANN = ("user_id", "ann")
PHONE, LAPTOP, TABLET = (("anonymous_id", name) for name in ("phone", "laptop", "tablet"))
MAIL = ("email", "ann@example.com")


def budgets(draw):
    """Seal early and often, or seldom: nobody can see the difference."""
    return patch.multiple(seal, BUDGET=draw(st.sampled_from([0, 300, 900])), MIN_ENTRIES=draw(st.integers(1, 4)),
                          PAGE_BYTES=draw(st.sampled_from([200, 1_000, 50_000])), PER_PAGE=0,
                          KEPT_BYTES=draw(st.sampled_from([0, 300, 8_000])), KEPT_ENTRIES=draw(st.integers(0, 3)),
                          MAX_LATE_PAGES=draw(st.integers(1, 3)))


def shown(world, profile):
    """All that a reader sees of a profile."""
    profiles = Profiles(world.profiles)
    return profiles.read(profile), profiles.timeline(profile, 1_000)


def expected(events, profile, members=()):
    newest = sorted(highest_revisions(events), key=lambda one: (one.at, one.key), reverse=True)
    shown = profile_view(profile, refold(events), members) | {"rfm": None}
    return shown, {"items": [event_view(one) for one in newest], "next": None}


@given(st.data())
def test_however_events_arrive_the_profile_is_the_fold_of_them(data):
    events = data.draw(histories(max_size=40))
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=20)) if events else []
    world = World()
    with budgets(data.draw):
        for batch in cut(data.draw, [*events, *repeated]):
            world.deliver(*batch)
    if events:
        profile = Profiles(world.profiles).find(*USER)
        assert shown(world, profile) == expected(events, profile)
    check_pages(world)


_one_of_ann = st.sampled_from([(ANN,), (PHONE,), (LAPTOP,), (ANN, PHONE), (ANN, LAPTOP), (ANN, MAIL), (MAIL, TABLET),
                               (ANN, MAIL, TABLET), (PHONE, TABLET)])


@given(st.data())
def test_a_person_whose_identifiers_meet_is_one_profile_with_every_event_once(data):
    """Anonymous devices, an address and a user id, joined in any order, with retries before and after the merges."""
    events = data.draw(histories(_one_of_ann, max_size=30))
    joint = [data.draw(one_event(st.just((ANN, MAIL, PHONE, LAPTOP, TABLET))))]
    everything = {(one.key, one.revision): one for one in [*events, *joint]}
    repeated = data.draw(st.lists(st.sampled_from(list(everything.values())), max_size=15))
    world = World()
    with budgets(data.draw):
        for batch in cut(data.draw, [*everything.values(), *repeated]):
            world.deliver(*batch)
    profiles = Profiles(world.profiles)
    profile = profiles.find(*ANN)
    assert {profiles.find(*one) for one in (MAIL, PHONE, LAPTOP, TABLET)} == {profile}
    read, timeline = shown(world, profile)
    assert (read, timeline) == expected(everything.values(), profile, read["merged"])
    check_pages(world)


@given(st.data())
def test_a_profile_as_of_a_past_time_is_the_fold_of_what_had_happened_or_was_known_by_then(data):
    """Of merged people too, with corrections, and with clients whose clocks are wrong."""
    drawn = [*data.draw(histories(_one_of_ann, max_size=25)), data.draw(one_event(st.just((ANN, MAIL, PHONE, LAPTOP, TABLET))))]
    skewed = [one._replace(at=min(one.received, one.ts + data.draw(st.sampled_from([0, 0, -7_000, 3_000])))) for one in drawn]
    events = list({(one.key, one.revision): one for one in skewed}.values())
    world = World()
    with budgets(data.draw):
        for batch in cut(data.draw, events):
            world.deliver(*batch)
    profiles = Profiles(world.profiles)
    profile = profiles.find(*ANN)
    for seconds in data.draw(st.lists(st.integers(-8, 31), min_size=1, max_size=4)):
        moment = T0 + seconds * SECOND + data.draw(st.sampled_from([-1, 0, 1]))
        for clock, then in (("happened", [one for one in events if one.at <= moment]),
                            ("known", [one for one in events if one.received <= moment])):
            seen = profiles.read(profile, moment, clock)
            assert seen == profile_view(profile, refold(then)) | {"as_of": to_iso(moment), "clock": clock}


def check_pages(world):
    """Every stored event is within the range of its page, and pages adjoin."""
    for profile, kind in list(world.profiles.items):
        if kind != "A":
            continue
        aggregate = world.profiles.load([profile])[profile]
        pages = world.profiles.load_pages((profile, lower) for lower in aggregate.pages)
        assert len(pages) == len(aggregate.pages) == sum(
            owner == profile and where.startswith("E#") for owner, where in world.profiles.items)
        bounds = [*aggregate.pages, aggregate.horizon]
        assert bounds == sorted(set(bounds)) or not aggregate.pages
        for lower, upper in pairwise(bounds):
            assert all(lower <= entry.key < upper for entry in pages[profile, lower].entries)
