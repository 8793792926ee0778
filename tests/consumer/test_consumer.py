"""The consumer, promise by promise."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest

from socle.errors import Unavailable
from socle.events.model import Quarantined, Tick
from socle.events.stream import encode_events, encode_quarantined, encode_ticks
from socle.profiles import seal
from socle.profiles.codec import encode_aggregate
from socle.profiles.service import Profiles
from tests.people import ANONYMOUS, T0, USER, event, identify, order
from tests.world import World

OTHER = ("user_id", "43")


def counts(world, identifier=USER):
    profiles = Profiles(world.profiles)
    return profiles.read(profiles.find(*identifier))["events"]


def test_a_redelivered_batch_changes_nothing():
    world = World()
    batch = [world.record(encode_events([event(1), event(2), order(3, order_id="o", revenue=1)]))]
    world.consumer.apply(batch)
    before = dict(world.profiles.items)
    outcome = world.consumer.apply(batch)
    assert (outcome.applied, outcome.duplicates) == (0, 3)
    assert world.profiles.items == before
    assert len(world.raw.objects) == 1


def test_a_client_retry_with_a_new_sent_at_is_the_same_event():
    world = World()
    world.deliver(event(1))
    world.deliver(event(1, at=T0 + 999, received=T0 + 60_000))
    assert counts(world) == {"Product Viewed": 1}


def test_a_duplicate_is_known_after_a_thousand_events():
    world = World()
    for start in range(0, 1_000, 50):
        world.deliver(*[event(number, properties={"number": number}) for number in range(start, start + 50)])
    assert world.deliver(event(3), event(500), event(999)).duplicates == 3
    assert counts(world) == {"Product Viewed": 1_000}


def test_an_item_stays_small_while_the_history_grows():
    world = World()
    for number in range(600):
        world.deliver(event(number, properties={"number": number}))
    sizes = {kind: len(item[1]) for (_, kind), item in world.profiles.items.items() if kind == "A"}
    assert sizes["A"] < 3_000


def test_a_late_event_is_applied_once():
    world = World()
    world.deliver(*[event(number) for number in range(100, 160)])
    world.deliver(*[event(number) for number in range(160, 200)])
    assert world.deliver(event(5, name="Late")).applied == 1
    assert world.deliver(event(5, name="Late")).duplicates == 1


def test_an_anonymous_visitor_becomes_known_and_keeps_the_history():
    world = World()
    world.deliver(event(1, ANONYMOUS), event(2, ANONYMOUS))
    world.deliver(identify(3, USER, ANONYMOUS, traits={"name": "Ann"}))
    world.deliver(event(4, USER))
    assert counts(world) == counts(world, ANONYMOUS) == {"$identify": 1, "Product Viewed": 3}


def test_two_people_who_turn_out_to_be_one_are_merged_and_the_pointer_is_followed():
    world = World()
    world.deliver(event(1, ANONYMOUS))
    world.deliver(event(2, USER))
    world.deliver(event(3, USER, ANONYMOUS))
    world.deliver(event(4, ANONYMOUS))
    profiles = Profiles(world.profiles)
    assert profiles.find(*USER) == profiles.find(*ANONYMOUS)
    assert counts(world) == {"Product Viewed": 4}
    assert world.deliver(event(1, ANONYMOUS)).duplicates == 1


def test_two_users_of_one_device_stay_two_people():
    world = World()
    world.deliver(identify(1, USER, ANONYMOUS, traits={"name": "Ann"}))
    world.deliver(identify(2, OTHER, ANONYMOUS, traits={"name": "Bob"}))
    profiles = Profiles(world.profiles)
    assert profiles.find(*USER) != profiles.find(*OTHER)
    assert profiles.read(profiles.find(*OTHER))["identifiers"] == {"user_id": ["43"]}


def test_effects_are_queued_once_and_the_outbox_is_empty_afterwards():
    world = World(webhooks={"Order Completed": ["crm", "erp"]})
    world.deliver(order(1, order_id="o"), event(2))
    world.deliver(order(1, order_id="o"))
    assert [effect.name for effect in world.queue.sent] == ["crm", "erp"]
    assert all(not one.outbox for one in world.profiles.load([world.queue.sent[0].profile]).values())


def test_an_effect_stranded_by_a_crash_is_queued_by_the_next_delivery():
    world = World(webhooks={"Order Completed": ["crm"]})
    send = world.queue.send
    world.queue.send = lambda effects: (_ for _ in ()).throw(Unavailable("down", "the queue is down"))
    batch = [world.record(encode_events([order(1, order_id="o")]))]
    with pytest.raises(Unavailable):
        world.consumer.apply(batch)
    assert not world.raw.objects
    world.queue.send = send
    assert world.consumer.apply(batch).duplicates == 1
    assert [effect.name for effect in world.queue.sent] == ["crm"]
    assert len(world.raw.rows()) == 2


def test_a_lost_race_applies_the_events_to_what_the_winner_left():
    world = World()
    world.deliver(event(1))
    save, raced = world.profiles.save_each, []

    def first_lose(writes):
        if not raced:
            raced.append(1)
            world.deliver(event(2))
        return save(writes)

    world.profiles.save_each = first_lose
    assert world.deliver(event(3)).applied == 1
    assert counts(world) == {"Product Viewed": 3}


def test_a_lost_race_of_one_profile_is_no_matter_to_the_others_of_its_batch():
    world = World()
    world.deliver(event(1), event(2, OTHER))
    save, raced = world.profiles.save_each, []

    def first_lose(writes):
        if not raced:
            raced.append(1)
            world.deliver(event(3))
        return save(writes)

    world.profiles.save_each = first_lose
    outcome = world.deliver(event(4), event(5, OTHER))
    assert (outcome.applied, outcome.duplicates) == (2, 0)
    assert (counts(world), counts(world, OTHER)) == ({"Product Viewed": 3}, {"Product Viewed": 2})


def test_a_claim_lost_to_another_writer_joins_the_winner():
    world = World()
    claim, raced = world.profiles.claim_each, []

    def first_lose(*write):
        if not raced:
            raced.append(1)
            world.profiles.claim_each = claim
            world.deliver(event(1, USER, ANONYMOUS))
        return claim(*write)

    world.profiles.claim_each = first_lose
    world.deliver(event(2, ANONYMOUS))
    assert counts(world) == {"Product Viewed": 2}


def test_endless_contention_is_an_outage_not_a_loss():
    world = World()
    world.profiles.save_each = lambda writes: {aggregate.id for aggregate, _ in writes}
    with pytest.raises(Unavailable):
        world.deliver(event(1))


def test_a_record_that_is_none_of_ours_is_quarantined_and_costs_nobody_else():
    world = World()
    records = [world.record(encode_events([event(1)])), world.record(b"\x1f\x8bgarbage"), world.record(encode_events([event(2)]))]
    outcome = world.consumer.apply(records)
    assert (outcome.applied, outcome.poisoned) == (2, 1)
    [[row]] = world.quarantine.rows.values()
    assert row.code == "bad_record"


def test_one_event_that_cannot_be_folded_costs_only_itself():
    world = World()
    poison = event(2, traits=["no", "object"], type="identify", name="$identify")
    outcome = world.deliver(event(1), poison, event(3))
    assert (outcome.applied, outcome.poisoned) == (2, 1)
    [[row]] = world.quarantine.rows.values()
    assert (row.code, row.message_id, json.loads(row.raw)["userId"]) == ("poison", "m-2", "42")
    assert [row["messageId"] for row in world.raw.rows() if row["row"] == "event"] == ["m-1", "m-3"]


def test_quarantined_events_of_the_edge_are_filed_under_the_batch():
    world = World()
    row = Quarantined(0, "m", "too_large", "", "shorten it", "shop", T0, "{}")
    world.consumer.apply([world.record(encode_quarantined([row]))])
    assert [list(rows) for rows in world.quarantine.rows.values()] == [[row]]


def test_a_megabyte_of_events_for_one_person_fits_items_of_400_kb():
    import random

    noise = random.Random(7)
    big = [event(number, properties={"noise": noise.randbytes(15_000).hex()}) for number in range(70)]
    world = World()
    world.consumer.apply([world.record(encode_events(big[:35])), world.record(encode_events(big[35:]))])
    world.deliver(*[event(number) for number in range(100, 110)])
    assert max(len(item[1]) for (_, kind), item in world.profiles.items.items() if kind[0] in "AE") < 400_000
    assert counts(world) == {"Product Viewed": 80}
    assert world.deliver(*big[:5]).duplicates == 5


def test_raw_rows_name_the_owner_of_each_event_and_the_profile_as_it_was_left():
    world = World()
    world.deliver(event(1), event(2, OTHER))
    rows = world.raw.rows()
    owners = {row["messageId"]: row["profile"] for row in rows if row["row"] == "event"}
    versions = {row["profile"]: row["version"] for row in rows if row["row"] == "profile"}
    assert set(owners) == {"m-1", "m-2"}
    assert versions == {profile: world.profiles.load([profile])[profile].version for profile in owners.values()}


def due(world, moment):
    """Make the profile of USER due, as a timer would."""
    profile = Profiles(world.profiles).find(*USER)
    after = world.profiles.load([profile])[profile].next(due=moment)
    world.profiles.save(after, encode_aggregate(after))
    return profile


def test_a_tick_that_still_matches_lets_time_pass_once():
    world = World()
    world.deliver(event(1))
    profile = due(world, T0 + 5)
    tick = encode_ticks([Tick(profile, T0 + 5)])
    world.consumer.apply([world.record(tick)])
    version = world.profiles.load([profile])[profile].version
    assert world.profiles.load([profile])[profile].due is None
    world.consumer.apply([world.record(tick)])
    assert world.profiles.load([profile])[profile].version == version


def test_a_tick_that_no_longer_matches_is_dropped_unwritten():
    world = World()
    world.deliver(event(1))
    profile = due(world, T0 + 9)
    before = dict(world.profiles.items)
    world.consumer.apply([world.record(encode_ticks([Tick(profile, T0 + 5), Tick("nobody", T0)]))])
    assert world.profiles.items == before


def test_a_page_that_a_seal_left_when_it_broke_off_is_written_over(monkeypatch):
    """Pages are written before the aggregate that lists them; until then a page is nobody's."""
    monkeypatch.setattr(seal, "BUDGET", 300)
    world = World()
    save, crashed = world.profiles.save_each, []

    def cut_off(writes):
        if not crashed and any(key[1].startswith("E#") for key in world.profiles.items):
            crashed.append(1)
            raise Unavailable("cut_off", "the function was stopped")
        return save(writes)

    world.profiles.save_each = cut_off
    for number in range(40):
        if not crashed:
            with suppress(Unavailable):
                world.deliver(event(number, properties={"number": number}))
    left = dict(world.profiles.items)
    assert crashed
    for number in range(40):
        world.deliver(event(number, properties={"number": number}))
    assert counts(world) == {"Product Viewed": 40}
    [page] = [key for key in left if key[1].startswith("E#")]
    assert world.profiles.items[page] != left[page]
    assert page[1][2:] in world.profiles.load([page[0]])[page[0]].pages
