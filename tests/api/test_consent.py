"""Consent and suppressions over HTTP: what is written holds at once, what is refused says why."""

from __future__ import annotations

from urllib.parse import quote

import boto3
import pytest

from socle.consent.store import Standings
from socle.messages.model import EMAIL, SMS, Address
from socle.profiles.codec import encode_aggregate
from socle.profiles.fold import refold
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore
from tests.people import consent, identify

ANN = Address(EMAIL, "ann@example.com")


@pytest.fixture(scope="module", autouse=True)
def ann(call):
    events = [identify(0, (EMAIL, ANN.value), traits={"email": ANN.value, "phone": "+33612345678"}),
              consent(1, "subscribed", topic="news"), consent(2, "unsubscribed", topic="offers")]
    written = Aggregate("ann", 1, refold(events))
    ProfileStore(boto3.client("dynamodb"), "profiles").save(written, encode_aggregate(written))
    topics = {"news": {"title": "News", "text_version": "v1"}, "offers": {"title": "Offers"},
              "club": {"title": "Club", "double_opt_in": True}, "texts": {"title": "Texts", "channels": ["sms"]}}
    for name, document in topics.items():
        assert call("PUT", f"/api/topics/{name}", body=document).status == 200


def standing(address=ANN):
    return Standings(boto3.client("dynamodb"), "profiles").load([address])[address]


def states(call):
    return {(one["channel"], one["topic"]): one["state"] for one in call("GET", "/api/profiles/ann/consent").json["items"]}


def test_a_persons_consent_is_shown_with_what_was_never_said(call):
    assert states(call) == {(EMAIL, "news"): "subscribed", (EMAIL, "offers"): "unsubscribed", (EMAIL, "club"): "none",
                            (SMS, "texts"): "none"}
    shown = call("GET", "/api/profiles/ann/consent").json
    assert [(one["channel"], one["address"]) for one in shown["addresses"]] == [(EMAIL, ANN.value), (SMS, "+33612345678")]
    assert call("GET", "/api/profiles/nobody/consent").status == 404


def test_a_withdrawal_that_staff_write_down_holds_at_once(call):
    said = {"channel": EMAIL, "topic": "news", "state": "unsubscribed", "source": "telephone"}
    assert call("POST", "/api/profiles/ann/consent", body=said).json == {"state": "unsubscribed"}
    assert set(standing().withdrawn) == {"news"}
    assert states(call)[EMAIL, "news"] == "unsubscribed"


def test_double_opt_in_stays_pending_until_it_is_confirmed(call):
    said = {"channel": EMAIL, "topic": "club", "state": "subscribed", "source": "shop"}
    assert call("POST", "/api/profiles/ann/consent", body=said).json == {"state": "pending"}


@pytest.mark.parametrize(("change", "field"), [
    ({"topic": "none"}, "topic"), ({"channel": "sms"}, "topic"), ({"channel": "fax"}, "channel"), ({"state": "pending"}, "state"),
    ({"source": ""}, "source"), ({"more": 1}, "more")])
def test_a_consent_at_fault_names_the_field(call, change, field):
    said = {"channel": EMAIL, "topic": "news", "state": "subscribed", "source": "shop", **change}
    answer = call("POST", "/api/profiles/ann/consent", body=said)
    assert (answer.status, answer.error["field"]) == (400, field)


def test_an_address_is_suppressed_shown_listed_and_released(call):
    path = f"/api/suppressions/email/{quote('Bob+x@Example.com', safe='')}"
    assert call("GET", path).status == 404
    assert call("DELETE", path).status == 404
    written = call("PUT", path, body={"source": "telephone"})
    assert (written.json["address"], written.json["reason"]) == ("bob+x@example.com", "manual")
    assert call("PUT", path, body={}).json == written.json
    assert call("GET", path).json["at"] == written.json["at"]
    assert standing(Address(EMAIL, "bob+x@example.com")).reason == "manual"
    assert call("DELETE", path).status == 204
    assert call("GET", path).status == 404
    assert not standing(Address(EMAIL, "bob+x@example.com")).reason


@pytest.mark.parametrize(("path", "field"), [
    ("email/nobody", "address"), ("sms/12", "address"), ("domain/nothing", "address"), ("fax/1", "channel")])
