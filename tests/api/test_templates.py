"""/api/templates, what templates share, coupons and assets."""

from __future__ import annotations

import base64
from typing import Any

import boto3
import pytest

from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.events.stream import encode_events
from socle.profiles.store import ProfileStore
from tests.api.conftest import Answer, Call
from tests.memory import MemoryQuarantine, MemoryQueue, MemoryRaw
from tests.people import T0, event, identify

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
EMAIL: dict[str, Any] = {
    "channel": "email", "subject": "{{ traits.firstName }}, hello", "sample": {"traits": {"firstName": "Zoé"}},
    "html": '<html><body><p>Hi {{ traits.firstName }}</p><a href="https://example.com/a">A</a> '
            '<a href="{{ links.unsubscribe }}">out</a></body></html>'}


def put(call: Call, kind: str, name: str, document: dict[str, Any]) -> Answer:
    return call("PUT", f"/api/{kind}/{name}", body=document)


def refused(answer: Answer, code: str, field: str | None) -> str:
    assert answer.status in (400, 409), answer.text
    assert (answer.error["code"], answer.error.get("field")) == (code, field)
    return answer.error["message"]


def test_a_template_is_saved_with_its_warnings(call: Call) -> None:
    good = put(call, "templates", "letter", EMAIL)
    assert good.status == 200
    assert good.json["warnings"] == []
    odd = put(call, "templates", "odd", {**EMAIL, "html": '<p>{{ firstName }} <img src="x.png"> <a href="htp:/x">x</a></p>'})
    said = " ".join(one["message"] for one in odd.json["warnings"])
    assert all(part in said for part in ("unsubscribe", "no alt text", "is broken", "{{ firstName }} is nothing"))
    assert call("GET", "/api/templates/odd/checks").json["warnings"] == odd.json["warnings"]


@pytest.mark.parametrize(("change", "code", "field"), [
    ({"subject": "{{ traits.a "}, "bad_liquid", "subject"),
    ({"html": "a\n{% if x %}"}, "bad_liquid", "html"),
    ({"html": "{{ x | nofilter }}"}, "bad_liquid", "html"),
    ({"html": "{% include 'x' %}"}, "bad_liquid", "html"),
    ({"html": "{% render 'nowhere' %}"}, "unknown_block", "html"),
    ({"layout": "nowhere"}, "unknown_layout", "layout"),
    ({"attachments": ["nowhere.pdf"]}, "unknown_asset", "attachments"),
    ({"html": "<img src='cid:nowhere.png' alt=''>"}, "unknown_asset", "html"),
    ({"html": "{{ 'nowhere' | coupon }}"}, "unknown_coupons", None),
    ({"html": "<a href=\"{{ 'nowhere' | survey_url }}?score=9\">9</a>"}, "unknown_survey", None),
    ({"html": None, "mjml": "<mjml><mj-body><mj-texxt>a</mj-texxt></mj-body></mjml>"}, "bad_mjml", "mjml"),
])
def test_what_cannot_be_rendered_is_refused_with_its_field(call: Call, change: dict[str, Any], code: str,
                                                           field: str | None) -> None:
    refused(put(call, "templates", "refused", {**EMAIL, **change}), code, field)


def test_an_error_of_liquid_names_its_line(call: Call) -> None:
    assert "line 3" in refused(put(call, "templates", "refused", {**EMAIL, "html": "a\nb\n{{ | }}"}), "bad_liquid", "html")


@pytest.mark.parametrize("sender", [
    {"address": "a@example.com\r\nBcc: b@example.com"}, {"address": "a@example.com", "name": "A\r\nB"},
    {"address": "A <a@example.com>"}])
def test_a_sender_cannot_carry_a_header(call: Call, sender: dict[str, str]) -> None:
    assert put(call, "templates", "refused", {**EMAIL, "sender": sender}).status == 400


