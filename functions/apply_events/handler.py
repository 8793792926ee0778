"""Kinesis -> profiles: apply each batch of events to its people."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import KinesisStreamEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.cached import Cached
from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.definitions.store import DefinitionStore
from socle.effects.store import EffectQueue
from socle.errors import Unavailable
from socle.ids import new_id
from socle.lake.store import RawStore
from socle.profiles.store import ProfileStore
from socle.quarantine.store import QuarantineStore
from socle.releases.store import ReleaseStore
from socle.settings import ApplySettings

logger, metrics = Logger(), Metrics()
settings = ApplySettings.from_env()
dynamodb, s3 = client("dynamodb"), client("s3")
definitions = DefinitionStore(dynamodb, settings.definitions_table)
releases = ReleaseStore(dynamodb, settings.definitions_table)
rules = Cached(lambda: Rules.of(definitions.list_current, releases.all()), 30 * clock.SECOND, clock.now)
consumer = Consumer(
    ProfileStore(dynamodb, settings.profiles_table), RawStore(s3, settings.bucket), QuarantineStore(s3, settings.bucket),
    EffectQueue(client("sqs"), settings.effects_queue_url),
    rules, new_id, clock.now, rules.forget)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Apply a batch; in an outage ask for all of it again, for what was done stays done and is not done twice."""
    records = [Record(str(record.event_id).partition(":")[0], record.kinesis.sequence_number,
                      int(record.kinesis.approximate_arrival_timestamp * 1000), record.kinesis.data_as_bytes())
               for record in KinesisStreamEvent(event).records]
    try:
        outcome = consumer.apply(records)
    except Unavailable as error:
        logger.warning("batch put off", extra={"code": error.code, "reason": error.message})
        metrics.add_metric("BatchesFailed", MetricUnit.Count, 1)
        return {"batchItemFailures": [{"itemIdentifier": records[0].sequence}]}
    metrics.add_metric("EventsApplied", MetricUnit.Count, outcome.applied)
    metrics.add_metric("EventsDuplicate", MetricUnit.Count, outcome.duplicates)
    if outcome.poisoned:
        metrics.add_metric("EventsQuarantined", MetricUnit.Count, outcome.poisoned)
    return {"batchItemFailures": []}
