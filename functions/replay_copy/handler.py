"""One task of a replay: copy what no event tells from a segment of the live table."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle.aws import client
from socle.replay.store import ReplayStore
from socle.settings import ReplayCompareSettings
from socle.untold.service import Untold
from socle.untold.store import CopiedRows, UntoldRows

logger = Logger()
settings = ReplayCompareSettings.from_env()
dynamodb = client("dynamodb")
untold = Untold(ReplayStore(client("s3"), settings.bucket), UntoldRows(dynamodb, settings.profiles_table),
                CopiedRows(dynamodb, settings.restored_table))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "task"}` -> nothing: what it came to is kept in S3."""
    count = untold.do(event["run"], event["task"])
    logger.info("done", extra={"task": event, "count": count.to_json()})
    return {}
