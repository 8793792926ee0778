"""Collecting: who may send, what gets onto the stream and how it is spread there."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest

from socle.errors import Rejected, Unavailable
from socle.events import store, wire
from socle.events.group import MAX_RAW_BYTES, Record
from socle.events.model import Event, Quarantined
from socle.events.service import Collected, Collector
from socle.events.store import EventStream
from socle.events.stream import MAX_RECORD_BYTES, decode
from tests.events.fakes import FakeKeys, FakeStream

NOW = 1_717_243_200_000


def collect(body: Any, stream: FakeStream | None = None, keys: FakeKeys | None = None, path: str = "/v1/batch",
            key: str | None = "k1") -> Collected:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    event = {"rawPath": path, "headers": headers, "body": json.dumps(body)}
    return Collector(keys or FakeKeys({"k1": "web"}), stream or FakeStream()).collect(wire.read(event), NOW)


def call(user: str = "u1", name: str = "X", **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": name, "userId": user, **fields}


def on(stream: FakeStream) -> tuple[list[list[Event]], list[Quarantined]]:
    """The events of each record, and all that is quarantined."""
    decoded = [decode(record.data) for record in stream.records]
    return [list(d.events) for d in decoded if d.events], [row for d in decoded for row in d.quarantined]


def test_the_key_may_be_in_the_header_or_in_the_body() -> None:
    assert collect({"batch": [call()]}).source == "web"
    assert collect({"batch": [call()], "writeKey": "k1"}, key=None).source == "web"
    assert collect(call(writeKey="k1"), key=None, path="/v1/t").source == "web"


@pytest.mark.parametrize(("body", "key"), [
    ({"batch": [call()]}, "nobody's"), ({"batch": [call()]}, None), ({"batch": [call()], "writeKey": "nobody's"}, None),
    ({"batch": [call()], "writeKey": 5}, None), ({"batch": [call()], "writeKey": "k1"}, "nobody's"),
])
def test_without_a_good_key_nothing_is_taken(body: Any, key: str | None) -> None:
    stream = FakeStream()
    with pytest.raises(Rejected) as refusal:
        collect(body, stream, key=key)
    assert refusal.value.status == 401
    assert stream.records == []


def test_nothing_is_promised_while_the_stream_or_the_keys_are_down() -> None:
    with pytest.raises(Unavailable):
        collect({"batch": [call()]}, FakeStream(down=True))
    with pytest.raises(Unavailable):
        collect({"batch": [call()]}, keys=FakeKeys(None))


def test_an_empty_batch_puts_nothing_on_the_stream() -> None:
    stream = FakeStream()
    assert collect({"batch": []}, stream) == ("web", [], [])
    assert stream.records == []


def test_one_record_per_person_in_the_order_sent() -> None:
    stream = FakeStream()
    collect({"batch": [call("u1", "A"), call("u2", "B"), call("u1", "C"),
                       {"type": "page", "anonymousId": "a1"}, call("u1", "D", anonymousId="a1")]}, stream)
    records, quarantined = on(stream)
    assert [[event.name for event in events] for events in records] == [["A", "C"], ["B"], ["$page", "D"]]
    assert len({record.key for record in stream.records}) == 3
    assert quarantined == []


def test_a_person_is_always_on_the_same_shard() -> None:
    one, two = FakeStream(), FakeStream()
    collect({"batch": [call("u1", anonymousId="a1")]}, one)
    collect({"batch": [call("u2", anonymousId="a1")]}, two)
    assert one.records[0].key == two.records[0].key


def test_quarantined_events_travel_with_the_good_ones() -> None:
    stream = FakeStream()
    collected = collect({"batch": [call(), call(""), call(name="")]}, stream)
    events, quarantined = on(stream)
    assert [len(part) for part in events] == [1]
    assert quarantined == collected.quarantined
    assert [row.to_answer()["index"] for row in quarantined] == [1, 2]


def test_big_requests_are_split_into_records_that_kinesis_takes() -> None:
    rng = random.Random(1)
    noise = [base64.b64encode(rng.randbytes(3_000)).decode() for _ in range(110)]
    stream = FakeStream()
    collected = collect({"batch": [call(properties={"a": text}) for text in noise]
                         + [call("", properties={"a": text}) for text in noise[:10]]}, stream)
    assert len(collected.events) == 110
    events, quarantined = on(stream)
    assert len(events) == 2
    assert [event for part in events for event in part] == collected.events
    assert quarantined == collected.quarantined
    assert all(len(record.data) < MAX_RAW_BYTES < MAX_RECORD_BYTES for record in stream.records)


def test_the_same_batch_shuffled_and_sent_again_has_the_same_keys() -> None:
    batch = [call(name=f"E{n}", messageId=f"m{n}", timestamp="2024-06-01T10:00:00Z") for n in range(20)]
    first = collect({"batch": batch, "sentAt": "2024-06-01T10:00:01Z"})
    random.Random(2).shuffle(batch)
    again = collect({"batch": batch, "sentAt": "2024-06-01T10:05:00Z"})
    assert sorted(event.key for event in again.events) == sorted(event.key for event in first.events)


class FakeKinesis:
    """PutRecords in memory: refuses what `refuses(attempt, record)` says, and keeps the rest."""

    def __init__(self, refuses: Any = lambda attempt, record: False) -> None:
        self.refuses = refuses
        self.calls: list[list[bytes]] = []
        self.kept: list[bytes] = []

    def put_records(self, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        self.calls.append([record["Data"] for record in Records])
        results = []
        for record in Records:
            if self.refuses(len(self.calls), record):
                results.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"})
            else:
                results.append({"SequenceNumber": "1", "ShardId": "s"})
                self.kept.append(record["Data"])
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}


def put(kinesis: FakeKinesis, records: list[Record]) -> list[float]:
    waits: list[float] = []
    EventStream("events", kinesis, waits.append).put(records)
    return waits


def test_records_that_kinesis_refuses_are_tried_again_and_only_they() -> None:
    kinesis = FakeKinesis(lambda attempt, record: attempt == 1 and record["Data"] == b"2")
    waits = put(kinesis, [Record("a", b"1"), Record("b", b"2"), Record("c", b"3")])
    assert kinesis.calls == [[b"1", b"2", b"3"], [b"2"]]
    assert sorted(kinesis.kept) == [b"1", b"2", b"3"]
    assert len(waits) == 1


def test_records_that_stay_refused_are_an_outage_after_a_few_growing_waits() -> None:
    kinesis = FakeKinesis(lambda attempt, record: record["Data"] == b"2")
    waits: list[float] = []
    with pytest.raises(Unavailable) as outage:
        EventStream("events", kinesis, waits.append).put([Record("a", b"1"), Record("b", b"2")])
    assert outage.value.status == 503
    assert len(kinesis.calls) == store.ATTEMPTS
    assert waits == sorted(waits)
    assert sum(waits) < 1


def test_a_call_takes_500_records_and_5_mb() -> None:
    many = FakeKinesis()
    put(many, [Record(str(n), b"x") for n in range(1_200)])
    assert [len(call) for call in many.calls] == [500, 500, 200]
    big = FakeKinesis()
    put(big, [Record(str(n), b"x" * 900_000) for n in range(12)])
    assert [len(call) for call in big.calls] == [5, 5, 2]
