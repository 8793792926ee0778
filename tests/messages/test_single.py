"""POST /api/messages on the local machine: one message, once, with what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from infra.local.machine import LocalMachine, local_machine
from socle import clock
from socle.effects.webhook import signed_headers

ADMIN = {"authorization": "Bearer local-admin-token"}
KEY = {"authorization": "Basic bG9jYWwtd3JpdGUta2V5Og=="}  # local-write-key:
HTML = ("<html><head></head><body><p>Hello {{ traits.first_name | default: 'you' }}, order {{ event.order_id }}</p>"
        "<p><a href='https://shop.example/o/{{ event.order_id }}'>See it</a></p></body></html>")


def ask(machine: LocalMachine, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    status, _, answer = machine.request(method, f"/api{path}", ADMIN, b"" if body is None else json.dumps(body).encode())
    return status, json.loads(answer) if answer else None


def identify(machine: LocalMachine, user: str, **traits: Any) -> str:
    """The id of the person's profile."""
    body = {"batch": [{"type": "identify", "userId": user, "traits": traits}]}
    assert machine.request("POST", "/v1/batch", KEY, json.dumps(body).encode())[0] == 200
    machine.drain()
    return str(ask(machine, "GET", f"/profiles?by=user_id:{user}")[1]["id"])


def outbox(machine: LocalMachine) -> list[dict[str, Any]]:
    return list(json.loads(machine.request("GET", "/local/outbox", {"accept": "application/json"})[2])["items"])


@pytest.fixture(scope="module")
def machine() -> Iterator[LocalMachine]:
    with local_machine() as running:
        for path, document in {
            "brand/default": {"name": "Shop", "sender": {"address": "shop@shop.example", "name": "Shop"}},
            "templates/receipt": {"channel": "email", "subject": "Order {{ event.order_id }}", "html": HTML},
            "templates/code": {"channel": "sms", "text": "Your code is {{ event.code }}"},
            "templates/long": {"channel": "sms", "text": "a" * 2_000},
            "templates/hook": {"channel": "webhook", "url": "https://r.example/in", "body": {"who": "{{ profile.id }}"}},
        }.items():
            status, answer = ask(running, "PUT", f"/{path}", document)
            assert status in (200, 201), answer
        yield running


@pytest.fixture(autouse=True)
def empty(machine: LocalMachine) -> None:
    machine.drain()
    machine.request("DELETE", "/local/outbox")


def send(machine: LocalMachine, key: str, to: Any, template: str = "receipt", **more: Any) -> tuple[int, Any]:
    return ask(machine, "POST", "/messages", {
        "template": template, "to": to, "data": {"order_id": "A1", "code": "77"}, "idempotency_key": key, **more})


def test_a_message_is_sent_once_whatever_the_client_repeats(machine: LocalMachine) -> None:
    profile = identify(machine, "ada", email="Ada@example.com", first_name="Ada")
    status, first = send(machine, "order-1", {"by": "email:ada@example.com"})
    assert (status, first["state"], first["repeated"], first["profile"]) == (202, "sent", False, profile)
    status, again = send(machine, "order-1", {"profile": profile})
    assert (status, again["message"], again["repeated"]) == (200, first["message"], True)
    [mail] = outbox(machine)
    assert (mail["to"], mail["subject"], mail["from"]) == ("ada@example.com", "Order A1", "Shop <shop@shop.example>")
    assert "Hello Ada, order A1" in mail["html"]
    assert mail["tags"] == {"socle_message": first["message"], "socle_campaign": "none"}
    assert "List-Unsubscribe" not in mail["headers"]


def test_what_became_of_it_is_known_by_its_name_and_by_the_person(machine: LocalMachine) -> None:
    profile = identify(machine, "bob", email="bob@example.com")
    tags = [send(machine, f"b{number}", {"profile": profile})[1]["message"] for number in range(3)]
    machine.drain()
    status, one = ask(machine, "GET", f"/messages/{tags[0]}")
    assert (status, one["state"], one["channel"], one["attempt"]) == (200, "delivered", "email", 1)
    first = ask(machine, "GET", f"/profiles/{profile}/messages?limit=2")[1]
    rest = ask(machine, "GET", f"/profiles/{profile}/messages?limit=2&cursor={first['next']}")[1]
    assert sorted(row["message"] for page in (first, rest) for row in page["items"]) == sorted(tags)
    assert (len(first["items"]), rest["next"]) == (2, None)
    assert ask(machine, "GET", "/messages/nothing")[0] == 404
    assert ask(machine, "GET", "/profiles/nobody/messages")[0] == 404
    events = ask(machine, "GET", f"/profiles/{profile}")[1]["events"]
    assert (events["Email Sent"], events["Email Delivered"]) == (3, 3)


