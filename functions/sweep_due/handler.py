"""Every minute: put a tick on the stream for each profile that is due."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.events.store import EventStream
from socle.profiles.store import ProfileStore
from socle.settings import SweepSettings
from socle.timers.service import sweep

logger, metrics = Logger(), Metrics()
settings = SweepSettings.from_env()
profiles = ProfileStore(client("dynamodb"), settings.profiles_table)
stream = EventStream(settings.stream_name)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Answers how many ticks were sent; profiles beyond the limit of a run are found by the next."""
    sent = sweep(profiles, stream, clock.now())
    metrics.add_metric("TicksSent", MetricUnit.Count, sent)
    return {"sent": sent}
