"""EventBridge: what S3 and Step Functions announce reaches the functions that a rule of the stack names. moto keeps rules, but
calls nobody."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from moto.events.models import events_backends
from moto.s3 import notifications
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication

from infra.local.cloud import ACCOUNT, REGION
from infra.local.patching import replace
from infra.local.runtime import Outcome
from socle import clock

logger = logging.getLogger("infra.local")

TRIES = 3
"""Lambda calls a function for an event once, and twice more when it fails."""


class Announcements:
    """New objects, and executions that have ended; read by the pump like a queue."""

    name = "announcements"

    def __init__(self, invoke: Callable[[str, Any], Outcome]) -> None:
        """`invoke(arn, event)` calls a function."""
        self._invoke = invoke
        self._waiting: deque[tuple[str, Any, int]] = deque()

    def install(self, stack: ExitStack, arrived: Callable[[], None]) -> None:
        """Until `stack` closes, what moto announces of S3 comes here, and each execution that ends; `arrived()` is told."""
        def announce(event: dict[str, Any]) -> None:
            for arn in _targets(event):
                self._waiting.append((arn, event, 0))
                arrived()

        def ended(worker: Any) -> None:
            terminated(worker)
            announce(_of_execution(worker.execution))

        terminated = BaseExecutionWorkerCommunication.terminated
        replace(stack, BaseExecutionWorkerCommunication, "terminated", ended)
        replace(stack, notifications, "_send_event_bridge_message", lambda _account, *changed: announce(_of_object(*changed)))

    def step(self) -> bool | None:
        """Call one function for one event."""
        if not self._waiting:
            return False
        arn, event, tries = self._waiting.popleft()
        if self._invoke(arn, event).error is None:
            return True
        if tries + 1 < TRIES:
            self._waiting.append((arn, event, tries + 1))
        else:
            logger.error("%s was not told of %s", arn, event["id"])
        return None

    def holds(self) -> bool:
        """Whether some have not been told yet."""
        return bool(self._waiting)

    def window(self) -> float:
        """None: every event is a call of its own."""
        return 0.0


def _of_object(bucket: Any, event_name: str, key: Any) -> dict[str, Any]:
    detail = {"version": "0", "reason": event_name.rpartition(":")[2], "bucket": {"name": bucket.name},
              "object": {"key": key.name, "size": key.size, "etag": key.etag.strip('"'), "version-id": key.version_id}}
    type_ = "Object Created" if ":ObjectCreated:" in event_name else "Object Deleted"
    return _event(f"{key.name}#{key.version_id}", "aws.s3", type_, bucket.arn, detail)


def _of_execution(one: Any) -> dict[str, Any]:
    """Step Functions developer guide, "Automating Step Functions event delivery with EventBridge": times in epoch ms, the input
    as the text that it is."""
    is_done = one.output is not None
    detail = {"executionArn": one.exec_arn, "stateMachineArn": one.state_machine.arn, "name": one.name, "status": one.status,
              "startDate": round(one.start_date.timestamp() * 1_000), "stopDate": round(one.stop_date.timestamp() * 1_000),
              "input": to_json_str(one.input_data), "inputDetails": {"included": True},
              "output": to_json_str(one.output) if is_done else None, "outputDetails": {"included": True} if is_done else None,
              "error": one.error, "cause": one.cause}
    return _event(one.exec_arn, "aws.states", "Step Functions Execution Status Change", one.exec_arn, detail)


def _event(id_: str, source: str, type_: str, resource: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {"version": "0", "id": id_, "source": source, "account": ACCOUNT, "region": REGION, "detail-type": type_,
            "time": datetime.fromtimestamp(clock.now() / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "resources": [resource],
            "detail": detail}


def _targets(event: Any) -> list[str]:
    """The functions of the enabled rules that an event matches."""
    rules = events_backends[ACCOUNT][REGION].event_buses["default"].rules.values()
    return [target["Arn"] for rule in rules if rule.state == "ENABLED" and rule.event_pattern.matches_event(event)
            for target in rule.targets]
