"""Effects queue -> the world: do what profiles decided. What fails comes again, and ends as a dead letter."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.effects.store import read_effect
from socle.errors import SocleError, loggable

from .collaborators import logger, make_runner, metrics

RESERVE = 15 * clock.SECOND
"""What one effect may take: with less time left, the rest goes back to the queue instead of failing with the others."""

runner = make_runner()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Run each effect; those that fail are reported one by one."""
    failures = []
    for record in SQSEvent(event).records:
        if context.get_remaining_time_in_millis() < RESERVE:
            failures.append(record.message_id)
            continue
        try:
            done = runner.run(read_effect(record.body), clock.now())
        except (SocleError, ValueError, TypeError) as error:
            logger.warning("effect failed", extra={"message_id": record.message_id, "reason": loggable(error)})
            metrics.add_metric("EffectsFailed", MetricUnit.Count, 1)
            failures.append(record.message_id)
        else:
            metrics.add_metric("EffectsRun", MetricUnit.Count, int(done))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}
