"""The workflow of the template, run on the local machine as on AWS: a few hundred events, people who merge, one who is erased."""

from __future__ import annotations

import base64
import json

import boto3
import pytest

from infra.local.machine import local_machine
from infra.local.replay import compare, replay
from infra.local.runtime import Function
from socle.consent.model import HARD_BOUNCE
from socle.consent.store import Standings
from socle.errors import Unavailable
from socle.messages.model import EMAIL, Address
from socle.profiles.store import ProfileStore

KEY = {"authorization": "Basic " + base64.b64encode(b"local-write-key:").decode()}
ADMIN = {"authorization": "Bearer local-admin-token"}
PEOPLE = 40


@pytest.fixture(scope="module")
def machine():
    with local_machine() as running:
        yield running


def send(machine, messages):
    status, _, body = machine.request("POST", "/v1/batch", KEY, json.dumps({"batch": messages}).encode())
    assert (status, json.loads(body)) == (200, {"success": True})
    machine.drain()


def test_the_restored_table_shows_what_the_live_one_shows(machine):
    for step in range(6):
        send(machine, [{"type": "track", "event": f"Step {step % 3}", "anonymousId": f"a{one}", "messageId": f"{one}-{step}"}
                       for one in range(PEOPLE)])
        send(machine, [{"type": "track", "event": "Order Completed", "userId": f"u{one}", "messageId": f"o{one}-{step}",
                        "properties": {"order_id": f"{one}-{step // 2}", "revenue": step, "currency": "EUR"}}
                       for one in range(0, PEOPLE, 2)])
        if step == 3:
            send(machine, [{"type": "identify", "anonymousId": f"a{one}", "userId": f"u{one}", "traits": {"n": one}}
                           for one in range(0, PEOPLE, 4)])
    answer = replay(machine, "run-1", compare=2)
    assert (answer["compared"], answer["changed"]) == (60, 0)
    assert (answer["failed"], answer["events"], answer["applied"]) == (0, 370, 370)
    assert (answer["profiles"], answer["merged"]) == (60, 10)
    live, restored = machine.outputs["ProfilesTable"], machine.outputs["RestoredTable"]
    assert compare(live, restored) == (50, 10, [])


def test_a_difference_is_seen(machine):
    live, restored = machine.outputs["ProfilesTable"], machine.outputs["RestoredTable"]
    dynamodb = boto3.client("dynamodb")
    found = ProfileStore(dynamodb, restored).owners([("anonymous_id", "a1"), ("anonymous_id", "a3")])
    first, second = (owner.profile for owner in found.values())
    kept = {sort: dynamodb.get_item(TableName=restored, Key={"PK": {"S": pk}, "SK": {"S": sort}})["Item"]
            for pk, sort in ((f"P#{first}", "A"), ("I#anonymous_id#a3", "I"))}
    dynamodb.put_item(TableName=restored, Item=kept["I"] | {"p": {"S": first}})
    dynamodb.delete_item(TableName=restored, Key={"PK": {"S": f"P#{first}"}, "SK": {"S": "A"}})
    _, _, differences = compare(live, restored)
    assert set(differences) == {f"profile {first}", "identifier anonymous_id:a1", "identifier anonymous_id:a3"}
    for item in kept.values():
        dynamodb.put_item(TableName=restored, Item=item)
    assert compare(live, restored)[2] == []
    assert second


def test_what_fails_for_a_while_is_tried_again_and_who_was_erased_is_forgotten(machine, monkeypatch):
    profile = json.loads(machine.request("GET", "/api/profiles?by=user_id:u4", ADMIN)[2])["id"]
    assert machine.request("DELETE", f"/api/profiles/{profile}", ADMIN)[0] == 204
    load, failures = ProfileStore.load, []

    def failing(*given):
        if len(failures) < 2:
            failures.append(1)
            raise Unavailable("throttled", "the table is throttled")
        return load(*given)

    monkeypatch.setattr(ProfileStore, "load", failing)
    monkeypatch.setattr("moto.stepfunctions.parser.asl.component.common.retry.retrier_decl.time.sleep", lambda _: None)
    answer = replay(machine, "run-2")
    assert (answer["failed"], answer["erased"], answer["applied"], len(failures)) == (0, 1, 0, 2)
    assert compare(machine.outputs["ProfilesTable"], machine.outputs["RestoredTable"])[2] == []


def test_who_is_suppressed_stays_so_in_the_restored_table(machine):
    ann = Address(EMAIL, "ann@example.com")
    live, restored = (Standings(boto3.client("dynamodb"), machine.outputs[name]) for name in ("ProfilesTable", "RestoredTable"))
    live.suppress(ann, HARD_BOUNCE, 100)
    assert compare(machine.outputs["ProfilesTable"], machine.outputs["RestoredTable"])[2] == [f"row C#email#{ann.digest} C"]
    answer = replay(machine, "run-suppressed")
    assert (answer["failed"], answer["copied"], restored.load([ann])[ann].reason) == (0, 1, HARD_BOUNCE)
    assert compare(machine.outputs["ProfilesTable"], machine.outputs["RestoredTable"])[2] == []


def test_a_damaged_object_fails_the_run_and_is_named(machine):
    s3, bucket = boto3.client("s3"), machine.outputs["BucketName"]
    s3.put_object(Bucket=bucket, Key="raw/dt=2026-01-01/damaged.ndjson.gz", Body=b"no gzip")
    answer = replay(machine, "run-3")
    assert [(failure["object"], failure["code"]) for failure in answer["failures"]] == [
        ("raw/dt=2026-01-01/damaged.ndjson.gz", "unreadable")]
    executions = boto3.client("stepfunctions").list_executions(stateMachineArn=machine.outputs["ReplayMachine"])["executions"]
    assert {one["name"]: one["status"] for one in executions}["run-3"] == "FAILED"


def test_a_task_that_never_succeeds_is_named_and_the_others_are_done(machine, monkeypatch):
    invoke = Function.invoke

    def broken(function, event, request_id=None):
        if isinstance(event, dict) and event.get("pass") == "merge" and event["task"] == 7:
            event = {"run": event["run"], "pass": "none", "task": 7}
        return invoke(function, event, request_id)

    monkeypatch.setattr(Function, "invoke", broken)
    monkeypatch.setattr("moto.stepfunctions.parser.asl.component.common.retry.retrier_decl.time.sleep", lambda _: None)
    boto3.client("s3").delete_object(Bucket=machine.outputs["BucketName"], Key="raw/dt=2026-01-01/damaged.ndjson.gz")
    answer = replay(machine, "run-4")
    assert [(failure["task"], failure["code"]) for failure in answer["failures"]] == [("merge-7", "broken_off")]
