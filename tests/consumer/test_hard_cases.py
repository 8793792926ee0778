"""Cases that a reader of the consumer thought of, each of which once went wrong."""

from __future__ import annotations

import random

import pytest

from socle.accounts.service import AccountWriter
from socle.effects.service import EffectRunner
from socle.errors import Unavailable
from socle.profiles import seal
from socle.profiles.model import Aggregate
from socle.profiles.service import Profiles
from socle.profiles.store import Owner
from tests.accounts.memory import MemoryAccounts
from tests.people import ANONYMOUS, T0, USER, event, identify, order
from tests.world import World

BOB = ("user_id", "bob")
HOOK = {"url": "https://crm.example.com/hook", "events": ["Order Completed"]}


def read(world, identifier=USER):
    profiles = Profiles(world.profiles)
    return profiles.read(profiles.find(*identifier))


class Crash(Exception):
    """The function was stopped."""


def crash_once(world, method, call=1):
    """The next call of a store's method, or a later one, takes effect, and the function is stopped."""
    real, calls = getattr(world.profiles, method), []

    def then_stop(*asked):
        calls.append(1)
        answer = real(*asked)
        if len(calls) == call:
            setattr(world.profiles, method, real)
            raise Crash
        return answer

    setattr(world.profiles, method, then_stop)


@pytest.mark.parametrize("claims", [1, 2])
def test_two_users_of_a_device_stay_two_when_the_first_was_cut_off_after_its_claims(claims):
    """The user id is claimed before the device: whoever meets the device meets its user."""
    world = World()
    crash_once(world, "claim_each", claims)
    with pytest.raises(Crash):
        world.deliver(event(1, USER, ANONYMOUS))
    world.deliver(event(2, BOB, ANONYMOUS))
    for _ in range(3):
        world.deliver(event(1, USER, ANONYMOUS))
    assert (read(world)["event_count"], read(world, BOB)["event_count"]) == (1, 1)
    assert read(world)["id"] != read(world, BOB)["id"]


def test_a_user_id_that_a_revision_dropped_still_leads_to_its_person():
    world = World()
    world.deliver(event(1, USER, ANONYMOUS))
    world.deliver(event(1, ANONYMOUS, revision=1))
    world.deliver(event(2, BOB, ANONYMOUS))
    assert world.deliver(event(3, USER)).applied == 1
    assert world.deliver(event(3, USER)).duplicates == 1
    assert read(world)["id"] != read(world, BOB)["id"]


def big(number, *ids):
    noise = random.Random(number)
    return event(number, *ids, type="identify", name="$identify",
                 traits={f"{number}-{index}": noise.randbytes(480).hex() for index in range(28)})


def limited(world):
    """Items of at most 400 KB, as in DynamoDB."""
    from socle.errors import Rejected

    save = world.profiles.save_together

    def checked(aggregates, pages=()):
        if any(len(data) > 400 * 1024 for _, data in aggregates):
            raise Rejected("item_too_large", "too large")
        save(aggregates, pages)

    world.profiles.save_together = checked
    return world


def test_two_people_who_would_outgrow_one_item_stay_two_and_lose_nothing(monkeypatch):
    monkeypatch.setattr("socle.profiles.fold.MAX_TRAITS", 100_000)
    world = limited(World())
    for number in range(18):
        world.deliver(big(number, USER))
        world.deliver(big(100 + number, ANONYMOUS))
    outcome = world.deliver(event(500, USER, ANONYMOUS), event(501, BOB))
    assert (outcome.applied, outcome.poisoned) == (2, 0)
    assert world.deliver(event(500, USER, ANONYMOUS)).duplicates == 1
    assert read(world)["id"] != read(world, ANONYMOUS)["id"]


def test_an_identifier_that_can_not_be_bound_costs_only_its_own_event():
    from socle.errors import Rejected

    world = World()
    world.deliver(event(0, ANONYMOUS))
    bind = world.profiles.bind

    def refuses_bob(aggregate, data, identifier, *rest):
        if identifier == BOB:
            raise Rejected("item_too_large", "too large")
        bind(aggregate, data, identifier, *rest)

    world.profiles.bind = refuses_bob
    outcome = world.deliver(event(1, USER), event(2, BOB, ANONYMOUS), event(3, USER))
    assert (outcome.applied, outcome.poisoned) == (2, 1)


