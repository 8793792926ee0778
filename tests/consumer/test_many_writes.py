"""Batches that take more than one write of a profile, or find it changed between: each write rests on the one before."""

from __future__ import annotations

import random
from contextlib import ExitStack
from unittest.mock import patch

from moto import mock_aws

from infra.local import dynamodb
from socle.errors import Conflict, Rejected
from socle.events.model import Quarantined, Tick
from socle.events.stream import encode_events, encode_quarantined, encode_ticks
from socle.lake.raw import decode_raw
from socle.profiles import seal
from socle.profiles.codec import encode_aggregate
from socle.profiles.service import Profiles
from tests.mutants.test_happy_path import InTheCloud
from tests.people import ANONYMOUS, T0, USER, event
from tests.world import World

BOB = ("user_id", "bob")


def read(world, identifier=USER):
    profiles = Profiles(world.profiles)
    return profiles.read(profiles.find(*identifier))


def test_what_a_batch_has_sealed_is_known_to_the_rest_of_it():
    """Late events move into pages that were read before; when they come again, the pages are as they are then."""
    late = [event(number, properties={"number": number}) for number in range(30)]
    with patch("socle.consumer.service.ROUND_BYTES", 0), patch.multiple(
            seal, BUDGET=0, PER_PAGE=0, MIN_ENTRIES=1, KEPT_ENTRIES=0, PAGE_BYTES=500):
        world = World()
        for start in range(100, 130, 5):
            world.deliver(*[event(number) for number in range(start, start + 5)])
        outcome = world.deliver(*late, *late)
    assert (outcome.applied, outcome.duplicates) == (30, 30)
    assert read(world)["event_count"] == 60


def test_an_event_that_comes_twice_in_one_batch_is_kept_once():
    with patch("socle.consumer.service.ROUND_BYTES", 0):
        world = World()
        world.deliver(event(1), event(2), event(1))
        world.deliver(event(2), event(2))
    kept = [[row["messageId"] for row in decode_raw(data) if row["row"] == "event"] for data in world.raw.objects.values()]
    assert kept == [["m-1", "m-2"], ["m-2"]]


def test_what_the_edge_refused_and_what_the_consumer_refuses_are_kept_together():
    world = World()
    refused = Quarantined(0, "m-1", "too_large", "", "shorten it", "shop", T0, "{}")
    poison = event(2, type="identify", name="$identify", traits=["no", "object"])
    world.consumer.apply([world.record(encode_quarantined([refused])), world.record(encode_events([poison]))])
    assert {row.code for rows in world.quarantine.rows.values() for row in rows} == {"too_large", "poison"}


def test_a_device_whose_owner_is_erased_while_its_next_owner_is_written_becomes_theirs():
    world = World()
    world.deliver(event(1, USER, ANONYMOUS), event(2, BOB))
    profiles, write = Profiles(world.profiles), world.profiles.save_each

    def meanwhile(writes):
        world.profiles.save_each = write
        profiles.erase(profiles.find(*USER), T0 + 4_000)
        world.deliver(event(3, BOB))
        return write(writes)

    world.profiles.save_each = meanwhile
    assert world.deliver(event(10, BOB, ANONYMOUS)).applied == 1
    assert read(world, BOB)["identifiers"] == {"user_id": ["bob"], "anonymous_id": ["anon-1"]}


def test_a_profile_is_due_no_more_after_its_tick():
    """In the cloud, where a statement adds attributes and removes none."""
    with mock_aws(), ExitStack() as stack:
        dynamodb.install(stack)
        world = InTheCloud({})
        world.deliver(event(1))
        profile = read(world)["id"]
        due = world.profiles.load([profile])[profile].next(due=T0 + 5)
        world.profiles.save(due, encode_aggregate(due))
        world.consumer.apply([world.record(encode_ticks([Tick(profile, T0 + 5)]))])
        assert world.profiles.due(T0 + 10, 100) == []
        assert world.profiles.load([profile])[profile].due is None


