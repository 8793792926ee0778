"""People who are met between two writes: half claimed, half merged, half erased, and still nobody becomes somebody else."""

from __future__ import annotations

from contextlib import suppress

import pytest

from socle.errors import Rejected, Unavailable
from socle.profiles.codec import encode_aggregate
from socle.profiles.service import Profiles
from socle.profiles.store import Owner
from tests.people import ANONYMOUS, T0, USER, event
from tests.world import World

BOB, PHONE, TABLET = ("user_id", "bob"), ("anonymous_id", "phone"), ("anonymous_id", "tablet")
ERASED = T0 + 1_000_000


def read(world, identifier=USER):
    profiles = Profiles(world.profiles)
    return profiles.read(profiles.find(*identifier))


def cut_off(world, method, *events):
    """Deliver, and stop the function right after the first call of a store's method."""
    real = getattr(world.profiles, method)

    def then_stop(*asked):
        setattr(world.profiles, method, real)
        real(*asked)
        raise Unavailable("cut_off", "the function was stopped")

    setattr(world.profiles, method, then_stop)
    with pytest.raises(Unavailable):
        world.deliver(*events)


def test_a_device_of_somebody_who_was_never_written_is_not_the_next_user_s():
    world = World()
    real = world.profiles.save_each
    world.profiles.save_each = lambda writes: (_ for _ in ()).throw(Unavailable("cut_off", "the function was stopped"))
    for events in ([event(1, USER, ANONYMOUS)], [event(2, USER, PHONE)]):
        with pytest.raises(Unavailable):
            world.deliver(*events)
    world.profiles.save_each = real
    world.deliver(event(4, BOB, PHONE))
    world.deliver(event(3, BOB, ANONYMOUS))
    world.deliver(event(1, USER, ANONYMOUS), event(2, USER, PHONE))
    assert read(world, BOB)["identifiers"] == {"user_id": ["bob"]}
    assert read(world)["event_count"] == read(world, BOB)["event_count"] == 2


@pytest.mark.parametrize("method", ["bind", "claim_each"])
def test_a_visitor_whose_user_id_was_just_bound_is_not_the_next_user(method):
    world = World()
    world.deliver(event(1, ANONYMOUS))
    cut_off(world, method, event(2, USER, ANONYMOUS, PHONE))
    world.deliver(event(3, BOB, ANONYMOUS))
    world.deliver(event(2, USER, ANONYMOUS, PHONE))
    assert read(world)["id"] != read(world, BOB)["id"]
    assert read(world)["event_count"] == 2


def test_two_whom_one_item_cannot_hold_stay_two_and_hold_up_nobody():
    world = World()
    world.deliver(event(1, USER), event(2, ANONYMOUS))
    write = world.profiles.save_together

    def limited(written, pages=()):
        if any(one.merged_into for one, _ in written):
            raise Rejected("item_too_large", "too large")
        write(written, pages)

    world.profiles.save_together = limited
    assert world.deliver(event(3, USER, ANONYMOUS), event(4, BOB)).applied == 2
    assert world.deliver(event(3, USER, ANONYMOUS)).duplicates == 1
    assert read(world)["identifiers"] == {"user_id": ["42"]}
    assert read(world, ANONYMOUS)["event_count"] == 1


def test_pointers_are_followed_to_the_end():
    """A tablet's profile was merged into a phone's, that into another device's, and that into a user's."""
    world = World()
    for number, identifier in enumerate((ANONYMOUS, PHONE, TABLET, USER), start=1):
        world.deliver(event(number, identifier))
    world.deliver(event(5, PHONE, TABLET))
    world.deliver(event(6, ANONYMOUS, PHONE))
    world.deliver(event(7, USER, ANONYMOUS))
    assert world.deliver(event(8, TABLET), event(3, TABLET)).applied == 1
    assert {read(world, one)["id"] for one in (ANONYMOUS, PHONE, TABLET)} == {read(world)["id"]}
    assert (read(world)["event_count"], len(read(world)["merged"])) == (8, 3)


def test_who_merges_first_is_found_by_the_rest_of_the_batch():
    world = World()
    world.deliver(event(1, ANONYMOUS))
    world.deliver(event(2, USER))
    world.deliver(event(3, USER, ANONYMOUS), event(4, ANONYMOUS), event(5, ANONYMOUS, PHONE))
    assert read(world, PHONE)["event_count"] == 5
    world.deliver(event(6, BOB), event(7, BOB, TABLET), event(8, TABLET))
    assert read(world, TABLET)["event_count"] == 3


