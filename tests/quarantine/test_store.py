"""Quarantined events in S3: filed once, newest first, taken out one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from socle.errors import Conflict, NotFound, Unavailable
from socle.events.model import Quarantined
from socle.quarantine.model import parse_id, stem_of
from socle.quarantine.service import Quarantine
from socle.quarantine.store import QuarantineStore

RECEIVED = 1_767_225_600_000


def row(number: int = 0, received: int = RECEIVED, raw: str = "{}") -> Quarantined:
    return Quarantined(number, f"m-{number}", "bad_type", "type", "say which", "shop", received, raw)


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="bucket")
        yield s3


@pytest.fixture
def store(client: Any) -> QuarantineStore:
    for entry in client.list_objects_v2(Bucket="bucket").get("Contents", []):
        client.delete_object(Bucket="bucket", Key=entry["Key"])
    return QuarantineStore(client, "bucket")


def keys(client: Any) -> list[str]:
    return [entry["Key"] for entry in client.list_objects_v2(Bucket="bucket").get("Contents", [])]


def test_a_redelivered_batch_is_filed_once(client: Any, store: QuarantineStore) -> None:
    store.save("shard-1-2-abc", [row(0), row(1)])
    store.save("shard-1-2-abc", [row(0), row(1)])
    assert keys(client) == [f"quarantine/{9_999_999_999_999 - RECEIVED}-shard-1-2-abc.ndjson.gz"]
    assert [held.row for held in store.load(stem_of("shard-1-2-abc", RECEIVED))] == [row(0), row(1)]


def test_a_redelivered_batch_is_filed_once_also_when_its_rows_come_in_another_order(client: Any, store: QuarantineStore) -> None:
    store.save("shard-1-2-abc", [row(0), row(1, RECEIVED + 5)])
    store.save("shard-1-2-abc", [row(1, RECEIVED + 5), row(0)])
    assert len(keys(client)) == 1


def test_a_redelivery_brings_nothing_back_that_was_taken_out_while_others_stay(store: QuarantineStore) -> None:
    store.save("batch", [row(0), row(1)])
    store.remove(stem_of("batch", RECEIVED), [0])
    store.save("batch", [row(0), row(1)])
    assert [held.place for held in store.load(stem_of("batch", RECEIVED))] == [1]


def test_no_rows_make_no_object(client: Any, store: QuarantineStore) -> None:
    store.save("empty", [])
    assert keys(client) == []


def test_the_newest_batch_is_listed_first(store: QuarantineStore) -> None:
    for age in (3, 1, 2):
        store.save(f"batch-{age}", [row(received=RECEIVED - age)])
    assert [stem.partition("-")[2] for stem in store.stems()] == ["batch-1", "batch-2", "batch-3"]


def test_listing_goes_on_where_it_is_told(store: QuarantineStore) -> None:
    for name in ("a", "ab", "a.b", "b"):
        store.save(name, [row()])
    every = list(store.stems())
    assert len(every) == 4
    for place, stem in enumerate(every):
        assert list(store.stems(stem)) == every[place:]


def test_what_is_in_an_event_survives(store: QuarantineStore) -> None:
    odd = row(raw='{"broken": \u2028 "\x00\n\ud800"')
    store.save("odd", [odd])
    assert store.load(stem_of("odd", RECEIVED))[0].row == odd


def test_removing_at_the_same_time_loses_nothing(store: QuarantineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save("shared", [row(0), row(1), row(2)])
    stem = stem_of("shared", RECEIVED)
    rewrite = store._rewrite
    other = QuarantineStore(store._client, "bucket")

    def late(*arguments: Any) -> bool:
        monkeypatch.undo()
        other.remove(stem, [1])
        return rewrite(*arguments)

    monkeypatch.setattr(store, "_rewrite", late)
    assert store.remove(stem, [0]) == 1
    assert [held.place for held in store.load(stem)] == [2]


def test_the_last_one_out_takes_the_object_along_also_in_a_race(
        client: Any, store: QuarantineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save("last", [row(0)])
    stem = stem_of("last", RECEIVED)
    rewrite = store._rewrite
    other = QuarantineStore(store._client, "bucket")

    def late(*arguments: Any) -> bool:
        monkeypatch.undo()
        other.remove(stem, [0])
        return rewrite(*arguments)

    monkeypatch.setattr(store, "_rewrite", late)
    assert store.remove(stem, [0]) == 0
    assert keys(client) == []


def test_losing_every_race_is_said(store: QuarantineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save("busy", [row(0)])
    monkeypatch.setattr(store, "_rewrite", lambda *_: False)
    with pytest.raises(Conflict):
        store.remove(stem_of("busy", RECEIVED), [0])


def test_an_outage_says_try_again() -> None:
    broken = boto3.client("s3", endpoint_url="http://127.0.0.1:9", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(Unavailable):
        QuarantineStore(broken, "bucket").save("name", [row()])


def test_the_name_of_a_batch_of_kinesis_makes_a_valid_id() -> None:
    name = f"shardId-000000000012-{'4' * 56}-{'5' * 56}-0123456789abcdef"
    stem = stem_of(name, RECEIVED)
    assert parse_id(f"{stem}.17") == (stem, 17)


@pytest.mark.parametrize("text", ["", "x", "1-2", f"{'1' * 13}-a", f"{'1' * 13}-a/../b.0", f"{'1' * 13}-a.x", "../../raw/x.0"])
def test_what_never_was_an_id_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        parse_id(text)


def test_a_call_reads_a_bounded_number_of_objects_and_goes_on_from_there(
        store: QuarantineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socle.quarantine.service.MAX_OBJECTS", 2)
    sent: list[Any] = []
    quarantine = Quarantine(store, sent.extend)
    good = '{"type": "track", "event": "A", "userId": "1", "messageId": "%d"}'
    for number in range(5):
        store.save(f"batch-{number}", [row(number, RECEIVED - number, good % number)])
    assert quarantine.summary() == ({("shop", "bad_type"): 2}, 2, False)
    seen, cursor = [], None
    while True:
        page = quarantine.page(10, code="none such" if cursor is None else None, cursor=cursor)
        seen += [held.row.index for held in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [2, 3, 4]
    first = quarantine.replay_all("shop", None)
    assert (first.replayed, first.next is None) == (2, False)
    second = quarantine.replay_all("shop", None, first.next)
    third = quarantine.replay_all("shop", None, second.next)
    assert (second.replayed, third.replayed, third.next) == (2, 1, None)
    assert [event.message_id for event in sent] == ["0", "1", "2", "3", "4"]
    assert list(store.stems()) == []


def test_what_s3_refuses_is_not_taken_for_filed() -> None:
    class Refusing:
        def put_object(self, **asked: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "PutObject")

    with pytest.raises(ClientError):
        QuarantineStore(Refusing(), "bucket").save("shard-1-2-abc", [row(0)])
