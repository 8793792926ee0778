"""SMS: alphabets, parts and prices; push: payloads of both platforms."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.channels import push, sms
from socle.channels.model import NotSent
from socle.messages.model import MARKETING, Push, Sender

IOS, SANDBOX, ANDROID = (f"arn:aws:sns:eu-west-1:1:app/{kind}/shop" for kind in ("APNS", "APNS_SANDBOX", "GCM"))


@pytest.mark.parametrize(("text", "alphabet", "units", "parts"), [
    ("", sms.GSM, 0, 1), ("a" * 160, sms.GSM, 160, 1), ("a" * 161, sms.GSM, 161, 2), ("a" * 306, sms.GSM, 306, 2),
    ("a" * 307, sms.GSM, 307, 3), ("€" * 80, sms.GSM, 160, 1), ("€" * 81, sms.GSM, 162, 2),
    ("a" * 152 + "€" + "a" * 152, sms.GSM, 306, 3), ("é" * 160, sms.GSM, 160, 1), ("ê" * 70, sms.UCS2, 70, 1),
    ("ê" * 71, sms.UCS2, 71, 2), ("ê" * 134, sms.UCS2, 134, 2), ("ê" * 135, sms.UCS2, 135, 3), ("😀" * 35, sms.UCS2, 70, 1),
    ("😀" * 36, sms.UCS2, 72, 2), ("a" * 66 + "😀" + "b" * 66, sms.UCS2, 134, 3), ("a" * 2_000, sms.GSM, 2_000, 14)])
def test_parts_are_counted_as_networks_do(text: str, alphabet: str, units: int, parts: int) -> None:
    assert sms.measure(text)[:3] == (alphabet, units, parts)


@given(st.text(max_size=400))
def test_a_longer_text_never_makes_fewer_parts(text: str) -> None:
    assert sms.measure(text).parts <= sms.measure(text + "a").parts
    assert bool(sms.measure(text).odd) == (sms.measure(text).alphabet == sms.UCS2)


def test_what_makes_a_text_dear_is_named() -> None:
    assert sms.measure("Ça va, Zoê ? “oui”").odd == "ê“”"


@pytest.mark.parametrize(("number", "micro"), [
    ("+15551234567", 6_450), ("+33612345678", 75_000), ("+351912345678", 50_000), ("+6791234567", sms.ELSEWHERE)])
def test_a_price_is_that_of_the_country(number: str, micro: int) -> None:
    assert sms.price(number, 3) == 3 * micro
    assert sms.price(number, 1, {"33": 1, "679": 2}) == {"+33612345678": 1, "+6791234567": 2}.get(number, micro)


@pytest.mark.parametrize(("sender", "expected"), [
    (Sender("", "My Shop"), {"AWS.SNS.SMS.SenderID": "MyShop"}), (Sender("+15550001111", "My Shop"), {
        "AWS.MM.SMS.OriginationNumber": "+15550001111"}),
    (Sender("a@b.example", "Name that is too long"), {}), (Sender("", "12345"), {}), (Sender("", "Zoé"), {})])
def test_who_it_comes_from_is_said_where_networks_allow_it(sender: Sender, expected: dict[str, str]) -> None:
    assert sms.attributes(sender, MARKETING) == {"AWS.SNS.SMS.SMSType": "Promotional"} | expected


@pytest.mark.parametrize(("token", "platform"), [
    ("0f" * 32, IOS), ("F0" * 80, IOS), ("dQw4:APA91bE" + "x" * 140, ANDROID), ("x", ANDROID)])
def test_a_token_says_its_platform(token: str, platform: str) -> None:
    assert push.application_for(token, {"ios": IOS, "android": ANDROID}) == platform


def test_each_platform_gets_its_own_payload() -> None:
    notification = Push("Your cart", "“waits”", {"page": "cart"})
    for application, kind in ((IOS, "APNS"), (SANDBOX, "APNS_SANDBOX")):
        outer = json.loads(push.payload(notification, application, "t-k-1"))
        assert outer.keys() == {"default", kind}
        assert json.loads(outer[kind]) == {"aps": {"alert": {"title": "Your cart", "body": "“waits”"}}, "page": "cart",
                                           "socle_message": "t-k-1"}
    outer = json.loads(push.payload(notification, ANDROID, "t-k-1"))
    assert json.loads(outer["GCM"]) == {"notification": {"title": "Your cart", "body": "“waits”"},
                                        "data": {"page": "cart", "socle_message": "t-k-1"}}


def test_a_notification_over_four_kilobytes_is_refused() -> None:
    with pytest.raises(NotSent) as refused:
        push.payload(Push("T", "é" * 2_048, {}), IOS, "t")
    assert (refused.value.code, refused.value.stop) == ("too_large", False)
