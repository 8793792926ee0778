"""run_effects: each effect looks at the world as it is now, and can be run again."""

from __future__ import annotations

import json

import pytest

from socle.accounts.service import AccountWriter
from socle.effects.service import EffectRunner
from socle.errors import Rejected, Unavailable
from socle.profiles.service import Profiles
from tests.accounts.memory import MemoryAccounts
from tests.people import ANONYMOUS, T0, USER, event, order
from tests.world import World

HOOK = {"url": "https://crm.example.com/hook", "events": ["Order Completed"]}


class Receiver:
    def __init__(self, status=200):
        self.status, self.got = status, []

    def __call__(self, url, body, headers):
        self.got.append((url, json.loads(body), headers))
        return self.status


def ordered():
    world = World(webhooks={"Order Completed": ["crm"]})
    world.deliver(order(1, USER, order_id="o", revenue=5))
    return world, world.queue.sent[0]


def runner(world, receiver, documents=None):
    documents = {"crm": HOOK} if documents is None else documents
    return EffectRunner(world.profiles, documents.get, lambda: b"master", receiver, AccountWriter(MemoryAccounts()))


def test_the_receiver_gets_the_event_and_the_person_signed():
    world, effect = ordered()
    receiver = Receiver()
    assert runner(world, receiver).run(effect, T0) is True
    [(url, body, headers)] = receiver.got
    assert url == HOOK["url"]
    assert (body["event"]["event"], body["profile"]["identifiers"]) == ("Order Completed", {"user_id": ["42"]})
    assert headers["webhook-id"] == effect.id
    assert headers["webhook-signature"].startswith("v1,")


def test_running_again_repeats_the_same_id():
    world, effect = ordered()
    receiver = Receiver()
    for _ in range(2):
        runner(world, receiver).run(effect, T0)
    assert len({headers["webhook-id"] for _, _, headers in receiver.got}) == 1


@pytest.mark.parametrize("documents", [{}, {"crm": {**HOOK, "enabled": False}}])
def test_a_webhook_that_is_gone_or_off_gets_nothing(documents):
    world, effect = ordered()
    receiver = Receiver()
    assert runner(world, receiver, documents).run(effect, T0) is False
    assert receiver.got == []


def test_an_erased_person_is_not_told_about():
    world, effect = ordered()
    receiver = Receiver()
    profiles = Profiles(world.profiles)
    profiles.erase(profiles.find(*USER), T0 + 10_000)
    assert runner(world, receiver).run(effect, T0) is False
    assert receiver.got == []


@pytest.mark.parametrize("status", [301, 404, 429, 500])
def test_what_the_receiver_does_not_take_comes_again(status):
    world, effect = ordered()
    with pytest.raises(Unavailable):
        runner(world, Receiver(status)).run(effect, T0)


def test_an_event_that_was_sealed_into_a_page_or_merged_away_is_still_found():
    world = World(webhooks={"Order Completed": ["crm"]})
    world.deliver(order(1, ANONYMOUS, order_id="o", revenue=5))
    for number in range(2, 90):
        world.deliver(event(number, ANONYMOUS, properties={"number": number * 7919}))
    world.deliver(event(100, USER))
    world.deliver(event(101, USER, ANONYMOUS))
    receiver = Receiver()
    assert runner(world, receiver).run(world.queue.sent[0], T0)
    [(_, body, _)] = receiver.got
    assert body["profile"]["identifiers"]["user_id"] == ["42"]


def test_an_effect_of_an_unknown_kind_is_refused():
    world, effect = ordered()
    with pytest.raises(Rejected):
        runner(world, Receiver()).run(effect._replace(kind="teleport"), T0)


def test_the_receiver_gets_the_revision_that_the_effect_is_about():
    world, _ = ordered()
    world.deliver(order(1, USER, order_id="o", revenue=7, revision=1))
    receiver = Receiver()
    for one in world.queue.sent:
        runner(world, receiver).run(one, T0)
    assert [body["event"]["properties"]["revenue"] for _, body, _ in receiver.got] == [5, 7]
    assert len({headers["webhook-id"] for _, _, headers in receiver.got}) == 2
