"""Messages on the local machine: single ones, what is heard of them, the pages behind them, consent, lists, images, codes."""

from __future__ import annotations

import base64
import json
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3

from infra.local.machine import LocalMachine
from socle import clock
from tests.campaigns.on_machine import ADMIN, KEY, TWO, finished, launched, people, profile, when

READER = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile"}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(40)).decode()
BRAND = {"name": "Shop", "sender": {"address": "news@shop.example.com"}, "url": "https://shop.example.com", "logo": "logo.png"}
LETTER = {
    "channel": "email", "subject": "For {{ traits.firstName }}", "attachments": ["logo.png"], "html":
    "<html><body><a href='https://shop.example.com/x'>Look</a> {{ 'spring' | coupon }} {% assign p = 'A' | item: 'stores' %}"
    "<a href='{{ 'nps' | survey_url }}'>Say</a> <a href='{{ links.preferences }}'>Choose</a> "
    "<a href='{{ links.unsubscribe }}'>End</a></body></html>"}
DEFINITIONS: dict[str, Any] = {
    "brand/default": BRAND, "sending-rules/default": {"timezone": "Europe/Paris"},
    "topics/letter": {"title": "Letter", "channels": ["email", "sms"], "double_opt_in": True},
    "surveys/nps": {"kind": "nps", "question": "Would you recommend us?"},
    "forms/join": {"title": "Join us", "fields": [{"name": "email", "label": "E-mail", "type": "email", "required": True}],
                   "topics": [{"topic": "letter"}]},
    "coupons/spring": {}, "templates/single": LETTER,
    "templates/code": {"channel": "sms", "text": "Your code is {{ event.code }}"},
    "templates/hook": {"channel": "webhook", "url": "https://hooks.example.com/in", "body": {"name": "{{ traits.firstName }}"}}}


def ask(machine: LocalMachine, method: str, path: str, body: Any = None) -> Any:
    """A request of the admin API that succeeds: its answer."""
    sent = b"" if body is None else json.dumps(body).encode()
    status, _, answer = machine.request(method, f"/api{path}", ADMIN, sent)
    assert status < 300, (method, path, status, answer)
    machine.drain()
    return json.loads(answer) if answer else None


def visit(machine: LocalMachine, url: str, form: dict[str, str] | None = None, method: str = "") -> tuple[int, bytes]:
    """What somebody does who follows a link, or sends what is on the page behind it."""
    parts = urlsplit(url)
    headers = {**READER, **({"content-type": "application/x-www-form-urlencoded"} if form else {})}
    status, _, body = machine.request(method or ("POST" if form else "GET"), parts.path, headers, urlencode(form or {}).encode())
    assert status < 400, (url, status, body)
    machine.drain()
    return status, body


def outbox(machine: LocalMachine, channel: str = "email") -> list[dict[str, Any]]:
    """What was sent over a channel, newest last."""
    return [item for item in machine.outbox.items() if item["channel"] == channel]


def link(mail: dict[str, Any], kind: str) -> str:
    """The first link of a kind in a mail."""
    found = re.search(rf"[\"'](http[^\"']*/{kind}/[^\"']+)[\"']", mail["html"])
    assert found, mail["html"]
    return found[1]


def send_messages(machine: LocalMachine) -> None:
    """Everything that messages do beside campaigns, once."""
    ask(machine, "PUT", "/assets/logo.png", {"data": PNG})
    for path, document in DEFINITIONS.items():
        ask(machine, "PUT", f"/{path}", document)
    ask(machine, "POST", "/coupons/spring/codes", {"codes": [f"S-{number}" for number in range(50)]})
    ask(machine, "GET", "/coupons/spring/codes")
    people(machine, "reader1", "reader2")
    mail = single(machine)
    follow(machine, mail)
    confirm(machine)
    look_on(machine)
    bounce(machine)
    answer_by_sms(machine)
    of_campaigns(machine)
    stop_by_itself(machine)
    report(machine)


