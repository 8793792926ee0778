"""On the local machine: somebody leaves a segment because time passes, and the explanation says why."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.machine import LocalMachine, local_machine

KEY = {"authorization": "Basic " + base64.b64encode(b"local-write-key:").decode(), "content-type": "application/json"}
TOKEN = {"authorization": "Bearer local-admin-token", "content-type": "application/json"}
RECENT = {"description": "has looked at something within the last hour",
          "when": {"type": "event", "event": "Product Viewed", "window": {"within": "1h"}}}


@pytest.fixture(scope="module")
def machine() -> Iterator[LocalMachine]:
    with local_machine() as running:
        yield running


def ask(machine: LocalMachine, method: str, path: str, body: Any = None, headers: dict[str, str] = TOKEN) -> Any:
    status, _, answer = machine.request(method, path, headers, b"" if body is None else json.dumps(body).encode())
    assert 200 <= status < 300, (status, answer)
    return json.loads(answer) if answer else None


def test_a_member_leaves_by_time_alone_and_the_explanation_says_why(machine: LocalMachine) -> None:
    ask(machine, "PUT", "/api/segments/recent", RECENT)
    ask(machine, "POST", "/v1/track", {"userId": "visitor", "event": "Product Viewed", "messageId": "seen"}, KEY)
    machine.drain()
    profile = ask(machine, "GET", "/api/profiles?by=user_id:visitor")
    assert profile["segments"] == ["recent"]
    path = f"/api/profiles/{profile['id']}/segments/recent/explanation"
    inside = ask(machine, "GET", path)
    assert inside["member"] is True
    assert inside["because"]["events"][0]["messageId"] == "seen"

    ask(machine, "POST", "/local/clock", {"advance": "61m"})

    assert ask(machine, "GET", f"/api/profiles/{profile['id']}")["segments"] == []
    outside = ask(machine, "GET", path)
    assert (outside["member"], outside["because"]["value"]) == (False, 0)
    timeline = ask(machine, "GET", f"/api/profiles/{profile['id']}/timeline")["items"]
    left, entered, seen = timeline
    assert (left["event"], entered["event"], seen["event"]) == ("Segment Left", "Segment Entered", "Product Viewed")
    assert left["timestamp"] >= inside["flips_at"] > entered["timestamp"]
