"""The one clock moves, and everything due on the way happens in its order."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import boto3
import pytest

from infra.local.cloud import ACCOUNT, REGION
from infra.local.machine import local_machine
from infra.local.runtime import Function
from infra.local.schedule import next_time
from infra.local.timeline import parse_duration
from socle import clock
from socle.errors import Rejected


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(("expression", "after", "expected"), [
    ("rate(1 minute)", "2026-01-01T00:00:30+00:00", "2026-01-01T00:01:30+00:00"),
    ("rate(3 hours)", "2026-01-01T00:00:00+00:00", "2026-01-01T03:00:00+00:00"),
    ("rate(2 days)", "2026-01-01T00:00:00+00:00", "2026-01-03T00:00:00+00:00"),
    ("at(2026-05-01T10:00:00)", "2026-01-01T00:00:00+00:00", "2026-05-01T10:00:00+00:00"),
    ("at(2025-05-01T10:00:00)", "2026-01-01T00:00:00+00:00", None),
    ("cron(15 3 * * ? *)", "2026-01-01T03:15:00+00:00", "2026-01-02T03:15:00+00:00"),
    ("cron(0/15 * * * ? *)", "2026-01-01T00:01:00+00:00", "2026-01-01T00:15:00+00:00"),
    ("cron(0 8 ? * MON-FRI *)", "2026-01-03T00:00:00+00:00", "2026-01-05T08:00:00+00:00"),  # a Saturday
    ("cron(0 8 ? * 2 *)", "2026-01-03T00:00:00+00:00", "2026-01-05T08:00:00+00:00"),  # 2 is Monday
    ("cron(0 8 ? * 1 *)", "2026-01-03T00:00:00+00:00", "2026-01-04T08:00:00+00:00"),  # 1 is Sunday
    ("cron(0 8 ? * 2#1 *)", "2026-01-06T00:00:00+00:00", "2026-02-02T08:00:00+00:00"),  # the first Monday
    ("cron(0 8 L * ? *)", "2026-02-01T00:00:00+00:00", "2026-02-28T08:00:00+00:00"),
    ("cron(0 8 1 1 ? 2028)", "2026-02-01T00:00:00+00:00", "2028-01-01T08:00:00+00:00"),
    ("cron(0 8 1 1 ? 2020-2025)", "2026-02-01T00:00:00+00:00", None),
])
def test_a_schedule_is_due_when_eventbridge_scheduler_says(expression: str, after: str, expected: str | None) -> None:
    assert next_time(expression, ms(after)) == (ms(expected) if expected else None)


def test_a_schedule_follows_its_zone() -> None:
    berlin = next_time("cron(0 8 * * ? *)", ms("2026-07-01T00:00:00+00:00"), "Europe/Berlin")
    assert berlin == ms("2026-07-01T06:00:00+00:00")


@pytest.mark.parametrize("expression", ["rate(1 week)", "every day", "cron(* *)", "rate(x minutes)", "at(tomorrow)"])
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kinds of nonsense differ
        next_time(expression, 0)


@pytest.mark.parametrize(("text", "expected"), [
    ("90s", 90_000), ("5m", 300_000), ("2h", 7_200_000), ("3d", 259_200_000), ("1w", 604_800_000), ("0s", 0),
    ("PT36H", 129_600_000), ("P1DT1S", 86_401_000), ("P2W", 1_209_600_000)])
def test_durations_are_read(text: str, expected: int) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "3", "d", "-3d", "3 d", "3y", "1.5h", "P", "PT", "401d", "9999999999d", None, 3, []])
def test_other_durations_are_refused_with_what_to_do(text: Any) -> None:
    with pytest.raises(Rejected) as refusal:
        parse_duration(text)
    assert refusal.value.field == "advance"


def test_the_clock_is_read_and_moved_over_http() -> None:
    with local_machine(WITH_SCHEDULES) as machine:
        machine.runtime.functions["f"] = Recorder([])
        _, _, before = machine.request("GET", "/local/clock")
        status, _, after = machine.request("POST", "/local/clock", {}, b'{"advance": "2h"}')
        passed = ms(json.loads(after)["now"]) - ms(json.loads(before)["now"])
        assert status == 200
        assert 0 <= passed - 2 * clock.HOUR < clock.MINUTE
        assert json.loads(machine.request("GET", "/local/clock")[2])["now"] >= json.loads(after)["now"]


class Recorder(Function):
    """Remembers when it was called, and puts a message on the queue when told so."""

    def __init__(self, calls: list[tuple[str, int]]) -> None:
        super().__init__("f", "f.handler.handler", {}, 3, 128)
        self.calls = calls
        self._call = self._handle

    def _handle(self, event: Any, _context: Any) -> None:
        if "Records" in event:
            self.calls.append(("queue", clock.now()))
            return
        self.calls.append((event["name"], clock.now()))
        if event["name"] == "hourly":
            client = boto3.client("sqs", region_name=REGION)
            client.send_message(QueueUrl=client.get_queue_url(QueueName="q")["QueueUrl"], MessageBody="x")


def _schedule(name: str, expression: str) -> dict[str, Any]:
    return {"Type": "AWS::Scheduler::Schedule", "DependsOn": ["F"], "Properties": {
        "Name": name, "ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {
            "Arn": {"Fn::GetAtt": ["F", "Arn"]}, "RoleArn": "arn:aws:iam::123456789012:role/r",
            "Input": json.dumps({"name": name})}}}


WITH_SCHEDULES = {"Resources": {
    "R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": {}}},
    "F": {"Type": "AWS::Lambda::Function", "Properties": {
        "FunctionName": "f", "Handler": "f.handler.handler", "Runtime": "python3.13", "Timeout": 3,
        "Role": {"Fn::GetAtt": ["R", "Arn"]}, "Code": {"ZipFile": "x"}}},
    "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}},
    "M": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
        "EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "FunctionName": {"Ref": "F"}}, "DependsOn": ["Q"]},
    "Hourly": _schedule("hourly", "rate(1 hour)"), "Often": _schedule("often", "rate(40 minutes)")}}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    monkeypatch.setattr("infra.local.runtime.Function", lambda *_args: Recorder(found))
    return found


def test_everything_due_happens_in_order_at_its_time_with_its_consequences(calls: list[tuple[str, int]]) -> None:
    with local_machine(WITH_SCHEDULES) as machine:
        machine.advance("0s")
        start = clock.now()
        machine.advance("2h")
    assert [name for name, _ in calls] == ["often", "hourly", "queue", "often", "hourly", "queue", "often"]
    minutes = [round((at - start) / clock.MINUTE) for _, at in calls]
    assert minutes == [40, 60, 60, 80, 120, 120, 120]


def test_a_stopped_machine_leaves_the_clock_as_it_was() -> None:
    before = clock.now()
    with local_machine(WITH_SCHEDULES) as machine:
        machine.runtime.functions["f"] = Recorder([])
        machine.advance("1d")
        assert clock.now() - before > clock.DAY
    assert clock.now() - before < clock.HOUR
