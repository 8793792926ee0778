"""What happened to somebody in a journey is kept with their profile, and what a journey comes to beside the definitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from socle.journeys.items import SHARDS, shard_of
from socle.journeys.model.row import Inside, Logged, Parked
from socle.journeys.store import Counters, EntryStore
from socle.profiles.store import ProfileStore
from tests.faults.dynamo import Dynamo
from tests.profiles.test_store import make_table

ENTRY, OTHER = "a" * 20, "b" * 20
ADA = Inside(ENTRY, "p1", 3)


@pytest.fixture
def table() -> Dynamo:
    return Dynamo()


@pytest.fixture(params=["memory", "moto"])
def either(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A table in memory, and one that understands DynamoDB's expressions."""
    if request.param == "memory":
        yield Dynamo()
        return
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="eu-west-1")
        make_table(dynamodb)
        yield dynamodb


@pytest.fixture
def store(table: Dynamo) -> EntryStore:
    return EntryStore(table, "profiles")


def test_a_row_is_made_once(store: EntryStore) -> None:
    assert store.enter("cart", ADA, 7)
    assert not store.enter("cart", ADA, 9)
    row = store.get("p1", ENTRY)
    assert row is not None
    assert (row.journey, row.version, row.at) == ("cart", 3, 7)


def test_what_became_of_each_step_and_round_is_read_back(store: EntryStore) -> None:
    store.enter("cart", ADA, 7)
    assert store.log("p1", ENTRY, {("Write: now?", 0): Logged(8, "sent")})
    assert store.log("p1", ENTRY, {("Write: now?", 1): Logged(9, "skipped", "no_consent")})
    assert store.log("p1", ENTRY, {("wait", 1): Logged(9, "holding")}, token="old")
    assert store.log("p1", ENTRY, {("wait", 1): Logged(9, "holding")}, token="new")
    assert store.keep("p1", ENTRY, "score", {"risk": 4})
    row = store.load([("p1", ENTRY), ("p1", OTHER)])["p1", ENTRY]
    assert row.log == {("Write: now?", 0): (8, "sent", ""), ("Write: now?", 1): (9, "skipped", "no_consent"),
                       ("wait", 1): (9, "holding", "")}
    assert row.holds == {("wait", 1): "new"}
    assert row.responses == {"score": {"risk": 4}}


def test_a_loop_that_goes_round_for_a_year_keeps_its_last_rounds(store: EntryStore) -> None:
    store.enter("cart", ADA, 7)
    for round_ in range(50):
        store.log("p1", ENTRY, {("ask", round_): Logged(round_, "done")})
    row = store.get("p1", ENTRY)
    assert row is not None
    assert sorted(row.log) == [("ask", round_) for round_ in range(30, 50)]


def test_a_step_was_begun_when_it_was_begun_first(store: EntryStore) -> None:
    store.enter("cart", ADA, 7)
    assert store.begin("p1", ENTRY, "tag", 0, 100) == 100
    assert store.begin("p1", ENTRY, "tag", 0, 200) == 100
    assert store.begin("p1", ENTRY, "tag", 1, 300) == 300


def test_what_is_to_be_said_once_is_said_once(store: EntryStore) -> None:
    store.enter("cart", ADA, 7)
    out = {("", 0): Logged(9, "out", "completed")}
    assert store.log("p1", ENTRY, out, once=True)
    assert not store.log("p1", ENTRY, out, once=True)
    assert store.mark("p1", ENTRY, "goal", 9)
    assert not store.mark("p1", ENTRY, "goal", 10)
    assert not store.mark("p2", ENTRY, "goal", 9)


def test_no_step_brings_back_the_row_of_somebody_who_was_erased(store: EntryStore, table: Dynamo) -> None:
    assert not store.log("p1", ENTRY, {("ask", 0): Logged(1, "done")})
    assert not store.keep("p1", ENTRY, "ask", {})
    assert not store.park("cart", Parked(ENTRY, "p1", 3, "ask", 0, "paused", 1), "t")
    assert store.begin("p1", ENTRY, "ask", 0, 5) == 5
    assert table.items == {}


def test_an_erasure_takes_the_row_and_everything_that_names_it(store: EntryStore, table: Dynamo) -> None:
    store.enter("cart", ADA, 7)
    store.inside("cart", ADA)
    store.park("cart", Parked(ENTRY, "p1", 3, "ask", 0, "paused", 1), "t")
    store.inside("cart", Inside(OTHER, "p2", 3))
    ProfileStore(table, "profiles").delete_pages("p1")
    assert [key[1] for key in table.items] == [OTHER]


