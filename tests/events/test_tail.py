"""The live tail: newest first, within bounds, from a stream that many use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from socle.clock import MINUTE, SECOND
from socle.errors import Unavailable
from socle.events import tail as module
from socle.events.model import Event
from socle.events.stream import encode_events
from socle.events.tail import tail

NOW = 1_767_225_600_000


def event(age: int, source: str = "shop") -> Event:
    """Received `age` ms ago."""
    received = NOW - age
    return Event(received, f"{source}-{age}", 0, received, received, source, "track", "Viewed", (("user_id", "1"),), {})


class Stream:
    """A stream with one event a record; a GetRecords answers three records."""

    def __init__(self, shards: dict[str, list[Event]], throttle_after: int = 1_000) -> None:
        self.shards = {name: sorted(events, key=lambda one: one.received) for name, events in shards.items()}
        self.calls = 0
        self._throttle_after = throttle_after

    def list_shards(self, StreamName: str) -> dict[str, Any]:
        return {"Shards": [{"ShardId": name} for name in self.shards]}

    def get_shard_iterator(self, StreamName: str, ShardId: str, ShardIteratorType: str, Timestamp: datetime) -> dict[str, Any]:
        assert ShardIteratorType == "AT_TIMESTAMP"
        since = round(Timestamp.timestamp() * 1000)
        first = sum(one.received < since for one in self.shards[ShardId])
        return {"ShardIterator": f"{ShardId}/{first}"}

    def get_records(self, ShardIterator: str, Limit: int) -> dict[str, Any]:
        self.calls += 1
        if self.calls > self._throttle_after:
            raise ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "GetRecords")
        shard, _, place = ShardIterator.partition("/")
        start = int(place)
        rest = self.shards[shard][start:]
        return {"Records": [{"Data": encode_events([one]),
                             "ApproximateArrivalTimestamp": datetime.fromtimestamp(one.received / 1000, UTC)}
                            for one in rest[:3]],
                "MillisBehindLatest": 1 if len(rest) > 3 else 0, "NextShardIterator": f"{shard}/{start + 3}"}


def found(stream: Stream, limit: int = 50, source: str = "shop") -> list[int]:
    return [int(item["messageId"].rpartition("-")[2]) for item in tail(stream, "stream", source, limit, NOW).items]


def test_events_of_all_shards_come_newest_first() -> None:
    stream = Stream({"a": [event(5), event(300)], "b": [event(40), event(2)], "c": []})
    assert found(stream) == [2, 5, 40, 300]
    assert found(stream, limit=2) == [2, 5]


def test_it_looks_back_ten_minutes_and_no_further() -> None:
    ages = [SECOND, 11 * SECOND, 59 * SECOND, 61 * SECOND, 9 * MINUTE, 11 * MINUTE]
    assert found(Stream({"a": [event(age) for age in ages]})) == ages[:-1]


def test_no_event_is_shown_twice_however_far_it_looks() -> None:
    ages = list(range(1, 10 * MINUTE, 7_001))
    assert found(Stream({"a": [event(age) for age in ages]}), limit=1_000) == ages


def test_a_source_that_has_enough_recent_events_costs_one_short_look() -> None:
    stream = Stream({"a": [event(age) for age in range(1, 10 * MINUTE, 1_000)]})
    assert found(stream, limit=5) == [1, 1_001, 2_001, 3_001, 4_001]
    assert stream.calls <= 5


def test_other_sources_are_left_out() -> None:
    assert found(Stream({"a": [event(1, "app"), event(2)]})) == [2]
    assert found(Stream({"a": [event(1, "app")]})) == []


def test_a_stream_too_busy_to_read_through_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CALLS", 4)
    stream = Stream({"a": [event(age, "other") for age in range(1, 5_000)]})
    assert tail(stream, "stream", "shop", 5, NOW) == ([], False)
    assert stream.calls == 4


def test_it_gives_way_to_the_consumers_when_a_shard_is_throttled() -> None:
    stream = Stream({"a": [event(age) for age in range(1, 100)]}, throttle_after=2)
    answer = tail(stream, "stream", "shop", 50, NOW)
    assert len(answer.items) == 6
    assert not answer.complete


def test_a_stream_that_cannot_be_read_says_try_again() -> None:
    class Down(Stream):
        def list_shards(self, StreamName: str) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "InternalFailure"}}, "ListShards")

    with pytest.raises(Unavailable):
        tail(Down({}), "stream", "shop", 5, NOW)