def test_a_tick_that_cannot_be_applied_costs_nobody_else_and_comes_again():
    for error in (Conflict("conflict", "another writer was first"), Rejected("item_too_large", "too large")):
        world = World()
        world.deliver(event(1))
        profile = read(world)["id"]
        due = world.profiles.load([profile])[profile].next(due=T0 + 5)
        world.profiles.save(due, encode_aggregate(due))
        save = world.profiles.save

        def refused(*asked, error=error):
            raise error

        world.profiles.save = refused
        tick = encode_ticks([Tick(profile, T0 + 5)])
        outcome = world.consumer.apply([world.record(tick), world.record(encode_events([event(2, BOB)]))])
        assert outcome.applied == 1
        world.profiles.save = save
        assert [one.profile for one in world.profiles.due(T0 + 10, 10)] == [profile]
        world.consumer.apply([world.record(tick)])
        assert world.profiles.due(T0 + 10, 10) == []


def test_a_correction_of_who_was_merged_with_a_long_history_counts_all_of_it():
    with patch.multiple(seal, BUDGET=0, PER_PAGE=0, MIN_ENTRIES=1, KEPT_ENTRIES=0, PAGE_BYTES=500):
        world = World()
        for start in range(0, 30, 5):
            world.deliver(*[event(number, ANONYMOUS) for number in range(start, start + 5)])
        world.deliver(event(40, USER))
        world.deliver(event(41, USER, ANONYMOUS))
        world.deliver(event(3, ANONYMOUS, revision=1, name="Corrected"))
    assert read(world)["events"] == {"Corrected": 1, "Product Viewed": 31}
    assert not world.quarantine.rows


def test_what_others_sealed_while_an_outbox_was_drained_is_known_to_the_rest_of_the_batch():
    """The page of late events was read before; meanwhile another consumer puts into it what comes next."""
    tiny = patch.multiple(seal, BUDGET=0, PER_PAGE=0, MIN_ENTRIES=1, KEPT_ENTRIES=0, PAGE_BYTES=50_000)
    with patch.multiple("socle.consumer.service", ROUND_BYTES=0, DRAIN_AT=1), tiny:
        world = World(webhooks={"Late": ["crm"]})
        for number in range(100, 110):
            world.deliver(event(number))
        send = world.queue.send

        def meanwhile(effects):
            world.queue.send = send
            for number in (8, 120, 121):
                world.deliver(event(number))
            send(effects)

        world.queue.send = meanwhile
        outcome = world.deliver(event(7, name="Late"), event(8))
    assert outcome.duplicates >= 1
    assert read(world)["events"] == {"Late": 1, "Product Viewed": 13}


def test_a_batch_that_makes_an_item_too_large_seals_it_before_it_ends():
    noise = random.Random(1)
    large = [event(number, properties={"text": noise.randbytes(600).hex()}) for number in range(30)]
    with patch("socle.consumer.service.HARD_LIMIT", 9_000), patch("socle.profiles.decide.HARD_LIMIT", 9_000):
        world = World()
        world.deliver(*large)
    [size] = [len(item[1]) for (_, kind), item in world.profiles.items.items() if kind == "A"]
    assert size < 9_000
    assert read(world)["event_count"] == 30


def test_a_write_that_is_refused_leaves_what_was_there():
    """An event that no item can hold: the others of its profile are written without it."""
    world = World()
    world.deliver(event(0))
    write = world.profiles._save

    def limited(written, pages=()):
        if any(entry.key == event(3).key for aggregate, _ in written for entry in aggregate.tail):
            raise Rejected("item_too_large", "too large")
        write(written, pages)

    world.profiles._save = limited
    with patch("socle.drafts.service.POSTPONED_BYTES", 0):
        outcome = world.deliver(*[event(number) for number in range(1, 6)])
    assert (outcome.applied, outcome.poisoned) == (4, 1)
    assert read(world)["event_count"] == 5
