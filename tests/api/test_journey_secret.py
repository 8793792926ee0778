"""Receivers of a journey's webhooks can verify who calls them."""

from __future__ import annotations

from socle.effects.webhook import signing_secret
from tests.api.conftest import Call

JOURNEY = {"trigger": {"type": "event", "event": "Product Added"},
           "steps": [{"type": "webhook", "name": "Tell sales", "url": "https://crm.example.com/hook"}]}


def test_the_webhooks_of_a_journey_are_signed_with_a_secret_of_its_own(call: Call) -> None:
    answer = call("PUT", "/api/journeys/sales", body=JOURNEY)
    assert answer.status < 300, answer.json
    assert call("GET", "/api/journeys/sales/secret").json == {"secret": signing_secret(b"master", "journeys/sales")}
    assert call("GET", "/api/journeys/unknown/secret").status == 404
