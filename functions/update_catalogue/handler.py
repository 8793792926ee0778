"""Every hour: raw objects that came since -> the catalogue of traits and events."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.catalogue.service import update
from socle.catalogue.store import CatalogueStore
from socle.quality.validity import invalid
from socle.settings import CatalogueSettings

logger, metrics = Logger(), Metrics()
store = CatalogueStore(client("s3"), CatalogueSettings.from_env().bucket)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Answers how many objects were read; those for which no time was left are read by the next update."""
    read = update(store, invalid, clock.now(), context.get_remaining_time_in_millis)
    metrics.add_metric("CatalogueObjects", MetricUnit.Count, read)
    return {"read": read}