def single(machine: LocalMachine) -> dict[str, Any]:
    """Messages over three channels, one of them asked for twice; answers the mail."""
    asked = {"template": "single", "to": {"by": "user_id:reader1"}, "idempotency_key": "one", "purpose": "marketing",
             "topic": "letter"}
    first, again = (ask(machine, "POST", "/messages", asked) for _ in range(2))
    assert first["state"] in ("sent", "delivered"), first
    assert again["message"] == first["message"]
    ask(machine, "GET", f"/messages/{first['message']}")
    assert ask(machine, "GET", f"/profiles/{profile(machine, 'reader1')}/messages")["items"]
    for template in ("code", "hook"):
        ask(machine, "POST", "/messages", {"template": template, "to": {"by": "user_id:reader2"}, "idempotency_key": "two",
                                           "data": {"code": "1234"}})
    assert "1234" in outbox(machine, "sms")[-1]["text"]
    return outbox(machine)[-1]


def follow(machine: LocalMachine, mail: dict[str, Any]) -> None:
    """Somebody opens a mail, follows its links, answers, chooses, and ends it."""
    clock.advance(clock.MINUTE)
    visit(machine, link(mail, "o"))
    assert visit(machine, link(mail, "c"))[0] == 302
    visit(machine, link(mail, "c"), method="HEAD")
    visit(machine, link(mail, "surveys"))
    visit(machine, link(mail, "surveys"), {"score": "9"})
    visit(machine, link(mail, "preferences"))
    visit(machine, link(mail, "preferences"), {"shown": "letter", "topic": "letter", "do": "save"})
    visit(machine, link(mail, "unsubscribe"))
    visit(machine, link(mail, "unsubscribe"), {"List-Unsubscribe": "One-Click"})
    assert visit(machine, "/assets/logo.png")[0] == 200
    status, _, _ = machine.request("GET", "/assets/there-is-none.png")
    assert status == 404


def confirm(machine: LocalMachine) -> None:
    """A visitor joins by a form, and confirms by the mail that comes of it."""
    page = visit(machine, "/forms/join")[1].decode()
    (once,) = re.findall(r'name="once" value="([^"]+)"', page)
    visit(machine, "/forms/join", {"once": once, "email": "reader3@shop.example.com", "topics": "letter/email"})
    mail = outbox(machine)[-1]
    assert mail["to"] == "reader3@shop.example.com"
    visit(machine, link(mail, "confirm"))
    visit(machine, link(mail, "confirm"), {"do": "confirm"})
    found = ask(machine, "GET", "/profiles?by=email:reader3@shop.example.com")
    assert [one["state"] for one in found["consent"]] == ["subscribed"]


def look_on(machine: LocalMachine) -> None:
    """What staff do: look at templates and consent, keep lists."""
    ask(machine, "GET", "/templates/single/checks")
    ask(machine, "GET", "/templates/hook/secret")
    assert ask(machine, "POST", "/templates/single/preview", {"by": "user_id:reader2"})["parts"]
    person = profile(machine, "reader2")
    ask(machine, "POST", f"/profiles/{person}/consent", {
        "channel": "email", "topic": "letter", "state": "unsubscribed", "source": "telephone"})
    ask(machine, "GET", f"/profiles/{person}/consent")
    ask(machine, "PUT", "/suppressions/email/somebody@shop.example.com", {"source": "letter"})
    ask(machine, "GET", "/suppressions")
    ask(machine, "GET", "/suppressions/email/somebody@shop.example.com")
    ask(machine, "DELETE", "/suppressions/email/somebody@shop.example.com")
    ask(machine, "POST", "/suppressions/import", {"content": "email\nother@shop.example.com\n"})
    ask(machine, "GET", "/assets")
    ask(machine, "PUT", "/assets/spare.png", {"data": PNG})
    ask(machine, "DELETE", "/assets/spare.png")


