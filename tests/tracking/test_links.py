"""The pixel and the links of messages, as API Gateway asks for them: what is answered, whatever becomes of the counting."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest

from socle import clock
from socle.errors import Unavailable
from socle.links.message import Links
from socle.links.model import CLICK, GOOD_FOR
from socle.links.token import Keys, read
from socle.settings import MessagesSettings
from tests.tracking.world import AT, MESSAGE, SAFARI, worlds

KEYS = Keys("the-key-of-these-tests")
LINKS = Links(KEYS, "https://m.example", MESSAGE, utm={"source": "socle"})
CONTEXT = SimpleNamespace(function_name="serve_public", memory_limit_in_mb=512, aws_request_id="request",
                          invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:serve_public")
SETTINGS = MessagesSettings(profiles_table="profiles", definitions_table="definitions", bucket="bucket", stream_name="events",
                            links_secret_arn="links", public_url="https://m.example")
TARGET = "https://shop.example/a?size=4&utm_source=socle"


@pytest.fixture
def world(monkeypatch):
    for name, value in SETTINGS.to_env().items():
        monkeypatch.setenv(name, value)
    # Imported now: a local machine in another test imports functions anew.
    from functions.serve_public import collaborators, tracking
    with worlds() as one:
        collaborators.get.cache_clear()
        monkeypatch.setattr(tracking, "keys", lambda: lambda: KEYS)
        monkeypatch.setattr(tracking, "tracker", lambda: one.tracker)
        monkeypatch.setattr(clock, "now", lambda: AT + 60_000)
        yield one
        collaborators.get.cache_clear()


def ask(url: str, method: str = "GET", **headers: str) -> dict:
    from functions.serve_public.handler import handler
    named = {"user-agent": SAFARI, **{name.replace("_", "-"): text for name, text in headers.items()}}
    return handler({"rawPath": url.removeprefix("https://m.example"), "headers": named, "requestContext": {
        "http": {"method": method, "sourceIp": "192.0.2.1"}}}, CONTEXT)


def test_the_pixel_is_the_smallest_gif_and_is_kept_nowhere(world):
    world.have()
    answer = ask(LINKS.pixel)
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (200, "image/gif")
    assert "no-store" in answer["headers"]["Cache-Control"]
    pixel = base64.b64decode(answer["body"])
    assert (len(pixel), pixel[:6], pixel[6:10], pixel[-1:]) == (43, b"GIF89a", b"\x01\x00\x01\x00", b";")
    assert world.stream.names() == ["Email Opened"]


def test_a_click_leads_to_the_signed_target_and_does_not_say_from_where(world):
    world.have()
    answer = ask(LINKS.click("https://shop.example/a?size=4", 1))
    assert (answer["statusCode"], answer["headers"]["Location"], answer["body"]) == (302, TARGET, "")
    assert answer["headers"]["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["headers"]["Cache-Control"]
    assert world.stream.names() == ["Email Link Clicked"]


def test_head_is_answered_alike_without_a_body_and_is_no_person_s(world):
    world.have()
    assert ask(LINKS.click("https://shop.example/a?size=4", 1), "HEAD")["headers"]["Location"] == TARGET
    pixel = ask(LINKS.pixel, "HEAD")
    assert (pixel["statusCode"], pixel["body"]) == (200, "")
    assert sorted(world.stream.names()) == ["Email Link Clicked Automatically", "Email Opened Automatically"]


def test_a_browser_that_fetches_ahead_gets_there_too(world):
    world.have()
    answer = ask(LINKS.click("https://shop.example/a?size=4", 1), Sec_Purpose="prefetch;prerender")
    assert answer["headers"]["Location"] == TARGET
    assert world.stream.names() == ["Email Link Clicked Automatically"]


def test_of_an_erased_person_a_link_still_leads_somewhere_and_nothing_is_kept(world):
    assert ask(LINKS.click("https://shop.example/a?size=4", 1))["headers"]["Location"] == TARGET
    assert ask(LINKS.pixel)["statusCode"] == 200
    assert world.stream.events == []


@pytest.mark.parametrize("error", [Unavailable("unavailable", "the ledger can't be reached"), KeyError("a fault of ours")])
@pytest.mark.parametrize("part", ["ledger.get", "visits.add", "stream.put", "ledger.first", "counters.add"])
def test_whatever_fails_people_get_where_the_link_leads(world, monkeypatch, part, error, capsys):
    world.have()
    whose, name = part.split(".")

    def fails(*_args, **_named):
        raise error

    monkeypatch.setattr(getattr(world, whose), name, fails)
    answer = ask(LINKS.click("https://shop.example/a?size=4", 1))
    assert (answer["statusCode"], answer["headers"]["Location"]) == (302, TARGET)
    assert "VisitsLost" in capsys.readouterr().out
    assert ask(LINKS.pixel)["statusCode"] == 200


def test_an_expired_link_says_where_it_led_and_leads_nowhere(world, monkeypatch):
    world.have()
    url = LINKS.click("https://shop.example/a?size=4", 1)
    monkeypatch.setattr(clock, "now", lambda: AT + GOOD_FOR[CLICK] + 1)
    answer = ask(url)
    assert answer["statusCode"] == 410
    assert "Location" not in answer["headers"]
    assert answer["headers"]["Content-Type"].startswith("text/plain")
    assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
    assert TARGET in answer["body"]
    assert world.stream.events == []


def test_an_expired_pixel_is_a_pixel_of_which_nothing_is_kept(world, monkeypatch):
    world.have()
    monkeypatch.setattr(clock, "now", lambda: AT + GOOD_FOR[CLICK])
    assert ask(LINKS.pixel)["statusCode"] == 200
    assert world.stream.events == []


@pytest.mark.parametrize("change", [
    lambda token: token[:-1], lambda token: token + "A", lambda token: token[:8] + ("A" if token[8] != "A" else "B") + token[9:],
    lambda _: LINKS.unsubscribe.rpartition("/")[2], lambda _: LINKS.pixel.rpartition("/")[2], lambda _: "",
    lambda _: "https%3A%2F%2Fevil.example"])
def test_what_is_not_signed_as_a_click_redirects_nobody(world, change):
    world.have()
    token = LINKS.click("https://shop.example/a?size=4", 1).rpartition("/")[2]
    assert read(KEYS, token, CLICK).url == TARGET
    answer = ask(f"https://m.example/c/{change(token)}?url=https://evil.example")
    assert answer["statusCode"] == 404
    assert "Location" not in answer["headers"]
    assert "evil" not in answer["body"]
    assert world.stream.events == []


def test_links_take_no_posts(world):
    world.have()
    assert ask(LINKS.pixel, "POST")["statusCode"] == 405
