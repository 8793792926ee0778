"""First step of a replay: cut what there is in S3 into tasks."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.replay.service import SEGMENTS, plan
from socle.replay.store import ReplayStore
from socle.settings import ReplayPlanSettings

logger = Logger()
store = ReplayStore(client("s3"), ReplayPlanSettings.from_env().bucket)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "input": {"compare"?, "copy"?}}` -> the numbers of the tasks, by pass."""
    asked = event["input"]
    return plan(store, event["run"], clock.now(), int(asked.get("compare", 0)), int(asked.get("copy", SEGMENTS)))
