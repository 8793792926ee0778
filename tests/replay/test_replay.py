"""Profiles come back from the raw objects alone as they were, whatever happened to them and to the replay."""

from __future__ import annotations

import random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.errors import Conflict, NotFound, Rejected, Unavailable
from socle.events.stream import encode_events
from socle.profiles.decide import MAX_REVISIONS_BYTES
from socle.profiles.items import Owner
from socle.profiles.service import Profiles
from socle.replay import rows, service
from socle.replay.rows import Object
from tests.consumer.test_any_delivery import ANN, LAPTOP, MAIL, PHONE, TABLET, budgets
from tests.people import ANONYMOUS, T0, USER, cut, event, histories, identify
from tests.replay.kept import MemoryBucket, Restored, shown
from tests.world import World

BOB = ("user_id", "bob")
ERASED = T0 + 3_600_000
_ids = st.sampled_from([(ANN,), (PHONE,), (LAPTOP,), (ANN, PHONE), (ANN, LAPTOP), (ANN, MAIL), (MAIL, TABLET), (TABLET,),
                        (ANN, MAIL, TABLET), (PHONE, TABLET), (BOB,), (BOB, PHONE)])


def deliver_with_crashes(data, world, batches):
    """Batches as they come; some break off before their raw object, and come again, alone or with the next."""
    save, left = world.raw.save, []
    for batch in batches:
        records = [*left, world.record(encode_events(batch))]
        broken = data.draw(st.booleans())
        world.raw.save = (lambda *_: (_ for _ in ()).throw(Unavailable("down", "S3"))) if broken else save
        try:
            world.consumer.apply(records)
            left = []
        except Unavailable:
            left = records if data.draw(st.booleans()) else []
            if not left:  # comes again in two batches
                world.raw.save = save
                for record in records:
                    world.consumer.apply([record])
    world.raw.save = save
    if left:
        world.consumer.apply(left)


@given(st.data())
def test_a_replay_shows_what_the_live_table_shows(data):
    """Merges, retries by clients at a later time, crashes between profiles and raw objects; objects in any order, some twice."""
    events = data.draw(histories(_ids, max_size=40))
    retried = [one._replace(received=one.received + 77_000) for one in data.draw(
        st.lists(st.sampled_from(events), max_size=15))] if events else []
    world = World()
    with budgets(data.draw):
        batches = cut(data.draw, [*events, *retried])
        # A request holds an event once; its retry is another request.
        deliver_with_crashes(data, world, batches)
    restored = Restored(MemoryBucket())
    chance = random.Random(data.draw(st.integers(0, 1 << 32)))
    with budgets(data.draw), patch.object(rows, "ROUND_BYTES", data.draw(st.sampled_from([0, 300, 16_384]))):
        assert restored.run(world, chance)["failures"] == []
        assert shown(restored.profiles) == shown(world.profiles)
        again = restored.run(world, chance)
        assert (again["failures"], again["applied"], again["profiles"], again["merged"]) == ([], 0, 0, 0)
        assert shown(restored.profiles) == shown(world.profiles)
    assert restored.notes.notes == {}


@given(st.data())
def test_a_second_run_takes_in_what_came_after_the_first(data):
    """Also for people who were merged, or erased, since then."""
    events = data.draw(histories(_ids, max_size=40))
    batches = cut(data.draw, events)
    between = data.draw(st.integers(0, len(batches)))
    chance = random.Random(data.draw(st.integers(0, 1 << 32)))
    bucket = MemoryBucket()
    restored, world = Restored(bucket), World()
    with budgets(data.draw):
        for batch in batches[:between]:
            world.deliver(*batch)
        # Objects that the first run does not see, though those before and after them are there.
        seen = {name: one for name, one in world.raw.objects.items() if data.draw(st.booleans())}
        with patch.object(world.raw, "objects", seen):
            restored.run(world, chance)
        if data.draw(st.booleans()):
            erase(world, bucket, data.draw(st.sampled_from([ANN, BOB, PHONE])))
        for batch in batches[between:]:
            world.deliver(*[one._replace(received=one.received + 2 * ERASED) for one in batch])
        assert restored.run(world, chance)["failures"] == []
        assert shown(restored.profiles) == shown(world.profiles)


def erase(world, bucket, identifier):
    profiles = Profiles(world.profiles, bucket)
    try:
        profiles.erase(profiles.find(*identifier), ERASED)
    except NotFound:
        return