def test_who_is_inside_and_who_is_parked_is_listed(store: EntryStore) -> None:
    for one in (ADA, Inside(OTHER, "p2", 4)):
        store.enter("cart", one, 7)
        store.inside("cart", one)
    parked = Parked(ENTRY, "p1", 3, "ask", 2, "failed: unavailable", 9)
    assert store.park("cart", parked, "t")
    assert [one for shard in range(SHARDS) for one in store.people("cart", shard)] == sorted(
        [ADA, Inside(OTHER, "p2", 4)], key=lambda one: shard_of(one.entry))
    assert store.people("cart", shard_of(ENTRY), after=ENTRY) == []
    assert store.people("other", shard_of(ENTRY)) == []
    assert store.parked("cart") == [parked]
    row = store.get("p1", ENTRY)
    assert row is not None
    assert row.parks == {("ask", 2): "t"}
    store.unpark("cart", parked._replace(at=8))
    assert store.parked("cart") == [parked]
    store.unpark("cart", parked)
    assert store.parked("cart") == []
    store.leave("cart", ENTRY)
    assert store.people("cart", shard_of(ENTRY)) == []


def test_counts_add_up_over_all_shards() -> None:
    counters = Counters(Dynamo(), "definitions")
    counters.add("cart", 3, {("", "entered"): 1, ("Write: now?", "skipped:no_consent"): 2}, ENTRY)
    counters.add("cart", 3, {("", "entered"): 1}, OTHER)
    counters.add("cart", 4, {("", "entered"): 5}, ENTRY)
    counters.add("cart", 3, {}, ENTRY)
    assert counters.read("cart", 3) == {("", "entered"): 2, ("Write: now?", "skipped:no_consent"): 2}


def test_dynamodb_understands_all_of_it(either: Any) -> None:
    store, counters = EntryStore(either, "profiles"), Counters(either, "profiles")
    parked = Parked(ENTRY, "p1", 3, "Ask: now?", 20, "paused", 9)
    assert store.enter("cart", ADA, 7)
    assert not store.enter("cart", ADA, 7)
    store.inside("cart", ADA)
    assert store.log("p1", ENTRY, {("Ask: now?", 0): Logged(1, "done"), ("Wait", 0): Logged(1, "waiting", "…")})
    assert store.log("p1", ENTRY, {("Ask: now?", 20): Logged(2, "holding")}, token="t")
    assert store.begin("p1", ENTRY, "Tag", 0, 5) == 5
    assert store.begin("p1", ENTRY, "Tag", 0, 6) == 5
    assert store.mark("p1", ENTRY, "goal:é", 5)
    assert not store.mark("p1", ENTRY, "goal:é", 5)
    assert not store.mark("p2", ENTRY, "goal:é", 5)
    assert store.keep("p1", ENTRY, "Score", {"risk": 1.5})
    assert store.park("cart", parked, "k")
    row = store.get("p1", ENTRY)
    assert row is not None
    assert row == store.load([("p1", ENTRY)])["p1", ENTRY]
    assert row.log == {("Wait", 0): (1, "waiting", "…"), ("Ask: now?", 20): (2, "holding", "")}
    assert (row.holds, row.parks, row.responses) == ({("Ask: now?", 20): "t"}, {("Ask: now?", 20): "k"}, {"Score": {"risk": 1.5}})
    assert store.people("cart", shard_of(ENTRY)) == [ADA]
    assert store.parked("cart") == [parked]
    store.unpark("cart", parked._replace(at=8))
    assert store.parked("cart") == [parked]  # parked anew since
    store.unpark("cart", parked)
    assert store.parked("cart") == []
    counters.add("cart", 3, {("", "entered"): 1, ("Ask: now?", "skipped:no_consent"): 2}, ENTRY)
    counters.add("cart", 3, {("", "entered"): 1}, OTHER)
    assert counters.read("cart", 3) == {("", "entered"): 2, ("Ask: now?", "skipped:no_consent"): 2}
    store.park("cart", parked, "k")
    ProfileStore(either, "profiles").delete_pages("p1")
    assert (store.get("p1", ENTRY), store.people("cart", shard_of(ENTRY)), store.parked("cart")) == (None, [], [])
