"""The preference centre and the second step of double opt-in."""

from __future__ import annotations

import re

import pytest

from socle.consent.model import ALL, COMPLAINT
from socle.consent.resolve import answer
from socle.links.model import CONFIRM, PREFERENCES
from tests.consent.site import ANN, NOW, running
from tests.people import consent


@pytest.fixture
def site(monkeypatch):
    with running(monkeypatch) as site:
        yield site


@pytest.fixture
def path(site):
    return f"/preferences/{site.token(PREFERENCES)}"


def ticked(page) -> set[str]:
    return set(re.findall(r'name="topic" value="(\w+)" checked', page.text))


def state(site, topic, channel="email"):
    return answer(site.apply().snapshot.consent, channel, topic, site.standings.load([ANN])[ANN]).state


SHOWN = ["news", "offers", "club"]


def test_the_page_shows_what_the_address_gets_and_what_is_offered(site, path):
    site.subscribed("news")
    page = site.get(path)
    assert ticked(page) == {"news"}
    assert "Offers &amp; &lt;deals&gt;" in page.text
    assert "Staff only" not in page.text
    assert "Alerts" not in page.text
    assert "ann@example.com" not in page.text
    assert "a•••@example.com" in page.text


def test_what_somebody_has_is_shown_even_if_it_is_not_offered(site, path):
    site.subscribed("inside")
    assert ticked(site.get(path)) == {"inside"}


def test_saving_subscribes_to_what_is_ticked_and_ends_the_rest(site, path):
    site.subscribed("news")
    page = site.post(path, {"shown": SHOWN, "topic": ["offers"], "do": "save"})
    assert "Your choices are saved" in page.text
    assert ticked(page) == {"offers"}
    assert site.standings.load([ANN])[ANN].withdrawn == {"news": NOW}
    assert (state(site, "news"), state(site, "offers"), state(site, "club")) == ("unsubscribed", "subscribed", "none")


def test_saving_the_same_again_changes_nothing(site, path):
    site.subscribed("news")
    assert "Nothing has changed" in site.post(path, {"shown": SHOWN, "topic": ["news"]}).text
    assert site.events() == []


def test_a_topic_that_was_not_shown_stays_as_it_is(site, path):
    site.subscribed("news", "offers")
    site.post(path, {"shown": ["offers"], "do": "save"})
    assert (state(site, "news"), state(site, "offers")) == ("subscribed", "unsubscribed")


def test_what_is_no_topic_of_the_channel_is_not_subscribed_to(site, path):
    site.subscribed("news")
    site.post(path, {"shown": ["alerts", "inside", "x", ""], "topic": ["alerts", "inside", "x", ""]})
    assert site.events() == []


def test_leaving_ends_everything_and_coming_back_works(site, path):
    site.subscribed("news", "offers")
    assert ticked(site.post(path, {"do": "leave", "shown": SHOWN, "topic": ["news"]})) == set()
    assert site.standings.load([ANN])[ANN].withdrawn == {ALL: NOW}
    assert (state(site, "news"), state(site, "offers")) == ("unsubscribed", "unsubscribed")
    site.now += 1_000
    assert ticked(site.post(path, {"shown": SHOWN, "topic": ["news"]})) == {"news"}
    assert (state(site, "news"), state(site, "offers")) == ("subscribed", "unsubscribed")


def test_a_grant_beats_a_withdrawal_that_a_faster_clock_wrote(site, path):
    site.subscribed("news")
    site.standings.withdraw(ANN, "news", NOW + 5_000)
    site.post(path, {"shown": SHOWN, "topic": ["news"]})
    assert state(site, "news") == "subscribed"


def test_an_event_that_was_lost_is_said_again(site, path):
    site.subscribed("news")
    with site.stream_down():
        assert site.post(path, {"shown": SHOWN}).status == 503
    assert site.standings.load([ANN])[ANN].withdrawn == {"news": NOW}
    site.post(path, {"shown": SHOWN})
    assert answer(site.apply().snapshot.consent, "email", "news").state == "unsubscribed"


def test_a_suppressed_address_is_told(site, path):
    site.subscribed("news")
    site.standings.suppress(ANN, COMPLAINT, NOW)
    assert "Nothing is sent to this address" in site.get(path).text


def test_who_was_erased_has_no_preferences(site, path):
    for method in ("GET", "POST"):
        assert site.ask(method, path, {"shown": SHOWN, "topic": ["news"]}).status == 410
    assert "unsubscribed from everything" in site.post(path, {"do": "leave"}).text
    assert site.events() == []


def test_only_the_button_confirms(site):
    site.person(consent(1, "pending", topic="club"))
    path = f"/confirm/{site.token(CONFIRM, 'club')}"
    assert "Confirm your subscription" in site.get(path).text
    assert site.ask("HEAD", path).status == 200
    assert site.events() == []
    assert "you are subscribed" in site.post(path, {"do": "confirm"}).text
    [said] = site.events()
    assert said.body["properties"] == {"channel": "email", "topic": "club", "state": "subscribed", "source": "confirmation",
                                       "text_version": "c1", "address": ANN.value}
    assert state(site, "club") == "subscribed"


def test_an_address_that_withdrew_comes_back_by_confirming(site):
    site.person(consent(1, "pending", topic="club"))
    site.standings.withdraw(ANN, ALL, NOW + 5_000)
    site.post(f"/confirm/{site.token(CONFIRM, 'club')}")
    assert state(site, "club") == "subscribed"


def test_a_confirmation_for_nobody_is_refused(site):
    assert site.post(f"/confirm/{site.token(CONFIRM, 'club')}").status == 410
    site.person()
    assert site.post(f"/confirm/{site.token(CONFIRM, 'club', address='0' * 32)}").status == 410
    assert site.events() == []
