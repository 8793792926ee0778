"""The machine runs what is deployed: from a request to the profile, with the settings of the template."""

from __future__ import annotations

import base64
import json
import os
import sys
from typing import Any

import boto3
import pytest

from infra.local.cloud import REGION
from infra.local.machine import LocalMachine, local_machine

KEY = {"authorization": "Basic " + base64.b64encode(b"local-write-key:").decode()}
ADMIN = {"authorization": "Bearer local-admin-token"}


def ask(machine: LocalMachine, method: str, target: str, headers: dict[str, str] | None = None,
        document: Any = None) -> tuple[int, Any]:
    body = b"" if document is None else json.dumps(document).encode()
    status, _, answer = machine.request(method, target, headers, body)
    return status, json.loads(answer) if answer else None


def test_an_event_becomes_part_of_a_profile(machine: LocalMachine) -> None:
    order = {"userId": "42", "event": "Order Completed", "messageId": "m1",
             "properties": {"order_id": "A1", "revenue": 49.9, "currency": "EUR"}}
    assert ask(machine, "POST", "/v1/track", KEY, order)[0] == 200
    machine.drain()
    status, profile = ask(machine, "GET", "/api/profiles?by=user_id:42", ADMIN)
    assert status == 200
    assert profile["events"] == {"Order Completed": 1}
    assert profile["orders"]["EUR"]["revenue"] == 4990


def test_a_webhook_is_obeyed_from_the_moment_it_is_written(machine: LocalMachine) -> None:
    def sent(number: int) -> list[str]:
        ask(machine, "POST", "/v1/track", KEY, {"userId": "44", "event": "Signed Up", "messageId": f"webhook-{number}"})
        machine.drain()
        return [item["to"] for item in ask(machine, "GET", "/local/outbox")[1]["items"]]

    assert sent(1) == []
    url = "https://hooks.example.com/"
    for name in ("a", "b"):
        ask(machine, "PUT", "/api/webhooks/hook", ADMIN, {"url": url + name, "events": ["Signed Up"]})
        assert sent(ord(name))[-1] == url + name
    assert ask(machine, "DELETE", "/api/webhooks/hook", ADMIN)[0] == 204
    assert sent(3) == [url + "a", url + "b"]


def test_metrics_are_summed_instead_of_printed(machine: LocalMachine, capfd: pytest.CaptureFixture[str]) -> None:
    before = ask(machine, "GET", "/local/metrics")[1].get("EventsCollected", 0)
    ask(machine, "POST", "/v1/track", KEY, {"userId": "43", "event": "Seen"})
    assert ask(machine, "GET", "/local/metrics")[1]["EventsCollected"] == before + 1
    assert "CloudWatchMetrics" not in capfd.readouterr().out


def test_the_write_key_must_be_known(machine: LocalMachine) -> None:
    assert ask(machine, "POST", "/v1/track", {"authorization": "Bearer wrong"}, {"userId": "1", "event": "x"})[0] == 401


def test_the_admin_api_wants_the_token(machine: LocalMachine) -> None:
    assert ask(machine, "GET", "/api/profiles?by=user_id:42") == (401, {"message": "Unauthorized"})


def test_it_is_healthy_and_its_start_page_names_what_to_open(machine: LocalMachine) -> None:
    assert machine.request("GET", "/health")[0] == machine.request("HEAD", "/health")[0] == 200
    status, headers, body = machine.request("GET", "/", {"host": "localhost:9000"})
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    for text in ("/api/openapi.json", "/local/outbox", "/local/metrics", "localhost:9000/v1/track"):
        assert text in body.decode()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"advance": "3x"}', b'{"advance": "1d", "x": 1}', b"\xff", b"{}"])
def test_a_bad_clock_request_is_a_400_in_the_projects_shape(machine: LocalMachine, body: bytes) -> None:
    status, _, answer = machine.request("POST", "/local/clock", {}, body)
    assert status == 400
    assert set(json.loads(answer)["error"]) >= {"code", "message"}


@pytest.mark.parametrize(("method", "path", "expected"), [
    ("PUT", "/local/clock", 405), ("POST", "/local/outbox", 405), ("GET", "/local/nothing", 404)])
def test_the_machines_own_routes_say_what_they_take(machine: LocalMachine, method: str, path: str, expected: int) -> None:
    status, answer = ask(machine, method, path)
    assert status == expected
    assert answer["error"]["message"]


def test_functions_have_the_settings_of_the_template(machine: LocalMachine) -> None:
    by_handler = {function.handler: function for function in machine.runtime.functions.values()}
    collect = by_handler["collect_events.handler.handler"]
    assert collect.environment["SOCLE_STREAM_NAME"] == machine.outputs["StreamName"]
    assert collect.timeout == 10


def test_a_schedule_calls_its_function_only_when_it_can_find_something(machine: LocalMachine) -> None:
    sweep = next(function for function in machine.runtime.functions.values() if "sweep_due" in function.handler)
    calls: list[Any] = []
    original, sweep._call = sweep._call, lambda event, _context: calls.append(event)
    try:
        machine.advance("1h")
        assert not calls
        boto3.client("dynamodb", region_name=REGION).put_item(TableName=machine.outputs["ProfilesTable"], Item={
            "PK": {"S": "P#due"}, "SK": {"S": "Z"}, "dueShard": {"S": "0"}, "due": {"N": "1"}})
        machine.advance("1h")
        assert len(calls) == 60
    finally:
        sweep._call = original
        boto3.client("dynamodb", region_name=REGION).delete_item(
            TableName=machine.outputs["ProfilesTable"], Key={"PK": {"S": "P#due"}, "SK": {"S": "Z"}})


def test_the_clock_passes_over_compactions_that_find_nothing_new(machine: LocalMachine) -> None:
    compact = next(function for function in machine.runtime.functions.values() if "compact_lake" in function.handler)
    plans: list[Any] = []

    def call(event: dict[str, Any], _context: Any) -> Any:
        plans.extend([event] if event["step"] == "plan" else [])
        return {"chunks": [], "work": False}

    original, compact._call = compact._call, call
    bucket, key = machine.outputs["BucketName"], "raw/dt=2026-01-01/new.ndjson.gz"
    try:
        boto3.client("s3", region_name=REGION).put_object(Bucket=bucket, Key=key, Body=b"")
        machine.advance("1h")
        assert len(plans) == 1
        machine.advance("3h")
        assert len(plans) <= 2  # the first of a day is never passed over
    finally:
        compact._call = original
        boto3.client("s3", region_name=REGION).delete_object(Bucket=bucket, Key=key)


def test_there_is_one_machine_at_a_time(machine: LocalMachine) -> None:
    with pytest.raises(RuntimeError, match="one machine"), local_machine({"Resources": {}}):
        pass


def test_nothing_of_the_machine_is_left_when_it_stops() -> None:
    code = ("import os, sys; before = dict(os.environ);"
            "from infra.local.machine import local_machine\n"
            "with local_machine() as machine: machine.request('GET', '/health')\n"
            "left = [name for name in sys.modules if name.startswith('functions.')]\n"
            "assert not left, left\n"
            "assert dict(os.environ) == before")
    import subprocess

    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join([root, f"{root}/layers/core/python"])})
    assert done.returncode == 0, done.stderr
