"""Every five minutes: begin campaigns whose schedule says so, and go on with runs whose execution has ended before them."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.campaigns.model.document import KIND, CampaignDocument
from socle.campaigns.service.due import Due
from socle.campaigns.service.executions import Executions
from socle.campaigns.service.requests import Campaigns
from socle.campaigns.store import RunStore
from socle.definitions.store import DefinitionStore
from socle.errors import SocleError, loggable
from socle.settings import StartCampaignsSettings
from socle.workflows.store import Workflow

logger, metrics = Logger(), Metrics()
settings = StartCampaignsSettings.from_env()
dynamodb = client("dynamodb")
definitions, runs = DefinitionStore(dynamodb, settings.definitions_table), RunStore(dynamodb, settings.definitions_table)
executions = Executions(runs, Workflow(client("stepfunctions"), settings.campaign_machine))
due = Due(runs, definitions, executions, Campaigns(runs, definitions, executions))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{}` -> `{"started": [names], "resumed": [names]}`. One that can't be started holds up no other."""
    started = []
    for definition in definitions.list_current(KIND):
        try:
            if due.start(definition.name, CampaignDocument.model_validate(definition.document), clock.now()):
                started.append(definition.name)
        except (SocleError, ValueError) as error:
            logger.warning("not started", extra={"campaign": definition.name, "reason": loggable(error)})
    resumed, waiting = due.go_on(clock.now())
    metrics.add_metric("CampaignsWaiting", MetricUnit.Count, waiting)
    return {"started": started, "resumed": [run.campaign for run in resumed]}
