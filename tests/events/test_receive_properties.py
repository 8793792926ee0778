"""Whatever JSON comes in: nothing raises, nothing is lost, and receiving again gives the same keys."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import zlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from socle.errors import SocleError
from socle.events import parse, scan, wire
from socle.events.model import TYPES
from socle.events.receive import Origin, receive
from socle.events.service import Collector
from socle.events.stream import decode, encode_events, encode_quarantined
from tests.events.fakes import FakeKeys, FakeStream

NOW = 1_717_243_200_000

TEXT = st.text(st.characters(exclude_categories=()), max_size=8)  # lone surrogates included
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12)
IDS = st.sampled_from(["u1", "a1", 42, 17850.0, "", "null", None, True]) | JSON
TIMES = st.sampled_from(["2024-06-01T10:00:00.000Z", "2099-01-01", 1717236000, "", None, "soon"]) | JSON
MESSAGES = st.fixed_dictionaries({}, optional={
    "type": st.sampled_from(TYPES) | JSON, "event": st.sampled_from(["Order Completed", "Consent Updated", "X"]) | JSON,
    "userId": IDS, "anonymousId": IDS, "previousId": IDS, "groupId": IDS, "messageId": TEXT | JSON, "timestamp": TIMES,
    "sentAt": TIMES, "revision": st.integers(0, 3) | JSON, "properties": JSON, "traits": JSON, "context": JSON,
    "integrations": JSON, "channel": JSON,
})
BATCHES = st.lists(MESSAGES | JSON, max_size=6)


def take(batch: list[Any], sent_at: Any) -> tuple[list[Any], list[Any]]:
    body = parse.parse(json.dumps({"batch": batch, "sentAt": sent_at}).encode(), is_batch=True)
    return receive(body, Origin("web", NOW))


@given(BATCHES, TIMES)
def test_every_message_is_an_event_or_quarantined_with_a_reason(batch: list[Any], sent_at: Any) -> None:
    events, quarantined = take(batch, sent_at)
    assert len(events) + len(quarantined) == len(batch)
    assert all(row.code and row.message and row.raw for row in quarantined)
    assert all(event.ids and event.name and event.at <= event.received == NOW for event in events)
    assert decode(encode_events(events)).events == events
    assert decode(encode_quarantined(quarantined)).quarantined == quarantined


@given(BATCHES, TIMES, TIMES)
def test_a_retry_with_another_sent_at_has_the_same_keys(batch: list[Any], first: Any, second: Any) -> None:
    one, two = take(batch, first), take(batch, second)
    assert [event.key for event in one[0]] == [event.key for event in two[0]]
    assert [(row.index, row.code) for row in one[1]] == [(row.index, row.code) for row in two[1]]


@given(BATCHES, TIMES)
def test_replaying_the_quarantined_finds_the_same_fault(batch: list[Any], sent_at: Any) -> None:
    for row in take(batch, sent_at)[1]:
        events, again = receive(parse.parse(row.raw.encode(), is_batch=False), Origin("web", NOW))
        assert events == []
        assert [fault.code for fault in again] == [row.code]


@given(st.lists(JSON, max_size=6), st.sampled_from([None, 1, "\t"]))
def test_the_scanner_finds_the_elements_that_json_finds(values: list[Any], indent: Any) -> None:
    text = json.dumps(values, indent=indent)
    spans = scan.children(text, 0, len(text))
    assert spans is not None
    assert [json.dumps(json.loads(text[a:b])) for a, b in spans] == [json.dumps(value) for value in values]


@given(st.text(alphabet='{}[]",:\\ a1', max_size=40))
def test_the_scanner_and_the_parser_take_any_text(text: str) -> None:
    scan.children(text, 0, len(text))
    scan.members(text)
    whole = f'{{"batch":[{text}]}}'
    with contextlib.suppress(SocleError):
        body = parse.parse(whole.encode(), is_batch=True)
        events, quarantined = receive(body, Origin("web", NOW))
        assert len(events) + len(quarantined) == len(body.messages)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\ batchNaN1e9').map(str.encode),
       st.sampled_from(["/v1/batch", "/v1/t", "/v1/i", "/v1/a"]), st.sampled_from(["", "gzip", "deflate", "br"]),
       st.sampled_from([lambda data: data, gzip.compress, zlib.compress]), st.text(max_size=20))
def test_any_bytes_are_collected_or_refused_with_a_code(data: bytes, path: str, encoding: str, pack: Any,
                                                        authorization: str) -> None:
    event = {"rawPath": path, "headers": {"content-encoding": encoding, "authorization": authorization},
             "body": base64.b64encode(pack(data)).decode(), "isBase64Encoded": True}
    with contextlib.suppress(SocleError):
        Collector(FakeKeys({"k1": "web"}), FakeStream()).collect(wire.read(event)._replace(write_key="k1"), NOW)
