"""The steps of a campaign's run around its sending: plan and look on, finish, or give up."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.campaigns.service.plan import Planner
from socle.campaigns.service.steps import Steps
from socle.campaigns.store import Counters, RunFiles, RunStore
from socle.definitions.store import DefinitionStore
from socle.errors import Rejected
from socle.messages.store import Ledger
from socle.profiles.store import ProfileStore
from socle.segments.store import MembershipStore
from socle.settings import CampaignSettings
from socle.templates.service import freeze

logger, metrics = Logger(), Metrics()
settings = CampaignSettings.from_env()
dynamodb = client("dynamodb")
runs, files = RunStore(dynamodb, settings.definitions_table), RunFiles(client("s3"), settings.bucket)
definitions = DefinitionStore(dynamodb, settings.definitions_table)
planner = Planner(runs, files, definitions, MembershipStore(dynamodb, settings.profiles_table),
                  ProfileStore(dynamodb, settings.profiles_table), Ledger(dynamodb, settings.profiles_table),
                  lambda template: freeze(definitions, template))
steps = Steps(runs, files, Counters(dynamodb, settings.definitions_table), planner)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"step", "campaign", "run", "attempt", "results"?}` -> for the steps `plan` and `next` what Steps.following answers."""
    campaign, run, attempt, now = event["campaign"], event["run"], event["attempt"], clock.now()
    try:
        match event["step"]:
            case "plan" | "next":
                return {"until": None, **steps.following(campaign, run, attempt, event.get("results", ()), now)}
            case "finish":
                for outcome, people in steps.finish(campaign, run, attempt, now).items():
                    metrics.add_metric(f"Campaign{outcome.title().replace('_', '')}", MetricUnit.Count, people)
            case _:
                steps.give_up(campaign, run, attempt, now)
                metrics.add_metric("CampaignsFailed", MetricUnit.Count, 1)
    except Rejected as error:
        steps.remember(campaign, run, error)
        raise
    if metrics.metric_set:
        metrics.flush_metrics()  # here, for the other steps have none, and would warn of that
    return {}
