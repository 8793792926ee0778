"""EventBridge: what S3 announces reaches the functions that a rule of the stack names. moto keeps rules, but calls nobody."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from moto.events.models import events_backends
from moto.s3 import notifications

from infra.local.cloud import ACCOUNT, REGION
from infra.local.patching import replace
from infra.local.runtime import Outcome
from socle import clock

logger = logging.getLogger("infra.local")

TRIES = 3
"""Lambda calls a function for an event once, and twice more when it fails."""


class Announcements:
    """New objects, read by the pump like a queue."""

    name = "new objects"

    def __init__(self, invoke: Callable[[str, Any], Outcome]) -> None:
        """`invoke(arn, event)` calls a function."""
        self._invoke = invoke
        self._waiting: deque[tuple[str, Any, int]] = deque()

    def install(self, stack: ExitStack, arrived: Callable[[], None]) -> None:
        """Until `stack` closes, what moto announces of S3 comes here; `arrived()` is told."""
        def announce(_account: str, bucket: Any, event_name: str, key: Any) -> None:
            event = {
                "version": "0", "id": f"{key.name}#{key.version_id}", "source": "aws.s3", "account": ACCOUNT, "region": REGION,
                "detail-type": "Object Created" if ":ObjectCreated:" in event_name else "Object Deleted",
                "time": datetime.fromtimestamp(clock.now() / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "resources": [bucket.arn],
                "detail": {"version": "0", "reason": event_name.rpartition(":")[2], "bucket": {"name": bucket.name},
                           "object": {"key": key.name, "size": key.size, "etag": key.etag.strip('"'),
                                      "version-id": key.version_id}}}
            for arn in _targets(event):
                self._waiting.append((arn, event, 0))
                arrived()

        replace(stack, notifications, "_send_event_bridge_message", announce)

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
            logger.error("%s was not told of %s", arn, event["detail"]["object"]["key"])
        return None

    def holds(self) -> bool:
        """Whether some have not been told yet."""
        return bool(self._waiting)

    def window(self) -> float:
        """None: every event is a call of its own."""
        return 0.0


def _targets(event: Any) -> list[str]:
    """The functions of the enabled rules that an event matches."""
    rules = events_backends[ACCOUNT][REGION].event_buses["default"].rules.values()
    return [target["Arn"] for rule in rules if rule.state == "ENABLED" and rule.event_pattern.matches_event(event)
            for target in rule.targets]