def test_a_merged_person_is_known_by_the_key_under_either_identity(machine: LocalMachine) -> None:
    one, other = identify(machine, "m1", email="m1@example.com"), identify(machine, "m2", email="m2@example.com")
    first = send(machine, "merged", {"profile": one})[1]
    assert ask(machine, "POST", f"/profiles/{other}/merge", {"other": one})[0] == 200
    machine.drain()
    status, again = send(machine, "merged", {"profile": other})
    assert (status, again["message"], again["repeated"]) == (200, first["message"], True)
    assert len(outbox(machine)) == 1


@pytest.mark.parametrize(("change", "status", "code", "field"), [
    ({"to": {"by": "email:nobody@example.com"}}, 404, "unknown_identifier", "to.by"),
    ({"to": {"profile": "nobody"}}, 404, "unknown_profile", "to"),
    ({"to": {"profile": "../x"}}, 404, "unknown_profile", "to.profile"),
    ({"to": {}}, 400, "invalid", "to"), ({"template": "none"}, 404, "unknown_template", "template"),
    ({"topic": "none"}, 404, "unknown_topic", "topic"), ({"idempotency_key": ""}, 400, "invalid", "idempotency_key"),
    ({"purpose": "urgent"}, 400, "invalid", "purpose"), ({"colour": 1}, 400, "invalid", "colour")])
def test_a_request_that_can_not_be_met_names_the_field(
        machine: LocalMachine, change: dict[str, Any], status: int, code: str, field: str) -> None:
    identify(machine, "carl", email="carl@example.com")
    body = {"template": "receipt", "to": {"by": "user_id:carl"}, "idempotency_key": "c", "data": {"order_id": "A1"}} | change
    found, answer = ask(machine, "POST", "/messages", body)
    assert (found, answer["error"]["code"], answer["error"].get("field")) == (status, code, field)
    if status == 404 and "to" in change:
        assert "identify" in answer["error"]["message"]
    assert outbox(machine) == []


def test_whoever_may_not_be_written_to_is_skipped_with_the_reason(machine: LocalMachine) -> None:
    identify(machine, "dora", email="dora@example.com")
    assert send(machine, "d1", {"by": "user_id:dora"}, purpose="marketing")[1]["reason"] == "no_consent"
    assert send(machine, "d2", {"by": "user_id:dora"}, "code")[1]["reason"] == "no_address"
    identify(machine, "eve", email="bounce@simulator.amazonses.com")
    assert send(machine, "e1", {"by": "user_id:eve"})[1]["state"] == "sent"
    machine.drain()
    status, skipped = send(machine, "e2", {"by": "user_id:eve"})
    assert (status, skipped["state"], skipped["reason"], skipped["message"]) == (200, "skipped", "suppressed", None)
    assert len(outbox(machine)) == 1


def test_what_a_template_lacks_is_said(machine: LocalMachine) -> None:
    identify(machine, "fay", email="fay@example.com")
    status, answer = send(machine, "f1", {"by": "user_id:fay"}, data={})
    assert (status, answer["state"], answer["reason"]) == (200, "skipped", "no_content")
    assert "order_id" in answer["detail"]
    assert send(machine, "f1", {"by": "user_id:fay"})[0] == 202


