"""A step of the search for near-duplicates: compare everybody in DuckDB."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle.aws import client
from socle.duplicates.service.compare import compare
from socle.duplicates.store import RunStore
from socle.settings import FindDuplicatesSettings

logger = Logger()
runs = RunStore(client("s3"), FindDuplicatesSettings.from_env().bucket)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run"}` -> `{"chunks": [0, 1, …]}`, the documents with pairs."""
    with tempfile.TemporaryDirectory() as disk:
        # The rest is for Python, and for what DuckDB doesn't count.
        return compare(runs, event["run"], Path(disk), int(context.memory_limit_in_mb) * 7 // 10)