def bounce(machine: LocalMachine) -> None:
    """Mails bounce for good and for now, somebody complains, and what nobody can read ends as a dead letter."""
    people(machine, "reader4", email="bounce@simulator.amazonses.com")
    people(machine, "reader5", email="complaint@simulator.amazonses.com")
    for name in ("reader4", "reader5"):
        ask(machine, "POST", "/messages", {"template": "single", "to": {"by": f"user_id:{name}"}, "idempotency_key": "three"})
    found = ask(machine, "POST", "/messages", {
        "template": "single", "to": {"by": "user_id:reader4"}, "idempotency_key": "four"})
    assert found["reason"] == "suppressed", found
    soft = {"eventType": "Bounce", "mail": {"timestamp": "2026-01-01T00:00:00.000Z", "messageId": "m", "source": "a@b.example",
                                            "destination": ["full@shop.example.com"], "tags": {}},
            "bounce": {"bounceType": "Transient", "bounceSubType": "MailboxFull", "feedbackId": "f",
                       "timestamp": "2026-01-01T00:00:00.000Z",
                       "bouncedRecipients": [{"emailAddress": "full@shop.example.com"}]}}
    publish(machine, soft)


def answer_by_sms(machine: LocalMachine) -> None:
    """Somebody answers an SMS with STOP."""
    phone = ask(machine, "GET", "/profiles?by=user_id:reader2")["traits"]["phone"]
    publish(machine, {"originationNumber": phone, "destinationNumber": "+33600000000", "messageKeyword": "K",
                      "messageBody": "Stop", "inboundMessageId": "in-1"})


def publish(machine: LocalMachine, notification: dict[str, Any]) -> None:
    """Let the topic of reports say something."""
    boto3.client("sns").publish(TopicArn=machine.outputs["FeedbackTopic"], Message=json.dumps(notification))
    machine.drain()


def of_campaigns(machine: LocalMachine) -> None:
    """A campaign whose mails give codes away, one by SMS at whatever hour, one whose SMS are too long."""
    ask(machine, "PUT", "/templates/long", {"channel": "sms", "text": "a long story " * 160})
    for name, template, outcome in (("codes", "single", "sent"), ("texts", "text", "sent"), ("stories", "long", "failed")):
        if name == "stories":
            machine.advance("25h")  # one SMS a day is enough
        ask(machine, "PUT", f"/campaigns/{name}", {
            "segment": "golden", "template": template, "topic": "letter", "quiet_hours": "ignore"})
        assert finished(machine, name)["outcomes"][outcome]


def stop_by_itself(machine: LocalMachine) -> None:
    """A campaign whose test goes to dead mailboxes: it is paused before the others get it."""
    ask(machine, "PUT", "/segments/dead", {
        "when": {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "dead"}}})
    batch = [{"type": "identify", "userId": f"dead{number}", "traits": {
        "plan": "dead", "firstName": "Nobody", "email": f"bounce+{number}@simulator.amazonses.com"}} for number in range(60)]
    batch += [{"type": "track", "userId": f"dead{number}", "event": "Consent Updated", "properties": {
        "channel": "email", "topic": "letter", "state": "subscribed", "source": "test"}} for number in range(60)]
    for first in (0, 60):
        assert machine.request("POST", "/v1/batch", KEY, json.dumps({"batch": batch[first:first + 60]}).encode())[0] == 200
    machine.drain()
    ask(machine, "PUT", "/campaigns/doomed", {
        "segment": "dead", "variants": TWO, "topic": "letter", "test": {"share": 95, "wait": "1h"}})
    run = launched(machine, "doomed")
    machine.advance("1m")
    stopped = when(machine, "doomed", run["id"], "paused")
    assert stopped["history"][-1]["by"] == "guard", stopped
    launched(machine, "doomed", "cancel")


def report(machine: LocalMachine) -> None:
    """A forecast and a report of a campaign, also as a table."""
    ask(machine, "POST", "/lake/compact")
    machine.advance("1m")
    run = finished(machine, "letter", "forecast")
    ask(machine, "GET", f"/campaigns/letter/forecasts/{run['id']}")
    ask(machine, "GET", "/campaigns/letter/report")
    status, _, body = machine.request("GET", "/api/campaigns/letter/report?format=csv", ADMIN)
    assert status == 200, body
