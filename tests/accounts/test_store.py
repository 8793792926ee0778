"""One contract, two stores of accounts: the in-memory stand-in behaves as the one in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import boto3
import pytest
from moto import mock_aws

from infra.local import dynamodb
from socle.accounts.fold import fits, fold
from socle.accounts.model import MAX_TRAITS, Account, Change, MemberPage, Pushed, Seen, Write
from socle.accounts.store import AccountStore
from socle.errors import Conflict
from socle.profiles.store import ProfileStore
from tests.accounts.memory import MemoryAccounts
from tests.memory import MemoryProfiles
from tests.people import T0
from tests.profiles.test_store import make_table

ODD = "Müller & Söhne/№ 7?#50%"
LONG = "\U0001f600" * 250


@pytest.fixture(params=["memory", "dynamodb"])
def stores(request: pytest.FixtureRequest) -> Iterator[tuple[AccountStore | MemoryAccounts, ProfileStore | MemoryProfiles]]:
    if request.param == "memory":
        profiles = MemoryProfiles()
        yield MemoryAccounts(profiles), profiles
        return
    with mock_aws(), ExitStack() as stack:
        dynamodb.install(stack)
        client = boto3.client("dynamodb")
        make_table(client)
        yield AccountStore(client, "profiles"), ProfileStore(client, "profiles")


def test_an_account_comes_back_with_all_that_was_written(stores):
    store, _ = stores
    written = [Account(ODD, 1, {"näme": Write(T0, 7, 1, '"Ü"', "crm")}, {"crm": Seen(T0, T0 + 1)}), Account(LONG, 1),
               Account("gone", 1, deleted=T0, gone=True), Account("back", 1, deleted=T0)]
    for account in written:
        store.save(account)
    assert store.load([one.id for one in written] + ["nobody"]) == {one.id: one for one in written} | {
        "nobody": Account("nobody")}


def test_what_people_were_given_comes_back_and_only_the_next_version_is_written(stores):
    store, _ = stores
    assert store.pushed(ODD) == Pushed()
    first = Pushed().after({"traits": {"plan": "Ü"}, "segments": {"buyers": [1, 2]}})
    store.save_pushed(ODD, first)
    with pytest.raises(Conflict):
        store.save_pushed(ODD, first)
    store.save_pushed(ODD, first.after(None))
    assert store.pushed(ODD) == Pushed(2, None)
    store.add_member(ODD, "p1")
    assert store.members(ODD, 10, fresh=True) == MemberPage(["p1"], False)


@pytest.mark.parametrize("letter", ['"', "ü", "\\", "\U0001f600"], ids=["quote", "umlaut", "backslash", "emoji"])
def test_an_account_as_full_as_it_can_be_fits_into_an_item(letter):
    def longest(fitting, text=""):
        while fitting(text + letter):
            text += letter
        return text

    value, name = longest(lambda text: fits("n", text)), longest(lambda text: fits(f"100{text}", 1))
    with mock_aws():
        client = boto3.client("dynamodb")
        make_table(client)
        account = fold(Account(LONG), Change(T0, 2**32, 0, T0, "s" * 64, {f"{n:03}{name}": value for n in range(MAX_TRAITS)}))
        AccountStore(client, "profiles").save(account)
        [item] = client.scan(TableName="profiles")["Items"]
    assert len(account.traits) == MAX_TRAITS
    assert sum(len(text.encode()) for values in item.values() for text in values.values()) < 390_000


def test_only_the_next_version_can_be_written(stores):
    store, _ = stores
    for version, works in ((2, False), (1, True), (1, False), (2, True), (2, False)):
        if works:
            store.save(Account("acme", version))
        else:
            with pytest.raises(Conflict):
                store.save(Account("acme", version))


@pytest.mark.parametrize("name", ["acme", ODD, LONG], ids=["plain", "odd", "long"])
def test_members_are_those_who_were_made_members_in_order(stores, name):
    store, _ = stores
    assert store.load_with_member(name, "p1") == (Account(name), False)
    store.save(Account(name, 1))
    for profile in ("p3", "p1", "p2", "p1"):
        store.add_member(name, profile)
    assert store.load_with_member(name, "p1") == (Account(name, 1), True)
    assert store.members(name, 2) == MemberPage(["p1", "p2"], True)
    assert store.members(name, 2, "p2") == MemberPage(["p3"], False)
    assert store.members(name, 3) == MemberPage(["p1", "p2", "p3"], False)
    assert store.members_of(name, ["p2", "p9"]) == {"p2"}
    store.delete_members(name, ["p1", "p9"])
    assert store.members(name, 3).profiles == ["p2", "p3"]


def test_the_list_is_in_the_order_of_ids_and_knows_each_once(stores):
    store, _ = stores
    names = sorted([f"g{number}" for number in range(40)] + [ODD, LONG])
    for name in [*names, "g1", "g2"]:
        store.enlist(name)
    assert store.listed(100) == names
    assert store.listed(5, "g1") == names[names.index("g1") + 1:][:5]
    store.delist("g1")
    assert store.listed(100) == [name for name in names if name != "g1"]


@pytest.mark.parametrize("name", ["acme", LONG], ids=["plain", "long"])
def test_with_the_pages_of_a_person_their_memberships_go(stores, name):
    store, profiles = stores
    for number in range(30):
        store.add_member(f"{name}{number}"[-250:], "p")
    store.add_member(name, "p")
    store.add_member(name, "q")
    profiles.delete_pages("p")
    assert store.members(name, 10).profiles == ["q"]
    assert store.members_of(name, ["p"]) == set()
    for number in range(30):
        assert store.members(f"{name}{number}"[-250:], 10).profiles == []
