"""The rows of addresses as DynamoDB keeps them: what is written in any order, and again, says the same."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import permutations

import boto3
import pytest
from moto import mock_aws

from infra.local import dynamodb
from socle.consent.model import (
    ALL,
    COMPLAINT,
    FREE,
    HARD_BOUNCE,
    IMPORTED,
    MANUAL,
    SOFT_BOUNCES,
    Suppressed,
    place_of,
)
from socle.consent.store import Standings
from socle.messages.model import EMAIL, SMS, Address
from tests.profiles.test_store import make_table

ANN = Address(EMAIL, "ann@example.com")
BOB = Address(EMAIL, "bob@example.com")
PHONE = Address(SMS, "+33612345678")


class World:
    def __init__(self, client) -> None:
        self.client = client
        self.standings = Standings(client, "profiles", "definitions")

    def may(self, address, topic="news", granted=None) -> bool:
        standing = self.of(address)
        return not standing.reason and (granted is None or standing.vetoed(topic) < granted)

    def of(self, address):
        return self.standings.load([address])[address]


@pytest.fixture
def world():
    with mock_aws(), ExitStack() as stack:
        dynamodb.install(stack)
        client = boto3.client("dynamodb")
        make_table(client)
        client.create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}])
        yield World(client)


def test_an_address_of_which_nothing_is_known_is_free(world):
    assert world.standings.load([ANN, place_of(BOB)]) == {ANN: FREE, place_of(BOB): FREE}
    assert world.may(ANN, granted=1)


def test_a_suppressed_address_gets_nothing_whatever_was_granted(world):
    assert world.standings.suppress(ANN, HARD_BOUNCE, 100, "feedback")
    assert world.of(ANN).reason == HARD_BOUNCE
    assert not world.may(ANN)
    assert not world.may(ANN, granted=10_000)
    assert world.may(BOB)


def test_suppressing_again_changes_nothing(world):
    world.standings.suppress(ANN, HARD_BOUNCE, 100)
    assert not world.standings.suppress(ANN, HARD_BOUNCE, 100)
    assert not world.standings.suppress(ANN, HARD_BOUNCE, 200)
    assert world.of(ANN).since == 100


@pytest.mark.parametrize("order", list(permutations(
    [(COMPLAINT, 300), (HARD_BOUNCE, 200), (SOFT_BOUNCES, 100), (COMPLAINT, 400)])))
def test_the_strongest_reason_stays_in_whatever_order_they_arrive(world, order):
    for reason, at in order:
        world.standings.suppress(ANN, reason, at)
    assert (world.of(ANN).reason, world.of(ANN).since) == (COMPLAINT, 300)
    assert world.standings.page(10)[0] == [Suppressed(EMAIL, ANN.value, COMPLAINT, 300)]


def test_what_was_before_a_release_suppresses_no_more(world):
    world.standings.suppress(ANN, HARD_BOUNCE, 100)
    assert world.standings.release(ANN, 200)
    assert not world.standings.release(ANN, 201)
    assert not world.standings.suppress(ANN, COMPLAINT, 150)
    assert world.may(ANN)
    assert world.standings.page(10) == ([], None)
    assert world.standings.suppress(ANN, HARD_BOUNCE, 300)
    assert not world.may(ANN)


def test_a_release_that_comes_late_spares_a_newer_suppression(world):
    world.standings.suppress(ANN, HARD_BOUNCE, 300)
    assert not world.standings.release(ANN, 200)
    assert not world.may(ANN)


def test_a_withdrawal_holds_until_a_newer_grant(world):
    assert world.standings.withdraw(ANN, "news", 100)
    assert not world.standings.withdraw(ANN, "news", 90)
    assert not world.standings.withdraw(ANN, "news", 100)
    assert not world.may(ANN, "news", 99)
    assert not world.may(ANN, "news", 100)
    assert world.may(ANN, "news", 101)
    assert world.may(ANN, "offers", 1)
    assert world.may(ANN)
    assert world.of(ANN).withdrawn == {"news": 100}


def test_a_withdrawal_of_the_channel_takes_every_topic(world):
    world.standings.withdraw(place_of(ANN), ALL, 100)
    for topic in ("news", "offers", ALL):
        assert not world.may(ANN, topic, 100)
        assert world.may(ANN, topic, 101)


def test_a_domain_is_suppressed_as_a_whole(world):
    world.standings.suppress(Address("domain", "example.com"), MANUAL, 100)
    place = ("domain", "example.com")
    assert world.standings.load([place])[place].reason == MANUAL


def test_soft_bounces_are_counted_once_each_and_old_ones_forgotten(world):
    for at in (100, 200, 200, 300):
        counted = world.standings.bounced(ANN, at, since=0)
    assert counted == (100, 200, 300)
    assert world.standings.bounced(ANN, 400, since=250) == (300, 400)
    assert world.of(ANN).bounced == (300, 400)


def test_the_list_is_read_in_pages_by_channel_and_reason(world):
    for number in range(5):
        world.standings.suppress(Address(EMAIL, f"p{number}@example.com"), IMPORTED if number % 2 else MANUAL, 100, "import")
    world.standings.suppress(PHONE, MANUAL, 100)
    found, position = world.standings.page(4)
    rest, end = world.standings.page(4, after=position)
    assert len(found) == 4
    assert end is None
    assert {one.address for one in [*found, *rest]} == {PHONE.value, *(f"p{number}@example.com" for number in range(5))}
    assert [one.address for one in world.standings.page(9, channel=SMS)[0]] == [PHONE.value]
    assert [one.address for one in world.standings.page(9, EMAIL, IMPORTED)[0]] == ["p1@example.com", "p3@example.com"]


def test_who_was_erased_leaves_the_list_and_stays_suppressed(world):
    world.standings.suppress(ANN, COMPLAINT, 100)
    world.standings.forget([ANN])
    world.standings.suppress(ANN, COMPLAINT, 100, readable=False)
    world.standings.suppress(BOB, HARD_BOUNCE, 100, readable=False)
    assert world.standings.page(10)[0] == []
    assert not world.may(ANN)
    assert not world.may(BOB)


def test_a_list_entry_that_was_lost_is_written_by_the_next_call(world):
    Standings(world.client, "profiles").suppress(ANN, COMPLAINT, 100)
    world.standings.suppress(ANN, COMPLAINT, 100, "feedback")
    assert world.standings.page(10)[0] == [Suppressed(EMAIL, ANN.value, COMPLAINT, 100, "feedback")]
