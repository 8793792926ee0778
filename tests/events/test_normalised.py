"""An event holds its traits normalised, and what the client sent is neither lost nor mistaken for ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from socle.events.model import Event
from socle.events.parse import parse
from socle.events.receive import Origin, receive

NOW = 1_700_000_000_000
TRAITS = {"email": "Jane@Shop.Example", "birthday": "01/02/1990", "plan": "Pro "}
IDENTIFY = {"type": "identify", "userId": "u1", "traits": TRAITS}


def take(message: dict[str, Any], received: int = NOW) -> Event:
    [[event], _] = receive(parse(json.dumps({"batch": [message]}).encode(), is_batch=True), Origin("web", received))
    return event


def test_an_identify_holds_what_was_normalised_what_was_sent_and_what_is_in_doubt() -> None:
    assert take(IDENTIFY).body == {
        "traits": {"email": "jane@shop.example", "birthday": "01/02/1990", "plan": "Pro "},
        "raw": {"email": "Jane@Shop.Example"}, "flags": {"birthday": "ambiguous_date"}}


def test_a_group_calls_traits_are_an_accounts() -> None:
    traits = {"name": "KESTREL ", "siret": "732 829 320 00074"}
    body = take({"type": "group", "userId": "u1", "groupId": "g", "traits": traits}).body
    assert body["traits"] == {"name": "KESTREL", "siret": "73282932000074"}
    assert body["raw"] == traits


@pytest.mark.parametrize("kind", ["track", "page", "screen"])
def test_what_is_called_traits_elsewhere_stays_as_sent(kind: str) -> None:
    sent = {"traits": {"email": "Jane@Shop.Example"}, "properties": {"email": "A@B.DE"}}
    assert take({"type": kind, "event": "X", "userId": "u1", **sent}).body == sent


def test_a_clients_own_raw_and_flags_are_kept_apart_from_ours() -> None:
    own = {"raw": {"email": "x"}, "flags": ["mine"], "sent": 5}
    assert take({**IDENTIFY, **own}).body["sent"] == own
    assert take({**IDENTIFY, **own}).body["raw"] == {"email": "Jane@Shop.Example"}
    assert take({"type": "page", "userId": "u1", **own}).body == {"sent": own}


def test_an_event_gives_back_the_message_as_it_was_sent() -> None:
    traits = {**TRAITS, "address": {"zip": 1000, "country": "fra"}}
    message = {**IDENTIFY, "messageId": "m1", "raw": {"email": "x"}, "traits": traits}
    event = take(message)
    assert event.body["traits"]["address"] == {"zip": "01000", "country": "FR"}
    assert event.to_message() == message
    assert take(event.to_message()).body == event.body


def test_the_key_is_made_of_what_was_sent() -> None:
    """Rules may change between a call and its retry: it is the same event all the same."""
    first, again = take(IDENTIFY), take(IDENTIFY, received=NOW + 86_400_000)
    other = take({**IDENTIFY, "traits": {**TRAITS, "email": "jane@shop.example"}})
    assert first.key == again.key != other.key


def test_a_date_of_birth_cannot_be_later_than_the_event_came_in() -> None:
    message = {"type": "identify", "userId": "u1", "traits": {"birthday": "2023-12-24"}}
    assert take(message).body["flags"] == {"birthday": "implausible_date"}
    assert take(message, received=NOW + 60 * 86_400_000).body == {"traits": {"birthday": "2023-12-24"}}
