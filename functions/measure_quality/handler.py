"""The steps of a survey of all profiles: plan, one part, the sum. A clean-up goes the same way."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.catalogue.service import by_source
from socle.catalogue.store import CatalogueStore
from socle.definitions.store import DefinitionStore
from socle.events.store import EventStream
from socle.profiles.store import ProfileStore
from socle.quality.cleanup import SOURCE
from socle.quality.model import DOCUMENT, KIND, QualityRulesDocument
from socle.quality.service import Survey
from socle.quality.store import QualityStore
from socle.quality.validity import normalise
from socle.settings import QualitySettings

logger = Logger()
settings = QualitySettings.from_env()
dynamodb, s3 = client("dynamodb"), client("s3")
definitions, catalogue = DefinitionStore(dynamodb, settings.definitions_table), CatalogueStore(s3, settings.bucket)


def _rules() -> QualityRulesDocument:
    found = definitions.current(KIND, DOCUMENT)
    return QualityRulesDocument.model_validate(found.document if found else {})


def _sources() -> dict[str, dict[str, int]]:
    return {name: counts for name, counts in by_source(catalogue.load()[0]).items() if name != SOURCE}


survey = Survey(QualityStore(s3, settings.bucket), ProfileStore(dynamodb, settings.profiles_table),
                EventStream(settings.stream_name), _rules, normalise, _sources)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "step": "plan", "input"}` or `{"run", "step": "part", "part"}` or `{"run", "step": "sum"}`."""
    if event["step"] == "plan":
        return survey.plan(event["run"], event["input"], clock.now())
    if event["step"] == "part":
        survey.part(event["run"], event["part"])
        return {}
    return survey.add_up(event["run"])
