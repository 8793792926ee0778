"""One task of a replay: forget the erased, apply raw objects, or merge those who were one."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle.aws import client
from socle.profiles.store import ProfileStore
from socle.replay.service import Replay
from socle.replay.store import NoteStore, ReplayStore
from socle.settings import ReplaySettings

logger = Logger()
settings = ReplaySettings.from_env()
dynamodb = client("dynamodb")
replay = Replay(ReplayStore(client("s3"), settings.bucket), ProfileStore(dynamodb, settings.restored_table),
                NoteStore(dynamodb, settings.restored_table))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "pass", "task"}` -> nothing: what it came to is kept in S3, for there may be very many tasks."""
    count = replay.do(event["run"], event["pass"], event["task"])
    logger.info("done", extra={"task": event, "count": count.to_json()})
    return {}
