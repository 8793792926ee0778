"""Erasure: what a person was is gone, what was on its way is dropped, and a new beginning is possible."""

from __future__ import annotations

import pytest

from socle.errors import NotFound, Unavailable
from socle.events.stream import encode_ticks
from socle.profiles import seal
from socle.profiles.service import Profiles
from socle.profiles.store import PAGES_AGAIN, Owner
from tests.people import ANONYMOUS, T0, USER, event
from tests.world import World

ERASED = T0 + 1_000_000


def world_with_a_person(events=30):
    world = World()
    world.deliver(event(0, ANONYMOUS), *[event(number, USER) for number in range(1, events)])
    world.deliver(event(events, USER, ANONYMOUS))
    world.deliver(event(events + 1, USER))
    return world, Profiles(world.profiles)


def test_nothing_of_the_person_is_left():
    world, profiles = world_with_a_person()
    profiles.erase(profiles.find(*USER), ERASED)
    assert {kind for _, kind in world.profiles.items if kind.startswith("E#")} == set()
    assert not [key for key in world.profiles.items if key[0] == "I"]
    with pytest.raises(NotFound):
        profiles.find(*USER)


def test_events_received_before_are_dropped_and_later_ones_begin_a_new_profile():
    world, profiles = world_with_a_person()
    old = profiles.find(*USER)
    profiles.erase(old, ERASED)
    assert world.deliver(event(99, USER, received=ERASED)).erased == 1
    assert world.deliver(event(100, ANONYMOUS, received=ERASED - 1)).erased == 1
    assert world.deliver(event(101, USER, received=ERASED + 1)).applied == 1
    assert world.deliver(event(102, USER, received=ERASED)).erased == 1
    assert profiles.find(*USER) != old
    assert profiles.read(profiles.find(*USER))["events"] == {"Product Viewed": 1}


def test_the_old_profile_can_not_be_written_again():
    _, profiles = world_with_a_person()
    old = profiles.find(*USER)
    profiles.erase(old, ERASED)
    with pytest.raises(NotFound):
        profiles.read(old)
    with pytest.raises(NotFound):
        profiles.erase(old, ERASED + 1)


@pytest.mark.parametrize("step", range(3))
def test_an_erasure_that_broke_off_is_finished_by_calling_it_again(step):
    world, profiles = world_with_a_person()
    old = profiles.find(*USER)
    forget, calls = world.profiles.forget, []

    def break_off(*asked):
        if len(calls) == step:
            raise Unavailable("down", "down")
        calls.append(1)
        forget(*asked)

    world.profiles.forget = break_off
    if step < 2:
        with pytest.raises(Unavailable):
            profiles.erase(old, ERASED)
        world.profiles.forget = forget
        # In between, somebody new with the same identifiers is not held up by what is left of the old profile.
        assert world.deliver(event(200, USER, received=ERASED + 5)).applied == 1
    world.profiles.forget = forget
    profiles.erase(old, ERASED)
    assert not [key for key in world.profiles.items if key[1].startswith("E#")]
    if step < 2:
        assert profiles.read(profiles.find(*USER))["event_count"] == 1


def test_a_person_of_a_hundred_devices_is_erased():
    world = World()
    for number in range(101):
        world.deliver(event(number, ("anonymous_id", f"device-{number}")))
        world.deliver(event(200 + number, USER, ("anonymous_id", f"device-{number}")))
    profiles = Profiles(world.profiles)
    assert len(profiles.read(profiles.find(*USER))["merged"]) == 100
    profiles.erase(profiles.find(*USER), ERASED)
    with pytest.raises(NotFound):
        profiles.find("anonymous_id", "device-50")


def test_somebody_else_s_event_on_the_erased_person_s_device_is_kept():
    world, profiles = world_with_a_person()
    profiles.erase(profiles.find(*USER), ERASED)
    other = ("user_id", "bob")
    assert world.deliver(event(300, other, ANONYMOUS, received=ERASED - 1)).applied == 1
    assert profiles.read(profiles.find(*other))["identifiers"] == {"user_id": ["bob"]}


@pytest.mark.parametrize("way", ["poison", "revision", "revision at once", "repeated"])
def test_identifiers_that_no_folded_event_names_are_erased_too(way):
    world = World()
    world.deliver(event(1, USER))
    if way == "poison":
        world.deliver(event(2, USER, ("email", "ann@example.com"), type="identify", name="$identify", traits=["no", "object"]))
    elif way == "revision":
        world.deliver(event(2, USER, ("email", "ann@example.com")))
        world.deliver(event(2, USER, revision=1))
    elif way == "revision at once":
        world.deliver(event(2, USER, ("email", "ann@example.com")), event(2, USER, revision=1))
    else:
        world.deliver(event(1, USER, ("email", "ann@example.com")))
    profiles = Profiles(world.profiles)
    assert profiles.find("email", "ann@example.com") == profiles.find(*USER)
    profiles.erase(profiles.find(*USER), ERASED)
    assert not [key for key in world.profiles.items if key[0] == "I"]


