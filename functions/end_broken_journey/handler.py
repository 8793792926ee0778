"""An execution of a journey that failed for good: whoever was in it is out, and an alarm rings."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.events.store import EventStream
from socle.journeys.service.broken import end_broken
from socle.journeys.service.courses import Courses
from socle.journeys.service.ground import Ground
from socle.journeys.store import Counters, EntryStore
from socle.profiles.store import ProfileStore
from socle.releases.store import ReleaseStore
from socle.settings import EndBrokenSettings
from socle.workflows.store import Executions

logger, metrics = Logger(), Metrics()
settings = EndBrokenSettings.from_env()
dynamodb, table = client("dynamodb"), settings.definitions_table
ground = Ground(
    ProfileStore(dynamodb, settings.profiles_table), EntryStore(dynamodb, settings.profiles_table), Counters(dynamodb, table),
    Courses(ReleaseStore(dynamodb, table), lambda plan: {}, clock.now), Executions(client("stepfunctions")),
    EventStream(settings.stream_name), DefinitionStore(dynamodb, table).list_current)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """EventBridge's "Execution Status Change" of Step Functions -> `{"broken": …}`: whether somebody is out for that, or nobody
    can tell who was in it. Told twice, it ends once."""
    detail = event["detail"]
    broken = end_broken(ground, detail["name"], detail.get("input"), clock.now())
    if broken:
        logger.warning("a journey's execution failed for good",
                       extra={"execution": detail["executionArn"], "status": detail["status"]})
    metrics.add_metric("JourneysBroken", MetricUnit.Count, int(broken))
    return {"broken": broken}
