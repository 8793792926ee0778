"""A step of a campaign: send a chunk of its audience, or forecast it, as far as the time of one call goes."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from .collaborators import worker

logger = Logger()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"campaign", "run", "attempt", "chunk", "position"}` -> the same from where it goes on, with `done`: False when it must be
    called again, and `stopped`: the run was paused or cancelled, or another execution goes on with it."""
    position, done, stopped = worker.work(event["campaign"], event["run"], event["attempt"], event["chunk"], event["position"],
                                          context.get_remaining_time_in_millis)
    return {**event, "position": position, "done": done, "stopped": stopped}