@pytest.mark.parametrize("first_run", ["before", "after"])
def test_the_erased_do_not_come_back_nor_what_was_on_its_way(first_run):
    world, bucket = World(), MemoryBucket()
    restored = Restored(bucket)
    world.deliver(event(1, PHONE), event(2, BOB))
    world.deliver(identify(3, USER, PHONE, traits={"email": "a@b.example"}))
    if first_run == "before":
        restored.run(world)
    erase(world, bucket, PHONE)
    assert restored.run(world)["erased"] == 1
    assert shown(restored.profiles) == shown(world.profiles)
    assert list(shown(restored.profiles)) == list(shown(world.profiles)) != []
    left = repr(restored.profiles.items).encode()
    assert b"a@b.example" not in left
    # What was received before, and comes only now, is dropped by the restored table as by the live one.
    world.consumer._profiles = restored.profiles
    late = world.deliver(event(4, USER, received=ERASED - 1), event(5, PHONE, received=ERASED - 1))
    assert (late.applied, late.erased) == (0, 2)
    with pytest.raises(NotFound):
        Profiles(restored.profiles).find(*PHONE)


def test_whoever_has_an_identifier_of_the_erased_now_gets_nothing_of_theirs():
    world, bucket = World(), MemoryBucket()
    world.deliver(event(1, USER, PHONE))
    erase(world, bucket, USER)
    world.deliver(event(2, BOB, PHONE, received=ERASED + 1))
    restored = Restored(bucket)
    restored.run(world)
    assert Profiles(restored.profiles).find(*PHONE) == Profiles(restored.profiles).find(*BOB)
    for table in (world.profiles, restored.profiles):
        world.consumer._profiles = table
        assert world.deliver(event(3, PHONE, received=ERASED - 1)).erased == 1


def test_an_event_of_somebody_who_was_merged_by_an_earlier_run_counts_for_the_survivor():
    world, restored = World(), Restored(MemoryBucket())
    world.deliver(event(1, USER))
    world.deliver(event(2, PHONE))
    world.deliver(event(3, PHONE))
    world.deliver(event(4, USER, PHONE))
    late = sorted(world.raw.objects)[2]
    with patch.object(world.raw, "objects", {name: one for name, one in world.raw.objects.items() if name != late}):
        assert restored.run(world)["merged"] == 1
    assert restored.run(world)["applied"] == 1
    assert shown(restored.profiles) == shown(world.profiles)


def test_of_two_tasks_that_meet_on_a_profile_both_are_taken_in():
    world, restored = World(), Restored(MemoryBucket())
    world.deliver(event(1))
    world.deliver(event(2))
    first, second = (f"raw/{name}" for name in sorted(world.raw.objects))
    save, other = restored.profiles.save_each, []

    def met(writes):
        if not other:
            other.append(1)
            restored.bucket.save("other", "apply-0", [second])
            assert restored.replay.do("other", "apply", 0).applied == 1
        return save(writes)

    restored.profiles.save_each = met
    with patch.object(MemoryBucket, "objects", lambda bucket, prefix: iter(
            [Object(key, 1) for key in bucket.data if key == first and key.startswith(prefix)])):
        assert restored.run(world)["applied"] == 1
    assert shown(restored.profiles) == shown(world.profiles)


def test_a_reserved_identifier_that_is_somebody_elses_stays_theirs():
    world, restored = World(), Restored(MemoryBucket())
    world.deliver(event(1, USER), event(1, USER, LAPTOP), event(2, BOB))
    bob = Profiles(world.profiles).find(*BOB)
    restored.profiles.claim(LAPTOP, Owner(bob, 0))
    restored.run(world)
    profiles = Profiles(restored.profiles)
    assert profiles.find(*LAPTOP) == bob
    assert LAPTOP not in restored.profiles.load([profiles.find(*USER)])[profiles.find(*USER)].owned()


def test_a_marker_says_nothing_about_the_person_and_is_there_before_anything_is_deleted():
    world, bucket = World(), MemoryBucket()
    world.deliver(event(1, PHONE))
    world.deliver(identify(2, USER, PHONE, traits={"email": "a@b.example"}))
    profiles = Profiles(world.profiles, bucket)
    profile = profiles.find(*USER)
    save = world.profiles.save
    world.profiles.save = lambda *_: (_ for _ in ()).throw(Conflict("conflict", "somebody was first"))
    with pytest.raises(Conflict):
        profiles.erase(profile, ERASED)
    world.profiles.save = save
    assert profiles.read(profile)["event_count"] == 2
    (key,) = bucket.data
    assert key == f"erasures/{profile}.json"
    assert not any(text in bucket.data[key] for text in (b"42", b"anon-1", b"a@b.example"))
    before = bucket.data[key]
    profiles.erase(profile, ERASED)
    assert bucket.data == {key: before}


