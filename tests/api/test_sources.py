"""Write keys and the live tail over HTTP."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest

from socle.clock import DAY, HOUR
from socle.errors import Unavailable
from socle.events.model import Event, Quarantined
from socle.events.stream import encode_events, encode_quarantined
from socle.iso import from_iso
from socle.sources.find import KeyFinder
from socle.sources.store import KeyStore
from tests.api.conftest import Call


def accepted(account: Any, key: str, later: int = 0) -> str | None:
    """The source that collect_events finds for a write key, `later` ms from now, in a fresh container."""
    return KeyFinder(KeyStore("definitions")).find(key, time.time_ns() // 1_000_000 + later)


def test_a_new_key_is_shown_once_and_works(call: Call, account: None) -> None:
    call("PUT", "/api/sources/shop", body={})
    made = call("POST", "/api/sources/shop/keys")
    assert made.status == 201
    key = made.json["key"]
    assert made.json["hint"] == key[-4:]
    assert accepted(account, key) == "shop"
    listed = call("GET", "/api/sources/shop/keys")
    assert key not in listed.text
    assert [item["id"] for item in listed.json["items"]] == [made.json["id"]]
    assert listed.json["next"] is None


def test_a_revoked_key_is_refused(call: Call, account: None) -> None:
    call("PUT", "/api/sources/revoking", body={})
    made = call("POST", "/api/sources/revoking/keys").json
    for _ in range(2):
        assert call("DELETE", f"/api/sources/revoking/keys/{made['id']}").status == 204
    assert accepted(account, made["key"]) is None
    assert call("GET", "/api/sources/revoking/keys").json["items"][0]["revoked"] is not None
    assert call("DELETE", "/api/sources/revoking/keys/nosuchkey").status == 404


def test_rotating_ends_the_old_keys_after_the_grace_and_gives_a_new_one(call: Call, account: None) -> None:
    call("PUT", "/api/sources/rotating", body={})
    old = call("POST", "/api/sources/rotating/keys").json["key"]
    new = call("POST", "/api/sources/rotating/keys/rotate", body={"grace": "2h"})
    assert new.status == 201
    assert accepted(account, old) == "rotating"
    assert accepted(account, old, later=3 * HOUR) is None
    assert accepted(account, new.json["key"], later=30 * DAY) == "rotating"
    first, second = call("GET", "/api/sources/rotating/keys").json["items"]
    assert first["expires"] is not None
    assert second["expires"] is None


def test_rotating_without_a_body_gives_a_day(call: Call, account: None) -> None:
    call("PUT", "/api/sources/day", body={})
    old = call("POST", "/api/sources/day/keys").json["key"]
    assert call("POST", "/api/sources/day/keys/rotate").status == 201
    assert accepted(account, old, later=23 * HOUR) == "day"
    assert accepted(account, old, later=25 * HOUR) is None


@pytest.mark.parametrize("grace", ["", "24", "h", "-1h", "1w", "1.5h", "31d", "99999999s", "24 h", 24, None])
def test_a_grace_that_is_none_is_refused(call: Call, grace: Any) -> None:
    call("PUT", "/api/sources/patient", body={})
    answer = call("POST", "/api/sources/patient/keys/rotate", body={"grace": grace})
    assert (answer.status, answer.error["field"]) == (400, "grace")
    assert call("GET", "/api/sources/patient/keys").json["items"] == []


def test_disabling_a_source_refuses_its_keys_and_enabling_brings_them_back(call: Call, account: None) -> None:
    call("PUT", "/api/sources/toggled", body={})
    key = call("POST", "/api/sources/toggled/keys").json["key"]
    call("PUT", "/api/sources/toggled", body={"enabled": False}, query="dry_run=1")
    assert accepted(account, key) == "toggled"
    call("PUT", "/api/sources/toggled", body={"enabled": False})
    assert accepted(account, key) is None
    call("PUT", "/api/sources/toggled", body={"enabled": True})
    assert accepted(account, key) == "toggled"


def test_deleting_a_source_refuses_its_keys(call: Call, account: None) -> None:
    call("PUT", "/api/sources/doomed", body={})
    key = call("POST", "/api/sources/doomed/keys").json["key"]
    call("DELETE", "/api/sources/doomed")
    assert accepted(account, key) is None
    assert call("GET", "/api/sources/doomed/keys").status == 404


def test_a_source_that_is_made_again_does_not_take_the_keys_of_the_deleted_one(call: Call, account: None) -> None:
    call("PUT", "/api/sources/reborn", body={})
    key = call("POST", "/api/sources/reborn/keys").json["key"]
    call("DELETE", "/api/sources/reborn")
    call("PUT", "/api/sources/reborn", body={})
    assert accepted(account, key) is None
    call("PUT", "/api/sources/reborn", body={"enabled": False})
    call("PUT", "/api/sources/reborn", body={"enabled": True})
    assert accepted(account, key) is None
    assert call("GET", "/api/sources/reborn/keys").json["items"][0]["revoked"] is not None


@pytest.mark.parametrize("repair", ["DELETE", "PUT"])
def test_a_deletion_that_broke_off_leaves_no_keys_to_a_new_source(
        call: Call, account: None, services: Any, monkeypatch: pytest.MonkeyPatch, repair: str) -> None:
    def broken(*_: Any) -> None:
        raise Unavailable("throttled", "try again")

    name = f"broken-{repair.lower()}"
    call("PUT", f"/api/sources/{name}", body={})
    key = call("POST", f"/api/sources/{name}/keys").json["key"]
    with monkeypatch.context() as patch:
        patch.setattr(services.keys, "follow", broken)
        assert call("DELETE", f"/api/sources/{name}").status == 503
    if repair == "DELETE":
        assert call("DELETE", f"/api/sources/{name}").status == 404
        assert accepted(account, key) is None
    call("PUT", f"/api/sources/{name}", body={})
    assert accepted(account, key) is None


def test_the_document_says_when_a_change_of_keys_takes_effect(call: Call) -> None:
    paths = call("GET", "/api/openapi.json").json["paths"]
    for method, path in (("put", ""), ("delete", ""), ("post", "/keys/rotate"), ("delete", "/keys/{id}")):
        operation = paths[f"/api/sources/{{name}}{path}"][method]
        assert "within a minute" in json.dumps(operation), (method, path)
    assert "for good" in paths["/api/sources/{name}"]["delete"]["description"]


def test_keys_of_no_source_answer_404(call: Call) -> None:
    for method, path in (("POST", "keys"), ("GET", "keys"), ("DELETE", "keys/x"), ("POST", "keys/rotate"), ("GET", "tail")):
        answer = call(method, f"/api/sources/nowhere/{path}")
        assert answer.status == 404
        assert "nowhere" in answer.error["message"]


def event(name: str, received: int, source: str = "tailed") -> Event:
    return Event(received - 5, f"id-{name}", 0, received - 5, received, source, "track", name,
                 (("user_id", "42"),), {"properties": {"n": 1}})


def test_the_tail_shows_accepted_and_quarantined_events_newest_first(call: Call, account: None) -> None:
    call("PUT", "/api/sources/tailed", body={})
    now = time.time_ns() // 1_000_000
    bad = Quarantined(0, "id-bad", "too_large", "properties", "make it smaller", "tailed", now - 1, '{"type":"track"}')
    kinesis = boto3.client("kinesis")
    for key, data in (("a", encode_events([event("One", now - 3), event("Elsewhere", now, "other")])),
                      ("b", encode_quarantined([bad])), ("c", encode_events([event("Two", now - 2)])),
                      ("d", b"not ours")):
        kinesis.put_record(StreamName="stream", Data=data, PartitionKey=key)
    body = call("GET", "/api/sources/tailed/tail").json
    assert [item["messageId"] for item in body["items"]] == ["id-bad", "id-Two", "id-One"]
    assert body["complete"] is True
    assert body["next"] is None
    quarantined, two, _ = body["items"]
    assert quarantined["state"] == "quarantined"
    assert (quarantined["code"], quarantined["field"], quarantined["event"]) == (
        "too_large", "properties", {"type": "track"})
    assert (two["state"], two["type"], two["name"]) == ("accepted", "track", "Two")
    assert two["identifiers"] == [{"type": "user_id", "value": "42"}]
    assert (two["event"]["event"], two["event"]["userId"], two["event"]["properties"]) == ("Two", "42", {"n": 1})
    assert from_iso(two["received"]) == now - 2
    one = call("GET", "/api/sources/tailed/tail", query="limit=1").json["items"]
    assert [item["messageId"] for item in one] == ["id-bad"]
