"""The whole way on the local machine: a mail is sent, SES reports, its link is followed, and who complained gets no more."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from infra.local.machine import LocalMachine, local_machine
from socle import clock
from tests.exports.on_machine import KEY, ask
from tests.tracking.world import SAFARI

PEOPLE = {"ann": "ann@example.com", "bob": "bounce@simulator.amazonses.com", "cleo": "complaint@simulator.amazonses.com"}
TEMPLATE = {"channel": "email", "subject": "Your order", "html":
            '<html><body><p>Thank you.</p><p><a href="https://shop.example/orders?id=7">Your order</a></p></body></html>'}


@pytest.fixture(scope="module")
def machine():
    with local_machine() as running:
        for path, document in {
                "brand/default": {"name": "Shop", "address": "1 Street, Town",
                                  "sender": {"address": "letters@shop.example", "name": "Shop"}},
                "templates/order": TEMPLATE}.items():
            status, answer = ask(running, "PUT", f"/{path}", document)
            assert status in (200, 201), answer
        batch = [{"type": "identify", "userId": name, "traits": {"email": to}} for name, to in PEOPLE.items()]
        assert running.request("POST", "/v1/batch", KEY, json.dumps({"batch": batch}).encode())[0] == 200
        running.drain()
        yield running


def send(machine: LocalMachine, name: str, key: str) -> dict[str, Any]:
    status, answer = ask(machine, "POST", "/messages", {"template": "order", "to": {"by": f"user_id:{name}"},
                                                        "idempotency_key": key})
    assert status in (200, 201, 202), answer
    machine.drain()
    return answer


def events(machine: LocalMachine, name: str) -> list[str]:
    profile = ask(machine, "GET", f"/profiles?by=user_id:{name}")[1]["id"]
    items = ask(machine, "GET", f"/profiles/{profile}/timeline")[1]["items"]
    return sorted(one["event"] for one in items if one["event"].startswith("Email"))


def test_a_mail_is_sent_delivered_opened_and_clicked(machine):
    assert send(machine, "ann", "one")["state"] in ("sent", "delivered")
    assert events(machine, "ann") == ["Email Delivered", "Email Sent"]
    _, _, body = machine.request("GET", "/local/outbox", {"accept": "application/json"}, b"")
    mail = json.loads(body)["items"][-1]
    assert mail["to"] in (PEOPLE["ann"], [PEOPLE["ann"]])
    (link,) = re.findall(r'href="[^"]*(/c/[^"]+)"', mail["html"])
    (pixel,) = re.findall(r'src="[^"]*(/o/[^"]+)"', mail["html"])
    clock.advance(clock.MINUTE)
    status, headers, _ = machine.request("GET", pixel, {"user-agent": SAFARI}, b"")
    assert (status, {**headers}.get("Content-Type", {**headers}.get("content-type"))) == (200, "image/gif")
    status, headers, _ = machine.request("GET", link, {"user-agent": SAFARI}, b"")
    assert status == 302
    assert "https://shop.example/orders?id=7" in str(headers)
    machine.drain()
    assert events(machine, "ann") == ["Email Delivered", "Email Link Clicked", "Email Opened", "Email Sent"]


@pytest.mark.parametrize(("name", "expected"), [
    ("bob", ["Email Bounced", "Email Sent"]), ("cleo", ["Email Delivered", "Email Marked as Spam", "Email Sent"])])
def test_who_bounced_or_complained_gets_nothing_more_whatever_is_sent(machine, name, expected):
    send(machine, name, f"{name}-one")
    assert events(machine, name) == expected
    again = send(machine, name, f"{name}-two")
    assert "suppressed" in json.dumps(again)
    assert events(machine, name) == expected
