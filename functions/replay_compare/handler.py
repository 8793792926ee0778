"""One task of a drill: compare a segment of the restored table with the live one."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle.aws import client
from socle.drill.service import Drill
from socle.drill.store import Segments
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from socle.replay.store import ReplayStore
from socle.settings import ReplayCompareSettings

logger = Logger()
settings = ReplayCompareSettings.from_env()
dynamodb = client("dynamodb")
live, restored = ((Profiles(ProfileStore(dynamodb, table)), Segments(dynamodb, table))
                  for table in (settings.profiles_table, settings.restored_table))
drill = Drill(ReplayStore(client("s3"), settings.bucket), live, restored)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "task"}` -> nothing: what it came to is kept in S3."""
    count = drill.do(event["run"], event["task"])
    logger.info("done", extra={"task": event, "count": count.to_json()})
    return {}
