"""A segment on the local machine: lived in, left by time alone, explained, previewed, deleted, and looked for too late."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3

from infra.local.machine import LocalMachine
from socle.effects.model import SEGMENT, Effect

Api = Callable[..., Any]


def live_in_segments(machine: LocalMachine, api: Api, send: Callable[..., None], ended: Callable[..., None]) -> None:
    """`api` calls the admin API, `send` sends events and waits for them, `ended` waits for a run of (a path of the API, run)."""
    api(machine, "PUT", "/segments/signed-up", {"when": {"type": "event", "event": "Signed Up", "window": {"within": "1h"}}})
    send(machine, {"type": "track", "event": "Signed Up", "userId": "member-1"})
    profile = api(machine, "GET", "/profiles?by=user_id:member-1")["id"]
    assert [one["id"] for one in api(machine, "GET", "/segments/signed-up/members")["items"]] == [profile]
    assert api(machine, "GET", f"/profiles/{profile}/segments/signed-up/explanation")["member"] is True
    machine.advance("61m")
    left = api(machine, "GET", f"/profiles/{profile}/segments/signed-up/explanation")
    assert (left["member"], "by time alone" in left["because"]["says"]) == (False, True)
    assert api(machine, "GET", "/segments/signed-up/members")["items"] == []
    moves = [one["event"] for one in api(machine, "GET", f"/profiles/{profile}/timeline")["items"] if one["type"] == "segment"]
    assert moves == ["Segment Left", "Segment Entered"]
    ended(machine, "lake", api(machine, "POST", "/lake/compact")["run"])
    assert api(machine, "GET", "/lake")["people"] > 0
    preview = api(machine, "POST", "/segments/preview", {"when": {"type": "everyone"}})
    assert preview["size"] == preview["of"] > 0
    api(machine, "DELETE", "/segments/signed-up")
    late = Effect(SEGMENT, "signed-up", profile, "+1", 1)
    boto3.client("sqs").send_message(QueueUrl=machine.outputs["EffectsQueueUrl"], MessageBody=json.dumps(late.to_row()))
    machine.drain()
