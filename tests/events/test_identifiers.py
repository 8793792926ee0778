"""Which identifiers a message names: the built-in ones, those of context.externalIds, the device's token."""

from __future__ import annotations

import json
from typing import Any

import pytest

from socle.events.model import Event, Quarantined
from socle.events.parse import parse
from socle.events.receive import Origin, receive

NOW = 1_700_000_000_000


def take(message: dict[str, Any]) -> tuple[list[Event], list[Quarantined]]:
    return receive(parse(json.dumps({"batch": [message]}).encode(), is_batch=True), Origin("web", NOW))


def ids(message: dict[str, Any]) -> list[str]:
    [[event], _] = take({"type": "track", "event": "X", **message})
    return [f"{kind}={value}" for kind, value in event.ids]


def external(*entries: Any) -> dict[str, Any]:
    return {"context": {"externalIds": list(entries)}}


def test_the_most_trusted_come_first() -> None:
    message = {"type": "identify", "userId": "u1", "anonymousId": "a1",
               "traits": {"email": "J@Shop.Example", "phone": "+33612345678"},
               "context": {"device": {"token": "t0k"}, "externalIds": [
                   {"id": "s1", "type": "store_card"}, {"id": 12.0, "type": "loyalty_id"}, {"id": "c1", "type": "crm_id"}]}}
    assert ids(message) == ["user_id=u1", "email=j@shop.example", "phone=+33612345678", "crm_id=c1", "loyalty_id=12",
                            "store_card=s1", "device_token=t0k", "anonymous_id=a1"]


@pytest.mark.parametrize(("entry", "expected"), [
    ({"id": "c1", "type": "crm_id", "collection": "users", "encoding": "none"}, ["crm_id=c1"]),
    ({"id": "J@Shop.Example ", "type": "email"}, ["email=j@shop.example"]),
    ({"id": "+33 6 12 34 56 78", "type": "phone"}, ["phone=+33612345678"]),
    ({"id": "a2", "type": "anonymous_id"}, ["anonymous_id=a2"]),
    ({"id": "t0k", "type": "device_token"}, ["device_token=t0k"]),
    ({"id": "x", "type": "external:shopify"}, ["external:shopify=x"]),
    ({"id": "jane", "type": "email"}, []), ({"id": "null", "type": "crm_id"}, []), ({"id": "", "type": "crm_id"}, []),
    ({"id": "0000", "type": "crm_id"}, []), ({"id": None, "type": "crm_id"}, []), ({"type": "crm_id"}, []), ({"id": "c1"}, []),
    ({"id": "x", "type": "ios.idfa"}, []), ({"id": "x", "type": "CRM"}, []), ({"id": "x", "type": "c" * 41}, []),
    ({"id": "x", "type": 5}, []),
    ({"id": "acme", "type": "group_id"}, []), ({"id": "acme", "type": "crm_id", "collection": "accounts"}, []),
    ({"id": "9f86d081", "type": "email", "encoding": "sha256"}, []), ({"id": "x", "type": "crm_id", "collection": []}, []),
])
def test_an_external_id(entry: dict[str, Any], expected: list[str]) -> None:
    assert [one for one in ids({"anonymousId": "a1", **external(entry)}) if one != "anonymous_id=a1"] == expected


def test_an_event_may_have_no_other_identifier_than_an_external_one() -> None:
    assert ids(external({"id": "c1", "type": "crm_id"})) == ["crm_id=c1"]


def test_one_event_is_one_users() -> None:
    """Two user ids in one event would make one person of two users, whom nothing else ever does."""
    assert ids({"userId": "u1", **external({"id": "u2", "type": "user_id"}, {"id": "u1", "type": "user_id"})}) == ["user_id=u1"]
    assert ids(external({"id": "u2", "type": "user_id"}, {"id": "u3", "type": "user_id"})) == ["user_id=u2"]