def test_what_a_template_needs_is_not_deleted_or_broken(call: Call) -> None:
    assert put(call, "blocks", "foot", {"content": "<p>{{ brand.name }}</p>"}).status == 200
    assert put(call, "layouts", "frame", {"html": "<body>{{ content }}{% render 'foot' %}</body>"}).status == 200
    assert put(call, "templates", "framed", {**EMAIL, "layout": "frame"}).status == 200
    for kind, name in (("blocks", "foot"), ("layouts", "frame")):
        refused(call("DELETE", f"/api/{kind}/{name}"), "in_use", "name")
    refused(put(call, "blocks", "foot", {"content": "{% if x %}"}), "bad_liquid", "content")
    refused(put(call, "blocks", "foot", {"content": "{% render 'foot' %}"}), "circle", "content")
    assert "framed" in refused(put(call, "layouts", "frame", {"mjml": "<mjml><mj-body>{{ content }}</mj-body></mjml>"}),
                               "bad_layout", "layout")
    assert call("DELETE", "/api/templates/framed").status == 204
    assert call("DELETE", "/api/layouts/frame").status == 204
    assert call("DELETE", "/api/blocks/foot").status == 204


def test_a_preview_shows_the_parts_and_what_is_missing(call: Call) -> None:
    put(call, "templates", "letter", EMAIL)
    shown = call("POST", "/api/templates/letter/preview", body={}).json
    assert shown["parts"]["subject"] == "Zoé, hello"
    assert shown["parts"]["text"] == "Hi Zoé\n\nA (https://example.com/a) out (#unsubscribe)"
    assert shown["links"] == [{"number": 1, "url": "https://example.com/a"}]
    assert (shown["problem"], shown["undefined"]) == (None, [])

    body = '<p>{{ traits.firstName }} <a href="{{ event.url }}">{{ event.total | money }}</a></p>'
    draft = {**EMAIL, "sample": {}, "html": body}
    shown = call("POST", "/api/templates/letter/preview", body={"document": draft}).json
    assert shown["problem"]["code"] == "undefined"
    assert shown["problem"]["field"] == "subject"
    assert any("traits.firstName" in one for one in shown["undefined"])
    assert shown["parts"]["subject"] == ", hello"
    assert '<a href=""></a>' in shown["parts"]["html"]


def test_a_preview_is_for_any_profile(call: Call) -> None:
    put(call, "templates", "letter", {**EMAIL, "event": "Product Viewed", "subject": "{{ traits.firstName }}, {{ event.sku }}"})
    store: Any = ProfileStore(boto3.client("dynamodb"), "profiles")
    names = iter(("person1", "person2"))
    consumer = Consumer(store, MemoryRaw(), MemoryQuarantine(), MemoryQueue(),  # type: ignore[arg-type]
                        Rules, lambda: next(names), lambda: T0)
    known = ("email", "ines@example.com")
    consumer.apply([Record("shard", "1", T0, encode_events([
        identify(0, known, traits={"firstName": "Inès"}), event(1, known, properties={"sku": "a"}),
        event(3, known, properties={"sku": "latest"}), event(2, known, properties={"sku": "b"})]))])
    id_ = call("GET", "/api/profiles", query={"by": "email:ines@example.com"}).json["id"]
    by = call("POST", "/api/templates/letter/preview", body={"by": "email:ines@example.com"})
    assert by.json["parts"]["subject"] == "Inès, latest"
    assert call("POST", "/api/templates/letter/preview", body={"profile": id_}).json["profile"] == id_
    assert call("POST", "/api/templates/letter/preview", body={"by": "email:nobody@example.com"}).status == 404


def test_an_sms_says_what_it_comes_to(call: Call) -> None:
    long = put(call, "templates", "text", {"channel": "sms", "text": "é" * 2_000}).json
    assert "at most 10 are sent" in long["warnings"][0]["message"]
    assert "paid for" in put(call, "templates", "two", {"channel": "sms", "text": "é" * 200}).json["warnings"][0]["message"]
    assert call("POST", "/api/templates/text/preview", body={}).json["parts"]["segments"] > 10


def test_a_template_keeps_its_channel_while_a_campaign_sends_it(call: Call) -> None:
    put(call, "templates", "sent", EMAIL)
    put(call, "segments", "those", {"when": {"type": "everyone"}})
    assert "recompute" in put(call, "campaigns", "sends", {"template": "sent", "segment": "those"}).json["warnings"][0]["message"]
    assert "campaigns/sends" in refused(put(call, "templates", "sent", {"channel": "sms", "text": "Hi"}), "in_use", "channel")
    assert put(call, "templates", "sent", {**EMAIL, "subject": "Other"}).status == 200