def test_what_is_no_address_names_the_field(call, path, field):
    answer = call("PUT", f"/api/suppressions/{path}", body={})
    assert (answer.status, answer.error["field"]) == (400, field)


def test_a_list_is_imported_line_by_line_and_again_without_effect(call):
    content = "\r\n".join(("\ufeffE-mail;Reason", "carl@example.com;complaint", "", "nobody;", '"dora@example.com";',
                           "eve@example.com;boredom"))
    first = call("POST", "/api/suppressions/import", body={"content": content, "source": "old tool"}).json
    assert (first["imported"], first["unchanged"], first["rejected"]) == (2, 0, 2)
    assert [(one["line"], one["code"]) for one in first["rejects"]] == [(4, "invalid_address"), (6, "unknown_reason")]
    again = call("POST", "/api/suppressions/import", body={"content": content}).json
    assert (again["imported"], again["unchanged"], again["rejected"]) == (0, 2, 2)
    listed = call("GET", "/api/suppressions", query={"reason": "complaint"}).json["items"]
    assert [(one["address"], one["source"]) for one in listed] == [("carl@example.com", "old tool")]


def test_ndjson_names_channels_and_domains(call):
    content = '{"address": "+33 6 12 34 56 79", "channel": "sms"}\n{"domain": "Spam.example"}\n[]\n{"address": 1}\n'
    answer = call("POST", "/api/suppressions/import", body={"content": content}).json
    assert (answer["imported"], [one["code"] for one in answer["rejects"]]) == (2, ["bad_json", "no_address"])
    assert call("GET", "/api/suppressions/domain/spam.example").json["reason"] == "imported"
    assert standing(Address(SMS, "+33612345679")).reason == "imported"


def test_too_long_a_list_is_to_be_split(call):
    answer = call("POST", "/api/suppressions/import", body={"content": "a@example.com\n" * 2_100})
    assert (answer.status, answer.error["code"]) == (413, "too_large")


def test_the_list_is_read_in_pages(call):
    call("POST", "/api/suppressions/import", body={"content": "\n".join(f"page{number}@example.org" for number in range(5))})
    found, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = call("GET", "/api/suppressions", query={"limit": "2", "channel": "email", **more}).json
        found += [one["address"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == sorted(set(found))
    assert {f"page{number}@example.org" for number in range(5)} <= set(found)
    assert call("GET", "/api/suppressions", query={"reason": "boredom"}).error["field"] == "reason"


def test_a_cap_needs_its_topic_and_keeps_it(call):
    rules = {"caps": [{"count": 1, "per": "week", "topic": "capped"}]}
    refused = call("PUT", "/api/sending-rules/default", body=rules)
    assert (refused.status, refused.error["code"], refused.error["field"]) == (400, "unknown_topic", "caps.0.topic")
    call("PUT", "/api/topics/capped", body={"title": "Capped"})
    assert call("PUT", "/api/sending-rules/default", body=rules).status == 200
    assert "sending-rules/default" in call("DELETE", "/api/topics/capped").error["message"]
    assert call("DELETE", "/api/sending-rules/default").status == 204


def test_a_form_needs_its_topics_and_keeps_them(call):
    form = {"title": "Join", "fields": [{"name": "email", "label": "E-mail", "type": "email"}], "topics": [{"topic": "soon"}]}
    refused = call("PUT", "/api/forms/join", body=form)
    assert (refused.status, refused.error["code"], refused.error["field"]) == (400, "unknown_topic", "topics.0.topic")
    form["topics"] = [{"topic": "texts"}]
    assert call("PUT", "/api/forms/join", body=form).error["code"] == "other_channel"
    form["topics"] = [{"topic": "news"}]
    assert call("PUT", "/api/forms/join", body=form).status == 200
    assert call("DELETE", "/api/topics/news").error["code"] == "in_use"
    assert call("PUT", "/api/topics/news", body={"title": "News", "channels": ["sms"]}).error["field"] == "channels"
    assert call("DELETE", "/api/forms/join").status == 204
    assert call("PUT", "/api/surveys/nps", body={"kind": "nps", "question": "Why?"}).status == 200
