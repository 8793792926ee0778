"""Every hour: raw objects that came since -> the catalogue of traits and events."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.catalogue.service import update
from socle.catalogue.store import CatalogueStore
from socle.quality.validity import invalid
from socle.settings import CatalogueSettings

logger = Logger()
store = CatalogueStore(client("s3"), CatalogueSettings.from_env().bucket)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Answers how many objects were read; those for which no time was left are read by the next update."""
    read = update(store, invalid, clock.now(), context.get_remaining_time_in_millis)
    logger.info("updated", extra={"objects": read})
    return {"read": read}
