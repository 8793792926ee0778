"""Golden input: our own calls with their expected result, and the published examples of Segment's specification."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from socle.events.parse import parse
from socle.events.receive import HASHED, Origin, receive

HERE = Path(__file__).parent
GOLDEN = [json.loads(line) for line in (HERE / "golden.jsonl").read_text().splitlines()]
PUBLISHED = HERE.parents[2] / "shared/data/segment/segment_docs_spec_examples.jsonl"


def epoch(text: str) -> int:
    return round((datetime.fromisoformat(text) - datetime.fromisoformat("1970-01-01T00:00:00Z")).total_seconds() * 1000)


RECEIVED = epoch("2024-06-01T12:00:00Z")


def take(message: Any, call: str | None = None, sent_at: Any = None) -> tuple[list[Any], list[Any]]:
    body = message if call else {"batch": [message], "sentAt": sent_at}
    return receive(parse(json.dumps(body).encode(), is_batch=call is None), Origin("web", RECEIVED, call))


@pytest.mark.parametrize("row", GOLDEN, ids=[row["about"] for row in GOLDEN])
def test_golden_call(row: dict[str, Any]) -> None:
    events, quarantined = take(row["message"], row.get("call"), row.get("sentAt"))
    if "code" in row:
        assert events == []
        [fault] = quarantined
        assert (fault.code, fault.field) == (row["code"], row["field"])
        assert fault.message
    else:
        assert quarantined == []
        [event] = events
        assert [list(pair) for pair in event.ids] == row["ids"]
        assert event.name == row["name"]
        assert event.at == epoch(row["at"])
        assert event.ts == (epoch(row["ts"]) if row["ts"] else 0)
        assert event.received == RECEIVED


def test_there_are_enough_golden_calls() -> None:
    assert len(GOLDEN) >= 100
    assert len({row["about"] for row in GOLDEN}) == len(GOLDEN)
    codes = Counter(row["code"] for row in GOLDEN if "code" in row)
    assert len(codes) >= 15


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published examples are not beside this clone")
def test_all_140_published_examples_have_a_defined_result() -> None:
    """Payloads are taken as they are, without ids too; calls as analytics.js makes them (it always adds anonymousId)."""
    results: Counter[str] = Counter()
    for line in PUBLISHED.read_text().splitlines():
        example = json.loads(line)
        if example["kind"] == "invalid":
            body = b'{"batch":[' + example["raw"].encode() + b',{"type":"page","anonymousId":"a1"}]}'
            events, quarantined = receive(parse(body, is_batch=True), Origin("web", RECEIVED))
            assert len(events) == 1, "the good neighbour of a broken call is taken"
        else:
            events, quarantined = take(as_message(example))
            assert len(events) + len(quarantined) == 1
        results[quarantined[0].code if quarantined else "taken"] += 1
    assert results.total() == 140
    assert results == EXPECTED




# no_identifier: payloads that the specification shows without an id. bad_type: an `integrations` object, no call.
EXPECTED = Counter(taken=128, no_identifier=4, bad_type=1, bad_json=7)


def as_message(example: dict[str, Any]) -> Any:
    if example["kind"] != "call":
        return example["payload"]
    method, args = example["method"], list(example["args"])
    message: dict[str, Any] = {"type": method, "anonymousId": "507f191e810c19729de860ea"}
    if args and isinstance(args[0], dict) and {"event", "userId"} & args[0].keys():
        return {**message, **args[0]}  # written for a server library: one object with everything
    if method in ("identify", "group", "alias") and args and isinstance(args[0], str):
        message["groupId" if method == "group" else "userId"] = args.pop(0)
    elif method == "track":
        message["event"] = args.pop(0)
    elif method in ("page", "screen") and args and isinstance(args[0], str):
        if len(args) > 1 and isinstance(args[1], str):
            message["category"] = args.pop(0)
        message["name"] = args.pop(0)
    if method == "alias":
        message["previousId"] = args.pop(0) if args else message["anonymousId"]
    section = "properties" if method in ("track", "page", "screen") else "traits"
    if args:
        message[section] = args.pop(0)
    if args:
        message.update(args.pop(0))
    return message


@pytest.mark.parametrize(("about", "timestamp", "sent_at", "at"), [
    ("a senseless sentAt does not make an event ancient", "2024-06-01T11:00:00Z", "9999-12-31T23:59:59Z", "2024-06-01T11:00:00Z"),
    ("nor new", "2024-06-01T11:00:00Z", "1970-01-01T00:10:00Z", "2024-06-01T11:00:00Z"),
    ("an old order from a server whose clock is in 2099", "2010-12-01T08:26:00Z", "2099-01-01T00:00:00Z", "2010-12-01T08:26:00Z"),
    ("a clock in 1970 whose event waited for 99 days", "1970-01-02T00:00:00Z", "1970-04-11T00:00:00Z", "2024-02-23T12:00:00Z"),
    ("a clock in 2099 whose event waited for an hour", "2099-01-01T00:00:00Z", "2099-01-01T01:00:00Z", "2024-06-01T11:00:00Z"),
    ("a clock two years behind", "2022-06-01T11:00:00Z", "2022-06-01T11:00:10Z", "2024-06-01T11:59:50Z"),
    ("a clock that is set while the event waits", "1970-01-01T00:10:00Z", "2024-06-01T12:00:00Z", "1970-01-01T00:10:00Z"),
    ("a clock three months ahead", "2024-09-01T10:00:00Z", "2024-09-01T12:00:00Z", "2024-06-01T10:00:00Z"),
    ("an event that waited for a year", "2023-06-01T12:00:00Z", "2024-06-01T11:00:00Z", "2023-06-01T13:00:00Z"),
    ("both senseless", "9999-12-31T23:59:59Z", "2300-01-01T00:00:00Z", "2024-06-01T12:00:00Z"),
])
def test_a_clock_is_corrected_by_its_own_readings_only(about: str, timestamp: str, sent_at: str, at: str) -> None:
    message = {"type": "page", "anonymousId": "a1", "timestamp": timestamp}
    [[event], _] = take(message, sent_at=sent_at)
    assert event.at == epoch(at), about
    [[lone], _] = take({**message, "sentAt": sent_at}, call="page")
    assert lone.at == event.at


def test_a_message_without_id_gets_one_from_its_content_that_a_retry_repeats() -> None:
    message = {"type": "track", "event": "X", "userId": "u1", "timestamp": "2024-06-01T10:00:00Z"}
    [[first], _] = take({**message, "sentAt": "2024-06-01T11:00:00Z", "writeKey": "k", "_metadata": {"retryCount": 0}})
    [[again], _] = take(dict(reversed(message.items())) | {"sentAt": "2024-06-01T11:30:00Z", "_metadata": {"retryCount": 1}})
    [[other], _] = take({**message, "userId": "u2"})
    assert first.message_id.startswith(HASHED)
    assert first.key == again.key
    assert first.key != other.key
