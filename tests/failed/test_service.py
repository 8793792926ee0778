"""What was given up goes back on the stream whole, and is gone from S3 only then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from socle.errors import Unavailable
from socle.events.group import Record
from socle.failed import service
from socle.failed.service import FailedBatches
from socle.failed.store import PREFIX, FailedStore
from tests.failed.invocations import name, written


class Stream:
    """Takes what is put; breaks off when told."""

    def __init__(self) -> None:
        self.puts: list[list[Record]] = []
        self.broken_at = 0

    def put(self, records: Sequence[Record]) -> None:
        if self.broken_at and len(self.puts) + 1 == self.broken_at:
            raise Unavailable("stream_unavailable", "later")
        self.puts.append(list(records))

    @property
    def records(self) -> list[Record]:
        return [record for part in self.puts for record in part]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="bucket")
        yield s3


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def failed(client: Any, stream: Stream) -> FailedBatches:
    for key in keys(client):
        client.delete_object(Bucket="bucket", Key=key)
    return FailedBatches(FailedStore(client, "bucket"), stream.put)


def keys(client: Any) -> list[str]:
    return [entry["Key"] for entry in client.list_objects_v2(Bucket="bucket").get("Contents", [])]


def give_up(client: Any, identifier: str, *bodies: bytes) -> None:
    records = [Record(f"key of {body[:20]!r}", body) for body in bodies]
    client.put_object(Bucket="bucket", Key=PREFIX + identifier, Body=written(records))


def test_every_record_goes_back_with_its_own_partition_key(client: Any, failed: FailedBatches, stream: Stream) -> None:
    give_up(client, name(1), b"one", b"two")
    give_up(client, name(2), b"three")
    assert failed.replay_all() == (3, 2, [], None)
    assert stream.records == [Record(f"key of {body!r}", body) for body in (b"one", b"two", b"three")]
    assert keys(client) == []


def test_only_the_chosen_go_back_once_however_often_they_are_named(client: Any, failed: FailedBatches, stream: Stream) -> None:
    for second in range(3):
        give_up(client, name(second), b"%d" % second)
    assert failed.replay([name(1), name(1)]) == (1, 1, [], None)
    assert [record.data for record in stream.records] == [b"1"]
    assert keys(client) == [PREFIX + name(0), PREFIX + name(2)]


def test_a_batch_that_cannot_be_read_stays_is_named_and_holds_nothing_up(
        client: Any, failed: FailedBatches, stream: Stream) -> None:
    client.put_object(Bucket="bucket", Key=PREFIX + name(0), Body=b"")
    client.put_object(Bucket="bucket", Key=PREFIX + name(1), Body=written([], payload=None))
    give_up(client, name(2), b"good")
    done = failed.replay_all()
    assert (done.replayed, done.batches, done.next) == (1, 1, None)
    assert [(id_, fault.code) for id_, fault in done.failures] == [(name(0), "unreadable"), (name(1), "unreadable")]
    assert keys(client) == [PREFIX + name(0), PREFIX + name(1)]
    assert [(batch.id, batch.facts is None) for batch in failed.page(10).items] == [(name(0), True), (name(1), False)]


def test_a_batch_that_is_gone_is_named(failed: FailedBatches, stream: Stream) -> None:
    ((identifier, fault),) = failed.replay([name(7)]).failures
    assert (identifier, fault.code, stream.puts) == (name(7), "not_there", [])


def test_a_stream_that_takes_only_a_part_loses_nothing(client: Any, failed: FailedBatches, stream: Stream) -> None:
    give_up(client, name(1), *(b"%d" % number for number in range(600)))
    stream.broken_at = 2
    with pytest.raises(Unavailable):
        failed.replay_all()
    assert keys(client) == [PREFIX + name(1)]
    stream.broken_at = 0
    assert failed.replay_all().replayed == 600
    assert {record.data for record in stream.records} == {b"%d" % number for number in range(600)}


def test_a_crash_before_the_deletion_only_repeats(
        client: Any, failed: FailedBatches, stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    give_up(client, name(1), b"twice")
    with monkeypatch.context() as broken:
        broken.setattr(failed._store, "delete", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            failed.replay_all()
    assert failed.replay_all().replayed == 1
    assert [record.data for record in stream.records] == [b"twice", b"twice"]


def test_a_large_batch_goes_in_slices_that_a_shard_can_take(client: Any, failed: FailedBatches, stream: Stream) -> None:
    give_up(client, name(1), *(b"%d" % number for number in range(600)))
    give_up(client, name(2), *[b"x" * 100_000] * 5, b"x" * 400_000)
    failed.replay_all()
    assert [len(part) for part in stream.puts] == [250, 250, 100, 2, 2, 1, 1]


@pytest.mark.parametrize(("limit", "value"), [("MAX_BATCHES", 2), ("MAX_RECORDS", 4), ("MAX_BYTES", 5)])
def test_a_call_ends_at_its_limit_and_the_next_goes_on(
        client: Any, failed: FailedBatches, monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(service, limit, value)
    client.put_object(Bucket="bucket", Key=PREFIX + name(0), Body=b"broken")
    for second in range(1, 6):
        give_up(client, name(second), b"ab", b"c")
    replayed, cursor, calls = 0, None, 0
    while cursor is not None or not calls:
        done = failed.replay_all(cursor)
        replayed, cursor, calls = replayed + done.replayed, done.next, calls + 1
    assert (replayed, calls) == (10, 3)
    assert keys(client) == [PREFIX + name(0)]


def test_chosen_batches_beyond_the_limit_are_named(client: Any, failed: FailedBatches, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MAX_RECORDS", 2)
    for second in range(4):
        give_up(client, name(second), b"one")
    done = failed.replay([name(3), name(9), name(2), name(1), name(0)])
    assert (done.replayed, done.batches, done.next) == (2, 2, None)
    assert [(id_, fault.code) for id_, fault in done.failures] == [
        (name(9), "not_there"), (name(1), "not_reached"), (name(0), "not_reached")]


@pytest.mark.parametrize("limit", [1, 2, 3, 1_000])
def test_pages_hold_every_batch_once_by_shard_and_time(client: Any, failed: FailedBatches, monkeypatch: pytest.MonkeyPatch,
                                                       limit: int) -> None:
    monkeypatch.setattr(service, "MAX_BATCHES", 4)
    expected = [name(second, shard) for shard in ("shardId-000000000001", "shardId-000000000002") for second in range(3)]
    for identifier in reversed(expected):
        give_up(client, identifier, b"x" * 10_000)
    client.put_object(Bucket="bucket", Key=PREFIX, Body=b"")  # a folder of the console's
    client.put_object(Bucket="bucket", Key="aws/other", Body=b"")
    seen, cursor = [], None
    while True:
        page = failed.page(limit, cursor)
        seen += [batch.id for batch in page.items if batch.facts is not None]
        cursor = page.next
        if cursor is None:
            break
    assert seen == expected


def test_an_outage_of_s3_is_said_to_be_one(stream: Stream) -> None:
    closed = boto3.client("s3", region_name="us-east-1", endpoint_url="http://127.0.0.1:9", aws_access_key_id="x",
                          aws_secret_access_key="x", config=Config(retries={"total_max_attempts": 1}))
    failed = FailedBatches(FailedStore(closed, "bucket"), stream.put)
    for attempt in (lambda: failed.page(1), failed.replay_all, lambda: failed.replay([name(1)])):
        with pytest.raises(Unavailable):
            attempt()