def test_a_key_that_is_unknown_is_named_once(call: Call) -> None:
    refused(put(call, "sending-rules", "default", {"quiet_hours": {"mail": {"begin": "21:00", "end": "08:00"}}}), "invalid",
            "quiet_hours.mail")


def test_a_survey_stays_while_a_template_leads_to_it(call: Call) -> None:
    put(call, "surveys", "asked", {"kind": "nps", "question": "Why?"})
    assert put(call, "templates", "asks", {**EMAIL, "text": "{{ 'asked' | survey_url }}"}).status == 200
    assert "templates/asks" in refused(call("DELETE", "/api/surveys/asked"), "in_use", "name")


def test_a_kind_that_is_missing_or_unknown_is_named_with_what_it_may_be(call: Call) -> None:
    schedule = {"segment": "all", "template": "letter", "schedule": {"type": "later"}}
    assert "channel is missing" in refused(put(call, "templates", "kind", {"text": "Hi"}), "invalid", "channel")
    assert (refused(put(call, "templates", "kind", {"channel": "mail", "text": "Hi"}), "invalid", "channel")
            == "channel must be 'email', 'sms', 'push' or 'webhook'")
    assert (refused(put(call, "campaigns", "kind", schedule), "invalid", "schedule.type")
            == "schedule.type must be 'now', 'at' or 'every'")


def test_codes_are_uploaded_once(call: Call) -> None:
    assert call("POST", "/api/coupons/spring/codes", body={"codes": ["A"]}).status == 404
    assert put(call, "coupons", "spring", {"description": "10 % off", "expires": "2030-01-31"}).status == 200
    assert call("POST", "/api/coupons/spring/codes", body={"codes": ["A", "B", "A"]}).json == {"added": 2, "known": 1}
    assert call("POST", "/api/coupons/spring/codes", body={"csv": "name,code\nx,B\ny,C\n"}).json == {"added": 1, "known": 1}
    assert call("GET", "/api/coupons/spring/codes").json == {"uploaded": 3, "given": 0, "left": 3}
    refused(call("POST", "/api/coupons/spring/codes", body={"codes": ["ok", "not ok"]}), "bad_code", "codes[1]")
    refused(call("POST", "/api/coupons/spring/codes", body={}), "invalid", "codes")


def test_a_preview_takes_no_code(call: Call) -> None:
    put(call, "coupons", "spring", {})
    draft = {**EMAIL, "subject": "{{ 'spring' | coupon }}"}
    assert call("POST", "/api/templates/x/preview", body={"document": draft}).json["parts"]["subject"] == "SPRING-CODE"
    assert call("GET", "/api/coupons/spring/codes").json["given"] == 0


def test_assets_are_written_listed_and_deleted(call: Call) -> None:
    written = call("PUT", "/api/assets/logo.png", body={"data": base64.b64encode(PNG).decode()})
    assert written.status == 200
    assert (written.json["type"], written.json["bytes"], written.json["path"]) == ("image/png", len(PNG), "/assets/logo.png")
    assert [one["name"] for one in call("GET", "/api/assets").json["items"]] == ["logo.png"]
    assert call("GET", "/api/assets/logo.png").json["bytes"] == len(PNG)
    assert put(call, "brand", "default", {"name": "Zoé", "logo": "logo.png"}).status == 200
    assert call("DELETE", "/api/assets/logo.png").status == 204
    assert call("GET", "/api/assets/logo.png").status == 404
    refused(put(call, "brand", "default", {"name": "Zoé", "logo": "logo.png"}), "unknown_asset", "logo")


@pytest.mark.parametrize(("name", "data", "code"), [
    ("logo.svg", base64.b64encode(b"<svg/>").decode(), "bad_name"), ("../x.png", "", "bad_name"),
    ("logo.png", "%%%", "bad_base64"), ("logo.png", base64.b64encode(b"<html>").decode(), "wrong_type"),
    ("logo.webp", base64.b64encode(b"RIFF0000WAVE").decode(), "wrong_type")])
def test_an_asset_is_what_its_name_says(call: Call, name: str, data: str, code: str) -> None:
    answer = call("PUT", f"/api/assets/{name}", body={"data": data})
    assert answer.status in (400, 404)
    assert answer.status == 404 or answer.error["code"] == code