@pytest.mark.parametrize(("listed", "code", "field"), [
    ([{"id": f"c{n}", "type": "crm_id"} for n in range(21)], "too_many_ids", "context.externalIds"),
    ("crm", "wrong_type", "context.externalIds"), ({"id": "c1", "type": "crm_id"}, "wrong_type", "context.externalIds"),
    ([{"id": "c1", "type": "crm_id"}, "c2"], "wrong_type", "context.externalIds[1]"),
    ([{"id": ["c1"], "type": "crm_id"}], "wrong_type", "context.externalIds[0].id"),
    ([{"id": "c" * 257, "type": "crm_id"}], "id_too_long", "context.externalIds[0].id"),
])
def test_external_ids_that_cannot_be_read_are_refused_by_name(listed: Any, code: str, field: str) -> None:
    events, [fault] = take({"type": "page", "userId": "u1", "context": {"externalIds": listed}})
    assert events == []
    assert (fault.code, fault.field) == (code, field)


def test_twenty_external_ids_are_taken() -> None:
    assert len(ids(external(*({"id": f"c{n}", "type": "crm_id"} for n in range(20))))) == 20


@pytest.mark.parametrize("device", [{"token": ""}, {"token": "null"}, {"token": 5}, {"token": "x" * 257}, {}, "ios", None])
def test_a_device_without_a_token_identifies_nobody(device: Any) -> None:
    assert ids({"userId": "u1", "context": {"device": device}}) == ["user_id=u1"]


@pytest.mark.parametrize(("context", "expected"), [
    ({"traits": {"phone": "06 12 34 56 78", "country": "France"}}, ["phone=+33612345678"]),
    ({"traits": {"phone": "06 12 34 56 78"}, "location": {"country": "FR"}}, ["phone=+33612345678"]),
    ({"traits": {"phone": "06 12 34 56 78"}, "locale": "fr-FR"}, []),
    ({"traits": {"phone": "+91 99999 99999", "email": "unknown@unknown.com"}}, []),
    ({"traits": {"phone": "06 12 34 56 78"}}, []),
    ({"traits": {"email": " J@Shop.Example", "phone": 5}}, ["email=j@shop.example"]),
    ({"traits": {"email": "test@test.com"}}, []),
])
def test_the_addresses_of_context_traits(context: dict[str, Any], expected: list[str]) -> None:
    assert ids({"userId": "u1", "context": context}) == ["user_id=u1", *expected]


@pytest.mark.parametrize(("traits", "expected"), [
    ({"email": "jane"}, []), ({"email": "test@test.com"}, []), ({"phone": "06 12 34 56 78"}, []), ({"phone": "none"}, []),
    ({"phone": "06 12 34 56 78", "country": "fra"}, ["phone=+33612345678"]), ({"phone": "+33 6 12 34"}, ["phone=+3361234"]),
    ({"phone": "+33 6 00 00 00 00"}, []), ({"phone": "+1 555 555 5555"}, []), ({"email": "Null@null.com"}, []),
    ({"phone": 33612345678, "address": {"country": "FR"}}, ["phone=+33612345678"]), ({"phone": " ", "email": " "}, []),
])
def test_what_cannot_be_normalised_or_is_blocked_is_no_identifier(traits: dict[str, Any], expected: list[str]) -> None:
    assert ids({"type": "identify", "userId": "u1", "traits": traits}) == ["user_id=u1", *expected]


@pytest.mark.parametrize("number", ["0151 2345678", "612 345 678", "06 12 34 56 78"])
@pytest.mark.parametrize("locale", ["en-GB", "fr-FR", "de-DE"])
def test_a_national_number_read_by_the_language_of_a_device_identifies_nobody(number: str, locale: str) -> None:
    listed = [{"type": "phone", "id": number, "collection": "users", "encoding": "none"}]
    context = {"locale": locale, "traits": {"phone": number}, "externalIds": listed}
    assert ids({"type": "identify", "userId": "u1", "traits": {"phone": number}, "context": context}) == ["user_id=u1"]


@pytest.mark.parametrize("user", ["guest", "Unknown", "(not set)"])
def test_what_systems_write_for_nobody_is_nobody(user: str) -> None:
    assert ids({"userId": user, "anonymousId": "a1"}) == ["anonymous_id=a1"]
