"""What works on a good day where the world comes in: requests, keys, the stream, what was put aside and comes back."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from socle.events import wire
from socle.events.service import Collector
from socle.events.store import EventStream
from socle.events.stream import decode
from socle.failed.service import FailedBatches
from socle.failed.store import PREFIX, FailedStore
from socle.quarantine.service import Quarantine
from socle.quarantine.store import QuarantineStore
from socle.sources.find import KeyFinder
from socle.sources.service import WriteKeys
from socle.sources.store import KeyStore
from tests.events.fakes import FakeKeys, FakeStream
from tests.failed.invocations import name, written
from tests.mutants.test_happy_path import made

NOW = 1_717_243_200_000
GOOD = {"type": "track", "event": "Product Viewed", "userId": "u1", "messageId": "m1", "timestamp": "2024-06-01T11:59:00Z"}
BAD = {"type": "dance", "userId": "u1", "messageId": "m2"}


@pytest.fixture(scope="module")
def clients() -> Iterator[dict[str, Any]]:
    with mock_aws():
        yield made("dynamodb", "s3", "kinesis")


@pytest.fixture
def cloud(clients: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The clients, and an empty bucket, stream and table."""
    clients["s3"].create_bucket(Bucket="bucket")
    clients["kinesis"].create_stream(StreamName="events", ShardCount=1)
    clients["dynamodb"].create_table(
        TableName="definitions", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")])
    yield clients
    for entry in clients["s3"].list_objects_v2(Bucket="bucket").get("Contents", []):
        clients["s3"].delete_object(Bucket="bucket", Key=entry["Key"])
    clients["s3"].delete_bucket(Bucket="bucket")
    clients["kinesis"].delete_stream(StreamName="events")
    clients["dynamodb"].delete_table(TableName="definitions")


def request(*messages: dict[str, Any], sent_at: str = "2024-06-01T12:00:00Z") -> wire.Request:
    body = json.dumps({"batch": messages, "sentAt": sent_at})
    return wire.read({"rawPath": "/v1/batch", "headers": {"authorization": "Bearer k1"}, "body": body})


def test_a_request_is_on_the_stream_when_it_is_answered():
    stream = FakeStream()
    collected = Collector(FakeKeys({"k1": "web"}), stream).collect(
        request(GOOD, {**GOOD, "userId": "u2", "messageId": "m3"}, BAD), NOW)
    decoded = [decode(record.data) for record in stream.records]
    assert [event.message_id for one in decoded for event in one.events] == ["m1", "m3"]
    assert [row.code for one in decoded for row in one.quarantined] == ["bad_type"]
    assert (collected.source, collected.events[0].ts, collected.events[0].at) == ("web", NOW - 60_000, NOW - 60_000)


def test_what_is_put_on_the_stream_is_there(cloud):
    stream = EventStream("events", cloud["kinesis"])
    Collector(FakeKeys({"k1": "web"}), stream).collect(request(GOOD), NOW)
    iterator = cloud["kinesis"].get_shard_iterator(
        StreamName="events", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    [record] = cloud["kinesis"].get_records(ShardIterator=iterator)["Records"]
    assert [event.message_id for event in decode(record["Data"]).events] == ["m1"]


def test_a_key_is_issued_used_and_revoked(cloud):
    store = KeyStore("definitions", cloud["dynamodb"])
    keys = WriteKeys(store, {"web": True}.get)
    keys.issue("web", "k1", "secret-1", NOW)
    keys.issue("web", "k2", "secret-2", NOW)
    finder = KeyFinder(store)
    assert [finder.find(secret, NOW) for secret in ("secret-1", "secret-2", "secret-3")] == ["web", "web", None]
    keys.revoke("web", "k1", NOW)
    assert [key.is_live(NOW) for key in keys.list("web")] == [False, True]


def test_what_is_in_quarantine_is_seen_replayed_and_discarded(cloud):
    store = QuarantineStore(cloud["s3"], "bucket")
    faulty = Collector(FakeKeys({"k1": "web"}), FakeStream()).collect(request(BAD, BAD), NOW).quarantined
    store.save("batch-1", [row._replace(raw=json.dumps(GOOD | {"messageId": f"m{row.index}"})) for row in faulty])
    published: list[Any] = []
    quarantine = Quarantine(store, published.extend)
    first, second = quarantine.page(10).items
    quarantine.discard(first.id)
    assert quarantine.replay([second.id]).replayed == 1
    assert (len(published), quarantine.page(10).items) == (1, [])


def test_a_batch_that_was_given_up_goes_back_on_the_stream(cloud):
    stream = FakeStream()
    Collector(FakeKeys({"k1": "web"}), stream).collect(request(GOOD), NOW)
    cloud["s3"].put_object(Bucket="bucket", Key=PREFIX + name(1), Body=written(stream.records))
    again = FakeStream()
    batches = FailedBatches(FailedStore(cloud["s3"], "bucket"), again.put)
    assert [batch.id for batch in batches.page(10).items] == [name(1)]
    assert batches.replay_all().replayed == len(stream.records)
    assert (again.records, batches.page(10).items) == (stream.records, [])


def test_a_compressed_body_is_read():
    import gzip

    data = base64.b64encode(gzip.compress(json.dumps({"batch": [GOOD]}).encode())).decode()
    read = wire.read({"rawPath": "/v1/batch", "headers": {}, "body": data, "isBase64Encoded": True})
    assert json.loads(wire.content(read))["batch"] == [GOOD]
