"""The stream: what is none of ours is refused with a reason, an outage is one, and nobody is named by a shard."""

from __future__ import annotations

import gzip
import json

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from socle.errors import Rejected, Unavailable
from socle.events.group import Record, records
from socle.events.store import EventStream
from socle.events.stream import decode, encode_events
from tests.people import event


def packed(*lines):
    return gzip.compress("\n".join(json.dumps(line) for line in lines).encode(), mtime=0)


WHOLE = encode_events([event(1)])


@pytest.mark.parametrize("data", [
    b"", b"text", b"\x1f\x8bgarbage", WHOLE[:-9], WHOLE[:-8] + b"\0" * 8, WHOLE[:12] + b"\xff\xff\xff" + WHOLE[15:],
    gzip.compress(b"\xff", mtime=0), packed("x"), packed({"v": 2, "kind": "events"}), packed({"v": 1, "kind": "letters"}),
    packed({"v": 1, "kind": "events"}, [1, 2]), packed({"v": 1, "kind": "tick"}, 7), packed({"kind": "events"}),
], ids=range(13))
def test_a_record_that_is_none_of_ours_is_refused(data):
    with pytest.raises(Rejected) as refused:
        decode(data)
    assert refused.value.code == "bad_record"


@pytest.mark.parametrize("error", [
    ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "PutRecords"),
    ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutRecords"), EndpointConnectionError(endpoint_url="https://x")])
def test_a_stream_that_cannot_be_reached_is_an_outage(error):
    class Down:
        def put_records(self, **asked):
            raise error

    with pytest.raises(Unavailable):
        EventStream("events", Down()).put([Record("a", b"1")])


def test_a_shard_key_does_not_say_who_it_is():
    [record] = records([event(1, ("email", "ann@example.com"))], (), 100)
    assert "ann" not in record.key
    assert record.key == records([event(2, ("email", "ann@example.com"))], (), 100)[0].key
