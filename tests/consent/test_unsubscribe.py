"""Unsubscribing: by one click, by the page; once it is answered it holds, and no scanner does it for anybody."""

from __future__ import annotations

import pytest

from socle.consent.model import ALL
from socle.consent.resolve import answer
from socle.links.model import CLICK, PREFERENCES, UNSUBSCRIBE
from socle.profiles.fold import CONSENT_UPDATED
from tests.consent.site import ANN, ANN_ID, NOW, running

ONE_CLICK = "List-Unsubscribe=One-Click"


@pytest.fixture
def site(monkeypatch):
    with running(monkeypatch) as site:
        yield site


def withdrawn(site):
    return site.standings.load([ANN])[ANN].withdrawn


def test_one_click_withdraws_at_once_and_tells_the_stream(site):
    site.subscribed("news", "offers")
    message = site.message()
    answered = site.post(f"/unsubscribe/{site.token(UNSUBSCRIBE, 'news', message)}", ONE_CLICK)
    assert (answered.status, answered.text) == (200, "unsubscribed\n")
    assert withdrawn(site) == {"news": NOW}
    said, what = site.events()
    assert (said.name, said.ids, said.at) == (CONSENT_UPDATED, (ANN_ID,), NOW)
    assert said.body["properties"] == {"channel": "email", "topic": "news", "state": "unsubscribed", "source": "one_click",
                                       "address": ANN.value, "message": message.tag}
    assert (what.name, what.body["properties"]["campaign"], what.at) == ("Unsubscribed", "spring", NOW)
    consents = site.apply().snapshot.consent
    assert answer(consents, "email", "news").state == "unsubscribed"
    assert answer(consents, "email", "offers").state == "subscribed"


@pytest.mark.parametrize(("body", "headers"), [
    ("--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n",
     {"content-type": "multipart/form-data; boundary=x"}), ("", {})])
def test_whatever_form_the_post_has_it_unsubscribes(site, body, headers):
    site.subscribed("news")
    assert site.post(f"/unsubscribe/{site.token(UNSUBSCRIBE, 'news')}", body, headers=headers).status == 200
    assert withdrawn(site) == {"news": NOW}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(site, method):
    site.subscribed("news")
    for kind, path in ((UNSUBSCRIBE, "unsubscribe"), (PREFERENCES, "preferences")):
        answered = site.ask(method, f"/{path}/{site.token(kind, 'news')}", query="do=unsubscribe&List-Unsubscribe=One-Click")
        assert answered.status == 200
        assert (answered.text == "") is (method == "HEAD")
    assert withdrawn(site) == {}
    assert site.events() == []


def test_the_page_asks_and_its_button_acts(site):
    site.subscribed("news")
    path = f"/unsubscribe/{site.token(UNSUBSCRIBE, 'news')}"
    asked = site.get(path)
    assert "Monthly letter" in asked.text
    assert '<form method="post" action="">' in asked.text
    done = site.post(path, {"do": "unsubscribe"})
    assert "You are unsubscribed" in done.text
    assert site.events()[0].body["properties"]["source"] == "unsubscribe_page"


def test_clicking_twice_is_one_unsubscription_of_the_campaign(site):
    site.subscribed("news")
    path = f"/unsubscribe/{site.token(UNSUBSCRIBE, 'news', site.message())}"
    for later in range(2):
        site.now = NOW + later
        assert site.post(path, ONE_CLICK).status == 200
    assert len({one.key for one in site.events() if one.name == "Unsubscribed"}) == 1
    counts = site.client.query(TableName="definitions", KeyConditionExpression="PK = :pk",
                               ExpressionAttributeValues={":pk": {"S": "campaign-counts#spring#r1"}})["Items"]
    assert [item["unsubscribed"]["N"] for item in counts] == ["1"]


def test_an_event_that_was_not_put_is_not_promised_and_comes_with_the_next_try(site):
    site.subscribed("news")
    path = f"/unsubscribe/{site.token(UNSUBSCRIBE, 'news', site.message())}"
    with site.stream_down():
        answered = site.post(path, ONE_CLICK)
    assert answered.status == 503
    assert answered.headers["Retry-After"]
    assert withdrawn(site) == {"news": NOW}
    site.now += 60_000
    assert site.post(path, ONE_CLICK).status == 200
    assert {one.name for one in site.events()} == {CONSENT_UPDATED, "Unsubscribed"}


def test_a_link_without_a_topic_ends_the_channel(site):
    site.subscribed("news", "offers")
    site.post(f"/unsubscribe/{site.token(UNSUBSCRIBE)}", ONE_CLICK)
    assert withdrawn(site) == {ALL: NOW}
    consents = site.apply().snapshot.consent
    assert {answer(consents, "email", topic).state for topic in ("news", "offers")} == {"unsubscribed"}


def test_who_was_erased_is_left_in_peace_and_nothing_is_written_of_them(site):
    assert site.post(f"/unsubscribe/{site.token(UNSUBSCRIBE, 'news', site.message())}", ONE_CLICK).status == 200
    assert withdrawn(site) == {"news": NOW}
    assert site.events() == []


@pytest.mark.parametrize("path", ["unsubscribe", "preferences", "confirm", "surveys"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_that_is_not_ours_gets_a_page_that_says_so(site, path, method):
    for token in ("x", "", site.token(CLICK, url="https://example.com/", number=1), "%00" * 9, "é"):
        answered = site.ask(method, f"/{path}/{token}")
        assert answered.status == 404
        assert "This link does not work" in answered.text
    assert withdrawn(site) == {}


def test_a_link_that_is_too_old_says_so(site):
    answered = site.post(f"/unsubscribe/{site.token(UNSUBSCRIBE, 'news', expires=NOW - NOW % 1000)}", ONE_CLICK)
    assert answered.status == 410
    assert "too old" in answered.text


def test_a_page_keeps_its_address_to_itself(site):
    site.define("brand", "default", {"name": "Café <Zoé>", "logo": "logo.png", "url": "https://zoe.example.com"})
    for answered in (site.get(f"/unsubscribe/{site.token(UNSUBSCRIBE, 'news')}"), site.get("/unsubscribe/x")):
        assert answered.headers["Cache-Control"] == "no-store"
        assert answered.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answered.headers["X-Robots-Tag"]
        assert "default-src 'none'" in answered.headers["Content-Security-Policy"]
        assert "<script" not in answered.text
        assert "Café &lt;Zoé&gt;" in answered.text


def test_people_read_their_own_language(site):
    path = f"/unsubscribe/{site.token(UNSUBSCRIBE, 'news')}"
    assert "La lettre" in site.get(path, headers={"accept-language": "de, fr-CA;q=0.8"}).text
    site.define("brand", "default", {"locale": "fr"})
    assert '<html lang="fr">' in site.get(path).text


def test_what_is_no_page_is_none(site):
    for path in ("/", "/nothing/x", "/unsubscribe/a/b", "/assets/../x", "/assets/x.png", "/forms/none"):
        assert site.get(path).status == 404
    assert site.post("/assets/x.png").status == 405
    assert site.post("/unsubscribe/x", "a" * 40_000).status == 413
    assert site.get("/unsubscribe/x", query="a" * 9_000).status == 414
