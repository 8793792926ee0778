"""The steps of a search for near-duplicates around the comparison: plan, extract people, propose candidates, finish."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.duplicates.model import KIND, DuplicateRules
from socle.duplicates.service.search import Search
from socle.duplicates.store import CandidateStore, RunStore
from socle.identity.service.graph import IdentityGraph
from socle.profiles.store import ProfileStore
from socle.settings import ProposeDuplicatesSettings

logger = Logger()
settings = ProposeDuplicatesSettings.from_env()
dynamodb = client("dynamodb")
definitions, profiles = DefinitionStore(dynamodb, settings.definitions_table), ProfileStore(dynamodb, settings.profiles_table)


def _rules() -> DuplicateRules:
    found = definitions.current(KIND, "default")
    return DuplicateRules.model_validate(found.document if found else {})


search = Search(profiles, CandidateStore(dynamodb, settings.definitions_table), RunStore(client("s3"), settings.bucket),
                IdentityGraph(profiles), _rules)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "step": "plan", "input"}`, `{…, "step": "extract", "part"}`, `{…, "step": "propose", "chunk"}`, or
    `{…, "step": "finish"}`, which answers what the search came to."""
    run = event["run"]
    match event["step"]:
        case "plan":
            return search.plan(run, bool(event["input"].get("by_hand")), clock.now())
        case "extract":
            return {"people": search.extract(run, event["part"])}
        case "propose":
            search.propose(run, event["chunk"], clock.now())
            return {}
        case _:
            report = search.finish(run, clock.now())
            logger.info("done", extra={name: report[name] for name in ("people", "pairs", "candidates", "merged", "closed")})
            return report
