"""Last step of an import: what it came to, and the rows that were not taken; or that it failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.imports.service.finish import Finisher
from socle.imports.store import ImportFiles, RunStore
from socle.settings import ImportSettings

logger, metrics = Logger(), Metrics()
settings = ImportSettings.from_env()
finisher = Finisher(RunStore(client("dynamodb"), settings.definitions_table), ImportFiles(client("s3"), settings.bucket),
                    Path("/tmp"))  # noqa: S108 (Lambda's own disk)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "failed"}` -> nothing: what it came to is kept in the table."""
    if event["failed"]:
        finisher.give_up(event["run"], clock.now())
        metrics.add_metric("ImportsFailed", MetricUnit.Count, 1)
        return {}
    total = finisher.finish(event["run"], clock.now())
    metrics.add_metric("RowsImported", MetricUnit.Count, total.rows)
    metrics.add_metric("RowsRejected", MetricUnit.Count, total.rejected.total())
    return {}
