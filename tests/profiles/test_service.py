"""Reading and erasing profiles: what a reader sees, and what an erasure that broke off leaves to do."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from socle.errors import Conflict, NotFound, Unavailable
from socle.profiles import seal
from socle.profiles.codec import encode_aggregate
from socle.profiles.model import Aggregate
from socle.profiles.service import Profiles
from tests.people import ANONYMOUS, T0, USER, event
from tests.world import World

ERASED = T0 + 1_000_000


def test_a_timeline_shows_each_event_once_as_it_was_corrected_page_by_page():
    world = World()
    world.deliver(*[event(number) for number in range(7)], event(3, revision=1, name="Corrected"))
    profiles = Profiles(world.profiles)
    seen, cursor = [], None
    for _ in range(6):
        page = profiles.timeline(profiles.find(*USER), 2, cursor)
        seen += [(item["messageId"], item["event"]) for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [(f"m-{number}", "Corrected" if number == 3 else "Product Viewed") for number in range(6, -1, -1)]


def test_events_of_one_moment_are_on_one_page_of_a_timeline_each():
    world = World()
    world.deliver(*[event(number, at=T0) for number in range(5)])
    profiles = Profiles(world.profiles)
    first = profiles.timeline(profiles.find(*USER), 3)
    second = profiles.timeline(profiles.find(*USER), 3, first["next"])
    assert sorted(item["messageId"] for page in (first, second) for item in page["items"]) == ["m-0", "m-1", "m-2", "m-3", "m-4"]


def test_a_past_profile_is_what_had_happened_or_what_was_known():
    world = World()
    world.deliver(event(1), event(2, received=T0 + 60_000))
    profiles = Profiles(world.profiles)
    profile = profiles.find(*USER)
    assert profiles.read(profile, T0 + 5_000)["event_count"] == 2
    assert profiles.read(profile, T0 + 5_000, "known")["event_count"] == 1


def test_a_profile_that_has_identifiers_and_no_events_is_nobody_s_to_read():
    world = World()
    reserved = Aggregate("p", 1, reserved=frozenset([USER]))
    world.profiles.save(reserved, encode_aggregate(reserved))
    with pytest.raises(NotFound):
        Profiles(world.profiles).read("p")


def test_nothing_is_written_to_a_person_whose_erasure_broke_off():
    world = World()
    world.deliver(event(1, USER, ANONYMOUS))
    profiles, forget = Profiles(world.profiles), world.profiles.forget
    old = profiles.find(*USER)
    world.profiles.forget = lambda *asked: (_ for _ in ()).throw(Unavailable("down", "down"))
    with pytest.raises(Unavailable):
        profiles.erase(old, ERASED)
    with pytest.raises(NotFound):
        profiles.read(old)
    assert world.deliver(event(2, ANONYMOUS)).erased == 1
    # Taken up later, it still is the erasure of then: what came in between is somebody's who began anew.
    world.profiles.forget = forget
    profiles.erase(old, ERASED + 9_000)
    assert world.deliver(event(3, USER, received=ERASED + 5_000)).applied == 1
    assert profiles.read(profiles.find(*USER))["event_count"] == 1


def test_an_erasure_frees_the_identifiers_of_everybody_who_was_merged():
    world = World()
    world.deliver(event(1, USER), event(2, ANONYMOUS))
    world.deliver(event(3, USER, ANONYMOUS))
    profiles = Profiles(world.profiles)
    profiles.erase(profiles.find(*USER), ERASED)
    assert world.profiles.owners([USER, ANONYMOUS]) == {}
    stored = [world.profiles.load([profile])[profile] for profile, kind in world.profiles.items if kind == "A"]
    assert [(one.erased, one.tail) for one in stored] == [(ERASED, ())] * 2


def test_a_history_that_is_erased_while_it_is_read_is_no_empty_one():
    with patch.multiple(seal, BUDGET=0, PER_PAGE=0, MIN_ENTRIES=1, KEPT_ENTRIES=0):
        world = World()
        for start in range(0, 30, 5):
            world.deliver(*[event(number) for number in range(start, start + 5)])
    profiles, pages = Profiles(world.profiles), world.profiles.load_pages
    profile = profiles.find(*USER)

    def erase_first(addresses):
        world.profiles.load_pages = pages
        profiles.erase(profile, ERASED)
        return pages(addresses)

    world.profiles.load_pages = erase_first
    with pytest.raises(Conflict):
        profiles.timeline(profile, 10)


def test_a_timeline_misses_nothing_when_a_page_is_split_while_it_is_read():
    with patch.multiple(seal, BUDGET=0, PER_PAGE=0, MIN_ENTRIES=1, KEPT_ENTRIES=0, PAGE_BYTES=2_000):
        world = World()
        world.deliver(*[event(number) for number in range(0, 60, 2)])
        world.deliver(event(100))
        profiles, pages = Profiles(world.profiles), world.profiles.load_pages

        def split_first(addresses):
            world.profiles.load_pages = pages
            world.deliver(*[event(number) for number in range(1, 60, 2)])
            world.deliver(event(101))
            return pages(addresses)

        world.profiles.load_pages = split_first
        seen = {item["messageId"] for item in profiles.timeline(profiles.find(*USER), 100)["items"]}
    assert seen >= {f"m-{number}" for number in range(0, 60, 2)}
