"""A step of a journey: called by its state machine when somebody comes to it."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.journeys.model.task import Task

from .collaborators import logger, make_steps, metrics

steps = make_steps()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A payload of socle.journeys.compile.states -> {}, or `way`, `until`, `seconds`. What it raises is a way, too: the state
    machine catches it by the name of its class (socle.journeys.model.ways)."""
    task = Task.of(event)
    metrics.add_metric("JourneysParked" if task.is_failure else "JourneySteps", MetricUnit.Count, 1)
    return steps.do(task, clock.now())
