"""The steps of a survey of all profiles: plan, one part, the sum. A clean-up goes the same way."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.settings import QualitySettings

from . import collaborators

logger = Logger()
survey = collaborators.survey(QualitySettings.from_env())


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "step": "plan", "input"}` or `{"run", "step": "part", "part"}` or `{"run", "step": "sum"}`."""
    if event["step"] == "plan":
        return survey.plan(event["run"], event["input"], clock.now())
    if event["step"] == "part":
        survey.part(event["run"], event["part"])
        return {}
    return survey.add_up(event["run"])
