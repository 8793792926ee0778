"""The first look of a batch may be a moment old; what rests on it is conditional, and the second look is at what is."""

from __future__ import annotations

import pytest

from socle.errors import NotFound, Unavailable
from socle.profiles.service import Profiles
from socle.profiles.store import Owner
from tests.memory import MemoryProfiles
from tests.people import ANONYMOUS, T0, USER, event
from tests.world import World

BOB = ("user_id", "bob")


def lagging(world):
    """From now on, whoever does not ask for fresh answers gets those of this moment."""
    old = MemoryProfiles()
    old.items = dict(world.profiles.items)
    for name in ("load", "owners"):
        real, before = getattr(world.profiles, name), getattr(old, name)
        setattr(world.profiles, name, lambda asked, fresh=True, real=real, before=before: (real if fresh else before)(asked))
    return world


def read(world, identifier=USER):
    profiles = Profiles(world.profiles)
    return profiles.read(profiles.find(*identifier))


def test_a_new_person_met_a_moment_ago_is_met_again():
    world = lagging(World())
    world.deliver(event(1, USER, ANONYMOUS))
    assert world.deliver(event(2, ANONYMOUS)).applied == 1
    assert world.deliver(event(3, USER)).applied == 1
    assert read(world)["event_count"] == read(world, ANONYMOUS)["event_count"] == 3


def test_a_known_person_is_written_on_what_was_written_a_moment_ago():
    world = World()
    world.deliver(event(1, USER))
    lagging(world)
    world.deliver(event(2, USER))
    assert world.deliver(event(3, USER), event(2, USER)).duplicates == 1
    assert read(world)["event_count"] == 3


def test_a_merge_of_a_moment_ago_is_followed():
    world = World()
    world.deliver(event(1, USER))
    world.deliver(event(2, ANONYMOUS))
    lagging(world)
    world.deliver(event(3, USER, ANONYMOUS))
    assert world.deliver(event(4, ANONYMOUS)).applied == 1
    assert world.deliver(event(2, ANONYMOUS)).duplicates == 1
    assert read(world)["event_count"] == 4


def test_a_device_of_somebody_else_a_moment_ago_is_marked_so():
    world = lagging(World())
    world.deliver(event(1, USER, ANONYMOUS))
    world.deliver(event(2, BOB, ANONYMOUS))
    assert read(world, BOB)["identifiers"] == {"user_id": ["bob"]}
    assert read(world, ANONYMOUS)["id"] == read(world)["id"]


def test_a_claim_that_an_erasure_overtook_is_let_go_though_it_is_still_read():
    world = World()
    world.deliver(event(1, USER))
    profiles = Profiles(world.profiles)
    profiles.erase(profiles.find(*USER), T0 + 60_000)
    world.profiles.claim(USER, Owner("late", 0))
    lagging(world)
    assert world.deliver(event(2, USER, received=T0 + 60_001)).applied == 1
    assert read(world)["event_count"] == 1


def test_a_person_erased_a_moment_ago_stays_so():
    world = World()
    world.deliver(event(1, USER, ANONYMOUS))
    lagging(world)
    profiles = Profiles(world.profiles)
    profiles.erase(profiles.find(*USER), T0 + 60_000)
    assert world.deliver(event(2, USER), event(3, ANONYMOUS)).erased == 2
    for identifier in (USER, ANONYMOUS):
        with pytest.raises(NotFound):
            profiles.find(*identifier)
    assert world.deliver(event(4, USER, received=T0 + 60_001)).applied == 1


def test_an_address_of_somebody_whose_user_id_is_taken_does_not_say_that_it_is_theirs():
    """A user id that is claimed in vain, for another was quicker, by who is cut off then."""
    mail = ("email", "ann@example.com")
    world = World()
    claim = world.profiles.claim_each

    def cut_off_when_beaten(claims):
        world.profiles.claim_each = claim
        world.deliver(event(1, USER))
        world.profiles.claim_each = cut_off_when_beaten
        taken = claim(claims)
        if taken:
            raise Unavailable("cut_off", "the function was stopped")
        return taken

    world.profiles.claim_each = cut_off_when_beaten
    with pytest.raises(Unavailable):
        world.deliver(event(2, USER, mail))
    world.profiles.claim_each = claim
    world.deliver(event(3, mail))
    profile = read(world, mail)["id"]
    assert world.profiles.load([profile])[profile].owned() == {mail}
    world.deliver(event(2, USER, mail))
    assert read(world)["id"] == read(world, mail)["id"]
    assert read(world)["event_count"] == 3


def test_a_row_that_is_not_visible_yet_gives_nobody_s_identifiers_to_somebody_else():
    """Trial 1918.150 of seed 20261121: a device just claimed was not seen, and its owner's address went to the next user."""
    world = World()
    world.deliver(event(1, USER, ANONYMOUS))
    owners = world.profiles.owners

    def behind(identifiers, fresh=True):
        found = owners(identifiers, fresh)
        return found if fresh else {one: row for one, row in found.items() if one != ANONYMOUS}

    world.profiles.owners = behind
    mail = ("email", "ann@example.com")
    world.deliver(event(2, ("user_id", "bob"), ANONYMOUS), event(3, mail, ANONYMOUS))
    profiles = Profiles(world.profiles)
    assert profiles.find(*mail) == profiles.find(*USER) != profiles.find("user_id", "bob")


def test_a_user_id_bound_to_a_profile_that_has_grown_since_is_bound_at_the_second_look():
    world = World()
    world.deliver(event(1, ANONYMOUS))
    lagging(world)
    world.deliver(event(2, ANONYMOUS))
    assert world.deliver(event(3, USER, ANONYMOUS)).applied == 1
    assert read(world)["event_count"] == 3
