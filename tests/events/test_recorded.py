"""Real clients' requests, byte for byte, through the real handler's parts (see recorded/README.md)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from socle.events import wire
from socle.events.model import Event
from socle.events.service import Collector
from socle.events.stream import decode
from tests.events.fakes import FakeKeys, FakeStream

RECORDED = [json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "recorded").glob("*.json"))]
NOW = 1_800_000_000_000


def collect(recording: dict[str, Any]) -> tuple[list[Event], FakeStream]:
    stream = FakeStream()
    collector = Collector(FakeKeys({"recorded-write-key": "web"}), stream)
    events = []
    for request in recording["requests"]:
        event = {"rawPath": request["path"], "headers": request["headers"], "body": request["body"],
                 "isBase64Encoded": True}
        collected = collector.collect(wire.read(event), NOW)
        assert collected.quarantined == []
        assert collected.source == "web"
        events += collected.events
    return events, stream


def test_every_client_and_gzip_is_recorded() -> None:
    assert len(RECORDED) == 3
    bodies = [base64.b64decode(request["body"]) for recording in RECORDED for request in recording["requests"]]
    assert any(body.startswith(b"\x1f\x8b") for body in bodies)


@pytest.mark.parametrize("recording", RECORDED, ids=lambda recording: recording["client"])
def test_a_real_clients_calls_all_arrive(recording: dict[str, Any]) -> None:
    events, stream = collect(recording)
    assert [event.name for event in events] == ["$page", "$identify", "Order Completed", "$screen", "$group", "$alias"]
    page, identify, order, _, group, alias = events
    user = identify.ids[0]
    assert page.ids == (("anonymous_id", f"{user[1]}-browser"),)
    assert identify.ids == (user, ("email", f"{user[1]}@shop.example"), page.ids[0])
    assert order.body["properties"]["total"] == 27.5
    assert page.body["properties"]["title"] == "Straße & Café"
    assert group.body["groupId"] == "acme"
    assert alias.ids == (user, ("anonymous_id", f"{user[1]}-before"))
    assert all(event.ts and event.message_id and event.at < NOW for event in events)
    on_stream = [event for record in stream.records for event in decode(record.data).events]
    assert sorted(event.key for event in on_stream) == sorted(event.key for event in events)
