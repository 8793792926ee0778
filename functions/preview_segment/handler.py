"""The lake -> who would be in a segment that is not saved: called by serve_admin for POST /api/segments/preview."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.errors import SocleError
from socle.lake.store import LakeStore
from socle.segments.service.previews import Previews
from socle.settings import PreviewSettings

logger = Logger()
settings = PreviewSettings.from_env()
lake = LakeStore(client("s3"), settings.bucket)
definitions = DefinitionStore(client("dynamodb"), settings.definitions_table)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"document"}` -> `{"preview"}`, or `{"refused": {"code", "message", "status"}}` for what the caller should know."""
    def connect() -> Any:
        import duckdb  # 60 MB: not while the function is made ready

        return duckdb.connect(config={"memory_limit": f"{int(context.memory_limit_in_mb) * 6 // 10}MB"})

    # Real time, also on a local machine whose clock stands still or runs ahead.
    previews = Previews(lake, definitions, connect, lambda: time.monotonic_ns() // 1_000_000)
    with tempfile.TemporaryDirectory() as directory:
        try:
            return {"preview": previews.preview(event["document"], clock.now(), Path(directory))}
        except SocleError as error:
            return {"refused": {"code": error.code, "message": error.message, "status": error.status}}
