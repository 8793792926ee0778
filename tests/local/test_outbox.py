"""What is sent can be looked at, and nothing leaves the machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest

from infra.local import pages, ses
from infra.local.cloud import REGION
from infra.local.machine import LocalMachine
from infra.local.outbox import is_loopback
from socle.channels.mime import build
from socle.channels.push import payload
from socle.channels.store import Quotas
from socle.effects import webhook
from socle.messages.model import File, Mail, Message, Push, Sender


@pytest.fixture(autouse=True)
def empty(machine: LocalMachine) -> None:
    machine.request("DELETE", "/local/outbox")


def items(machine: LocalMachine) -> list[dict[str, Any]]:
    status, headers, body = machine.request("GET", "/local/outbox", {"accept": "*/*"})
    assert (status, headers["content-type"]) == (200, "application/json")
    return list(json.loads(body)["items"])


def page(machine: LocalMachine) -> str:
    status, headers, body = machine.request("GET", "/local/outbox", {"accept": "text/html,*/*;q=0.8"})
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in headers["content-security-policy"]
    return body.decode()


def mail(html: str = "<p>Grüße</p>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Shop <shop@example.com>", "ada@example.com", "Größe 42"
    message["List-Unsubscribe"] = "<https://example.com/u>"
    message.set_content("Grüße")
    message.add_alternative(html, subtype="html")
    return message


def test_a_raw_mail_shows_its_parts_headers_and_tags(machine: LocalMachine) -> None:
    client = boto3.client("sesv2", region_name=REGION)
    client.create_email_identity(EmailIdentity="example.com")
    client.send_email(FromEmailAddress="shop@example.com", Destination={"ToAddresses": ["ada@example.com"]},
                      EmailTags=[{"Name": "campaign", "Value": "c1"}], Content={"Raw": {"Data": mail().as_bytes()}})
    (item,) = items(machine)
    assert set(item) == {"channel", "to", "from", "subject", "html", "text", "headers", "tags", "sent_at"}
    assert (item["channel"], item["to"], item["subject"]) == ("email", "ada@example.com", "Größe 42")
    assert item["from"] == "Shop <shop@example.com>"
    assert (item["html"].strip(), item["text"].strip()) == ("<p>Grüße</p>", "Grüße")
    assert item["headers"]["List-Unsubscribe"] == "<https://example.com/u>"
    assert item["tags"] == {"campaign": "c1"}
    assert item["sent_at"].endswith("Z")


def test_the_older_api_is_caught_too_and_tags_do_not_leak(machine: LocalMachine) -> None:
    client = boto3.client("ses", region_name=REGION)
    client.verify_domain_identity(Domain="example.com")
    client.send_email(Source="shop@example.com", Destination={"ToAddresses": ["a@example.com", "b@example.com"]}, Message={
        "Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "plain"}}})
    client.send_raw_email(RawMessage={"Data": mail().as_bytes()})
    first, second = items(machine)
    assert (first["to"], first["text"], first["html"], first["tags"]) == (
        "a@example.com, b@example.com", "plain", None, {})
    assert second["to"] == "ada@example.com"


def test_text_messages_and_pushes_are_caught(machine: LocalMachine) -> None:
    client = boto3.client("sns", region_name=REGION)
    client.publish(PhoneNumber="+4915112345678", Message="Hi", MessageAttributes={
        name: {"DataType": "String", "StringValue": value} for name, value in (
            ("AWS.SNS.SMS.SenderID", "MyShop"), ("socle_message", "p-k-1"))})
    app = client.create_platform_application(Name="app", Platform="GCM", Attributes={})["PlatformApplicationArn"]
    endpoint = client.create_platform_endpoint(PlatformApplicationArn=app, Token="token-1")["EndpointArn"]
    client.publish(TargetArn=endpoint, Message='{"GCM": "{}"}', MessageStructure="json")
    tagged = {"socle_message": {"DataType": "String", "StringValue": "p-k-2"}}
    client.publish(TargetArn=endpoint, Message=payload(Push("Cart", "waits", {}), app, "p-k-2"), MessageStructure="json",
                   MessageAttributes=tagged)
    sms, push, ours = items(machine)
    assert (sms["channel"], sms["to"], sms["text"]) == ("sms", "+4915112345678", "Hi")
    assert (sms["from"], sms["tags"]) == ("MyShop", {"socle_message": "p-k-1"})
    assert (push["channel"], push["to"], push["tags"]) == ("push", "token-1", {})
    assert (ours["subject"], ours["tags"]) == ("Cart", {"socle_message": "p-k-2"})
    assert json.loads(ours["text"])["notification"] == {"title": "Cart", "body": "waits"}


def test_images_of_a_mail_are_shown_and_attachments_can_be_fetched(machine: LocalMachine) -> None:
    client = boto3.client("sesv2", region_name=REGION)
    files = (File("logo.png", "image/png", b"png", "logo"), File("Größen.pdf", "application/pdf", b"%PDF"))
    sent = Message("p", "k", 1, "claimed", 0, ("email", "ada@example.com"), "email", "d")
    raw = build(Mail("Hello", '<html><head></head><img src="cid:logo"></html>', "Hello", files), "ada@example.com",
                Sender("shop@example.com", "Shop"), sent)
    client.send_email(FromEmailAddress="shop@example.com", Destination={"ToAddresses": ["ada@example.com"]},
                      Content={"Raw": {"Data": raw}})
    (item,) = items(machine)
    assert [(file["name"], file["cid"], file["size"]) for file in item["attachments"]] == [
        ("logo.png", "logo", 3), ("Größen.pdf", "", 4)]
    html = page(machine)
    assert "src=&quot;data:image/png;base64,cG5n&quot;" in html
    assert "&lt;head&gt;&lt;base target=&quot;_blank&quot;&gt;" in html
    assert 'download="Größen.pdf" href="data:application/pdf;base64,JVBERg=="' in html


def test_looking_at_the_outbox_opens_no_mail(machine: LocalMachine) -> None:
    _, headers, _ = machine.request("GET", "/local/outbox", {"accept": "text/html"})
    assert "img-src http://127.0.0.1:8000/assets/ data:;" in headers["content-security-policy"]


def test_the_account_says_what_it_may_send_and_has_sent(machine: LocalMachine) -> None:
    client = boto3.client("sesv2", region_name=REGION)

    def sent() -> float:
        return float(client.get_account()["SendQuota"]["SentLast24Hours"])

    before = sent()
    client.send_email(FromEmailAddress="shop@example.com", Destination={"ToAddresses": ["ada@example.com"]},
                      Content={"Raw": {"Data": mail().as_bytes()}})
    assert sent() == before + 1
    assert Quotas(client).email(0).rate == ses.RATE


@contextmanager
def receiver() -> Iterator[tuple[str, list[bytes]]]:
    seen: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", seen
    server.shutdown()
    server.server_close()


def test_a_webhook_reaches_a_receiver_on_this_machine_and_is_recorded(machine: LocalMachine) -> None:
    with receiver() as (url, seen):
        assert webhook.post(url, b'{"a": 1}', {"webhook-id": "m1"}) == 202
    assert seen == [b'{"a": 1}']
    (item,) = items(machine)
    assert (item["channel"], item["to"], item["text"], item["headers"]) == ("webhook", url, '{"a": 1}', {"webhook-id": "m1"})


def test_a_webhook_to_the_world_is_recorded_and_answered_for(machine: LocalMachine) -> None:
    assert webhook.post("https://hooks.example.com/x", b"{}", {}) == 200
    assert items(machine)[0]["to"] == "https://hooks.example.com/x"


@pytest.mark.parametrize(("url", "expected"), [
    ("http://127.0.0.1:9/x", True), ("http://localhost/x", True), ("http://[::1]:1/", True),
    ("http://127.0.0.1.example.com/", False), ("http://10.0.0.1/", False), ("https://localhost.example/", False)])
def test_only_this_machine_is_loopback(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_people_see_a_page_in_which_mail_cannot_run(machine: LocalMachine) -> None:
    hostile = '<script>alert(1)</script>"><b>x</b>'
    machine.outbox.put("email", hostile, subject=hostile, html=hostile, text=hostile, headers={hostile: hostile})
    html = page(machine)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in html
    assert "<script>alert" not in html
    assert "<b>x" not in html


def test_people_see_the_newest_first_and_programs_get_it_last(machine: LocalMachine) -> None:
    for number in ("+491", "+492"):
        machine.outbox.put("sms", number, text="Hi")
    assert page(machine).index("+492") < page(machine).index("+491")
    assert [item["to"] for item in items(machine)] == ["+491", "+492"]


def test_a_webhook_is_shown_with_its_address_once_and_its_body_indented(machine: LocalMachine) -> None:
    machine.outbox.put("webhook", "https://hooks.example.com/x", text='{"type": "Order Completed", "data": {"name": "Ä"}}')
    html = page(machine)
    assert html.count("https://hooks.example.com/x") == 1
    assert '{\n  &quot;type&quot;: &quot;Order Completed&quot;,\n  &quot;data&quot;: {\n    &quot;name&quot;: &quot;Ä' in html


@pytest.mark.parametrize("text", ["{broken", "42", "plain", "[" * 100_000])
def test_text_that_is_no_json_document_is_shown_as_it_is(machine: LocalMachine, text: str) -> None:
    machine.outbox.put("sms", "+491", text=text)
    assert f"<pre>{text}</pre>" in page(machine)


def test_an_empty_outbox_says_so() -> None:
    assert "Nothing was sent yet" in pages.outbox([])


def test_emptying_forgets_everything(machine: LocalMachine) -> None:
    machine.outbox.put("sms", "1")
    assert machine.request("DELETE", "/local/outbox")[0] == 204
    assert items(machine) == []


def test_the_page_shows_some_messages_at_a_time_and_leads_to_the_older_ones() -> None:
    items = [{"channel": "sms", "to": f"+3360000{number:04}", "from": None, "subject": None, "html": None, "text": "hi",
              "headers": {}, "tags": {}, "sent_at": "2026-01-01T00:00:00.000Z"} for number in range(50)]
    first, last = pages.outbox(items), pages.outbox(items, 40)
    assert [f"+3360000{number:04}" in first for number in (49, 30, 29, 0)] == [True, True, False, False]
    assert "skip=20" in first
    assert "50 sent" in first
    assert [f"+3360000{number:04}" in last for number in (49, 10, 9, 0)] == [False, False, True, True]
    assert "Older" not in last
    assert "skip=20" in last
