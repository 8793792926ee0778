"""Consent on the local machine, from a form to the last unsubscription: as people meet it."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from infra.local.machine import LocalMachine

ADMIN = {"authorization": "Bearer local-admin-token"}
FORM = {"title": "Join", "fields": [{"name": "email", "label": "E-mail", "type": "email", "required": True}],
        "topics": [{"topic": "club"}, {"topic": "letters"}]}


def ask(machine: LocalMachine, method: str, path: str, body: Any = None) -> Any:
    """A request of the admin API: its answer."""
    sent = b"" if body is None else json.dumps(body).encode()
    status, _, answer = machine.request(method, f"/api{path}", ADMIN, sent)
    assert status < 300, f"{method} {path} answers {status}: {answer!r}"
    machine.drain()
    return json.loads(answer) if answer else None


def page(machine: LocalMachine, method: str, url: str, form: dict[str, Any] | None = None) -> str:
    """A request of a public page, by its path or its whole URL."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    status, headers, answer = machine.request(method, target, {"content-type": "application/x-www-form-urlencoded"},
                                              urlencode(form or {}, doseq=True).encode())
    assert status == 200, f"{method} {parts.path[:20]} answers {status}: {answer!r}"
    assert {name.lower(): value for name, value in headers.items()}["cache-control"] == "no-store"
    machine.drain()
    return answer.decode()


def outbox(machine: LocalMachine) -> list[dict[str, Any]]:
    """What was sent, the oldest first."""
    _, _, answer = machine.request("GET", "/local/outbox", {"accept": "application/json"}, b"")
    found: list[dict[str, Any]] = json.loads(answer)["items"]
    return found


def states(machine: LocalMachine, profile: str) -> dict[str, str]:
    """Topic → state of the person's e-mail consent."""
    return {one["topic"]: one["state"] for one in ask(machine, "GET", f"/profiles/{profile}/consent")["items"]}


def define(machine: LocalMachine) -> None:
    """What companies write before people come."""
    ask(machine, "PUT", "/brand/default", {"name": "Shop", "sender": {"address": "news@shop.example.com"}})
    ask(machine, "PUT", "/topics/club", {"title": "The club", "double_opt_in": True, "text": "Yes, the club"})
    ask(machine, "PUT", "/topics/letters", {"title": "Letters"})
    ask(machine, "PUT", "/surveys/nps", {"kind": "nps", "question": "Would you recommend us?", "comment": "Why?"})
    ask(machine, "PUT", "/templates/opinion", {
        "channel": "email", "subject": "Your opinion", "html": '<p><a href="{{ \'nps\' | survey_url }}?score=9">9</a> '
        '<a href="{{ links.preferences }}">Choices</a> <a href="{{ links.unsubscribe }}">No more</a></p>'})
    ask(machine, "PUT", "/forms/join", FORM)


def decide(machine: LocalMachine) -> dict[str, str]:
    """Somebody joins, confirms, answers, chooses and leaves; an address is suppressed. Answers their states in the end."""
    before = len(outbox(machine))
    page(machine, "GET", "/forms/join")
    page(machine, "POST", "/forms/join", {"email": "Ida@Example.com", "topics": ["club/email", "letters/email"]})
    profile = ask(machine, "GET", "/profiles?by=email:ida@example.com")["id"]
    assert states(machine, profile) == {"club": "pending", "letters": "subscribed"}
    (mail,) = outbox(machine)[before:]
    assert mail["subject"] == "Please confirm: The club"
    confirm = re.search(r'href="([^"]*/confirm/[^"]+)"', mail["html"])[1]
    page(machine, "GET", confirm)
    assert states(machine, profile)["club"] == "pending"
    page(machine, "POST", confirm)
    assert states(machine, profile)["club"] == "subscribed"
    ask(machine, "POST", "/messages", {"template": "opinion", "to": {"profile": profile}, "idempotency_key": "1", "topic": "club",
                                       "purpose": "marketing"})
    mail = outbox(machine)[-1]
    survey, preferences, unsubscribe = re.findall(r'href="([^"]+)"', mail["html"])
    assert 'value="9" required checked' in page(machine, "GET", survey)
    page(machine, "POST", survey, {"score": "9", "comment": "kind people"})
    page(machine, "GET", preferences)
    page(machine, "POST", preferences, {"shown": ["letters", "club"], "topic": ["club"]})
    assert states(machine, profile) == {"club": "subscribed", "letters": "unsubscribed"}
    page(machine, "GET", unsubscribe)
    one_click = re.search("<([^>]+)>", mail["headers"]["List-Unsubscribe"])[1]
    assert page(machine, "POST", one_click, {"List-Unsubscribe": "One-Click"}) == "unsubscribed\n"
    names = {one["event"] for one in ask(machine, "GET", f"/profiles/{profile}/timeline")["items"]}
    assert {"Form Submitted", "Survey Answered", "Unsubscribed", "Consent Updated", "Email Sent"} <= names
    skipped = ask(machine, "POST", "/messages", {"template": "opinion", "to": {"profile": profile}, "idempotency_key": "2",
                                                 "topic": "club", "purpose": "marketing"})
    assert (skipped["state"], skipped["reason"]) == ("skipped", "unsubscribed")
    ask(machine, "POST", f"/profiles/{profile}/consent", {"channel": "email", "topic": "letters", "state": "subscribed",
                                                          "source": "telephone"})
    ask(machine, "POST", "/suppressions/import", {"content": "ida@example.com\n"})
    ask(machine, "GET", "/suppressions")
    ask(machine, "PUT", "/suppressions/domain/spam.example", {"source": "abuse desk"})
    ask(machine, "DELETE", "/suppressions/domain/spam.example")
    skipped = ask(machine, "POST", "/messages", {"template": "opinion", "to": {"profile": profile}, "idempotency_key": "3"})
    assert (skipped["state"], skipped["reason"]) == ("skipped", "suppressed")
    return states(machine, profile)
