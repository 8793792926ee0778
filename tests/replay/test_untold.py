"""What no event tells goes with the profiles to the restored table: suppressions, messages, caps; never back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from infra.local import dynamodb
from socle.consent.model import ALL, HARD_BOUNCE, MANUAL, RANKS, SOFT_BOUNCES
from socle.consent.store import Standings
from socle.errors import Conflict, Unavailable
from socle.journeys.items import shard_of
from socle.journeys.model.row import Inside, Logged
from socle.journeys.store import EntryStore
from socle.messages.items import address_item, counts_item, message_item
from socle.messages.model import DELIVERED, EMAIL, FAILED, RANK, SENT, Address, Message
from socle.messages.store import Ledger
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore
from socle.replay.model import Count
from socle.replay.service import plan, summary
from socle.untold.rows import key_of, merged
from socle.untold.service import Untold
from socle.untold.store import CopiedRows, UntoldRows
from tests.faults.dynamo import Dynamo
from tests.people import T0, USER
from tests.profiles.test_store import make_table
from tests.replay.kept import MemoryBucket

ANN = Address(EMAIL, "ann@example.com")
KEY = "k" * 20
SEGMENTS = 3


class Tables:
    """Both tables, and a way to copy."""

    def __init__(self) -> None:
        self.client = boto3.client("dynamodb")
        make_table(self.client)
        described = self.client.describe_table(TableName="profiles")["Table"]
        self.client.create_table(TableName="restored", BillingMode="PAY_PER_REQUEST", KeySchema=described["KeySchema"],
                                 AttributeDefinitions=[one for one in described["AttributeDefinitions"]
                                                       if one["AttributeName"] in ("PK", "SK")])
        self.live, self.restored = (Standings(self.client, table) for table in ("profiles", "restored"))
        self.ledger = Ledger(self.client, "restored")
        self.bucket = MemoryBucket()
        self.untold = Untold(self.bucket, UntoldRows(self.client, "profiles"), CopiedRows(self.client, "restored"))
        plan(self.bucket, "run", T0, copy=SEGMENTS)

    def put(self, *items, table="profiles") -> None:
        for item in items:
            self.client.put_item(TableName=table, Item=item)

    def copy(self) -> int:
        return sum(self.untold.do("run", number).copied for number in range(SEGMENTS))

    def rows(self, table="restored"):
        return {key_of(item): item for item in self.client.scan(TableName=table)["Items"]}


@pytest.fixture
def tables() -> Iterator[Tables]:
    with mock_aws(), ExitStack() as stack:
        dynamodb.install(stack)
        yield Tables()


def message(profile="p1", state=SENT, attempt=1, **more) -> Message:
    return Message(profile, KEY, attempt, state, T0 + attempt, USER, EMAIL, ANN.digest, **more)


def test_who_is_suppressed_or_got_a_message_is_known_in_the_restored_table(tables):
    tables.live.suppress(ANN, HARD_BOUNCE, 100)
    tables.live.withdraw(ANN, "news", 200)
    tables.live.bounced(ANN, 300, 0)
    counts = {"2026-01-01": {"email news": 2}}
    tables.put(message_item(message()), address_item(message()), counts_item("p1", counts, 7))
    assert tables.copy() == 4
    assert tables.rows() == tables.rows("profiles")
    assert tables.restored.load([ANN]) == tables.live.load([ANN])
    found = tables.ledger.look(["p1"], KEY)
    assert (found.rows["p1"], found.counts["p1"]) == (message(), (7, counts))
    assert tables.ledger.owners(KEY, [ANN.digest]) == {ANN.digest: "p1"}


def test_nothing_else_is_copied(tables):
    tables.put(*({"PK": {"S": partition}, "SK": {"S": sort}, "v": {"N": "1"}} for partition, sort in (
        ("P#p1", "A"), ("P#p1", "E#a"), ("P#p1", "G#acme"), ("I#email#C", "I"), ("X#1", "X"), ("R#5", "M#p1#k#0"), ("R#5", "p1"),
        ("T#tag", "T"), ("G#acme", "P#p1"), ("K#1", "K"))))
    assert (tables.copy(), tables.rows()) == (0, {})


def test_a_copy_that_is_done_again_writes_nothing(tables):
    tables.put(*(message_item(message(f"p{number}")) for number in range(230)))
    tables.live.withdraw(ANN, ALL, 200)
    assert (tables.copy(), tables.copy()) == (231, 0)


def test_what_came_since_the_last_copy_is_taken_over(tables):
    tables.put(message_item(message()), address_item(message()), counts_item("p1", {}, 1))
    tables.live.suppress(ANN, MANUAL, 100)
    tables.copy()
    tables.put(message_item(message(state=DELIVERED, opened=T0 + 5)), counts_item("p1", {"2026-01-01": {"email ": 1}}, 2))
    tables.live.release(ANN, 200)
    tables.live.withdraw(ANN, "news", 300)
    assert tables.copy() == 3
    assert tables.rows() == tables.rows("profiles")


def test_a_newer_row_is_never_overwritten_by_an_older_one(tables):
    tables.put(message_item(message(state=FAILED)), address_item(message("p0")), counts_item("p1", {}, 4))
    tables.live.withdraw(ANN, "news", 100)
    tables.live.suppress(ANN, SOFT_BOUNCES, 100)
    newer = message(state=SENT, attempt=2, opened=T0 + 9)
    tables.put(message_item(newer), address_item(newer), counts_item("p1", {}, 5), table="restored")
    tables.restored.withdraw(ANN, "news", 500)
    tables.restored.suppress(ANN, MANUAL, 50)
    tables.restored.release(ANN, 400)
    before = tables.rows()
    assert (tables.copy(), tables.rows()) == (0, before)


def test_neither_of_two_tables_that_both_know_something_loses_it(tables):
    for standings, topic, at in ((tables.live, "news", 100), (tables.restored, "offers", 200)):
        standings.withdraw(ANN, topic, at)
        standings.bounced(ANN, at, 0)
    tables.live.suppress(ANN, MANUAL, 100)
    tables.copy()
    (found,) = tables.restored.load([ANN]).values()
    assert (found.reason, found.withdrawn, found.bounced) == (MANUAL, {"news": 100, "offers": 200}, (100, 200))


def test_who_was_forgotten_stays_so_and_what_an_address_refuses_outlives_them(tables):
    store = ProfileStore(tables.client, "restored")
    store.forget(Aggregate("p1"), (), T0)
    tables.put(message_item(message()), counts_item("p1", {}, 1), address_item(message()), message_item(message("p2")))
    tables.live.suppress(ANN, HARD_BOUNCE, 100)
    tables.copy()
    assert {key for key in tables.rows() if key[1] != "A"} == {
        (f"C#email#{ANN.digest}", "C"), (f"L#{KEY}#{ANN.digest}", "L"), ("P#p2", f"M#{KEY}")}


def test_a_row_that_somebody_writes_meanwhile_is_looked_at_again(tables, monkeypatch):
    tables.put(message_item(message(state=FAILED)))
    tables.live.withdraw(ANN, "news", 100)
    load, newer = CopiedRows.load, message_item(message(state=SENT, attempt=2))
    writes = {"M#" + KEY: lambda: tables.put(newer, table="restored"), "C": lambda: tables.restored.withdraw(ANN, "news", 500)}

    def overtaken(self, keys):
        keys = list(keys)
        found = load(self, keys)
        for _, sort in keys:
            writes.pop(sort, lambda: None)()
        return found

    monkeypatch.setattr(CopiedRows, "load", overtaken)
    assert tables.copy() == 0
    assert tables.rows()["P#p1", f"M#{KEY}"] == newer
    assert tables.restored.load([ANN])[ANN].withdrawn == {"news": 500}


def test_a_row_that_changes_for_ever_is_left_to_the_next_attempt(tables, monkeypatch):
    tables.live.withdraw(ANN, "news", 100)
    monkeypatch.setattr(CopiedRows, "change", lambda *_: (_ for _ in ()).throw(Conflict("conflict", "changed")))
    with pytest.raises(Unavailable):
        tables.copy()


def test_the_sum_says_how_many_rows_were_copied_and_which_task_broke_off(tables):
    tables.put(*(message_item(message(f"p{number}")) for number in range(5)))
    tables.copy()
    del tables.bucket.data["replays/run/copy-1-done.json"]
    left = [Count(**tables.bucket.load("run", f"copy-{number}-done")).copied for number in (0, 2)]
    assert summary(tables.bucket, "run")["copied"] == sum(left)
    failures = tables.bucket.load("run", "sum")["failures"]  # of the other passes, too, which this run did not do
    assert {failure["task"] for failure in failures if failure["task"].startswith("copy")} == {"copy-1"}


_acts = st.lists(st.tuples(st.sampled_from(["suppress", "release", "withdraw", "copy"]), st.booleans(),
                           st.sampled_from(sorted(RANKS)), st.sampled_from([ALL, "news"])), max_size=14)


@given(_acts, st.booleans())
def test_no_refusal_is_lost_whichever_table_heard_of_it_and_whenever_it_is_copied(acts, only_live):
    live, restored, one = Dynamo(), Dynamo(), Dynamo()
    for at, (act, to_live, reason, topic) in enumerate([*acts, ("copy", True, "", "")], 1):
        if act == "copy":
            for key, item in live.items.items():
                restored.items[key] = merged(item, restored.items.get(key))
            continue
        for table in (one, live if to_live or only_live else restored):
            standings = Standings(table, "profiles")
            if act == "withdraw":
                standings.withdraw(ANN, topic, at)
            elif act == "release":
                standings.release(ANN, at)
            else:
                standings.suppress(ANN, reason, at)
    reference, found = (Standings(table, "profiles").load([ANN])[ANN] for table in (one, restored))
    assert found.withdrawn == reference.withdrawn
    assert found.reason or not reference.reason
    if only_live:
        assert found == reference


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(sorted(RANK))), min_size=1, max_size=5))
def test_a_message_only_advances(versions):
    held = None
    for attempt, state in versions:
        held = merged(message_item(message(state=state, attempt=attempt)), held)
    attempt, rank = max((attempt, RANK[state]) for attempt, state in versions)
    assert (held["n"]["N"], held["r"]["N"]) == (str(attempt), str(rank))


def test_what_happened_in_a_journey_is_there_and_never_less_of_it(tables):
    live, restored = EntryStore(tables.client, "profiles"), EntryStore(tables.client, "restored")
    one = Inside("0a" * 10, "p1", 1)
    live.enter("cart", one, T0)
    live.inside("cart", one)
    live.log("p1", one.entry, {("Don't forget", 0): Logged(T0, "sent")}, token="t1")
    assert tables.copy() == 2
    assert restored.get("p1", one.entry) == live.get("p1", one.entry)
    assert restored.people("cart", shard_of(one.entry)) == [one]
    restored.log("p1", one.entry, {("Then", 0): Logged(T0 + 1, "sent")})
    after = restored.get("p1", one.entry)
    assert tables.copy() == 0
    assert restored.get("p1", one.entry) == after
