"""Accounts over HTTP, from group calls that the real consumer and the effects of it applied."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import boto3
import pytest

from socle import clock
from socle.accounts.service import AccountWriter
from socle.accounts.store import AccountStore
from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.effects.service import EffectRunner
from socle.events.stream import encode_events
from socle.profiles.store import ProfileStore
from tests.api.conftest import Call
from tests.memory import MemoryQuarantine, MemoryQueue, MemoryRaw
from tests.people import T0, event, order

ADA, BOB, EVE = ("user_id", "ada"), ("user_id", "bob"), ("user_id", "eve")
ODD = "Müller & Söhne/№ 7?#50%"


def group(number: int, *ids: tuple[str, str], to: str, **traits: Any) -> Any:
    return event(number, *ids, name="$group", type="group", groupId=to, traits=traits)


@pytest.fixture(scope="module")
def firm(call: Call) -> str:
    """An account of three people, one of whom was first seen on another device."""
    dynamodb = boto3.client("dynamodb")
    profiles: Any = ProfileStore(dynamodb, "profiles")
    names, queue = iter(f"person{number}" for number in range(100)), MemoryQueue()
    consumer = Consumer(profiles, MemoryRaw(), MemoryQuarantine(), queue, Rules, lambda: next(names), lambda: T0)  # type: ignore[arg-type]
    events = [
        group(1, ADA, to="acme", name="Acme", employees=12, siret="73282932000074"),
        group(2, BOB, to="acme", employees="1,200", vat_number="FR nonsense"),
        group(3, ("anonymous_id", "device"), to="acme"),
        order(4, ADA, order_id="1", revenue=10, currency="EUR"), order(5, BOB, order_id="2", revenue=2.5, currency="EUR"),
        event(6, EVE, ("anonymous_id", "device")),
        event(7, EVE, context={"groupId": ODD}),
    ]
    for number, one in enumerate(events):
        consumer.apply([Record("shard", str(number), T0, encode_events([one]))])
    runner = EffectRunner(profiles, lambda name: None, lambda: b"", lambda *asked: 200,
                          AccountWriter(AccountStore(dynamodb, "profiles")))
    assert [runner.run(effect, T0) for effect in queue.sent] == [True] * 4
    return "/api/accounts/acme"


def test_an_account_shows_what_was_said_and_what_its_people_add_up_to(call: Call, firm: str) -> None:
    body = call("GET", firm).json
    assert body["traits"] == {"name": "Acme", "employees": "1,200", "siret": "73282932000074", "vat_number": "FR nonsense"}
    assert body["firmographics"] == {"name": "Acme", "employees": 1200, "siret": "73282932000074", "siren": "732829320"}
    assert body["flags"] == [{"field": "vat_number", "trait": "vat_number", "code": "not_a_vat_number"}]
    assert (body["people"], body["active_30d"], body["events"], body["partial"]) == (3, 0, 7, False)
    assert body["orders"] == {"EUR": {"count": 2, "revenue": 1250, "refunds": 0, "refunded": 0}}


def test_members_are_listed_page_by_page_each_once(call: Call, firm: str) -> None:
    seen, query = [], {"limit": "1"}
    while True:
        page = call("GET", f"{firm}/members", query=query).json
        seen += [item["identifiers"]["user_id"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert sorted(seen) == [["ada"], ["bob"], ["eve"]]


def test_the_timeline_of_all_members_pages_newest_first(call: Call, firm: str) -> None:
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        page = call("GET", f"{firm}/timeline", query=query).json
        seen += [item["messageId"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == [f"m-{number}" for number in range(7, 0, -1)]
    assert not page["partial"]


def test_a_person_shows_the_accounts_they_belong_to(call: Call, firm: str) -> None:
    assert call("GET", "/api/profiles", query={"by": "user_id:eve"}).json["accounts"] == [ODD, "acme"]


def test_an_account_with_an_odd_id_is_reached_by_its_key(call: Call, firm: str) -> None:
    (odd,) = [item for item in call("GET", "/api/accounts").json["items"] if item["id"] == ODD]
    for path in (odd["key"], quote(ODD, safe="")):
        assert call("GET", f"/api/accounts/{path}").json["people"] == 1


def test_what_is_put_counts_by_its_time(call: Call, firm: str) -> None:
    old = call("PUT", firm, body={"traits": {"name": "Old", "plan": "free"}, "timestamp": "2020-01-01"})
    assert (old.json["traits"]["name"], old.json["traits"]["plan"]) == ("Acme", "free")
    new = call("PUT", firm, body={"traits": {"name": "ACME", "vat_number": None}})
    assert new.json["traits"]["name"] == "ACME"
    assert "vat_number" not in new.json["traits"]
    assert set(new.json["sources"]) == {"shop", "api"}


def test_an_account_can_be_made_without_a_person(call: Call, firm: str) -> None:
    assert call("PUT", "/api/accounts/new", body={"traits": {"website": "www.new.example/about"}}).json["firmographics"] == {
        "website": "https://www.new.example/about", "domain": "new.example"}
    body = call("GET", "/api/accounts/new").json
    assert (body["people"], body["last_activity"]) == (0, None)
    assert call("GET", "/api/accounts/new/timeline").json == {"items": [], "next": None, "partial": False}


def test_accounts_are_listed_by_id_page_by_page(call: Call, firm: str) -> None:
    for number in range(7):
        call("PUT", f"/api/accounts/list-{number}", body={"traits": {}})
    seen, query = [], {"limit": "3"}
    while True:
        page = call("GET", "/api/accounts", query=query).json
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert seen == sorted(seen)
    assert {"acme", ODD, *(f"list-{number}" for number in range(7))} <= set(seen)


@pytest.mark.parametrize(("body", "field"), [
    ({}, "traits"), ({"traits": []}, "traits"), ({"traits": {"": 1}}, "traits."), ({"traits": {"a": "x" * 2_000}}, "traits.a"),
    ({"traits": {}, "timestamp": "soon"}, "timestamp"), ({"traits": {}, "name": "x"}, "name"),
    ({"traits": {str(number): 1 for number in range(251)}}, "traits"),
], ids=["nothing", "a list", "no name", "large", "no time", "unknown", "many"])
def test_what_cannot_be_put_names_its_field(call: Call, body: Any, field: str) -> None:
    answer = call("PUT", "/api/accounts/refused", body=body)
    assert (answer.status, answer.error["field"]) == (400, field)
    assert call("GET", "/api/accounts/refused").status == 404


@pytest.mark.parametrize("name", ["x" * 257, "null", "0", "%20", "~!", "~_w", "nobody", "%F0%9F%98%80" * 251],
                         ids=["long", "null", "zero", "blank", "no base64", "no UTF-8", "unknown", "many bytes"])
@pytest.mark.parametrize("rest", ["", "/members", "/timeline"])
def test_an_unknown_account_answers_404_or_why_it_can_be_none(call: Call, name: str, rest: str) -> None:
    assert call("GET", f"/api/accounts/{name}{rest}").status in (400, 404)


@pytest.mark.parametrize("name", ["x" * 257, "null", "%20", "~!"])
def test_nothing_is_made_under_an_id_that_can_be_none(call: Call, name: str) -> None:
    answer = call("PUT", f"/api/accounts/{name}", body={"traits": {}})
    assert (answer.status, answer.error["field"]) == (400, "id")


@pytest.mark.parametrize("rest", ["/members", "/timeline"])
def test_a_cursor_of_another_account_is_refused(call: Call, firm: str, rest: str) -> None:
    cursor = call("GET", f"{firm}{rest}", query={"limit": "1"}).json["next"]
    call("PUT", "/api/accounts/new", body={"traits": {}})
    answer = call("GET", f"/api/accounts/new{rest}", query={"cursor": cursor})
    assert (answer.status, answer.error["code"]) == (400, "bad_cursor")


def test_an_erased_person_is_in_no_account_any_more(call: Call, firm: str) -> None:
    eve = call("GET", "/api/profiles", query={"by": "user_id:eve"}).json["id"]
    assert call("DELETE", f"/api/profiles/{eve}").status == 204
    assert call("GET", firm).json["people"] == 2
    items = boto3.client("dynamodb").scan(TableName="profiles")["Items"]
    gone = {eve, "person2", "person3"}
    assert not [item for item in items if item["SK"]["S"].removeprefix("P#") in gone]
    assert not [item for item in items if item["PK"]["S"].removeprefix("P#") in gone and item["SK"]["S"].startswith("G#")]


def test_a_deleted_account_comes_back_only_by_what_is_received_later(call: Call, firm: str) -> None:
    assert call("DELETE", firm).status == 204
    assert call("GET", firm).status == 404
    assert call("DELETE", firm).status == 404
    assert "acme" not in {item["id"] for item in call("GET", "/api/accounts", query={"limit": "1000"}).json["items"]}
    writer = AccountWriter(AccountStore(boto3.client("dynamodb"), "profiles"))
    assert writer.take("acme", "person0", group(1, ADA, to="acme", name="Acme")) is False
    assert call("GET", firm).status == 404
    later = group(1, ADA, to="acme", name="Again")._replace(received=clock.now() + 1_000)
    assert writer.take("acme", "person0", later)
    body = call("GET", firm).json
    assert (body["traits"], body["people"]) == ({"name": "Again"}, 1)


@pytest.mark.parametrize(("traits", "code"), [
    ('{"employees": 1e999}', "bad_json"), ('{"a": "\\ud800"}', "bad_json"), (json.dumps({"a": '"' * 400}), "trait_too_large"),
    (json.dumps({'"' * 200: 1}), "trait_too_large"),
], ids=["infinite", "half a character", "value", "name"])
def test_what_an_account_could_not_be_stored_with_is_refused(call: Call, traits: str, code: str) -> None:
    refused = call("PUT", "/api/accounts/odd", body=f'{{"traits": {traits}}}')
    assert (refused.status, refused.json["error"]["code"]) == (400, code)
    assert call("GET", "/api/accounts/odd").status == 404


def test_accounts_of_the_longest_ids_are_paged_too(call: Call) -> None:
    ids = {"\U0001f600" * 249 + letter for letter in "abc"}
    for one in ids:
        key = base64.urlsafe_b64encode(one.encode()).decode().rstrip("=")
        assert call("PUT", f"/api/accounts/~{key}", body={"traits": {}}).status == 200
    seen, query = [], {"limit": "1"}
    while True:
        page = call("GET", "/api/accounts", query=query).json
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert ids <= set(seen)
    assert len(seen) == len(set(seen))
