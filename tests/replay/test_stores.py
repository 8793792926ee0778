"""The stores of a replay keep what they are given, and the newer of two notes."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from socle.erasures.model import Erasure
from socle.erasures.store import ErasureStore
from socle.errors import Rejected
from socle.identity.model import IDENTIFIER, Evidence
from socle.profiles.items import erased_key
from socle.profiles.model import Member
from socle.profiles.store import ProfileStore
from socle.replay.model import SHARDS, Moved, Note
from socle.replay.rows import Object, rounds, tasks
from socle.replay.store import NoteStore, ReplayStore
from tests.people import event

MAIL = ("email", "a#b@c.example")


@pytest.fixture
def store() -> Iterator[ReplayStore]:
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="bucket")
        yield ReplayStore(s3, "bucket")


@pytest.fixture
def table() -> Iterator[str]:
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName="table", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")])
        yield "table"


def test_every_object_of_a_prefix_is_listed_whatever_the_page(store):
    s3 = boto3.client("s3")
    for number in range(1_003):
        s3.put_object(Bucket="bucket", Key=f"raw/{number:04}", Body=b"xy")
    s3.put_object(Bucket="bucket", Key="lake/1", Body=b"xy")
    found = list(store.objects("raw/"))
    assert [one.key for one in found] == [f"raw/{number:04}" for number in range(1_003)]
    assert {one.size for one in found} == {2}


def test_a_marker_is_read_as_it_was_written_and_written_again_over_itself(store):
    erasure = Erasure(("p1", "p2"), 5, (erased_key(MAIL),))
    for _ in range(2):
        ErasureStore(boto3.client("s3"), "bucket").save(erasure)
    (found,) = store.objects("erasures/")
    import json

    assert found.key == "erasures/p1.json"
    assert Erasure.from_json(json.loads(store.read(found.key))) == erasure


def test_documents_of_a_run_are_kept_apart_and_a_missing_one_says_so(store):
    store.save("run-1", "plan", {"apply": [0]})
    assert store.load("run-1", "plan") == {"apply": [0]}
    with pytest.raises(Rejected) as missing:
        store.load("run-2", "plan")
    assert missing.value.code == "missing_object"


def test_of_two_notes_the_newer_stays_until_it_is_deleted(table):
    notes = NoteStore(boto3.client("dynamodb"), table)
    a, b = (Member("p", "", 3, Evidence(IDENTIFIER, 5, one, "0akey")) for one in (MAIL, None))
    older, newer = Note("p", 9, {"a": a}, frozenset({MAIL})), Note("p", 10, {"a": a, "b": b}, frozenset(), frozenset({"c"}), True)
    for order in ((older, newer), (newer, older)):
        for note in order:
            notes.save(note)
        assert [note for shard in range(SHARDS) for note in notes.of(shard)] == [newer]
        notes.delete(newer)
    notes.save(older)
    assert [note for shard in range(SHARDS) for note in notes.of(shard)] == [older]


def test_what_went_elsewhere_is_kept_until_it_is_obeyed(table):
    notes = NoteStore(boto3.client("dynamodb"), table)
    gone = {Moved("p", event(1).key + "#odd#", revision, unlinked, "q") for revision, unlinked in ((0, None), (12, (MAIL,)))}
    for moved in [*gone, *gone]:
        notes.save_moved(moved)
    notes.save(Note("p", 3))
    assert {moved for shard in range(SHARDS) for moved in notes.moved(shard)} == gone
    assert [note for shard in range(SHARDS) for note in notes.of(shard)] == [Note("p", 3)]
    for moved in gone:
        notes.delete_moved(moved)
    assert not [moved for shard in range(SHARDS) for moved in notes.moved(shard)]


def test_the_latest_erasure_of_an_identifier_is_remembered(table):
    notes = NoteStore(boto3.client("dynamodb"), table)
    for erased in (9, 10, 2):
        notes.remember([erased_key(MAIL)], erased)
    assert ProfileStore(boto3.client("dynamodb"), table).erased([MAIL]) == {MAIL: 10}


def test_tasks_hold_every_object_once_and_no_more_than_they_may():
    objects = [Object(str(number), number % 7) for number in range(50)]
    found = list(tasks(objects, max_objects=5, max_bytes=12))
    assert [key for keys in found for key in keys] == [one.key for one in objects]
    assert all(len(keys) <= 5 and sum(objects[int(key)].size for key in keys) <= 12 for keys in found)
    assert list(tasks([Object("big", 99)], max_bytes=12)) == [["big"]]
    assert list(tasks([])) == []


def test_a_write_takes_in_no_more_than_an_item_bears():
    events = [event(number, properties={"text": "x" * 30_000}) for number in range(20)]
    parts = list(rounds(events))
    assert [one for part in parts for one in part] == events
    assert max(len(part) for part in parts) <= 7