def test_an_identifier_claimed_by_an_event_that_lost_to_the_erasure_is_freed_when_it_comes_again():
    world, profiles = world_with_a_person()
    old = profiles.find(*USER)
    profiles.erase(old, ERASED)
    world.profiles.claim(("email", "ann@example.com"), Owner(old, 0))  # claimed in the moment before
    assert world.deliver(event(400, ("email", "ann@example.com"), received=ERASED)).erased == 1
    assert not [key for key in world.profiles.items if key[0] == "I"]


@pytest.mark.parametrize(("method", "ids"), [("bind", (USER, ANONYMOUS)), ("claim_each", (USER,)), ("claim_each", (ANONYMOUS,))])
@pytest.mark.parametrize("cut_off", [False, True])
def test_a_claim_made_on_what_was_known_before_the_erasure_brings_nobody_back(method, ids, cut_off):
    """Between look-up and claim the person comes, and is erased; the consumer may even be cut off right after its claim."""
    world = World()
    if method == "bind":
        world.deliver(event(0, ANONYMOUS))
    real, identifier = getattr(world.profiles, method), ids[0]

    def meanwhile(*asked):
        setattr(world.profiles, method, real)
        world.deliver(event(1, identifier))
        profiles = Profiles(world.profiles)
        profiles.erase(profiles.find(*identifier), ERASED)
        answer = real(*asked)
        if cut_off:
            raise Unavailable("cut_off", "the function was stopped")
        return answer

    setattr(world.profiles, method, meanwhile)
    if cut_off:
        with pytest.raises(Unavailable):
            world.deliver(event(2, *ids))
    world.deliver(event(2, *ids))
    with pytest.raises(NotFound):
        Profiles(world.profiles).find(*identifier)
    assert identifier not in world.profiles.owners([identifier])
    assert world.deliver(event(3, identifier, received=ERASED + 1)).applied == 1
    assert world.deliver(event(4, identifier, received=ERASED)).erased == 1


def test_a_page_that_a_seal_under_way_wrote_after_the_erasure_is_deleted_by_the_clock(monkeypatch):
    monkeypatch.setattr(seal, "BUDGET", 300)
    world, profiles = world_with_a_person()
    old = profiles.find(*USER)
    insert = world.profiles.insert_pages

    def erase_first(pages):
        world.profiles.insert_pages = insert
        profiles.erase(old, ERASED)
        return insert(pages)

    world.profiles.insert_pages = erase_first
    for number in range(100, 130):
        world.deliver(event(number, USER, properties={"number": number}))
    assert [key for key in world.profiles.items if key[0] == old and key[1].startswith("E#")]
    due = world.profiles.due(ERASED + PAGES_AGAIN, 100)
    assert world.profiles.due(ERASED + PAGES_AGAIN - 1, 100) == []
    world.consumer.apply([world.record(encode_ticks(due))])
    assert not [key for key in world.profiles.items if key[0] == old and key[1].startswith("E#")]
    assert world.profiles.due(ERASED * 2, 100) == []


@pytest.mark.parametrize("leading", [USER, ("email", "ann@example.com")])
def test_an_event_that_comes_after_the_erasure_leaves_nothing_of_what_else_it_names(leading):
    world = World()
    world.deliver(event(1, leading))
    profiles = Profiles(world.profiles)
    profiles.erase(profiles.find(*leading), ERASED)
    assert world.deliver(event(2, leading, ("phone", "+33612345678"), ANONYMOUS)).erased == 1
    assert not [key for key in world.profiles.items if key[0] == "I"]
    assert world.deliver(event(3, ("user_id", "43"), ANONYMOUS)).applied == 1
    assert profiles.read(profiles.find(*ANONYMOUS))["identifiers"]["user_id"] == ["43"]


def test_of_two_owners_who_were_erased_the_later_erasure_counts():
    world, profiles = World(), None
    mail, bob = ("email", "ann@example.com"), ("user_id", "43")
    world.deliver(event(1, USER, mail))
    profiles = Profiles(world.profiles)
    first, delete = profiles.find(*USER), world.profiles.delete_pages

    def break_off(profile):
        world.profiles.delete_pages = delete
        raise Unavailable("down", "down")

    world.profiles.delete_pages = break_off
    with pytest.raises(Unavailable):
        profiles.erase(first, ERASED)
    world.deliver(event(2, bob, mail, received=ERASED + 10))
    profiles.erase(profiles.find(*bob), ERASED + 1_000)
    profiles.erase(first, ERASED + 2_000)
    assert world.deliver(event(3, mail, received=ERASED + 500)).erased == 1
