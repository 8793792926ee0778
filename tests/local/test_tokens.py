"""Workflows that wait for a token: what comes with it wakes them, their time-out is the clock's, thousands of them may wait."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local.cloud import ACCOUNT, REGION
from infra.local.machine import LocalMachine, local_machine
from infra.local.runtime import Function
from infra.local.waits import Waits
from socle import clock
from tests.local.test_waits import BASE

ARN = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:held"
WHO = {"FunctionName": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"}
HOLD = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "ResultPath": "$.hold",
        "Parameters": {**WHO, "Payload": {"do": "hold", "token.$": "$$.Task.Token", "entered.$": "$$.State.EnteredTime"}}}
STEP = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "ResultPath": None}


def step(name: str) -> dict[str, Any]:
    return {**STEP, "Parameters": {**WHO, "Payload": {"do": name, "hold.$": "$.hold", "entered.$": "$$.State.EnteredTime"}}}


JOURNEY = {"StartAt": "Order?", "States": {
    "Order?": {**HOLD, "TimeoutSeconds": 3_600, "Next": "Thanks",
               "Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.hold", "Next": "Remind"}]},
    "Remind": {**step("remind"), "Next": "Later?", "Catch": [{"ErrorEquals": ["Exited"], "ResultPath": None, "Next": "Out"}]},
    "Later?": {**HOLD, "TimeoutSecondsPath": "$.rest", "Next": "Thanks",
               "Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.hold", "Next": "Offer"}]},
    "Offer": {**step("offer"), "End": True}, "Thanks": {**step("thanks"), "End": True}, "Out": {"Type": "Succeed"}}}


class Exited(Exception):
    """Somebody has left."""


class Steps(Function):
    """Does what journeys' steps do: keeps the tokens, notes the rest with its time."""

    def __init__(self) -> None:
        super().__init__("f", "f.handler.handler", {}, 3, 128)
        self.tokens: list[str] = []
        self.done: list[tuple[str, int]] = []
        self.out = False
        self.entered: list[str] = []
        self._call = self._handle

    def _handle(self, event: Any, _context: Any) -> Any:
        self.entered.append(event["entered"])
        if event["do"] == "hold":
            self.tokens.append(event["token"])
            return {}
        if self.out:
            raise Exited("for the shop")
        self.done.append((event["do"], clock.now()))
        return {}


@contextmanager
def holding() -> Iterator[tuple[LocalMachine, Steps, Any]]:
    """A machine with the workflow, which was made when it ran, as publishing does; its function; Step Functions."""
    with local_machine({"Resources": BASE}) as machine:
        steps = machine.runtime.functions["f"] = Steps()
        states = boto3.client("stepfunctions", region_name=REGION)
        states.create_state_machine(name="held", definition=json.dumps(JOURNEY), roleArn=f"arn:aws:iam::{ACCOUNT}:role/r")
        yield machine, steps, states


def enter(states: Any, name: str = "one") -> str:
    return str(states.start_execution(stateMachineArn=ARN, name=name, input='{"rest": 82800}')["executionArn"])


def status(states: Any, execution: str) -> str:
    return str(states.describe_execution(executionArn=execution)["status"])


def test_a_hold_is_over_when_the_clock_says_so_and_not_before() -> None:
    with holding() as (machine, steps, states):
        since, execution = clock.now(), enter(states)
        machine.advance("59m")
        assert (len(steps.tokens), steps.done) == (1, [])
        machine.advance("2m")
        ((name, at),) = steps.done
        assert (name, 3_600 <= (at - since) // 1_000 <= 3_605, len(steps.tokens)) == ("remind", True, 2)
        machine.advance("1d")
        assert [name for name, _ in steps.done] == ["remind", "offer"]
        assert 24 * 3_600 <= (steps.done[1][1] - since) // 1_000 <= 24 * 3_600 + 10
        assert status(states, execution) == "SUCCEEDED"


def test_a_token_that_comes_back_wakes_whoever_waits_for_it() -> None:
    with holding() as (machine, steps, states):
        execution = enter(states)
        machine.advance("30m")
        states.send_task_success(taskToken=steps.tokens[0], output='{"way": "Order Completed"}')
        machine.advance("0s")
        assert [name for name, _ in steps.done] == ["thanks"]
        assert status(states, execution) == "SUCCEEDED"
        machine.advance("2d")
        assert len(steps.done) == 1


def test_an_execution_that_was_stopped_has_ended_when_the_clock_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    end = Waits._end

    def late(waits: Waits, pause: Any) -> None:
        time.sleep(0.2)
        end(waits, pause)

    monkeypatch.setattr(Waits, "_end", late)
    with holding() as (machine, _, states):
        execution = enter(states)
        machine.advance("30m")
        states.stop_execution(executionArn=execution)
        machine.advance("1m")
        assert status(states, execution) == "ABORTED"


def test_a_token_whose_time_is_over_says_so() -> None:
    with holding() as (machine, steps, states):
        stopped = enter(states)
        for wait, left in (("61m", 1), ("1m", 0)):  # its time, then its workflow
            machine.advance(wait)
            with pytest.raises(states.exceptions.TaskTimedOut):
                states.send_task_success(taskToken=steps.tokens[0], output="{}")
            assert [name for name, _ in steps.done] == ["remind"]
            assert len(states.list_executions(stateMachineArn=ARN, statusFilter="RUNNING")["executions"]) == left
            states.stop_execution(executionArn=stopped)


def test_whoever_waits_for_a_token_can_be_stopped() -> None:
    with holding() as (machine, steps, states):
        first, second = enter(states, "first"), enter(states, "second")
        states.stop_execution(executionArn=second)
        machine.advance("1m")
        states.stop_execution(executionArn=first)
        machine.advance("1d")
        assert (status(states, first), status(states, second), steps.done) == ("ABORTED", "ABORTED", [])


def test_the_name_of_an_error_is_a_way() -> None:
    with holding() as (machine, steps, states):
        execution = enter(states)
        steps.out = True
        machine.advance("2h")
        assert (status(states, execution), steps.done, len(steps.tokens)) == ("SUCCEEDED", [], 1)


def test_the_time_at_which_a_state_was_entered_is_the_clocks() -> None:
    with holding() as (machine, steps, states):
        machine.advance("40d")
        enter(states)
        before = clock.now()
        machine.advance("61m")
        text = steps.entered[0]
        assert text.endswith("Z")
        assert abs(datetime.fromisoformat(text).timestamp() * 1_000 - before) < clock.MINUTE


def test_an_execution_that_was_started_already_is_the_same() -> None:
    with holding() as (machine, steps, states):
        assert enter(states) == enter(states)
        machine.advance("1m")
        assert len(steps.tokens) == 1
        machine.advance("2d")
        with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
            enter(states)


def test_five_hundred_people_wait_at_a_time_and_go_on_in_the_order_of_their_times() -> None:
    with holding() as (machine, steps, states):
        for number in range(500):
            enter(states, f"n{number}")
            if number % 10 == 9:
                machine.advance("1s")
        assert len(steps.tokens) == 500
        for token in steps.tokens[:250]:
            states.send_task_success(taskToken=token, output="{}")
        machine.advance("2d")
        done = [name for name, _ in steps.done]
        assert {name: done.count(name) for name in done} == {"thanks": 250, "remind": 250, "offer": 250}
        assert [at for _, at in steps.done] == sorted(at for _, at in steps.done)
