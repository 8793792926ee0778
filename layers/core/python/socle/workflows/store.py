"""Executions of a state machine.

    access               call
    begin an execution   StartExecution; one that is there already is taken for it
    break it off         StopExecution
    what became of it    DescribeExecution
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from socle.aws import Client, translated


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
