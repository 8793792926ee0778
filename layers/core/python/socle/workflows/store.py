"""Executions of a state machine, and functions that are asked.

    access               call
    begin an execution   StartExecution; one that is there already is taken for it
    break it off         StopExecution
    let it go on         SendTaskSuccess, by the token that it waits with
    what became of it    DescribeExecution
    ask a function       Invoke, and its answer is waited for
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated
from socle.errors import Rejected, SocleError, Unavailable

_DEAD_TOKENS = frozenset(("TaskDoesNotExist", "TaskTimedOut", "InvalidToken"))


class Workflow:
    """The executions of one state machine, by names that are never used twice. Raises Unavailable in an outage."""

    def __init__(self, states: Client, machine: str) -> None:
        self._states = states
        self._machine = machine

    def start(self, name: str, document: dict[str, Any]) -> None:
        """Begin an execution. Beginning it again changes nothing."""
        with translated("the workflow"):
            try:
                self._states.start_execution(stateMachineArn=self._machine, name=name, input=json.dumps(document))
            except ClientError as error:
                if error.response["Error"]["Code"] != "ExecutionAlreadyExists":
                    raise

    def stop(self, name: str, reason: str) -> None:
        """Break an execution off, if there is one."""
        with translated("the workflow"):
            try:
                self._states.stop_execution(executionArn=self._arn(name), cause=reason)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ExecutionDoesNotExist":
                    raise

    def state(self, name: str) -> str | None:
        """`running`, `succeeded`, `failed`, `timed_out`, `aborted`; None for an execution that is not known (any more)."""
        with translated("the workflow"):
            try:
                return str(self._states.describe_execution(executionArn=self._arn(name))["status"]).lower()
            except ClientError as error:
                if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
                    return None
                raise

    def _arn(self, name: str) -> str:
        return f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}"


class Executions:
    """The executions of many state machines, by names that are never used twice. Raises Unavailable in an outage."""

    def __init__(self, states: Client) -> None:
        self._states = states

    def start(self, machine: str, name: str, document: Mapping[str, Any]) -> None:
        """Begin an execution. Beginning it again changes nothing."""
        Workflow(self._states, machine).start(name, dict(document))

    def stop(self, machine: str, name: str, reason: str) -> None:
        """Break an execution off, if there is one."""
        Workflow(self._states, machine).stop(name, reason)

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        """Let an execution go on; False when nobody waits with this token any more."""
        with translated("the workflow"):
            try:
                self._states.send_task_success(taskToken=token, output=json.dumps(output))
            except ClientError as error:
                if error.response["Error"]["Code"] in _DEAD_TOKENS:
                    return False
                raise
        return True


class AnsweringFunction:
    """Another function of the deployment, asked and waited for: `{"answer"}`, or `{"refused": {"code", "message", …}}`."""

    def __init__(self, functions: Client, name: str, what: str) -> None:
        self._functions = functions
        self._name = name
        self._what = what

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """What it answers. Raises Rejected as it refused, Unavailable when it is to be asked again or broke off."""
        with translated(self._what):
            said = self._functions.invoke(FunctionName=self._name, Payload=json.dumps(question).encode())
            found = json.loads(said["Payload"].read())
        if "FunctionError" in said:
            raise Unavailable("broke_off", f"{self._what} broke off, perhaps for want of time: ask again")
        if "refused" in found:
            refused = dict(found["refused"])
            if refused.pop("again", False):
                raise Unavailable(refused["code"], refused["message"])
            raise Rejected(**refused)
        return dict(found["answer"])


def refusal(error: SocleError) -> dict[str, Any]:
    """What such a function says of an error that its caller should know."""
    return {"refused": {"code": error.code, "message": error.message, **(
        {"again": True} if isinstance(error, Unavailable) else {"field": error.field, "status": error.status})}}
