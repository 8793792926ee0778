"""Given-up batches over HTTP: see them, put them back."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from socle import clock
from socle.errors import Unavailable
from socle.events.group import Record
from socle.iso import from_iso
from tests.api.conftest import Call
from tests.failed.invocations import SHARD, name, written


@pytest.fixture
def bucket(account: None) -> Any:
    """Nothing has been given up."""
    s3 = boto3.client("s3")
    for entry in s3.list_objects_v2(Bucket="bucket", Prefix="aws/lambda/").get("Contents", []):
        s3.delete_object(Bucket="bucket", Key=entry["Key"])
    return s3


def give_up(bucket: Any, identifier: str, *records: Record, **changed: Any) -> None:
    bucket.put_object(Bucket="bucket", Key=f"aws/lambda/{identifier}", Body=written(records, **changed))


def streamed() -> list[Record]:
    kinesis = boto3.client("kinesis")
    found = []
    for shard in kinesis.list_shards(StreamName="stream")["Shards"]:
        iterator = kinesis.get_shard_iterator(StreamName="stream", ShardId=shard["ShardId"],
                                              ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        answer = kinesis.get_records(ShardIterator=iterator)
        found += [Record(record["PartitionKey"], record["Data"]) for record in answer["Records"]]
    return found


def test_a_given_up_batch_is_shown_with_what_lambda_says_of_it(
        call: Call, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: from_iso("2026-11-14T01:38:04.835Z"))
    give_up(bucket, name(1), Record("a", b"x"), Record("b", b"y"))
    assert call("GET", "/api/failed").json == {"next": None, "items": [{
        "id": name(1), "givenUp": "2026-11-14T00:38:06.021Z", "shard": SHARD, "records": 2,
        "condition": "RetryAttemptsExhausted", "oldest": "2026-11-14T00:38:04.835Z", "age": 3_600}]}


def test_an_object_that_is_none_of_lambdas_is_shown_by_its_name(call: Call, bucket: Any) -> None:
    give_up(bucket, name(1), KinesisBatchInfo=None)
    (item,) = call("GET", "/api/failed").json["items"]
    assert item["id"] == name(1)
    assert {value for field, value in item.items() if field != "id"} == {None}


def test_pages_hold_every_batch_once(call: Call, bucket: Any) -> None:
    for second in range(5):
        give_up(bucket, name(second), Record("a", b"x"))
    seen, query = [], {"limit": "2"}
    while True:
        page = call("GET", "/api/failed", query=query).json
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == [name(second) for second in range(5)]


def test_all_or_some_go_back_on_the_stream_and_are_gone(call: Call, bucket: Any) -> None:
    for second in range(3):
        give_up(bucket, name(second), Record(f"key {second}", b"replayed %d" % second))
    answer = call("POST", "/api/failed/replay", body={"ids": [name(1)]})
    assert (answer.status, answer.json) == (200, {"replayed": 1, "batches": 1, "failures": [], "next": None})
    assert Record("key 1", b"replayed 1") in streamed()
    assert call("POST", "/api/failed/replay", body={}).json == {"replayed": 2, "batches": 2, "failures": [], "next": None}
    assert {Record("key 0", b"replayed 0"), Record("key 2", b"replayed 2")} <= set(streamed())
    assert call("GET", "/api/failed").json["items"] == []
    assert call("POST", "/api/failed/replay", body={}).json == {"replayed": 0, "batches": 0, "failures": [], "next": None}


def test_what_cannot_go_back_is_named_with_what_to_do(call: Call, bucket: Any) -> None:
    give_up(bucket, name(1), payload="nonsense")
    answer = call("POST", "/api/failed/replay", body={"ids": [name(1), "gone/long/ago"]})
    assert (answer.status, answer.json["replayed"], answer.json["batches"]) == (200, 0, 0)
    assert [(failure["id"], failure["code"]) for failure in answer.json["failures"]] == [
        (name(1), "unreadable"), ("gone/long/ago", "not_there")]
    assert all(failure["message"] for failure in answer.json["failures"])
    assert [item["id"] for item in call("GET", "/api/failed").json["items"]] == [name(1)]


def test_a_stream_that_is_down_answers_503_and_loses_nothing(
        call: Call, services: Any, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    give_up(bucket, name(1), Record("a", b"x"))

    def down(records: Any) -> None:
        raise Unavailable("stream_unavailable", "try again")

    monkeypatch.setattr(services.failed, "_put", down)
    answer = call("POST", "/api/failed/replay", body={})
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert len(call("GET", "/api/failed").json["items"]) == 1


@pytest.mark.parametrize(("body", "field"), [
    ({"ids": []}, "ids"), ({"ids": "all"}, "ids"), ({"ids": [1]}, "ids.0"), ({"ids": ["x"] * 101}, "ids"),
    ({"ids": [""]}, "ids.0"), ({"ids": ["a b"]}, "ids.0"), ({"ids": ["\x00"]}, "ids.0"), ({"ids": ["x\n"]}, "ids.0"),
    ({"ids": ["x" * 301]}, "ids.0"), ({"id": "x"}, "id"), ({"cursor": "made up"}, "cursor"), ({"cursor": ""}, "cursor"),
    ({"ids": ["x"], "cursor": "y"}, "cursor"), ("", "body"), ("[]", "body"),
])
def test_a_replay_of_nobody_knows_what_is_refused(call: Call, bucket: Any, body: Any, field: str) -> None:
    give_up(bucket, name(1), Record("a", b"x"))
    answer = call("POST", "/api/failed/replay", body=body)
    assert (answer.status, answer.error["field"]) == (400, field)
    assert len(call("GET", "/api/failed").json["items"]) == 1
