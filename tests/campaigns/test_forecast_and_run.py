"""A forecast beside the run that follows it, on the local machine: the same people and reasons, the same units within 1 %."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import boto3
import pytest

from infra.local import workflows
from infra.local.machine import LocalMachine, local_machine
from socle.costs import prices
from socle.iso import from_iso
from tests.campaigns.meter import Meter
from tests.exports.on_machine import KEY, ask

PEOPLE = 280
FUNCTIONS = ("run_campaign", "send_campaign")
COMPARED = (prices.READS, prices.WRITES, prices.STREAM_IN, prices.PUTS, prices.GETS, prices.MAILS, prices.INVOCATIONS,
            prices.TRANSITIONS)
_BODY = ('<html><body><p>Hello {}</p><a href="https://shop.example.com/{}">shop</a> '
         '<a href="{{{{ links.unsubscribe }}}}">out</a></body></html>')


class Both(NamedTuple):
    """The forecast, the run, and what its calls came to."""

    forecast: dict[str, Any]
    run: dict[str, Any]
    actual: dict[str, float]
    report: dict[str, Any]


def put(machine: LocalMachine, path: str, document: dict[str, Any]) -> None:
    status, answer = ask(machine, "PUT", path, document)
    assert status == 200, (path, answer)


def define(machine: LocalMachine) -> None:
    """Two letters to the readers; who has no zone has quiet hours just now."""
    put(machine, "/brand/default", {"name": "Shop", "sender": {"address": "letter@shop.example.com"}, "address": "1 Road"})
    put(machine, "/topics/news", {"title": "News", "channels": ["email"]})
    put(machine, "/segments/readers", {"when": {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}}})
    for name in ("short", "long"):
        put(machine, f"/templates/{name}", {"channel": "email", "subject": f"{name} {{{{ traits.firstName }}}}",
                                            "html": _BODY.format("{{ traits.firstName }}", name)})
    put(machine, "/templates/broken", {"channel": "email", "subject": "{{ traits.pet }}", "html": _BODY.format("", "c")})
    now = clock(machine)
    quiet = {"begin": f"{(now.hour - 1) % 24:02}:00", "end": f"{(now.hour + 2) % 24:02}:00", "then": "hold"}
    put(machine, "/sending-rules/default", {"quiet_hours": {"email": quiet}})
    variants = [{"name": name, "template": name, "share": 50} for name in ("short", "long")]
    put(machine, "/campaigns/autumn", {"variants": variants, "topic": "news", "segment": "readers", "holdout": 8})
    put(machine, "/campaigns/pets", {"template": "broken", "topic": "news", "segment": "readers", "quiet_hours": "ignore"})


def clock(machine: LocalMachine) -> datetime:
    _, _, answer = machine.request("GET", "/local/clock", {}, b"")
    return datetime.fromtimestamp(from_iso(json.loads(answer)["now"]) / 1_000, UTC)


def people(number: int) -> Iterator[dict[str, Any]]:
    """Somebody: some without an address, some who never subscribed or left again, with more or less of a history."""
    user = f"u{number}"
    zone = {"timezone": "Asia/Tokyo"} if number % 9 else {}
    traits = {"plan": "gold", "firstName": f"F{number}", "notes": "x" * (number % 7 * 150)}
    if number % 13:
        traits["email"] = f"{user}@mail{number % 5}.example.com"
    if number % 4:
        traits["pet"] = "cat"
    yield {"type": "identify", "traits": traits, "context": zone}
    if number % 11:
        state = "subscribed" if number % 17 else "unsubscribed"
        yield {"type": "track", "event": "Consent Updated", "context": zone,
               "properties": {"channel": "email", "topic": "news", "state": state, "source": "fair"}}
    for place in range(number % 9):
        yield {"type": "track", "event": "Product Viewed", "context": zone, "properties": {"product_id": f"p{place}"}}


def bring(machine: LocalMachine) -> None:
    """Let them all be there."""
    calls = [{**call, "userId": f"u{number}", "messageId": f"{number}-{place}"}
             for number in range(PEOPLE) for place, call in enumerate(people(number))]
    for first in range(0, len(calls), 100):
        status, _, answer = machine.request("POST", "/v1/batch", KEY, json.dumps({"batch": calls[first:first + 100]}).encode())
        assert status == 200, answer
    machine.drain()


def ended(machine: LocalMachine, campaign: str, command: str) -> dict[str, Any]:
    """Run it to its end, whoever has to be waited for."""
    status, run = ask(machine, "POST", f"/campaigns/{campaign}/{command}")
    assert status == 202, run
    until = time.monotonic() + 120
    while run["state"] == "running":
        assert time.monotonic() < until, run
        if run.get("waiting") and run["outcomes"].get("sent"):
            machine.advance("1h")  # until their quiet hours are over
        time.sleep(0.1)
        run = ask(machine, "GET", f"/campaigns/{campaign}/runs/{run['id']}")[1]
    return dict(run)


def transitions(run: str) -> int:
    """States that the run's execution entered."""
    states = boto3.client("stepfunctions")
    machines = [one["stateMachineArn"] for one in states.list_state_machines()["stateMachines"]]
    found = [one["executionArn"] for machine in machines for one in states.list_executions(stateMachineArn=machine)["executions"]
             if run in one["name"]]
    assert found
    return sum(event["type"].endswith("StateEntered") for one in found
               for page in states.get_paginator("get_execution_history").paginate(executionArn=one) for event in page["events"])


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with local_machine() as machine:
        define(machine)
        bring(machine)
        dry = ended(machine, "autumn", "forecast")
        status, forecast = ask(machine, "GET", f"/campaigns/autumn/forecasts/{dry['id']}")
        assert status == 200, forecast
        pets = ended(machine, "pets", "forecast")
        forecast["pets"] = ask(machine, "GET", f"/campaigns/pets/forecasts/{pets['id']}")[1]
        meter = Meter(FUNCTIONS)
        with meter.listening():
            run = ended(machine, "autumn", "launch")
        actual = {**meter.units, prices.TRANSITIONS: transitions(run["id"])}
        machine.drain()
        compact()
        yield Both(forecast, run, actual, ask(machine, "GET", f"/campaigns/autumn/report?run={run['id']}")[1])


