"""STOP and START."""

from __future__ import annotations

import pytest

from socle.consent.model import ALL
from socle.consent.service.record import ConsentRecord
from socle.consent.sms import reading
from socle.messages.model import SMS, Address
from socle.profiles.codec import encode_aggregate
from socle.profiles.fold import refold
from socle.profiles.items import Owner
from socle.profiles.model import Aggregate
from tests.consent.site import NOW, running
from tests.people import consent, event

NUMBER = "+33612345678"
PHONE = ("phone", NUMBER)


@pytest.mark.parametrize(("text", "meaning"), [
    ("STOP", "stop"), (" stop.\n", "stop"), ("Arrêt", "stop"), ("ARRETER", "stop"), ("Unsubscribe", "stop"),
    ("désabonner", "stop"), ("STOP ALL", "stop"), ("stop sending me this", "stop"), ("Opt-out", "stop"),
    ("START", "start"), ("Un-Stop", None),
    ("unstop", "start"), ("Help?", "help"), ("aide", "help"), ("", None), ("I can't stop laughing", None),
    ("nonstop", None), ("stopping by at 8", None), ("the end", None), ("🛑", None), ("STOP" + " " * 9_000, "stop")])
def test_a_word_is_understood_alone(text, meaning):
    assert reading(text) == meaning


@pytest.fixture
def site(monkeypatch):
    with running(monkeypatch) as site:
        yield site


@pytest.fixture
def record(site):
    from functions.serve_public import collaborators
    made = collaborators.get()
    return ConsentRecord(site.standings, site.profiles, made._stream, made.topics)


def known(site, *events):
    written = Aggregate("bob", 1, refold([event(0, PHONE), *events]))
    site.profiles.save(written, encode_aggregate(written))
    site.profiles.claim(PHONE, Owner("bob", 0))


def test_stop_ends_the_channel_for_the_number_and_its_person(site, record):
    known(site)
    record.stopped(NUMBER, NOW)
    assert site.standings.load([Address(SMS, NUMBER)])[Address(SMS, NUMBER)].withdrawn == {ALL: NOW}
    [said] = site.events()
    assert (said.ids, said.body["properties"]) == ((PHONE,), {"channel": "sms", "state": "unsubscribed", "source": "sms",
                                                            "address": NUMBER})


def test_a_number_of_nobody_is_left_in_peace_and_makes_no_profile(site, record):
    record.stopped(NUMBER, NOW)
    record.started(NUMBER, NOW)
    assert site.standings.load([Address(SMS, NUMBER)])[Address(SMS, NUMBER)].withdrawn == {ALL: NOW}
    assert site.events() == []


def test_start_brings_back_what_was_there_before_and_nothing_else(site, record):
    known(site, consent(1, "subscribed", "sms", "alerts"), consent(2, "unsubscribed", "sms", "offers"),
          consent(3, "subscribed", "email", "news"))
    record.stopped(NUMBER, NOW)
    record.started(NUMBER, NOW)
    granted = [one for one in site.events() if one.body["properties"]["state"] == "subscribed"]
    assert {one.body["properties"].get("topic") for one in granted} == {None, "alerts"}
    assert all(one.at > NOW for one in granted)