def test_identifiers_of_somebody_else_stay_theirs():
    world, restored = World(), Restored(MemoryBucket())
    world.deliver(event(1, USER, PHONE))
    world.deliver(event(2, BOB, PHONE))
    restored.run(world)
    profiles = Profiles(restored.profiles)
    assert profiles.find(*PHONE) == profiles.find(*USER) != profiles.find(*BOB)
    assert shown(restored.profiles) == shown(world.profiles)


def test_identifiers_that_no_event_names_are_found_again():
    """The second event is a duplicate that came with another identifier: claimed, known to the profile, named by nothing."""
    world, restored = World(), Restored(MemoryBucket())
    world.deliver(event(1, USER))
    world.deliver(event(1, USER, LAPTOP))
    profile = Profiles(world.profiles).find(*LAPTOP)
    restored.run(world)
    assert Profiles(restored.profiles).find(*LAPTOP) == profile
    assert LAPTOP in restored.profiles.load([profile])[profile].owned()


def test_corrections_of_one_event_come_back_in_whatever_order():
    """However large: what was accepted once is not refused because the largest comes first now."""
    world, restored = World(), Restored(MemoryBucket())
    world.deliver(event(1, properties={"text": "a"}))
    world.deliver(event(1, revision=1, properties={"text": "b" * MAX_REVISIONS_BYTES}))
    first, second = sorted(world.raw.objects)
    world.raw.objects = {first: world.raw.objects[second], second: world.raw.objects[first]}
    with patch.object(service, "PORTION", 1):
        assert restored.run(world)["failures"] == []
    assert shown(restored.profiles) == shown(world.profiles)


def test_no_effect_is_queued_and_nothing_falls_due():
    world = World({"Product Viewed": ["hook"]})
    world.deliver(event(1), event(2))
    restored = Restored(MemoryBucket())
    restored.run(world)
    (profile,) = [what for what, kind in restored.profiles.items if kind == "A"]
    aggregate = restored.profiles.load([profile])[profile]
    assert (aggregate.outbox, aggregate.due, aggregate.snapshot.events) == ((), None, 2)


def test_an_object_that_can_not_be_read_is_named_and_holds_up_nothing():
    world, restored = World(), Restored(MemoryBucket())
    world.deliver(event(1))
    world.deliver(event(2))
    first, _ = sorted(world.raw.objects)
    whole = world.raw.objects[first]
    world.raw.objects[first] = whole[:-9]
    answer = restored.run(world)
    assert [(failure["object"], failure["code"]) for failure in answer["failures"]] == [(f"raw/{first}", "unreadable")]
    assert (answer["failed"], answer["objects"], answer["applied"]) == (1, 2, 1)
    world.raw.objects[first] = whole
    assert restored.run(world)["failed"] == 0
    assert shown(restored.profiles) == shown(world.profiles)


def test_nothing_is_applied_while_a_marker_can_not_be_read():
    world, bucket = World(), MemoryBucket()
    world.deliver(event(1))
    bucket.data["erasures/p1.json"] = b"{"
    restored = Restored(bucket)
    with pytest.raises(Rejected, match=r"erasures/p1\.json"):
        restored.run(world)
    assert shown(restored.profiles) == {}


def test_a_task_that_left_no_result_is_named():
    world, restored = World(), Restored(MemoryBucket())
    world.deliver(event(1))
    restored.run(world)
    del restored.bucket.data["replays/run-1/apply-0-done.json"]
    (failure,) = service.summary(restored.bucket, "run-1")["failures"]
    assert (failure["task"], failure["code"]) == ("apply-0", "broken_off")


def test_a_run_that_breaks_off_between_survivor_and_member_leaves_nothing_of_the_erased():
    world, bucket = World(), MemoryBucket()
    for number, ids in enumerate([(USER,), (ANONYMOUS, MAIL), (USER, ANONYMOUS)]):
        world.deliver(event(number, *ids))
    restored = Restored(bucket)
    restored.run(world)
    Profiles(world.profiles, bucket).erase(Profiles(world.profiles).find(*USER), T0 + 9_000_000)
    forget = restored.profiles.forget

    def once(*asked):
        restored.profiles.forget = forget
        forget(*asked)
        raise Unavailable("cut_off", "the function was stopped")

    restored.profiles.forget = once
    with pytest.raises(Unavailable):
        restored.run(world)
    assert restored.run(world)["failed"] == 0
    assert not [key for key in restored.profiles.items if key[0] == "I"]
