"""People enter by the API, by a schedule and by coming to a place, on the local machine: the whole way from request to end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.machine import LocalMachine, local_machine
from tests.day import api, send

PEOPLE = 12
STEPS = [{"name": "note", "type": "update", "emit": [{"event": "Noted"}]}]
TRIGGERS = {"asked": {"type": "request"}, "digest": {"type": "schedule", "every": "rate(6 hours)", "segment": "readers"},
            "near": {"type": "geofence", "geofence": "shops"}}


def did(number: int, event: str = "Article Read", **properties: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "userId": f"u{number}", "properties": properties}


@pytest.fixture(scope="module")
def machine() -> Iterator[LocalMachine]:
    with local_machine() as running:
        api(running, "PUT", "/segments/readers", {"when": {"type": "event", "event": "Article Read"}})
        running.advance("1m")
        send(running, *map(did, range(PEOPLE)))
        api(running, "PUT", "/geofences/shops", {"places": [
            {"name": "Lyon", "latitude": 45.7578, "longitude": 4.832, "radius_m": 150},
            {"name": "Nantes", "latitude": 47.2135, "longitude": -1.5586, "radius_m": 150}]})
        for name, trigger in TRIGGERS.items():
            api(running, "PUT", f"/journeys/{name}", {"trigger": trigger, "entry": {"again": "always"}, "steps": STEPS})
            api(running, "POST", f"/journeys/{name}/publish", {})
        running.advance("1m")
        yield running


def entered(machine: LocalMachine, number: int, journey: str) -> list[str]:
    """The keys with which somebody entered, latest first."""
    profile = api(machine, "GET", f"/profiles?by=user_id:u{number}")["id"]
    items = api(machine, "GET", f"/profiles/{profile}/timeline?event=Journey%20Entered")["items"]
    return [one["properties"]["key"] for one in items if one["properties"]["journey"] == journey]


def test_who_is_asked_in_by_the_api_enters_once_for_each_name_of_a_request(machine: LocalMachine) -> None:
    for key, once in (("order-1", "1"), ("order-1", "1"), ("order-2", "2"), ("order-1", "1")):
        answer = api(machine, "POST", "/journeys/asked/enter", {"by": "user_id:u1", "key": key, "idempotency_key": once})
        assert answer["accepted"] == 1
        machine.drain()
        machine.advance("1m")
    assert entered(machine, 1, "asked") == ["order-2", "order-1"]
    assert entered(machine, 2, "asked") == []


def test_whoever_comes_to_a_place_enters_and_again_only_after_having_left_it(machine: LocalMachine) -> None:
    lyon, elsewhere, nantes = (45.7579, 4.832), (45.8, 4.832), (47.2136, -1.5586)
    for number, (latitude, longitude) in enumerate((elsewhere, lyon, (45.7577, 4.8321), elsewhere, lyon, nantes)):
        send(machine, {**did(3, "Location Updated", latitude=latitude, longitude=longitude), "messageId": f"place-{number}"})
        machine.advance("1m")
    assert entered(machine, 3, "near") == ["Nantes", "Lyon", "Lyon"]


def test_everybody_of_a_segment_enters_each_time_that_its_schedule_is_due(machine: LocalMachine) -> None:
    before = [len(entered(machine, number, "digest")) for number in range(PEOPLE)]
    assert set(before) == {0}
    machine.advance("12h")
    assert [len(entered(machine, number, "digest")) for number in range(PEOPLE)] == [2] * PEOPLE
    assert entered(machine, 0, "digest") == ["", ""]
