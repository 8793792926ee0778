"""Erasing a person: what is readable goes, what protects them stays."""

from __future__ import annotations

import pytest

from socle.consent.model import COMPLAINT
from socle.links.model import UNSUBSCRIBE
from socle.messages.items import address_item
from socle.messages.model import EMAIL, Address
from socle.profiles.service import Profiles
from tests.consent.site import ANN, NOW, running
from tests.people import identify

OTHER = Address(EMAIL, "other@example.com")


@pytest.fixture
def site(monkeypatch):
    with running(monkeypatch) as site:
        yield site


def rows(site, profile="ann"):
    found = site.client.query(TableName="profiles", KeyConditionExpression="PK = :pk",
                              ExpressionAttributeValues={":pk": {"S": f"P#{profile}"}})
    return {item["SK"]["S"] for item in found["Items"]}


def test_ledger_counts_and_readable_suppressions_go_and_the_address_stays_suppressed(site):
    site.person(identify(1, traits={"email": "Other@Example.com"}))
    went_to = address_item(site.message())
    site.client.put_item(TableName="profiles", Item=went_to)
    site.client.put_item(TableName="profiles", Item={"PK": {"S": "P#ann"}, "SK": {"S": "K"}, "v": {"N": "1"}})
    for address in (ANN, OTHER):
        site.standings.suppress(address, COMPLAINT, NOW)
        site.standings.withdraw(address, "news", NOW)
    assert len(site.standings.page(10)[0]) == 2
    Profiles(site.profiles, listed=site.standings).erase("ann", NOW)
    assert rows(site) == {"A"}
    assert "Item" not in site.client.get_item(TableName="profiles", Key={name: went_to[name] for name in ("PK", "SK")})
    assert site.standings.page(10)[0] == []
    for standing in site.standings.load([ANN, OTHER]).values():
        assert (standing.reason, standing.withdrawn) == (COMPLAINT, {"news": NOW})


def test_a_late_click_of_who_was_erased_writes_nothing_of_them(site):
    site.person()
    token = site.token(UNSUBSCRIBE, "news", site.message())
    Profiles(site.profiles, listed=site.standings).erase("ann", NOW)
    assert site.post(f"/unsubscribe/{token}").status == 200
    assert rows(site) == {"A"}
    assert site.events() == []
