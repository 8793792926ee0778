"""Halves of characters, which JSON can write and nothing else can: replaced in what is said, refused in who says it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from socle.events import check, parse
from socle.events.model import Event, Quarantined
from socle.events.receive import Origin, receive
from socle.events.stream import decode, encode_events
from socle.quarantine.model import Held
from socle.quarantine.service import _judge

NOW = 1_717_243_200_000
BAD = "\ufffd"


def take(text: str | bytes) -> tuple[list[Event], list[Quarantined]]:
    data = text if isinstance(text, bytes) else text.encode()
    return receive(parse.parse(data, is_batch=True), Origin("web", NOW))


def one(**fields: Any) -> str:
    message = {"type": "track", "event": "X", "userId": "u1", "messageId": "m1", **fields}
    return json.dumps({"batch": [message]})


@pytest.mark.parametrize(("sent", "kept"), [
    ({"a": "cut \ud83d"}, {"a": f"cut {BAD}"}),
    ({"a": "\ude00 cut"}, {"a": f"{BAD} cut"}),
    ({"\ud83d": 1, "\U0001f600": 2}, {BAD: 1, "\U0001f600": 2}),
    ({"a": ["\ud83d\ud83d", {"b": "\udfff\ud800"}]}, {"a": [BAD * 2, {"b": BAD * 2}]}),
    ({"a": "\\ud83d", "n": 0.1, "big": 10**300, "none": None}, {"a": "\\ud83d", "n": 0.1, "big": 10**300, "none": None}),
    ({"a": "\\", "b": "\\\ud83d"}, {"a": "\\", "b": f"\\{BAD}"}),
], ids=["first half", "second half", "name", "nested", "backslash", "after a backslash"])
def test_halves_are_replaced_and_all_else_stays(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    events, quarantined = take(one(properties=sent))
    assert quarantined == []
    assert events[0].body["properties"] == kept
    assert decode(encode_events(events)).events == events


def test_traits_the_name_and_the_context_that_a_batch_shares_are_whole_too() -> None:
    identify = {"type": "identify", "userId": "u1", "traits": {"firstName": "Ad\ud83d", "nick\ud83d": "a"}}
    track = {"type": "track", "event": "Seen \ud83d", "userId": "u1"}
    events, quarantined = take(json.dumps({"batch": [identify, track], "context": {"page": {"title": "\ud83d"}}}))
    assert quarantined == []
    assert events[0].body["traits"] == {"firstName": f"Ad{BAD}", f"nick{BAD}": "a"}
    assert events[1].name == f"Seen {BAD}"
    assert {event.body["context"]["page"]["title"] for event in events} == {BAD}


@pytest.mark.parametrize("field", ["messageId", "userId", "anonymousId", "groupId", "user_id"])
def test_an_id_is_not_guessed_for_two_people_must_not_become_one(field: str) -> None:
    events, [fault] = take(one(**{field: "ada \ud83d"}))
    assert (events, fault.code, fault.field) == ([], check.NOT_UNICODE, field)


def test_a_retry_has_the_same_key_and_without_an_id_the_same_hash() -> None:
    message = one(messageId=None, properties={"a": "\ud83d"})
    assert take(message)[0][0].key == take(message)[0][0].key != take(one(messageId=None, properties={"a": "b"}))[0][0].key


def test_a_message_deeper_than_json_writes_is_too_deep() -> None:
    deep = '{"type":"track","event":"X","userId":"u1","properties":{"a":' + "[" * 900 + '"\\ud83d"' + "]" * 900 + "}}"
    events, [fault] = take(f'{{"batch":[{deep}]}}')
    assert (events, fault.code) == ([], "too_deep")


def test_bytes_that_are_not_utf_8_wait_for_somebody_who_knows_what_they_meant() -> None:
    events, [fault] = take(b'{"batch":[{"type":"track","event":"caf\xe9","userId":"u1"}]}')
    assert (events, fault.code) == ([], check.NOT_UNICODE)
    assert getattr(_judge(Held("stem", 0, fault)), "code", None) == check.NOT_UNICODE


def test_who_sends_whole_characters_pays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "mended", None)
    events, _ = take(one(properties={"a": "\u00e9\u2028"}))
    assert events[0].body["properties"] == {"a": "\u00e9\u2028"}
