"""The outbox while others write, merge, erase: nothing waits in it for long, nothing goes out of it for nobody."""

from __future__ import annotations

import pytest

from socle.errors import NotFound, Unavailable
from socle.events.model import Quarantined
from socle.events.stream import encode_quarantined
from socle.profiles.service import Profiles
from tests.people import ANONYMOUS, T0, USER, event, order
from tests.world import World

BOB = ("user_id", "bob")


def meanwhile(world, happens):
    """Let something happen once, after an outbox was stored and before its effects are queued."""
    send = world.queue.send

    def first(effects):
        world.queue.send = send
        happens()
        send(effects)

    world.queue.send = first


def aggregates(world):
    return [world.profiles.load([profile])[profile] for profile, kind in world.profiles.items if kind == "A"]


def test_an_outbox_holds_little_more_than_what_is_drained_at_once(monkeypatch):
    monkeypatch.setattr("socle.consumer.service.DRAIN_AT", 5)
    monkeypatch.setattr("socle.consumer.service.ROUND_BYTES", 1_000)
    world = World(webhooks={"Product Viewed": ["crm"]})
    write, sizes = world.profiles._save, []

    def watched(written, pages=()):
        sizes.extend(len(aggregate.outbox) for aggregate, _ in written)
        write(written, pages)

    world.profiles._save = watched
    world.deliver(*[event(number, properties={"text": f"{number}" * 100}) for number in range(100)])
    assert len({effect.id for effect in world.queue.sent}) == 100
    assert 5 <= max(sizes) < 20


def test_the_rest_of_a_batch_is_not_written_to_a_profile_that_was_erased_meanwhile(monkeypatch):
    monkeypatch.setattr("socle.consumer.service.DRAIN_AT", 1)
    monkeypatch.setattr("socle.consumer.service.ROUND_BYTES", 1_000)
    world = World(webhooks={"Product Viewed": ["crm"]})
    profiles = Profiles(world.profiles)
    meanwhile(world, lambda: profiles.erase(profiles.find(*USER), T0 + 1_000_000))
    world.deliver(*[event(number, properties={"text": f"{number}" * 100}) for number in range(20)])
    with pytest.raises(NotFound):
        profiles.find(*USER)
    assert [(one.snapshot.events, one.tail) for one in aggregates(world) if one.erased] == [(0, ())]


def test_an_outbox_that_lost_a_race_is_cleared_in_the_end():
    world = World(webhooks={"Order Completed": ["crm"]})
    meanwhile(world, lambda: world.deliver(event(1)))
    world.deliver(order(2, order_id="o"))
    assert {effect.name for effect in world.queue.sent} == {"crm"}
    assert [one.outbox for one in aggregates(world)] == [()]


def test_a_consumer_queues_no_effect_twice_itself():
    world = World(webhooks={"Order Completed": ["crm"]})
    clear, raced = world.profiles.save_each, []

    def first_lose(writes):
        if not any(aggregate.outbox for aggregate, _ in writes) and not raced:
            raced.append(1)
            [(aggregate, _)] = writes
            stored = world.profiles.load([aggregate.id])[aggregate.id]
            clear([(stored.next(), world.profiles.items[aggregate.id, "A"][1])])
        return clear(writes)

    world.profiles.save_each = first_lose
    world.deliver(order(1, order_id="o"))
    assert raced
    assert [effect.name for effect in world.queue.sent] == ["crm"]
    assert [one.outbox for one in aggregates(world)] == [()]


def test_an_outbox_that_a_merge_took_along_is_drained_where_it_went():
    """The consumer that merges is cut off before it gets to the outbox."""
    world = World(webhooks={"Order Completed": ["crm"]})
    world.deliver(event(1, USER))
    world.deliver(event(2, ANONYMOUS))

    def merge_and_break_off():
        send = world.queue.send
        world.queue.send = lambda effects: (_ for _ in ()).throw(Unavailable("down", "the queue is down"))
        with pytest.raises(Unavailable):
            world.deliver(event(3, USER, ANONYMOUS))
        world.queue.send = send

    meanwhile(world, merge_and_break_off)
    world.deliver(order(4, ANONYMOUS, order_id="o"))
    assert [effect.name for effect in world.queue.sent] == ["crm"]
    assert [one.outbox for one in aggregates(world)] == [(), ()]


def test_what_was_refused_is_filed_under_its_own_batch_and_makes_no_raw_object():
    world = World()
    for number in range(2):
        row = Quarantined(0, f"m-{number}", "too_large", "", "shorten it", "shop", T0, "{}")
        world.consumer.apply([world.record(encode_quarantined([row]))])
    assert [row.message_id for rows in world.quarantine.rows.values() for row in rows] == ["m-0", "m-1"]
    assert world.raw.objects == {}
