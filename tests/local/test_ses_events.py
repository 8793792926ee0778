"""A sent mail has the events that SES would publish."""

from __future__ import annotations

import json

import pytest

from infra.local.ses_events import SentMail, events_of


def sent(*addresses: str) -> SentMail:
    return SentMail("m1", "shop@example.com", list(addresses), "Hi", {"X-A": "1"}, {"campaign": "c1"}, "set", 1_700_000_000_000)


def kinds(*addresses: str) -> list[str]:
    return [event["eventType"] for event in events_of(sent(*addresses))]


@pytest.mark.parametrize(("address", "expected"), [
    ("ada@example.com", ["Send", "Delivery"]),
    ("success@simulator.amazonses.com", ["Send", "Delivery"]),
    ("bounce@simulator.amazonses.com", ["Send", "Bounce"]),
    ("Bounce+label@simulator.amazonses.com", ["Send", "Bounce"]),
    ("complaint@simulator.amazonses.com", ["Send", "Delivery", "Complaint"]),
    ("bounce@example.com", ["Send", "Delivery"]),
])
def test_the_simulators_addresses_decide_what_becomes_of_a_mail(address: str, expected: list[str]) -> None:
    assert kinds(address) == expected


def test_each_recipient_has_its_own_fate() -> None:
    send, bounce, delivery = events_of(sent("bounce@simulator.amazonses.com", "ada@example.com"))
    assert send["mail"]["destination"] == ["bounce@simulator.amazonses.com", "ada@example.com"]
    assert [one["emailAddress"] for one in bounce["bounce"]["bouncedRecipients"]] == ["bounce@simulator.amazonses.com"]
    assert delivery["delivery"]["recipients"] == ["ada@example.com"]


def test_every_event_carries_our_tags_and_is_json() -> None:
    for event in events_of(sent("complaint@simulator.amazonses.com")):
        assert event["mail"]["tags"] == {"ses:configuration-set": ["set"], "campaign": ["c1"]}
        assert event["mail"]["timestamp"] == "2023-11-14T22:13:20.000Z"
        assert event["mail"]["headers"] == [{"name": "X-A", "value": "1"}]
        assert json.loads(json.dumps(event)) == event
