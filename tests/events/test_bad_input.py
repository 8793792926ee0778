"""Bad input: every kind has a defined answer, and nothing else is lost because of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from socle.errors import Rejected
from socle.events import check, parse
from socle.events.model import Event, Quarantined
from socle.events.receive import Origin, receive
from socle.events.stream import decode, encode_events, encode_quarantined

NOW = 1_717_243_200_000
GOOD = '{"type":"track","event":"Good","userId":"u1","messageId":"good"}'


def batch(*elements: str, more: str = "") -> tuple[list[Event], list[Quarantined]]:
    """A batch with these elements as JSON text and a good event on either side."""
    text = f'{{"batch":[{",".join((GOOD, *elements, GOOD))}]{more}}}'
    return receive(parse.parse(text.encode(errors="surrogateescape"), is_batch=True), Origin("web", NOW))


def event(**fields: Any) -> str:
    return json.dumps({"type": "track", "event": "X", "userId": "u1", "messageId": "m1", **fields})


BROKEN = {
    "deep nesting": (f'{{"type":"track","event":"X","userId":"u1","properties":{{"a":{"[" * 40}{"]" * 40}}}}}', "too_deep"),
    "nesting deeper than the parser goes": ("[" * 5_000 + "]" * 5_000, "too_deep"),
    "a number of 5,000 digits": (f'{{"userId":"u1","properties":{{"n":{"9" * 5_000}}}}}', "not_finite"),
    "a number beyond all doubles": (f'{{"userId":"u1","properties":{{"n":{"9" * 400}}}}}', "not_finite"),
    "NaN": ('{"type":"track","event":"X","userId":"u1","properties":{"a":[1,NaN]}}', "not_finite"),
    "Infinity": ('{"type":"track","event":"X","userId":"u1","properties":{"a":-Infinity}}', "not_finite"),
    "a float that overflows": ('{"type":"track","event":"X","userId":"u1","properties":{"a":1e999}}', "not_finite"),
    "half a surrogate pair in an external id": (
        event(context={"externalIds": [{"id": "\ud83d", "type": "crm_id", "collection": "users"}]}), "not_unicode"),
    "half a surrogate pair in userId": (event(userId="\udc00"), "not_unicode"),
    "half a surrogate pair in messageId": (event(messageId="\ud800"), "not_unicode"),
    "bytes that are not UTF-8": ('{"type":"track","event":"X\udcff","userId":"u1"}', "not_unicode"),
    "a 40 KB event": (event(properties={"a": "x" * 40_000}), "too_large"),
    "JavaScript for JSON": ("{type: 'track', event: 'X', userId: 'u1'}", "bad_json"),
    "a missing comma": ('{"type":"track" "event":"X","userId":"u1"}', "bad_json"),
    "the wrong closing bracket": ('{"type":"track","event":"X","userId":"u1","properties":[1}}', "bad_json"),
    "text": ('"event"', "wrong_type"),
    "a number": ("5", "wrong_type"),
}


@pytest.mark.parametrize("about", BROKEN)
def test_one_bad_event_never_costs_its_batch(about: str) -> None:
    text, code = BROKEN[about]
    events, quarantined = batch(text)
    assert [e.name for e in events] == ["Good", "Good"]
    [fault] = quarantined
    assert (fault.index, fault.code) == (1, code)
    assert decode(encode_events(events)).events == events
    assert decode(encode_quarantined(quarantined)).quarantined == quarantined


@pytest.mark.parametrize("about", BROKEN)
def test_a_quarantined_event_keeps_its_text_and_gets_the_same_answer_when_replayed(about: str) -> None:
    _, [fault] = batch(BROKEN[about][0])
    if fault.code == "bad_json":
        with pytest.raises(Rejected, match="not JSON"):
            parse.parse(fault.raw.encode(), is_batch=False)
    else:
        body = parse.parse(fault.raw.encode(), is_batch=False)._replace(is_utf8=fault.code != check.NOT_UNICODE)
        events, [again] = receive(body, Origin("web", NOW))
        assert events == []
        assert (again.code, again.raw) == (fault.code, fault.raw)


def test_all_kinds_of_bad_events_in_one_batch_leave_the_good_ones() -> None:
    events, quarantined = batch(*(text for text, _ in BROKEN.values()))
    assert len(events) == 2
    assert [row.code for row in quarantined] == [code for _, code in BROKEN.values()]


def test_the_place_of_a_bad_number_and_of_bad_text_is_named() -> None:
    _, [number] = batch('{"type":"track","event":"X","userId":"u1","properties":{"a":[{"b":1},{"b":NaN}]}}')
    assert number.field == "properties.a[1].b"
    _, [text] = batch(event(properties={"list": ["ok", "caf\udce9"]}).replace("\\udce9", "\udce9"))
    assert text.field == "properties.list[1]"


def test_whole_surrogate_pairs_are_ordinary_text() -> None:
    events, quarantined = batch(event(properties={"mood": "\U0001f600"}))
    assert not quarantined
    assert events[1].body["properties"] == {"mood": "\U0001f600"}


def test_a_single_call_that_nests_too_deep_is_quarantined_and_its_key_still_read() -> None:
    text = '{"writeKey":"k1","type":"track","event":"X","properties":' + "[" * 5_000 + "]" * 5_000 + "}"
    body = parse.parse(text.encode(), is_batch=False)
    assert body.write_key == "k1"
    events, [fault] = receive(body, Origin("web", NOW, "track"))
    assert (events, fault.code, fault.raw) == ([], "too_deep", text)


def test_thousands_of_properties_that_fit_are_fine_and_ten_thousand_never_fit() -> None:
    many, too_many = ({str(number): 0 for number in range(count)} for count in (3_500, 10_000))
    events, quarantined = batch(event(properties=many), event(properties=too_many))
    assert events[1].body["properties"] == many
    assert [row.code for row in quarantined] == ["too_large"]


def test_the_limit_of_an_event_is_exact() -> None:
    rest = len(event(properties={"a": ""}).replace(": ", ":").replace(", ", ","))
    fits, too_long = (event(properties={"a": "x" * (check.MAX_EVENT_BYTES - rest + more)}) for more in (0, 1))
    events, quarantined = batch(fits, too_long)
    assert len(events) == 3
    assert [row.code for row in quarantined] == ["too_large"]


@pytest.mark.parametrize(("body", "code", "says"), [
    ("", "bad_json", "the body is empty: send JSON"),
    (" \n", "bad_json", "the body is empty: send JSON"),
    ("event=X&userId=u1", "bad_json", "the body is a form: send JSON"),
    ("batch%5B0%5D%5Bevent%5D=X", "bad_json", "the body is a form: send JSON"),
    ("hello", "bad_json", "line 1 column 1"),
    ("eyJiYXRjaCI6W119Cg==", "bad_json", "line 1 column 1"),
    ('{"a": "x', "bad_json", "Unterminated string starting at line 1 column 7"),
    ('{"batch":[' + GOOD, "bad_json", "line 1 column"),
    ('{"batch":[' + GOOD + ",]}", "bad_json", "column"),
    ('{"batch":[' + GOOD + ']} "', "bad_json", "column"),
    ('{"batch": {"a": 1}}', "bad_batch", "batch"),
    ('{"type":"track"}', "bad_batch", "batch"),
    ("5", "bad_batch", "batch"),
    ('{"batch":[' + ",".join([GOOD] * 3_000) + "]}", "too_many_events", "3000 events: send at most 2500"),
    ('{"batch":[NaN,{],"sentAt":1}', "bad_json", "column"),
])
def test_a_request_that_cannot_be_read_is_refused_with_the_place(body: str, code: str, says: str) -> None:
    with pytest.raises(Rejected) as refusal:
        parse.parse(body.encode(), is_batch=True)
    assert (refusal.value.code, refusal.value.status) == (code, 400)
    assert says in refusal.value.message


@pytest.mark.parametrize(("context", "code", "says"), [
    ('"mobile"', "wrong_type", "context must be an object"),
    ('{"a":"' + "x" * 5_000 + '"}', "too_large", "4096"),
    ('{"a":[NaN]}', "not_finite", "finite"),
    ('{"device":{"token":"\\ud83d"}}', "not_unicode", "half a surrogate pair"),
    ('{"a":"caf\udce9"}', "not_unicode", "not UTF-8"),
    ('{"a":' + "[" * 40 + "]" * 40 + "}", "too_deep", "32"),
    ('{"a":' + "[" * 5_000 + "]" * 5_000 + "}", "too_deep", "32"),
    ('{"a":' + "9" * 5_000 + "}", "not_finite", "digits"),
    ("{a:1}", "bad_json", "column"),
])
def test_a_bad_context_of_a_batch_loses_none_of_its_events(context: str, code: str, says: str) -> None:
    events, quarantined = batch(event(), more=f',"sentAt":"2024-06-01T10:00:00Z","context":{context}')
    assert events == []
    assert [(row.index, row.code, row.field) for row in quarantined] == [(n, code, "context") for n in range(3)]
    assert all(says in row.message and "batch's context" in row.message for row in quarantined)
    assert decode(encode_quarantined(quarantined)).quarantined == quarantined
    again = [receive(parse.parse(row.raw.encode(), is_batch=False), Origin("web", NOW)) for row in quarantined]
    assert [[one.name for one in taken] for taken, _ in again] == [["Good"], ["X"], ["Good"]]


def test_a_bad_context_of_a_batch_leaves_each_bad_event_its_own_fault() -> None:
    _, quarantined = batch("5", "{a:1}", more=',"context":"mobile"')
    assert [row.code for row in quarantined] == ["wrong_type", "wrong_type", "bad_json", "wrong_type"]
    assert [row.field for row in quarantined] == ["context", "", "", "context"]


@pytest.mark.parametrize(("text", "says"), [
    (event(anonymousId="\ud83d"), ["anonymousId", "half a surrogate pair"]),
    ('{"type":"track","event":"caf\udce9","userId":"u1"}', ["event", "bytes that are not UTF-8"]),
    ("[" * 5_000 + "]" * 5_000, ["32"]),
    (event(timestamp="yesterday"), ["ISO 8601", "epoch number"]),
    (event(userId=1e300), ["number", "send the id as a string"]),
    (event(userId="null", anonymousId=0), ['userId "null" counts as none', "anonymousId 0 counts as none"]),
    (event(userId=None, user_id="-"), ["send userId or anonymousId"]),
    (event(type="alias", previousId="undefined"), ['previousId "undefined" counts as none']),
    (event(type="group", groupId="none"), ['groupId "none" counts as none']),
])
def test_a_reason_says_what_is_wrong_and_what_to_do(text: str, says: list[str]) -> None:
    _, [fault] = batch(text)
    assert all(part in fault.message for part in says), fault.message
    assert not ("UTF-8" in fault.message and "surrogate" in fault.message)


def test_what_a_batch_shares_reaches_its_events_and_their_own_wins() -> None:
    shared = {"device": {"type": "phone"}, "locale": "de-DE"}
    events, _ = batch(event(context={"locale": "fr-FR"}), more=f',"context":{json.dumps(shared)}')
    assert events[0].body["context"] == shared
    assert events[1].body["context"] == {"device": {"type": "phone"}, "locale": "fr-FR"}


def test_a_bare_array_an_empty_batch_and_a_byte_order_mark_are_taken() -> None:
    assert parse.parse(f"[{GOOD}]".encode(), is_batch=True).messages == [json.loads(GOOD)]
    assert parse.parse(b'{"batch":[]}', is_batch=True).messages == []
    assert parse.parse(b"\xef\xbb\xbf" + GOOD.encode(), is_batch=False).messages == [json.loads(GOOD)]


def test_the_write_key_is_in_no_event_and_in_no_quarantined_text() -> None:
    events, quarantined = batch(event(writeKey="secret-key"), event(writeKey="secret-key", userId=None))
    assert "secret-key" not in repr(events) + repr(quarantined)


def test_a_quarantined_event_keeps_what_the_request_said_about_it() -> None:
    _, [late] = batch(event(event=""), more=',"sentAt":"2024-06-01T10:00:00Z"')
    assert json.loads(late.raw)["sentAt"] == "2024-06-01T10:00:00Z"
    _, [lone] = receive(parse.parse(b'{"userId":"u1"}', is_batch=False), Origin("web", NOW, "track"))
    assert json.loads(lone.raw)["type"] == "track"


def test_unknown_fields_are_kept_and_carried_ones_are_not_repeated() -> None:
    sent = {"type": "track", "event": "X", "userId": "u1", "anonymousId": None, "messageId": "m1", "writeKey": "k",
            "timestamp": "2024-06-01T10:00:00Z", "sentAt": "2024-06-01T10:00:00Z", "channel": "web", "version": 2,
            "properties": {"a": None, "b": {"c": [1]}}, "context": {"ip": "203.0.113.9"}}
    [taken], _ = receive(parse.parse(json.dumps(sent).encode(), is_batch=False), Origin("web", NOW, "track"))
    assert taken.body == {key: sent[key] for key in ("channel", "version", "properties", "context")}


def test_an_id_that_was_changed_to_be_looked_up_is_kept_as_sent() -> None:
    events, _ = batch(event(userId=42, anonymousId="null"))
    assert events[1].ids == (("user_id", "42"),)
    assert (events[1].body["userId"], events[1].body["anonymousId"]) == (42, "null")


@pytest.mark.parametrize(("library", "found"), [("analytics.js", "Firefox"), ("analytics-node", None)])
def test_the_user_agent_header_counts_for_browsers_only(library: str, found: str | None) -> None:
    body = parse.parse(event(context={"library": {"name": library}}).encode(), is_batch=False)
    [taken], _ = receive(body, Origin("web", NOW, "track", "Firefox"))
    assert taken.body["context"].get("userAgent") == found


def test_the_callers_address_is_not_added() -> None:
    events, _ = batch(event(context={"library": {"name": "analytics.js"}}))
    assert "ip" not in events[1].body["context"]


@pytest.mark.parametrize("timestamp", [None, "2099-01-01T00:00:00Z"])
def test_events_of_one_request_that_happened_on_receipt_keep_their_order(timestamp: str | None) -> None:
    messages = [{"type": "identify", "userId": "u", "traits": {"plan": plan}, "timestamp": timestamp} for plan in "abc"]
    events, _ = receive(parse.parse(json.dumps({"batch": messages}).encode(), is_batch=True), Origin("shop", 1_700_000_000_000))
    assert [event.at for event in events] == [1_699_999_999_998, 1_699_999_999_999, 1_700_000_000_000]