def test_an_order_of_a_size_that_no_currency_knows_never_holds_up_its_person():
    world = World()
    products = [{"price": 1e11, "quantity": 1e30}, {"price": "9" * 300, "quantity": 2}]
    world.deliver(order(1, USER, order_id="o", products=products), order(2, USER, order_id="o", revenue=5))
    world.deliver(event(3, ANONYMOUS))
    assert world.deliver(event(4, USER, ANONYMOUS)).applied == 1
    assert read(world)["orders"]["USD"]["revenue"] == 500


def test_an_event_corrected_without_end_is_refused_and_holds_up_nothing_else():
    world = limited(World())
    noise = random.Random(1)
    for revision in range(40):
        world.deliver(event(1, USER, revision=revision, properties={"noise": noise.randbytes(14_000).hex()}))
    [reasons] = {row.code for rows in world.quarantine.rows.values() for row in rows},
    assert reasons == {"too_many_revisions"}
    for number in range(2, 30):
        assert world.deliver(event(number, USER)).applied == 1


def test_an_outbox_that_grows_is_drained_before_it_fills_the_item():
    world = limited(World(webhooks={"Product Viewed": [f"hook-{number}" for number in range(10)]}))
    outcome = world.deliver(*[event(number, properties={"number": number}) for number in range(1_500)])
    assert (outcome.applied, outcome.poisoned, outcome.effects) == (1_500, 0, 15_000)
    assert len({effect.id for effect in world.queue.sent}) == 15_000


def test_a_read_that_was_torn_by_a_merge_does_not_lose_events_from_a_refold():
    """BatchGetItem reads p, then q; in between p gets an event and is merged into q. A refold of q must read p anew."""
    world = World()
    world.deliver(order(1, ANONYMOUS, order_id="mine"))
    world.deliver(order(2, USER, order_id="o", revenue=1))
    load, torn = world.profiles.load, []

    def load_one_by_one(profiles, fresh=True):
        found = {}
        for profile in sorted(profiles):
            found |= load([profile])
            if not torn:
                torn.append(profile)
                world.profiles.load = load
                world.deliver(event(3, ANONYMOUS, name="Late News"))
                world.deliver(event(4, USER, ANONYMOUS, name="Login"))
        return found

    world.profiles.load = load_one_by_one
    world.deliver(order(1, ANONYMOUS, order_id="mine"), order(5, USER, order_id="o", revenue=1))
    assert read(world)["events"] == {"Late News": 1, "Login": 1, "Order Completed": 3}


def test_an_effect_whose_event_is_being_moved_comes_again():
    world = World(webhooks={"Order Completed": ["crm"]})
    world.deliver(order(1, USER, order_id="o", revenue=5))
    posted = []
    run = EffectRunner(world.profiles, {"crm": HOOK}.get, lambda: b"master", lambda *asked: posted.append(asked) or 200,
                       AccountWriter(MemoryAccounts())).run
    load = world.profiles.load
    world.profiles.load = lambda profiles, fresh=True: {
        profile: Aggregate(profile, 9, horizon="z", pages=("",)) for profile in profiles}
    world.profiles.items[world.queue.sent[0].profile, "E#"] = (1, world.profiles.items[world.queue.sent[0].profile, "A"][1])
    with pytest.raises(Unavailable):
        EffectRunner(empty_pages(world), {"crm": HOOK}.get, lambda: b"master", lambda *asked: 200,
                     AccountWriter(MemoryAccounts())).run(world.queue.sent[0], T0)
    del world.profiles.items[world.queue.sent[0].profile, "E#"]
    world.profiles.load = load
    assert run(world.queue.sent[0], T0)
    assert posted


def empty_pages(world):
    world.profiles.load_pages = lambda addresses: {}
    return world.profiles


