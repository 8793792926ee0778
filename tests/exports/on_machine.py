"""Exports on the local machine: to files, to a webhook, by the clock, refused, failed."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3

from infra.local import workflows
from infra.local.machine import LocalMachine

ADMIN = {"authorization": "Bearer local-admin-token"}
KEY = {"authorization": "Basic bG9jYWwtd3JpdGUta2V5Og=="}  # local-write-key:
SEGMENT = {"when": {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}}}

FILE = {"segment": "golden", "fields": ["identifiers.email"], "mode": "delta"}


def ask(machine: LocalMachine, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """A request of the admin API: its status and its answer."""
    sent = b"" if body is None else json.dumps(body).encode()
    status, _, answer = machine.request(method, f"/api{path}", ADMIN, sent)
    return status, json.loads(answer) if answer else None


def people(machine: LocalMachine, *names: str, plan: str = "gold") -> None:
    """Let these have a plan, and the lake know."""
    messages = [{"type": "identify", "userId": name, "traits": {"plan": plan, "email": f"{name}@shop.example.com"}}
                for name in names]
    status, _, answer = machine.request("POST", "/v1/batch", KEY, json.dumps({"batch": messages}).encode())
    assert status == 200, answer
    machine.drain()
    (compaction,) = [one["stateMachineArn"] for one in boto3.client("stepfunctions").list_state_machines()["stateMachines"]
                     if "Lake" in one["name"]]
    workflows.run(compaction, {})


def ended(machine: LocalMachine, name: str, run: str) -> dict[str, Any]:
    """The run when it has ended."""
    until = time.monotonic() + 120
    while (found := ask(machine, "GET", f"/exports/{name}/runs/{run}")[1])["state"] == "running":
        assert time.monotonic() < until, found
        time.sleep(0.05)
    return dict(found)


def exported(machine: LocalMachine, name: str) -> dict[str, Any]:
    """Run an export and wait."""
    status, run = ask(machine, "POST", f"/exports/{name}/run")
    assert status == 202, run
    return ended(machine, name, run["id"])


def define(machine: LocalMachine) -> None:
    """The segment, and three exports of it."""
    for path, document in {
        "segments/golden": SEGMENT,
        "exports/golden-file": {**FILE, "schedule": "rate(15 minutes)"},
        "exports/golden-hook": {"segment": "golden", "fields": ["traits.plan"], "mode": "delta",
                                "destination": {"type": "webhook", "url": "https://hooks.example.com/in"}},
        "exports/of-nobody": {"segment": "there-is-none", "fields": ["id"]},
    }.items():
        status, answer = ask(machine, "PUT", f"/{path}", document)
        assert status == 200, answer


def export_people(machine: LocalMachine) -> None:
    """Everything that exports do, once."""
    define(machine)
    people(machine, "export1", "export2")
    first = exported(machine, "golden-file")
    assert (first["state"], first["counts"]["changes"]["added"]) == ("succeeded", 2), first
    assert exported(machine, "golden-hook")["counts"]["sent"] == 2
    failed = exported(machine, "of-nobody")
    assert (failed["state"], failed["failure"]["code"]) == ("failed", "unknown_segment")
    assert ask(machine, "GET", f"/exports/golden-file/runs/{first['id']}/file?file=part-000.csv")[0] == 200
    assert ask(machine, "GET", "/exports/golden-hook/secret")[0] == 200
    assert by_the_clock(machine, "golden-file")["state"] == "succeeded"
    assert ask(machine, "PUT", "/exports/golden-file", FILE)[0] == 200  # days may pass now without a hundred exports each


def by_the_clock(machine: LocalMachine, name: str) -> dict[str, Any]:
    """Let a schedule of 15 minutes come round; answers the run when it has ended."""
    machine.advance("27m")
    (run, *_) = [run for run in ask(machine, "GET", f"/exports/{name}/runs")[1]["items"] if run["by"] == "schedule"]
    return ended(machine, name, run["id"])