def compact() -> None:
    (compaction,) = [one["stateMachineArn"] for one in boto3.client("stepfunctions").list_state_machines()["stateMachines"]
                     if "Lake" in one["name"]]
    workflows.run(compaction, {})


def test_units_of_the_forecast_are_those_of_the_run_within_one_per_cent(both: Both, record_property: Any) -> None:
    counted = both.forecast["cost"]["counted"]["units"]
    lines = [f"a campaign to {PEOPLE} people{'':12}forecast    actual",
             *(f"  {unit:32}{counted.get(unit, 0):10g}{both.actual[unit]:10g}" for unit in COMPARED)]
    record_property("summary", "\n".join(lines))
    apart = {unit: (counted.get(unit, 0), both.actual[unit]) for unit in COMPARED
             if abs(counted.get(unit, 0) - both.actual[unit]) > max(0.01 * both.actual[unit], 1)}
    assert not apart


def test_the_forecast_says_what_then_happens(both: Both) -> None:
    forecast, run = both.forecast, both.run
    assert (forecast["complete"], forecast["audience"], run["state"]) == (True, PEOPLE, "finished")
    assert forecast["would_send"] + forecast["held"] == run["outcomes"]["sent"] > 150
    assert forecast["held"] > 10
    assert forecast["skipped"] == run["reasons"]["skipped"]
    assert set(forecast["skipped"]) == {"holdout", "unsubscribed", "no_consent", "no_address"}


def test_whose_text_cannot_be_made_is_known_before(both: Both) -> None:
    found = both.forecast["pets"]["not_renderable"]
    assert found["people"] > 30
    assert [problem["code"] for problem in found["problems"]] == ["undefined"]
    assert found["problems"][0]["people"] == found["people"]
    assert "pet" in found["problems"][0]["examples"][0]["what"]


def test_the_report_of_the_run_counts_the_same_messages(both: Both) -> None:
    report, sent = both.report, both.run["outcomes"]["sent"]
    assert (report["totals"]["sent"], report["totals"]["delivered"]) == (sent, sent)
    assert sum(part["sent"] for part in report["by_variant"]) == sent
    assert report["lift"]["held_out"]["people"] == both.forecast["skipped"]["holdout"]
    # Aggregates are larger than usual ones here: what was counted is a little more than what a report assumes.
    assert report["cost"]["usd"] == pytest.approx(both.forecast["cost"]["usd"], rel=0.05)