def test_a_timeline_read_while_a_page_is_split_misses_nothing(monkeypatch):
    monkeypatch.setattr(seal, "BUDGET", 0)
    monkeypatch.setattr(seal, "MIN_ENTRIES", 1)
    monkeypatch.setattr(seal, "PAGE_BYTES", 2_000)
    world = World()
    for number in range(0, 60, 2):
        world.deliver(event(number, properties={"number": number}))
    profiles = Profiles(world.profiles)
    profile = profiles.find(*USER)
    pages = world.profiles.load_pages

    def split_first(addresses):
        world.profiles.load_pages = pages
        for number in range(1, 60, 2):
            world.deliver(event(number, properties={"number": number}))
        return pages(addresses)

    world.profiles.load_pages = split_first
    seen = {item["messageId"] for item in profiles.timeline(profile, 1_000)["items"]}
    assert {f"m-{number}" for number in range(0, 60, 2)} <= seen


def test_a_row_freed_between_a_claim_and_its_look_up_is_claimed_again():
    from socle.errors import Conflict

    world = World()
    claim, failed = world.profiles.claim, []

    def vanishing(*asked):
        if not failed:
            failed.append(1)
            raise Conflict("conflict", "gone again")
        return claim(*asked)

    world.profiles.claim = vanishing
    assert world.deliver(event(1, ANONYMOUS)).applied == 1
    assert world.profiles.owners([ANONYMOUS])[ANONYMOUS] == Owner(read(world, ANONYMOUS)["id"], 0)


def test_poison_with_a_new_identifier_on_a_full_profile_is_quarantined_and_holds_up_nothing():
    from socle.errors import Rejected

    world = World()
    world.deliver(event(1, USER))
    save = world.profiles.save

    def full(aggregate, data, pages=()):
        if aggregate.reserved:
            raise Rejected("item_too_large", "too large")
        save(aggregate, data, pages)

    world.profiles.save = full
    poison = event(2, USER, ANONYMOUS, type="identify", name="$identify", traits=["no", "object"])
    outcome = world.deliver(poison, event(3, USER), event(4, BOB))
    assert (outcome.applied, outcome.poisoned) == (2, 1)


def test_a_profile_merged_while_its_outbox_is_drained_is_placed_again(monkeypatch):
    """The rest of the batch belongs to the survivor from then on; the raw object says where each event is kept."""
    monkeypatch.setattr("socle.consumer.service.DRAIN_AT", 1)
    world = World(webhooks={"Order Completed": ["crm"]})
    world.deliver(event(1, USER))
    world.deliver(event(2, ANONYMOUS))
    send = world.queue.send

    def merge_meanwhile(effects):
        world.queue.send = send
        world.deliver(event(3, USER, ANONYMOUS))
        send(effects)

    world.queue.send = merge_meanwhile
    world.deliver(order(4, ANONYMOUS, order_id="o"))
    assert read(world)["event_count"] == 4
    owners = {row["profile"] for row in world.raw.rows() if row["row"] == "event" and row["messageId"] == "m-4"}
    assert owners == {*read(world)["merged"]}


def test_a_person_full_of_what_passes_every_check_holds_up_nobody():
    """240 traits and long consents fill an item to its last byte: the rest goes to quarantine, and the batch ends."""
    world, chance = World(), random.Random(1)

    def text(length):
        return "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(length))

    for number in range(10):
        world.deliver(identify(number, traits={text(60): text(340) for _ in range(24)}))
    outcomes = []
    for number in range(100, 400, 8):
        consents = [event(each, name="Consent Updated", properties={
            "channel": "email", "topic": text(100), "state": "subscribed", "source": text(256), "text_version": text(256)})
            for each in range(number, number + 8)]
        outcomes.append(world.deliver(*consents, event(number, BOB)))
    assert all(outcome.applied >= 1 and outcome.applied + outcome.poisoned == 9 for outcome in outcomes)
    assert outcomes[-1].poisoned
    assert read(world, BOB)["event_count"] == len(outcomes)


def test_what_a_batch_merged_is_kept_even_if_all_its_events_are_quarantined():
    world = World()
    world.deliver(event(1, USER))
    world.deliver(event(2, ANONYMOUS))
    assert world.deliver(event(3, USER, ANONYMOUS, type="identify", name="$identify", traits=["no", "object"])).poisoned == 1
    newest = max((row for row in world.raw.rows() if row["row"] == "profile"), key=lambda row: row["version"])
    assert list(newest["members"]) == read(world)["merged"] != []