def test_an_identifier_that_its_new_owner_only_reserved_stays_theirs_after_an_erasure():
    world = World()
    world.deliver(event(1, USER))
    profiles = Profiles(world.profiles)
    profiles.erase(profiles.find(*USER), ERASED)
    poison = event(2, USER, received=ERASED + 1, type="identify", name="$identify", traits=["no", "object"])
    assert world.deliver(poison).poisoned == 1
    owner = world.profiles.owners([USER])[USER]
    assert owner == Owner(owner.profile, ERASED, owner.user)
    assert world.deliver(event(3, USER, received=ERASED + 2)).applied == 1
    assert read(world)["id"] == owner.profile


def test_a_claim_that_an_erasure_overtook_is_let_go_by_who_reads_it_next():
    world = World()
    world.deliver(event(1, USER, ANONYMOUS))
    profiles = Profiles(world.profiles)
    profiles.erase(profiles.find(*USER), ERASED)
    world.profiles.claim(ANONYMOUS, Owner("late", 0))
    assert world.deliver(event(2, ANONYMOUS, received=ERASED)).erased == 1
    assert world.profiles.owners([ANONYMOUS]) == {}
    assert world.deliver(event(3, ANONYMOUS, received=ERASED + 1)).applied == 1
    assert read(world, ANONYMOUS)["event_count"] == 1


@pytest.mark.parametrize("writes", range(1, 4))
def test_a_merge_that_is_cut_off_after_any_write_is_done_by_the_next_delivery(writes):
    world = World()
    world.deliver(event(1, USER), event(2, ANONYMOUS))
    left = [writes]

    def limited(real):
        def write(*asked):
            left[0] -= 1
            answer = real(*asked)
            if left[0] == 0:
                raise Unavailable("cut_off", "the function was stopped")
            return answer

        return write

    for method in ("save", "save_together", "save_each"):
        setattr(world.profiles, method, limited(getattr(world.profiles, method)))
    for events in ([event(3, USER, ANONYMOUS)], [event(4, ANONYMOUS)], [event(3, USER, ANONYMOUS)], [event(4, ANONYMOUS)]):
        with suppress(Unavailable):
            world.deliver(*events)
    assert read(world)["id"] == read(world, ANONYMOUS)["id"]
    assert read(world)["event_count"] == 4


def test_a_merge_reads_anew_who_was_merged_while_it_looked():
    """BatchGetItem reads p, then q; in between p gets an event and is merged into q. Then q is merged with r."""
    world = World()
    world.deliver(event(1, ANONYMOUS), event(2, PHONE))
    world.deliver(event(3, USER))
    load, torn = world.profiles.load, []

    def load_one_by_one(profiles, fresh=True):
        found = {}
        for profile in sorted(profiles):
            found |= load([profile])
            if not torn:
                torn.append(profile)
                world.profiles.load = load
                world.deliver(event(4, ANONYMOUS, name="Late News"))
                world.deliver(event(5, USER, ANONYMOUS, name="Login"))
        return found

    world.profiles.load = load_one_by_one
    world.deliver(event(1, ANONYMOUS), event(6, USER, PHONE))
    assert read(world)["events"] == {"Late News": 1, "Login": 1, "Product Viewed": 4}


def test_who_is_let_go_of_an_identifier_says_so_no_more():
    """A user id was bound to a visitor on what was known before its owner was erased."""
    world = World()
    world.deliver(event(1, ANONYMOUS))
    visitor = read(world, ANONYMOUS)["id"]
    world.profiles.free(USER, "somebody", ERASED)
    bound = world.profiles.load([visitor])[visitor].next(reserved=frozenset([USER]))
    world.profiles.bind(bound, encode_aggregate(bound), USER, Owner(visitor, 0))
    assert world.deliver(event(2, USER, received=ERASED)).erased == 1
    assert world.profiles.load([visitor])[visitor].owned() == {ANONYMOUS}
    assert world.profiles.owners([USER]) == {}


def test_an_event_of_an_erased_user_on_somebody_s_device_is_dropped():
    world = World()
    world.deliver(event(1, USER), event(2, BOB, PHONE))
    profiles = Profiles(world.profiles)
    profiles.erase(profiles.find(*USER), ERASED)
    assert world.deliver(event(3, USER, PHONE)).erased == 1
    assert read(world, PHONE)["event_count"] == 1


def test_the_same_value_of_another_type_is_not_erased():
    world = World()
    world.deliver(event(1, ("user_id", "x")))
    profiles = Profiles(world.profiles)
    profiles.erase(profiles.find("user_id", "x"), ERASED)
    assert world.deliver(event(2, ("anonymous_id", "x"))).applied == 1
