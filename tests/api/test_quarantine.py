"""The quarantine over HTTP: read it, replay it, discard from it."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from socle.errors import Unavailable
from socle.events.model import Event, Quarantined
from socle.events.stream import decode
from socle.quarantine.store import QuarantineStore
from tests.api.conftest import Call

RECEIVED = 1_767_225_600_000
GOOD = {"type": "track", "event": "Order Completed", "userId": "42", "messageId": "m-1",
        "timestamp": "2025-12-31T23:00:00Z", "properties": {"order_id": "1"}}


def row(raw: Any, source: str = "shop", code: str = "too_large", received: int = RECEIVED) -> Quarantined:
    text = raw if isinstance(raw, str) else json.dumps(raw)
    return Quarantined(0, "m-1", code, "properties", "send less", source, received, text)


@pytest.fixture
def store(account: None) -> QuarantineStore:
    """An empty quarantine."""
    s3 = boto3.client("s3")
    for entry in s3.list_objects_v2(Bucket="bucket", Prefix="quarantine/").get("Contents", []):
        s3.delete_object(Bucket="bucket", Key=entry["Key"])
    return QuarantineStore(s3, "bucket")


def streamed() -> list[Event]:
    """Everything on the stream."""
    kinesis = boto3.client("kinesis")
    events: list[Event] = []
    for shard in kinesis.list_shards(StreamName="stream")["Shards"]:
        iterator = kinesis.get_shard_iterator(StreamName="stream", ShardId=shard["ShardId"],
                                              ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        for record in kinesis.get_records(ShardIterator=iterator)["Records"]:
            events.extend(decode(record["Data"]).events)
    return events


def test_a_quarantined_event_is_shown_with_its_reason(call: Call, store: QuarantineStore) -> None:
    store.save("batch", [row(GOOD)])
    page = call("GET", "/api/quarantine").json
    assert page["next"] is None
    item = page["items"][0]
    assert item == {"id": item["id"], "source": "shop", "code": "too_large", "field": "properties",
                    "message": "send less", "received": "2026-01-01T00:00:00.000Z", "messageId": "m-1", "event": GOOD}
    assert call("GET", f"/api/quarantine/{item['id']}").json == item


@pytest.mark.parametrize("raw", ["{broken", '{"n": NaN}', '{"n": 1e999}', '"\\ud800"', "[" * 5000 + "]" * 5000,
                                 "[" * 500 + "]" * 500, "9" * 5000, "", "\x00", "\u2028\n{}"])
def test_what_is_no_json_is_shown_as_its_text(call: Call, store: QuarantineStore, raw: str) -> None:
    store.save("odd", [row(raw)])
    item = call("GET", "/api/quarantine").json["items"][0]
    assert item["event"] == raw
    assert call("GET", f"/api/quarantine/{item['id']}").status == 200


def test_pages_go_from_the_newest_batch_to_the_oldest_without_gaps(call: Call, store: QuarantineStore) -> None:
    for number in range(4):
        store.save(f"batch-{number}", [row({"batch": number, "place": place}, received=RECEIVED + number * 1000)
                                       for place in range(3)])
    seen: list[tuple[int, int]] = []
    query = {"limit": "2"}
    while True:
        page = call("GET", "/api/quarantine", query=query).json
        seen += [(item["event"]["batch"], item["event"]["place"]) for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == [(batch, place) for batch in (3, 2, 1, 0) for place in (2, 1, 0)]


def test_filters_by_source_and_code(call: Call, store: QuarantineStore) -> None:
    store.save("mixed", [row({}, "shop", "too_large"), row({}, "shop", "bad_type"), row({}, "app", "bad_type")])

    def found(query: str) -> list[tuple[str, str]]:
        return sorted((item["source"], item["code"]) for item in call("GET", "/api/quarantine", query=query).json["items"])

    assert found("source=shop") == [("shop", "bad_type"), ("shop", "too_large")]
    assert found("code=bad_type") == [("app", "bad_type"), ("shop", "bad_type")]
    assert found("source=app&code=too_large") == []


def test_the_summary_counts_by_source_and_code(call: Call, store: QuarantineStore) -> None:
    store.save("a", [row({}, "shop", "bad_type"), row({}, "shop", "bad_type")])
    store.save("b", [row({}, "app", "too_large")])
    body = call("GET", "/api/quarantine/summary").json
    assert body == {"items": [{"source": "shop", "code": "bad_type", "count": 2},
                              {"source": "app", "code": "too_large", "count": 1}],
                    "next": None, "objects": 2, "complete": True}


def test_a_replay_lets_in_what_passes_now_and_keeps_what_does_not(call: Call, store: QuarantineStore) -> None:
    store.save("replayed", [row({**GOOD, "messageId": "back"}), row({"type": "nonsense"}), row("{broken")])
    ids = {item["event"]["messageId"] if "messageId" in item["event"] else str(item["event"]): item["id"]
           for item in call("GET", "/api/quarantine").json["items"]}
    answer = call("POST", "/api/quarantine/replay", body={"ids": list(ids.values())})
    assert answer.status == 200
    assert (answer.json["replayed"], answer.json["still"], answer.json["next"]) == (1, 2, None)
    assert {failure["id"] for failure in answer.json["failures"]} == set(ids.values()) - {ids["back"]}
    assert all(failure["code"] and failure["message"] for failure in answer.json["failures"])
    assert call("GET", f"/api/quarantine/{ids['back']}").status == 404
    assert len(call("GET", "/api/quarantine").json["items"]) == 2
    let_in = [event for event in streamed() if event.message_id == "back"]
    assert [(event.source, event.received) for event in let_in] == [("shop", RECEIVED)]
    assert let_in[0].at == let_in[0].ts


def test_a_replay_by_source_and_code_leaves_the_others(call: Call, store: QuarantineStore) -> None:
    store.save("one", [row(GOOD, "shop", "too_large"), row(GOOD, "app", "too_large")])
    store.save("two", [row(GOOD, "shop", "bad_type"), row(GOOD, "shop", "too_large")])
    answer = call("POST", "/api/quarantine/replay", body={"source": "shop", "code": "too_large"}).json
    assert (answer["replayed"], answer["still"]) == (2, 0)
    left = call("GET", "/api/quarantine").json["items"]
    assert sorted((item["source"], item["code"]) for item in left) == [("app", "too_large"), ("shop", "bad_type")]


def test_a_replay_that_the_stream_refuses_loses_nothing(
        call: Call, services: Any, store: QuarantineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save("kept", [row(GOOD)])

    def down(events: Any) -> None:
        raise Unavailable("stream_unavailable", "try again")

    monkeypatch.setattr(services.quarantine, "_publish", down)
    answer = call("POST", "/api/quarantine/replay", body={"source": "shop"})
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert len(call("GET", "/api/quarantine").json["items"]) == 1


def test_a_replay_broken_off_before_the_removal_sends_the_same_event_again(
        call: Call, services: Any, store: QuarantineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save("crashed", [row({**GOOD, "messageId": "twice"})])
    with monkeypatch.context() as broken:
        broken.setattr(services.quarantine._store, "remove", lambda *_: 1 / 0)
        assert call("POST", "/api/quarantine/replay", body={"code": "too_large"}).status == 500
    assert call("POST", "/api/quarantine/replay", body={"code": "too_large"}).json["replayed"] == 1
    keys = [event.key for event in streamed() if event.message_id == "twice"]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert call("GET", "/api/quarantine").json["items"] == []


def test_replaying_an_id_that_is_gone_sends_nothing(call: Call, store: QuarantineStore) -> None:
    store.save("some", [row({**GOOD, "messageId": "unsent"})])
    known = call("GET", "/api/quarantine").json["items"][0]["id"]
    unknown = known.rpartition(".")[0] + ".7"
    answer = call("POST", "/api/quarantine/replay", body={"ids": [known, unknown]})
    assert (answer.status, answer.error["field"]) == (404, "id")
    assert unknown in answer.error["message"]
    assert not [event for event in streamed() if event.message_id == "unsent"]


@pytest.mark.parametrize(("body", "field"), [
    ({}, "ids"), ({"ids": []}, "ids"), ({"ids": ["a"], "source": "b"}, "ids"), ({"ids": "all"}, "ids"),
    ({"ids": [1]}, "ids.0"), ({"ids": ["x"] * 1001}, "ids"), ({"sources": "shop"}, "sources"),
    ({"source": ""}, "source"), ({"source": "shop", "cursor": "made up"}, "cursor"),
])
def test_a_replay_of_nobody_knows_what_is_refused(call: Call, body: Any, field: str) -> None:
    answer = call("POST", "/api/quarantine/replay", body=body)
    assert (answer.status, answer.error["field"]) == (400, field)


def test_a_discarded_event_is_gone_and_its_neighbours_keep_their_ids(call: Call, store: QuarantineStore) -> None:
    store.save("three", [row({"n": 0}), row({"n": 1}), row({"n": 2})])
    before = {item["event"]["n"]: item["id"] for item in call("GET", "/api/quarantine").json["items"]}
    assert call("DELETE", f"/api/quarantine/{before[1]}").status == 204
    assert call("DELETE", f"/api/quarantine/{before[1]}").status == 404
    after = {item["event"]["n"]: item["id"] for item in call("GET", "/api/quarantine").json["items"]}
    assert after == {0: before[0], 2: before[2]}
    for identifier in after.values():
        assert call("DELETE", f"/api/quarantine/{identifier}").status == 204
    assert not boto3.client("s3").list_objects_v2(Bucket="bucket", Prefix="quarantine/").get("Contents")
