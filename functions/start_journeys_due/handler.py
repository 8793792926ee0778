"""Every five minutes: ask the people of journeys with a schedule in, when it is due."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.cohorts.service import Cohorts
from socle.cohorts.store import TimetableStore
from socle.definitions.store import DefinitionStore
from socle.errors import loggable
from socle.events.store import EventStream
from socle.messages.rules import KIND as SENDING_RULES
from socle.messages.rules import SendingRules
from socle.profiles.store import ProfileStore
from socle.releases.store import ReleaseStore
from socle.segments.store import MembershipStore
from socle.settings import StartJourneysSettings

RESERVE = 30_000
"""Ms that are kept for the page under way."""

logger, metrics = Logger(), Metrics()
settings = StartJourneysSettings.from_env()
dynamodb = client("dynamodb")
definitions = DefinitionStore(dynamodb, settings.definitions_table)


def _zone() -> str:
    found = definitions.current(SENDING_RULES, "default")
    return SendingRules.model_validate(found.document if found else {}).timezone


cohorts = Cohorts(
    TimetableStore(dynamodb, settings.definitions_table), ReleaseStore(dynamodb, settings.definitions_table),
    MembershipStore(dynamodb, settings.profiles_table), ProfileStore(dynamodb, settings.profiles_table),
    EventStream(settings.stream_name), _zone)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{}` -> `{"asked": {journey: people}, "waiting": [journeys]}`. One that fails holds up no other."""
    outcome = cohorts.go_on(clock.now(), lambda: context.get_remaining_time_in_millis() > RESERVE)
    for journey, error in outcome.failed.items():
        logger.warning("not all were asked in", extra={"journey": journey, "reason": loggable(error)})
    metrics.add_metric("PeopleAskedIn", MetricUnit.Count, sum(outcome.asked.values()))
    return {"asked": outcome.asked, "waiting": outcome.waiting}
