"""Effects queue -> the world: do what profiles decided. What fails comes again, and ends as a dead letter."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.accounts.service import AccountWriter
from socle.accounts.store import AccountStore
from socle.aws import client
from socle.cached import Cached
from socle.definitions.store import DefinitionStore
from socle.effects import webhook
from socle.effects.service import EffectRunner
from socle.effects.store import read_effect
from socle.errors import SocleError, loggable
from socle.profiles.store import ProfileStore
from socle.segments.service.members import Memberships
from socle.segments.store import MembershipStore
from socle.settings import EffectsSettings

logger, metrics = Logger(), Metrics()
settings = EffectsSettings.from_env()
dynamodb, secrets = client("dynamodb"), client("secretsmanager")
definitions = DefinitionStore(dynamodb, settings.definitions_table)
master = Cached(lambda: secrets.get_secret_value(SecretId=settings.signing_secret_arn)["SecretString"].encode(),
                15 * clock.MINUTE, clock.now)

RESERVE = 15 * clock.SECOND
"""What one effect may take: with less time left, the rest goes back to the queue instead of failing with the others."""

profiles = ProfileStore(dynamodb, settings.profiles_table)
runner = EffectRunner(profiles, lambda name: getattr(definitions.current("webhooks", name), "document", None), master,
                      lambda *asked: webhook.post(*asked), AccountWriter(AccountStore(dynamodb, settings.profiles_table)),
                      Memberships(MembershipStore(dynamodb, settings.profiles_table), definitions, profiles))


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
