"""First step of an import: read the file once and sort its rows into buckets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.errors import Rejected
from socle.imports.service.finish import remember_failure
from socle.imports.service.split import Splitter
from socle.imports.store import ImportFiles, RunStore
from socle.settings import ImportSettings

logger = Logger()
settings = ImportSettings.from_env()
runs = RunStore(client("dynamodb"), settings.definitions_table)
splitter = Splitter(runs, ImportFiles(client("s3"), settings.bucket), Path("/tmp"))  # noqa: S108 (Lambda's own disk)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run"}` -> `{"tasks"}`: lists of buckets to convert."""
    try:
        return {"tasks": splitter.split(event["run"], clock.now(), context.get_remaining_time_in_millis)}
    except Rejected as error:
        remember_failure(runs, event["run"], error)
        raise
