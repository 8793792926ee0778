"""Workflows wait by the one clock: moving it ends waits and pauses before retries, and what they held up is done at once."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import boto3

from infra.local.cloud import ACCOUNT, REGION
from infra.local.machine import LocalMachine, local_machine
from infra.local.runtime import Function
from socle import clock

CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {
    "FunctionName": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", "Payload.$": "$"}, "OutputPath": "$.Payload"}
BASE = {
    "R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r", "AssumeRolePolicyDocument": {}}},
    "F": {"Type": "AWS::Lambda::Function", "Properties": {
        "FunctionName": "f", "Handler": "f.handler.handler", "Runtime": "python3.13", "Timeout": 3,
        "Role": {"Fn::GetAtt": ["R", "Arn"]}, "Code": {"ZipFile": "x"}}}}


class Noting(Function):
    """Notes when it was called, and with what; fails as often as it is told to."""

    def __init__(self, calls: list[tuple[Any, int]], failures: int = 0, slow: float = 0) -> None:
        super().__init__("f", "f.handler.handler", {}, 3, 128)
        self.calls, self.failures, self.slow = calls, failures, slow
        self._call = self._handle

    def _handle(self, event: Any, _context: Any) -> Any:
        time.sleep(self.slow)
        self.calls.append((event, clock.now()))
        if len(self.calls) <= self.failures:
            raise ValueError("not yet")
        return event


def template(states: dict[str, Any], start: str) -> dict[str, Any]:
    definition = json.dumps({"StartAt": start, "States": states})
    return {"Resources": {**BASE, "W": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
        "StateMachineName": "w", "DefinitionString": definition, "RoleArn": {"Fn::GetAtt": ["R", "Arn"]}}}}}


def started(machine: LocalMachine, function: Noting, given: Any = None) -> None:
    machine.runtime.functions["f"] = function
    boto3.client("stepfunctions", region_name=REGION).start_execution(
        stateMachineArn=f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:w", name="one", input=json.dumps(given or {}))


def hours(calls: list[tuple[Any, int]], since: int) -> list[float]:
    return [round((at - since) / clock.HOUR, 2) for _, at in calls]


def test_a_wait_of_days_ends_at_its_time_and_what_follows_is_done() -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 2 * 86_400, "Next": "Call"}, "Call": {**CALL, "Next": "Again"},
              "Again": {"Type": "Wait", "Seconds": 3_600, "Next": "Last"}, "Last": {**CALL, "End": True}}
    with local_machine(template(states, "Wait")) as machine:
        calls: list[tuple[Any, int]] = []
        started(machine, Noting(calls, slow=0.05))
        since = clock.now()
        machine.advance("1d")
        assert calls == []
        machine.advance("2d")
        assert hours(calls, since) == [48, 49]
        assert abs(clock.now() - since - 3 * clock.DAY) < clock.MINUTE


def test_a_wait_for_a_moment_is_over_when_the_clock_is_there_and_not_before() -> None:
    states = {"Wait": {"Type": "Wait", "TimestampPath": "$.until", "Next": "Call"}, "Call": {**CALL, "End": True}}
    with local_machine(template(states, "Wait")) as machine:
        calls: list[tuple[Any, int]] = []
        until = clock.now() + clock.HOUR
        text = datetime.fromtimestamp(until / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        started(machine, Noting(calls), {"until": text})
        machine.advance("59m")
        assert calls == []
        machine.advance("1m")
        ((_, at),) = calls
        assert 0 <= at - until < clock.SECOND


def test_the_pause_before_a_retry_follows_the_clock() -> None:
    states = {"Call": {**CALL, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600, "MaxAttempts": 3}], "End": True}}
    with local_machine(template(states, "Call")) as machine:
        calls: list[tuple[Any, int]] = []
        since = clock.now()
        started(machine, Noting(calls, failures=2))
        machine.advance("1h")
        assert hours(calls, since) == [0, 0.17, 0.5]


def test_branches_that_wait_do_not_hide_one_that_works() -> None:
    states = {"Both": {"Type": "Parallel", "End": True, "Branches": [
        {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 86_400, "End": True}}},
        {"StartAt": "Short", "States": {
            "Short": {"Type": "Wait", "Seconds": 60, "Next": "Call"}, "Call": {**CALL, "End": True}}}]}}
    with local_machine(template(states, "Both")) as machine:
        calls: list[tuple[Any, int]] = []
        started(machine, Noting(calls, slow=0.3))
        while len(machine.timeline._waits._waiting) < 2:
            time.sleep(0.01)
        machine.advance("2m")
        assert len(calls) == 1


def test_a_machine_that_ends_stops_the_workflows_that_wait() -> None:
    states = {"Wait": {"Type": "Wait", "Seconds": 86_400, "End": True}}
    with local_machine(template(states, "Wait")) as machine:
        started(machine, Noting([]))
        machine.advance("1s")
