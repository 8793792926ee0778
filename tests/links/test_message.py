"""The links of a message: where they lead, what they are bound to, what they do not say."""

from __future__ import annotations

from base64 import urlsafe_b64decode

import pytest

from socle.links.message import Links, url_of
from socle.links.model import CLICK, CONFIRM, GOOD_FOR, KINDS, MAX_URL, OPEN, PATHS, PREFERENCES, SURVEY, UNSUBSCRIBE, Claims
from socle.links.target import target
from socle.links.token import Keys, read
from socle.messages.model import CLAIMED, Address, Message, message_key
from socle.templates.model import MessageLinks, Unrenderable

KEYS = Keys("the-key-of-these-tests")
AT = 1_790_000_000_500
DIGEST = Address("email", "ann@example.com").digest
MESSAGE = Message("mfrggzdfmztwq2lknnw", message_key("campaign/spring", "1"), 1, CLAIMED, AT, ("email", "ann@example.com"),
                  "email", DIGEST, "example.com", "newsletter", "spring", "r1")
UTM = {"medium": "email", "source": "socle", "campaign": "spring sale", "content": ""}


def links(**changes: object) -> Links:
    return Links(KEYS, "https://m.example.com/", MESSAGE.next(**changes), utm=UTM)


def claims_of(url: str, kind: str) -> Claims:
    path, _, token = url.removeprefix("https://m.example.com/").partition("/")
    assert path == PATHS[kind]
    return read(KEYS, token, kind)


def test_each_link_is_bound_to_the_message_and_to_what_it_may_do() -> None:
    found: MessageLinks = links()
    about = (MESSAGE.profile, MESSAGE.key, 1)
    for url, kind in ((found.unsubscribe, UNSUBSCRIBE), (found.preferences, PREFERENCES), (found.pixel, OPEN),
                      (found.click("https://example.com/", 2), CLICK), (found.survey("nps"), SURVEY)):
        claims = claims_of(url, kind)
        assert (claims.profile, claims.key, claims.attempt) == about
        assert claims.expires == (AT + GOOD_FOR[kind]) // 1000 * 1000
    unsubscribe = claims_of(found.unsubscribe, UNSUBSCRIBE)
    assert (unsubscribe.channel, unsubscribe.address, unsubscribe.topic) == ("email", DIGEST, "newsletter")
    assert claims_of(found.preferences, PREFERENCES).topic == ""
    assert claims_of(found.survey("nps"), SURVEY).survey == "nps"


def test_the_same_message_has_the_same_links_and_another_attempt_has_others() -> None:
    def all_of(one: Links) -> list[str]:
        return [one.unsubscribe, one.preferences, one.pixel, one.click("https://example.com/", 1), one.survey("nps")]
    assert all_of(links()) == all_of(links())
    assert not set(all_of(links())) & set(all_of(links(attempt=2)))


def test_unsubscribing_is_possible_for_more_than_a_year_and_every_kind_has_a_path_and_a_time() -> None:
    assert GOOD_FOR[UNSUBSCRIBE] > 366 * 86_400_000
    assert set(PATHS) == set(GOOD_FOR) == set(KINDS)
    assert len(set(PATHS.values())) == len(KINDS)
    confirm = url_of(KEYS, "https://m.example.com", Claims(CONFIRM, "p", 1000, channel="email", address=DIGEST, topic="t"))
    assert claims_of(confirm, CONFIRM).topic == "t"


def test_no_link_says_a_name_or_an_address() -> None:
    found = links()
    for url in (found.unsubscribe, found.preferences, found.pixel, found.click("https://example.com/", 1)):
        token = url.rpartition("/")[2]
        assert b"ann@" not in urlsafe_b64decode(token + "=" * (-len(token) % 4))


def test_a_click_leads_to_the_target_with_campaign_parameters() -> None:
    url = claims_of(links().click("https://shop.example/a?size=4#top", 7), CLICK)
    assert url.url == "https://shop.example/a?size=4&utm_source=socle&utm_medium=email&utm_campaign=spring%20sale#top"
    assert url.number == 7


@pytest.mark.parametrize(("url", "expected"), [
    ("https://a.example", "https://a.example?utm_source=s&utm_medium=m"),
    ("HTTP://A.example/?utm_source=mine&x=%20", "http://a.example/?utm_source=mine&x=%20&utm_medium=m"),
    ("https://a.example/?utm_medium=&utm_source=", "https://a.example/?utm_medium=&utm_source="),
    (" https://a.example:8443/p?a=1&a=2 ", "https://a.example:8443/p?a=1&a=2&utm_source=s&utm_medium=m"),
    ("https://münchen.example/straße?q=größe#ü",
     "https://xn--mnchen-3ya.example/stra%C3%9Fe?q=gr%C3%B6%C3%9Fe&utm_source=s&utm_medium=m#%C3%BC"),
    ("https://a.example/a b\\c", "https://a.example/a%20b%5Cc?utm_source=s&utm_medium=m"),
    ("http://[2001:db8::1]/", "http://[2001:db8::1]/?utm_source=s&utm_medium=m"),
])
def test_targets_are_written_as_headers_and_browsers_take_them(url: str, expected: str) -> None:
    found = target(url, (("source", "s"), ("medium", "m")))
    assert found == expected
    assert target(found, (("source", "s"), ("medium", "m"))) == expected


@pytest.mark.parametrize("url", ["mailto:ann@example.com?subject=Hi", "tel:+33123456789", "sms:+33123456789"])
def test_links_to_mail_phone_and_sms_stay_what_they_are(url: str) -> None:
    assert links().click(url, 1) == url


@pytest.mark.parametrize("url", [
    "", "javascript:alert(1)", "data:text/html,x", "ftp://a.example/", "//a.example/", "/a", "a.example", "https://",
    "https:///a",
    "http:a.example", "https://user:pass@a.example/", "https://good.example@evil.example/",
    "https://a.example/\r\nSet-Cookie: a=b",
    "https://a.example/\x00", "https://[::1/", "https://a.example:99999/", "https://a b/", "https://a.example:x/",
    "https://" + "a" * 64 + "ü.example/", "vbscript:x", "java\nscript:alert(1)", "https://\\evil.example/"])
def test_what_is_no_web_address_makes_no_message(url: str) -> None:
    with pytest.raises(Unrenderable) as found:
        links().click(url, 1)
    assert (found.value.code, found.value.field) == ("bad_link", "url")


def test_a_target_too_long_for_gateways_makes_no_message() -> None:
    with pytest.raises(Unrenderable) as found:
        links().click("https://example.com/" + "a" * MAX_URL, 1)
    assert found.value.code == "link_too_long"


def test_what_is_wrong_with_a_link_names_the_link_and_nothing_of_the_person() -> None:
    with pytest.raises(Unrenderable, match="link 3: ") as found:
        links().click("https://ann@example.com/?who=ann", 3)
    assert "ann" not in found.value.message
