"""Campaigns on the local machine: launched, tested, resent, by the clock."""

from __future__ import annotations

import json
import time
import zlib
from typing import Any

from infra.local.machine import LocalMachine

ADMIN = {"authorization": "Bearer local-admin-token"}
KEY = {"authorization": "Basic bG9jYWwtd3JpdGUta2V5Og=="}  # local-write-key:
SEGMENT = {"when": {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}}}
BUYERS = {"when": {"type": "trait", "trait": "buyer", "test": {"op": "eq", "value": True}}}
TOPIC = {"title": "Letter", "channels": ["email", "sms"], "sender": {"address": "news@shop.example.com", "name": "Shop"}}
MAIL = {"channel": "email", "subject": "Hello {{ traits.firstName }}",
        "html": '<html><body><p>Hello</p><a href="https://shop.example.com/">Shop</a> '
                '<a href="{{ links.unsubscribe }}">Unsubscribe</a></body></html>'}
TEXT = {"channel": "sms", "text": "Hello {{ traits.firstName }}. STOP to end"}
TWO = [{"name": "a", "template": "hello", "share": 50}, {"name": "b", "template": "other", "share": 50}]


def ask(machine: LocalMachine, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """A request of the admin API: its status and its answer."""
    sent = b"" if body is None else json.dumps(body).encode()
    status, _, answer = machine.request(method, f"/api{path}", ADMIN, sent)
    return status, json.loads(answer) if answer else None


def put(machine: LocalMachine, path: str, document: Any) -> Any:
    """Write a definition."""
    status, answer = ask(machine, "PUT", f"/{path}", document)
    assert status == 200, answer
    return answer


def people(machine: LocalMachine, *names: str, state: str = "subscribed", **traits: Any) -> None:
    """Let these be of the segment, and say this to the topic on both channels."""
    messages: list[dict[str, Any]] = []
    for name in names:
        phone = f"+3361{zlib.crc32(name.encode()) % 10**7:07}"
        messages.append({"type": "identify", "userId": name, "traits": {
            "plan": "gold", "email": f"{name}@shop.example.com", "phone": phone, "firstName": name.title(), **traits}})
        messages += [{"type": "track", "userId": name, "event": "Consent Updated", "properties": {
            "channel": channel, "topic": "letter", "state": state, "source": "test"}} for channel in ("email", "sms")]
    for first in range(0, len(messages), 90):
        status, _, answer = machine.request("POST", "/v1/batch", KEY, json.dumps({"batch": messages[first:first + 90]}).encode())
        assert status == 200, answer
        assert not json.loads(answer).get("quarantined"), answer
    machine.drain()


def define(machine: LocalMachine) -> None:
    """What the campaigns stand on."""
    put(machine, "segments/golden", SEGMENT)
    put(machine, "segments/buyers", BUYERS)
    put(machine, "topics/letter", TOPIC)
    put(machine, "templates/hello", MAIL)
    put(machine, "templates/other", {**MAIL, "subject": "Good day {{ traits.firstName }}"})
    put(machine, "templates/text", TEXT)
    put(machine, "campaigns/letter", {"segment": "golden", "template": "hello", "topic": "letter", "exclude": ["buyers"]})


def launched(machine: LocalMachine, name: str, command: str = "launch", body: Any = None) -> Any:
    """A run that has just begun."""
    status, run = ask(machine, "POST", f"/campaigns/{name}/{command}", body)
    assert status == 202, run
    return run


def when(machine: LocalMachine, name: str, run: str, *states: str) -> Any:
    """The run when it is in one of these states."""
    until = time.monotonic() + 120
    while (found := ask(machine, "GET", f"/campaigns/{name}/runs/{run}")[1])["state"] not in states:
        assert time.monotonic() < until, found
        assert found["state"] != "failed", found
        time.sleep(0.05)
    machine.drain()
    return found


def finished(machine: LocalMachine, name: str, command: str = "launch", body: Any = None) -> Any:
    """A run from its beginning to its end."""
    return when(machine, name, launched(machine, name, command, body)["id"], "finished")


def outbox(machine: LocalMachine) -> list[Any]:
    """What was sent since this was asked last."""
    _, _, answer = machine.request("GET", "/local/outbox", {"accept": "application/json"})
    machine.request("DELETE", "/local/outbox")
    return [one for one in json.loads(answer)["items"] if one["channel"] in ("email", "sms")]


def profile(machine: LocalMachine, name: str) -> str:
    """The id of somebody."""
    return str(ask(machine, "GET", f"/profiles?by=user_id:{name}")[1]["id"])


def run_campaigns(machine: LocalMachine) -> None:
    """Everything that campaigns do, once."""
    define(machine)
    people(machine, *(f"campaign{number}" for number in range(12)))
    first = finished(machine, "letter")
    assert first["outcomes"]["sent"] >= 12, first
    assert finished(machine, "letter", "forecast")["outcomes"]
    finished(machine, "letter", "resend", {"run": first["id"]})
    finished(machine, "letter", "follow-up", {"run": first["id"], "template": "other"})
    for path in ("runs", f"runs/{first['id']}", f"runs/{first['id']}/people", f"people/{profile(machine, 'campaign1')}"):
        status, answer = ask(machine, "GET", f"/campaigns/letter/{path}")
        assert status == 200, answer
    put(machine, "campaigns/tested", {"segment": "golden", "variants": TWO, "topic": "letter", "schedule": {
        "type": "every", "every": "rate(1 day)"}, "test": {"share": 50, "winner": "manual", "wait": "1h"}})
    run = launched(machine, "tested")
    machine.advance("70m")
    when(machine, "tested", run["id"], "deciding")
    launched(machine, "tested", "winner", {"variant": "b"})
    when(machine, "tested", run["id"], "finished")
    launched(machine, "tested")
    launched(machine, "tested", "pause")
    launched(machine, "tested", "resume")
    launched(machine, "tested", "cancel")
    machine.advance("25h")
