"""One contract, two stores: the in-memory stand-in behaves as the one in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import boto3
import pytest
from moto import mock_aws

from infra.local import dynamodb
from socle.errors import Conflict, Rejected
from socle.events.model import Tick
from socle.profiles.codec import encode_aggregate, entry_of
from socle.profiles.fold import refold
from socle.profiles.model import Aggregate, Page
from socle.profiles.store import PAGES_AGAIN, Owner, ProfileStore
from tests.memory import MemoryProfiles
from tests.people import ANONYMOUS, T0, USER, event


@pytest.fixture(params=["memory", "dynamodb"])
def store(request) -> Iterator[ProfileStore | MemoryProfiles]:
    if request.param == "memory":
        yield MemoryProfiles()
        return
    with mock_aws(), ExitStack() as stack:
        dynamodb.install(stack)
        client = boto3.client("dynamodb")
        make_table(client)
        yield ProfileStore(client, "profiles")


def make_table(client) -> None:
    types = {"PK": "S", "SK": "S", "dueShard": "S", "due": "N"}
    client.create_table(
        TableName="profiles", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{"IndexName": "due", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [
            {"AttributeName": "dueShard", "KeyType": "HASH"}, {"AttributeName": "due", "KeyType": "RANGE"}]}])


def stored(store, aggregate, *pages):
    store.save(aggregate, encode_aggregate(aggregate), pages)
    return aggregate


def test_a_profile_that_is_not_there_is_empty(store):
    assert store.load(["p"]) == {"p": Aggregate("p")}


def test_an_aggregate_comes_back_with_all_its_attributes(store):
    written = Aggregate("p", 1, refold([event(1)]), (entry_of(event(1)),), merged_into="q", due=T0)
    stored(store, written)
    assert store.load(["p", "p", "other"]) == {"p": written, "other": Aggregate("other")}


def test_only_the_next_version_can_be_written(store):
    first = stored(store, Aggregate("p", 1))
    for version in (1, 3):
        with pytest.raises(Conflict):
            stored(store, Aggregate("p", version))
    stored(store, first.next())
    assert store.load(["p"])["p"].version == 2


def test_aggregate_and_pages_are_written_together_or_not_at_all(store):
    page = Page("p", "", 1, (entry_of(event(1)),))
    one = stored(store, Aggregate("p", 1), page)
    with pytest.raises(Conflict):
        stored(store, one.next(), Page("p", "", 1, ()))
    assert store.load(["p"])["p"] == one
    assert store.load_pages([("p", ""), ("p", "other")]) == {("p", ""): page}
    with pytest.raises(Conflict):
        stored(store, Aggregate("p", 1), Page("p", "", 2, ()))
    assert store.load_pages([("p", "")])["p", ""].version == 1


def test_two_aggregates_are_written_together_or_not_at_all(store):
    stored(store, Aggregate("p", 1))
    with pytest.raises(Conflict):
        store.save_together([(Aggregate(name, 1), encode_aggregate(Aggregate(name, 1))) for name in ("q", "p")])
    assert store.load(["q"])["q"].version == 0


def test_of_many_aggregates_each_is_written_on_its_own_version(store):
    stored(store, Aggregate("old", 1, due=T0))
    writes = [Aggregate("old", 2, reserved=frozenset([USER]), due=T0 + 1), Aggregate("new", 1), Aggregate("lost", 2),
              *(Aggregate(f"p{number}", 1) for number in range(60))]
    assert store.save_each([(one, encode_aggregate(one)) for one in writes]) == {"lost"}
    assert store.save_each([(one, encode_aggregate(one)) for one in writes[:2]]) == {"old", "new"}
    assert store.load(one.id for one in writes) == {one.id: one for one in writes} | {"lost": Aggregate("lost")}
    assert store.due(T0 + 5, 100) == [Tick("old", T0 + 1)]


def test_of_many_identifiers_each_is_claimed_once(store):
    store.claim(USER, Owner("p", 0))
    claims = {("email", str(number)): Owner("q", number, "43") for number in range(30)}
    assert store.claim_each({USER: Owner("q", 0), **claims}) == {USER}
    assert store.owners([USER, *claims]) == {USER: Owner("p", 0), **claims}


def test_an_identifier_is_claimed_once(store):
    assert store.owners([USER]) == {}
    assert store.claim(USER, Owner("p", 0)) == Owner("p", 0)
    assert store.claim(USER, Owner("q", 7)) == Owner("p", 0)
    assert store.owners([USER, ANONYMOUS]) == {USER: Owner("p", 0)}


def test_an_identifier_of_an_erased_profile_can_be_claimed_from_it_alone(store):
    store.claim(USER, Owner("p", 0))
    assert store.claim(USER, Owner("q", 7), stale="other").profile == "p"
    assert store.claim(USER, Owner("q", 7), stale="p") == Owner("q", 7)
    assert store.owners([USER]) == {USER: Owner("q", 7)}


def test_a_user_id_is_bound_together_with_the_aggregate_that_says_so_or_not_at_all(store):
    store.claim(ANONYMOUS, Owner("q", 0))
    bound = Aggregate("p", 1, reserved=frozenset([USER]))
    for identifier, aggregate in ((ANONYMOUS, bound), (USER, Aggregate("p", 2))):
        with pytest.raises(Conflict):
            store.bind(aggregate, encode_aggregate(aggregate), identifier, Owner("p", 0))
    assert store.owners([USER]) == {}
    assert store.load(["p"])["p"].version == 0
    store.bind(bound, encode_aggregate(bound), USER, Owner("p", 0))
    assert store.owners([USER]) == {USER: Owner("p", 0)}
    assert store.load(["p"])["p"] == bound


def test_a_forgotten_profile_leaves_a_tombstone_and_a_hash(store):
    stored(store, Aggregate("p", 1, pages=("",), horizon="1", erased=T0), Page("p", "", 1, ()))
    store.claim(USER, Owner("p", 0))
    store.forget(store.load(["p"])["p"], [USER], T0)
    assert store.load(["p"])["p"] == Aggregate("p", 2, erased=T0, due=T0 + PAGES_AGAIN)
    assert store.load_pages([("p", "")]) == {}
    assert store.owners([USER]) == {}
    assert store.erased([USER, ANONYMOUS]) == {USER: T0}


def test_new_pages_are_written_each_unless_there_is_one(store):
    stored(store, Aggregate("p", 1), Page("p", "", 1, ()))
    new = [Page("p", lower, 1, (entry_of(event(1)),)) for lower in ("", "1", "2")]
    assert store.insert_pages(new) == {("p", "")}
    assert store.load_pages([("p", ""), ("p", "1"), ("p", "2")]) == {
        ("p", ""): Page("p", "", 1, ()), ("p", "1"): new[1], ("p", "2"): new[2]}


def test_all_pages_of_a_profile_are_deleted_listed_or_not(store):
    stored(store, Aggregate("p", 1))
    pages = [Page("p", f"{number:03}", 1, ()) for number in range(60)]
    store.insert_pages([*pages, Page("q", "", 1, ())])
    store.delete_pages("p")
    assert store.load_pages([(page.profile, page.lower) for page in pages]) == {}
    assert store.load_pages([("q", "")]) == {("q", ""): Page("q", "", 1, ())}
    assert store.load(["p"])["p"].version == 1


def test_forgetting_leaves_an_identifier_that_is_somebody_else_s(store):
    stored(store, Aggregate("p", 1, erased=T0))
    store.claim(USER, Owner("q", 0))
    store.forget(store.load(["p"])["p"], [USER], T0)
    assert store.owners([USER]) == {USER: Owner("q", 0)}


def test_only_profiles_that_are_due_are_found(store):
    for name, due in (("early", T0), ("late", T0 + 10), ("never", None)):
        stored(store, Aggregate(name, 1, due=due))
    assert store.due(T0 + 5, 100) == [Tick("early", T0)]


def test_many_profiles_are_loaded_at_once(store):
    for number in range(230):
        stored(store, Aggregate(f"p{number}", 1))
    assert {one.version for one in store.load(f"p{number}" for number in range(230)).values()} == {1}


def test_a_scan_in_parts_finds_everybody_once_and_nobody_who_is_gone(store):
    known = refold([event(1)])
    people = [Aggregate(f"p{number}", 1, known) for number in range(20)]
    gone = [Aggregate("empty", 1), Aggregate("loser", 1, known, merged_into="p0"), Aggregate("erased", 1, known, erased=T0)]
    for one in [*people, *gone]:
        store.save(one, encode_aggregate(one))
    store.save_together([], [Page("p0", "", 1, (entry_of(event(1)),))])
    assert sorted(one.id for part in range(3) for one in store.scan(part, 3)) == sorted(one.id for one in people)


def test_an_item_beyond_400_kb_is_refused_with_a_reason(store):
    with pytest.raises(Rejected) as refused:
        store.save(Aggregate("p", 1), b"x" * 410_000)
    assert refused.value.code == "item_too_large"
    assert store.load(["p"])["p"].version == 0


def test_an_eventually_consistent_read_finds_what_has_been_there(store):
    written = stored(store, Aggregate("p", 1))
    store.claim(USER, Owner("p", 0))
    assert store.load(["p", "q"], fresh=False) == {"p": written, "q": Aggregate("q")}
    assert store.owners([USER, ANONYMOUS], fresh=False) == {USER: Owner("p", 0)}


def test_a_tombstone_keeps_the_later_of_two_erasures(store):
    for erased in (T0, T0 + 5, T0 + 3):
        store.free(USER, "p", erased)
    assert store.erased([USER]) == {USER: T0 + 5}
