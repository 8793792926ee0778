"""Profiles over HTTP, from events that the real consumer applied."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.events.stream import encode_events
from socle.profiles.store import ProfileStore
from tests.api.conftest import Call
from tests.memory import MemoryQuarantine, MemoryQueue, MemoryRaw
from tests.people import T0, event, identify, order


@pytest.fixture(scope="module")
def profile(call: Call) -> str:
    """The id of a person with three events and an address."""
    names = iter(f"person{number}" for number in range(100))
    store: Any = ProfileStore(boto3.client("dynamodb"), "profiles")
    consumer = Consumer(store, MemoryRaw(), MemoryQuarantine(), MemoryQueue(),  # type: ignore[arg-type]
                        Rules, lambda: next(names), lambda: T0)
    events = [
        event(0, ("user_id", "42"), properties={"sku": "a"}),
        identify(60, ("user_id", "42"), ("email", "ada@example.com"), ("phone", "+4930123456"), traits={"name": "Ada"}),
        order(120, ("user_id", "42"), order_id="o-1", currency="EUR", revenue=12.5),
        event(0, ("user_id", "a:b,c+d"), ts=T0 + 7),
    ]
    consumer.apply([Record("shard", "1", T0, encode_events(events))])
    return str(call("GET", "/api/profiles", query={"by": "user_id:42"}).json["id"])


def test_a_person_is_found_by_any_identifier(call: Call, profile: str) -> None:
    by_email = call("GET", "/api/profiles", query={"by": "email: Ada@Example.com "})
    assert by_email.status == 200
    body = by_email.json
    assert body["id"] == profile
    assert body["identifiers"] == {"email": ["ada@example.com"], "phone": ["+4930123456"], "user_id": ["42"]}
    assert body["traits"]["name"] == "Ada"
    assert body["events"]["Order Completed"] == 1
    assert (body["orders"]["EUR"]["count"], body["orders"]["EUR"]["revenue"]) == (1, 1250)
    assert body["first_seen"].endswith("Z")
    assert call("GET", f"/api/profiles/{profile}").json == body


@pytest.mark.parametrize("by", ["user_id:a:b,c+d", "user_id: a:b,c+d"])
def test_an_identifier_may_hold_colons_and_commas(call: Call, profile: str, by: str) -> None:
    assert call("GET", "/api/profiles", query={"by": by}).json["identifiers"] == {"user_id": ["a:b,c+d"]}


@pytest.mark.parametrize("query", ["by=phone:+4930123456", "by=phone:%2B4930123456", "by=phone:%2B49%2030%20123-456",
                                   "by=phone:+49+30+123456", "by=phone:%20%2B4930123456"])
def test_a_telephone_number_is_found_with_its_plus_as_it_is_or_encoded(call: Call, profile: str, query: str) -> None:
    assert call("GET", "/api/profiles", query=query).json["id"] == profile


@pytest.mark.parametrize(("by", "says"), [
    ("phone:030123456", "%2B"), ("email:no address", "no e-mail address"), ("user_id:null", "placeholder"),
])
def test_an_identifier_that_cannot_be_anybodys_says_why(call: Call, by: str, says: str) -> None:
    answer = call("GET", "/api/profiles", query={"by": by})
    assert answer.status == 404
    assert says in answer.error["message"]


@pytest.mark.parametrize("by", ["user_id:43", "email:nobody@example.com", "email:no address", "phone:123",
                                "user_id:null", "anonymous_id:x", "user_id:\U0001f600", "user_id:P#1/../2"])
def test_an_unknown_person_answers_404(call: Call, profile: str, by: str) -> None:
    answer = call("GET", "/api/profiles", query={"by": by})
    assert (answer.status, answer.error["field"]) == (404, "by")


@pytest.mark.parametrize("by", ["", "42", "user_id:", "user_id:  ", "Passport:1", ":1", f"user_id:{'x' * 257}"])
def test_a_malformed_by_is_refused(call: Call, by: str) -> None:
    answer = call("GET", "/api/profiles", query={"by": by})
    assert (answer.status, answer.error["field"]) == (400, "by")
    assert call("GET", "/api/profiles").error["field"] == "by"
    assert call("GET", "/api/profiles", query="by=user_id:1&by=user_id:2").error["field"] == "by"


def test_the_past_is_another_profile(call: Call, profile: str) -> None:
    path = f"/api/profiles/{profile}"
    for clock in ("happened", "known"):
        early = call("GET", path, query={"as_of": "2023-11-14T22:13:50Z", "clock": clock}).json
        assert early["events"] == {"Product Viewed": 1}
        assert early["traits"] == {}
    assert call("GET", path, query={"as_of": "2023-11-14T23:13:50+01:00"}).json["events"] == {"Product Viewed": 1}
    assert call("GET", path, query={"as_of": "2023-11-15"}).json["events"]["Order Completed"] == 1
    assert call("GET", path, query={"as_of": "0001-01-01"}).json["events"] == {}


@pytest.mark.parametrize(("query", "field"), [
    ("as_of=yesterday", "as_of"), ("as_of=", "as_of"), ("as_of=1700000000000000000", "as_of"), ("as_of=10000-01-01", "as_of"),
    ("as_of=0001-01-01T00:00:00%2B23:00", "as_of"), ("as_of=2026-02-30", "as_of"),
    ("clock=wall", "clock"), ("as_of=2026-01-01&clock=", "clock"),
])
def test_a_time_that_is_none_is_refused(call: Call, profile: str, query: str, field: str) -> None:
    answer = call("GET", f"/api/profiles/{profile}", query=query)
    assert (answer.status, answer.error["field"]) == (400, field)


def test_the_timeline_pages_newest_first(call: Call, profile: str) -> None:
    path = f"/api/profiles/{profile}/timeline"
    seen: list[str] = []
    query = {"limit": "1"}
    while True:
        page = call("GET", path, query=query).json
        seen += [item["event"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == ["Order Completed", "$identify", "Product Viewed"]
    only = call("GET", path, query={"event": "Product Viewed"}).json["items"]
    assert [item["properties"] for item in only] == [{"sku": "a"}]
    assert call("GET", path, query={"event": "Nothing"}).json == {"items": [], "next": None}


def test_a_cursor_of_a_timeline_is_of_this_person_and_this_filter_only(call: Call, profile: str) -> None:
    path = f"/api/profiles/{profile}/timeline"
    other = call("GET", "/api/profiles", query={"by": "user_id:a:b,c+d"}).json["id"]
    cursor = call("GET", path, query={"limit": "1"}).json["next"]
    for where, more in ((f"/api/profiles/{other}/timeline", {}), (path, {"event": "Order Completed"})):
        answer = call("GET", where, query={"cursor": cursor, **more})
        assert (answer.status, answer.error["code"]) == (400, "bad_cursor")
    assert call("GET", path, query={"cursor": cursor}).status == 200


def test_a_cursor_of_the_timeline_that_was_changed_is_refused(call: Call, profile: str) -> None:
    path = f"/api/profiles/{profile}/timeline"
    cursor = call("GET", path, query={"limit": "1"}).json["next"]
    for wrong in (cursor[:-2], cursor.swapcase(), "x", "eyJhIjoxfQ"):
        answer = call("GET", path, query={"cursor": wrong})
        assert (answer.status, answer.error["code"], answer.error["field"]) == (400, "bad_cursor", "cursor")


@pytest.mark.parametrize("method_and_rest", [("GET", ""), ("GET", "/timeline"), ("DELETE", "")])
@pytest.mark.parametrize("identifier", ["nobody", "a" * 64, "a b", "P#x", "..", "ü"])
def test_an_unknown_profile_answers_404(call: Call, method_and_rest: tuple[str, str], identifier: str) -> None:
    method, rest = method_and_rest
    answer = call(method, f"/api/profiles/{identifier}{rest}")
    assert answer.status == 404
    assert answer.error["message"]


def test_an_erased_person_is_gone_and_marked_for_replays(call: Call, profile: str) -> None:
    other = call("GET", "/api/profiles", query={"by": "user_id:a:b,c+d"}).json["id"]
    assert call("DELETE", f"/api/profiles/{other}").status == 204
    marker = json.loads(boto3.client("s3").get_object(Bucket="bucket", Key=f"erasures/{other}.json")["Body"].read())
    assert marker["profiles"] == [other]
    assert call("GET", f"/api/profiles/{other}").status == 404
    assert call("GET", "/api/profiles", query={"by": "user_id:a:b,c+d"}).status == 404
    assert call("GET", f"/api/profiles/{profile}").status == 200
