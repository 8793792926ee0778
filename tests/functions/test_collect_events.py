"""collect_events as API Gateway calls it, against AWS in memory."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from socle import clock
from socle.events.stream import decode
from socle.settings import CollectSettings
from socle.sources.service import WriteKeys
from socle.sources.store import KeyStore

SETTINGS = CollectSettings(stream_name="events", definitions_table="definitions")
CONTEXT = SimpleNamespace(function_name="collect_events")


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in (SETTINGS.to_env() | {
            "AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_METRICS_NAMESPACE": "Socle",
            "POWERTOOLS_SERVICE_NAME": "collect_events"}).items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        boto3.client("kinesis").create_stream(StreamName="events", ShardCount=1)
        boto3.client("dynamodb").create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")])
        WriteKeys(KeyStore("definitions"), lambda source: True).issue("web", "k1", "local-write-key", clock.now())
        from functions.collect_events import collaborators
        from functions.collect_events.handler import handler as function
        collaborators.collector.cache_clear()
        yield lambda event: function(event, CONTEXT)
        collaborators.collector.cache_clear()


def request(method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {"version": "2.0", "rawPath": path, "headers": {k.replace("_", "-"): v for k, v in headers.items()},
            "requestContext": {"http": {"method": method, "path": path}, "domainName": "api.example"},
            **({} if body is None else {"body": base64.b64encode(data).decode(), "isBase64Encoded": True})}


KEY = "Basic " + base64.b64encode(b"local-write-key:").decode()
CALL = {"type": "track", "event": "X", "userId": "u1", "messageId": "m1", "timestamp": "2024-06-01T10:00:00Z"}


def on_stream() -> list[Any]:
    kinesis = boto3.client("kinesis")
    iterator = kinesis.get_shard_iterator(StreamName="events", ShardId="shardId-000000000000",
                                          ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    return [decode(record["Data"]) for record in kinesis.get_records(ShardIterator=iterator)["Records"]]


def metrics(out: str) -> dict[str, Any]:
    return {name: value for line in out.splitlines() if "_aws" in line for name, value in json.loads(line).items()}


def test_a_batch_is_on_the_stream_when_200_is_said(handler: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answer = handler(request("POST", "/v1/batch", gzip.compress(json.dumps({"batch": [CALL]}).encode()), authorization=KEY))
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, {"success": True})
    [record] = on_stream()
    assert [(event.name, event.source) for event in record.events] == [("X", "web")]
    assert metrics(capsys.readouterr().out)["EventsCollected"] == [1.0]


def test_the_quarantined_are_listed_and_counted(handler: Any, capsys: pytest.CaptureFixture[str]) -> None:
    answer = handler(request("POST", "/v1/batch", {"batch": [CALL, {**CALL, "userId": None}]}, authorization=KEY))
    assert answer["statusCode"] == 200
    [row] = json.loads(answer["body"])["quarantined"]
    assert (row["index"], row["messageId"], row["code"], row["field"]) == (1, "m1", "no_identifier", "userId")
    assert row["message"]
    assert [len(record.events) + len(record.quarantined) for record in on_stream()] == [1, 1]
    counted = metrics(capsys.readouterr().out)
    assert (counted["EventsCollected"], counted["EventsQuarantined"]) == ([1.0], [1.0])


@pytest.mark.parametrize(("path", "body", "headers", "status", "code"), [
    ("/v1/batch", b"{", {"authorization": KEY}, 400, "bad_json"),
    ("/v1/batch", {"batch": [CALL] * 3_000}, {"authorization": KEY}, 400, "too_many_events"),
    ("/v1/batch", b" " * 600_000, {"authorization": KEY}, 400, "body_too_large"),
    ("/v1/batch", {"batch": [CALL]}, {"authorization": "Bearer nobody's"}, 401, "bad_write_key"),
    ("/v1/batch", {"batch": [CALL]}, {}, 401, "no_write_key"),
    ("/v1/batch", b"{", {"authorization": "Bearer nobody's"}, 401, "bad_write_key"),
    ("/v1/engage", CALL, {"authorization": KEY}, 404, "no_such_call"),
])
def test_a_request_at_fault_gets_a_4xx_with_the_reason(
        handler: Any, path: str, body: Any, headers: dict[str, str], status: int, code: str) -> None:
    answer = handler(request("POST", path, body, **headers))
    error = json.loads(answer["body"])["error"]
    assert (answer["statusCode"], error["code"]) == (status, code)
    assert error["message"]
    assert on_stream() == []


@pytest.mark.parametrize("lost", ["stream", "keys"])
def test_an_outage_is_a_503_with_retry_after(handler: Any, lost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if lost == "stream":
        boto3.client("kinesis").delete_stream(StreamName="events")
    else:
        boto3.client("dynamodb").delete_table(TableName="definitions")
    answer = handler(request("POST", "/v1/batch", {"batch": [CALL]}, authorization=KEY))
    assert answer["statusCode"] == 503
    assert 0 < int(answer["headers"]["retry-after"]) <= 300


def test_analytics_js_is_told_to_send_here_and_nowhere_else(handler: Any) -> None:
    answer = handler(request("GET", "/v1/projects/local-write-key/settings", host="127.0.0.1:8000"))
    document = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert "max-age" in answer["headers"]["cache-control"]
    assert document["integrations"]["Segment.io"]["apiKey"] == "local-write-key"
    assert document["integrations"]["Segment.io"]["apiHost"] == "127.0.0.1:8000/v1"
    assert document["integrations"]["Segment.io"]["protocol"] == "http"
    assert list(document["integrations"]) == ["Segment.io"]
    assert document["metrics"] == {"sampleRate": 0}
    secure = handler(request("GET", "/v1/projects/local-write-key/settings", host="c.example", x_forwarded_proto="https"))
    assert json.loads(secure["body"])["integrations"]["Segment.io"]["protocol"] == "https"


@pytest.mark.parametrize("path", ["/v1/projects/nobodys/settings", "/v1/projects//settings", "/v1/projects/a", "/v1/x"])
def test_settings_of_an_unknown_key_are_not_found(handler: Any, path: str) -> None:
    assert handler(request("GET", path))["statusCode"] == 404


def test_what_analytics_js_sends_is_taken(handler: Any) -> None:
    """Single calls as text/plain without Authorization, the key in the body; batches under /v1/b."""
    message = {**CALL, "writeKey": "local-write-key", "sentAt": "2024-06-01T10:00:01Z", "userId": None,
               "anonymousId": "a1", "_metadata": {"bundled": ["Segment.io"]}}
    for path, body in (("/v1/t", message), ("/v1/b", {"writeKey": "local-write-key", "batch": [message]})):
        assert handler(request("POST", path, body, content_type="text/plain"))["statusCode"] == 200
    assert [event.ids for record in on_stream() for event in record.events] == [(("anonymous_id", "a1"),)] * 2


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_answers_without_a_key(handler: Any, method: str) -> None:
    assert handler(request(method, "/health"))["statusCode"] == 200