def test_other_channels_are_sent_to_the_person_s_address_there(machine: LocalMachine) -> None:
    identify(machine, "gus", phone="+33612345678")
    assert send(machine, "g1", {"by": "user_id:gus"}, "code")[0] == 202
    status, failed = send(machine, "g2", {"by": "user_id:gus"}, "long")
    assert (status, failed["state"], failed["reason"]) == (200, "failed", "too_many_parts")
    status, called = send(machine, "g3", {"by": "user_id:gus"}, "hook")
    assert status == 202, called
    sms, hook = outbox(machine)
    assert (sms["channel"], sms["to"], sms["text"]) == ("sms", "+33612345678", "Your code is 77")
    assert (hook["channel"], hook["headers"]["webhook-id"]) == ("webhook", called["message"])
    secret = ask(machine, "GET", "/templates/hook/secret")[1]["secret"]
    expected = signed_headers(secret, called["message"], int(hook["headers"]["webhook-timestamp"]) * 1_000, hook["text"].encode())
    assert hook["headers"]["webhook-signature"] == expected["webhook-signature"]
    assert ask(machine, "GET", "/templates/code/secret")[0] == 400


def test_a_webhook_is_told_of_each_person_once(machine: LocalMachine) -> None:
    for user in ("w1", "w2"):
        identify(machine, user, email=f"{user}@example.com")
    answers = [send(machine, "same-key", {"by": f"user_id:{user}"}, "hook") for user in ("w1", "w2", "w1")]
    assert [status for status, _ in answers] == [202, 202, 200]
    assert [item["to"] for item in outbox(machine)] == ["https://r.example/in"] * 2


def test_an_attempt_that_surely_failed_is_followed_by_another_when_the_client_asks_again(
        machine: LocalMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    identify(machine, "hal", email="hal@example.com")
    from moto.sesv2.responses import SESV2Response
    working = SESV2Response.send_email

    def refuse(self: Any) -> str:
        from moto.core.exceptions import JsonRESTError
        raise JsonRESTError("MessageRejected", "Illegal content")

    monkeypatch.setattr(SESV2Response, "send_email", refuse)
    status, failed = send(machine, "h1", {"by": "user_id:hal"})
    assert (status, failed["state"], failed["attempt"]) == (200, "failed", 1)
    monkeypatch.setattr(SESV2Response, "send_email", working)
    status, sent = send(machine, "h1", {"by": "user_id:hal"})
    assert (status, sent["state"], sent["attempt"], len(outbox(machine))) == (202, "sent", 2, 1)


def test_a_channel_out_of_order_is_said_with_what_to_do(machine: LocalMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    identify(machine, "ida", email="ida@example.com")
    from moto.sesv2.responses import SESV2Response

    def refuse(self: Any) -> str:
        from moto.core.exceptions import JsonRESTError
        raise JsonRESTError("SendingPausedException", "Sending is paused")

    monkeypatch.setattr(SESV2Response, "send_email", refuse)
    status, answer = send(machine, "i1", {"by": "user_id:ida"})
    assert (status, answer["error"]["code"]) == (503, "sending_paused")
    assert "same key" in answer["error"]["message"]
    monkeypatch.undo()
    assert send(machine, "i1", {"by": "user_id:ida"})[0] == 202


def test_raw_mail_reads_as_it_was_rendered(machine: LocalMachine) -> None:
    identify(machine, "zoé", email="zoe+shop@bücher.example", first_name="Zoé")
    assert send(machine, "z1", {"by": "user_id:zoé"})[0] == 202
    [mail] = outbox(machine)
    assert (mail["to"], "Hello Zoé" in mail["text"]) == ("zoe+shop@xn--bcher-kva.example", True)
    assert boto3.client("sesv2", region_name="us-east-1").get_account()["SendQuota"]["SentLast24Hours"] >= 1


def test_marketing_in_quiet_hours_says_until_when_as_people_write_it(machine: LocalMachine) -> None:
    profile = identify(machine, "q1", phone="+33612345671")
    ask(machine, "POST", f"/profiles/{profile}/consent", {"channel": "sms", "state": "subscribed", "source": "desk"})
    machine.drain()
    hour = clock.now() // clock.HOUR % 24
    ask(machine, "PUT", "/sending-rules/default", {"quiet_hours": {"sms": {
        "begin": f"{hour:02}:00", "end": f"{(hour + 3) % 24:02}:00"}}})
    status, answer = send(machine, "quiet", {"by": "user_id:q1"}, "code", data={"code": "1"}, purpose="marketing")
    ask(machine, "DELETE", "/sending-rules/default")
    assert (status, answer["state"], answer["reason"]) == (200, "skipped", "quiet_hours"), answer
    assert answer["until"].endswith(f"T{(hour + 3) % 24:02}:00:00.000Z")
