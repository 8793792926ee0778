"""Every five minutes: start the exports whose schedule says so."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.errors import SocleError, loggable
from socle.exports.model.document import KIND, ExportDocument
from socle.exports.service.requests import Exports
from socle.exports.store import ExportFiles, RunStore
from socle.settings import StartExportSettings
from socle.workflows.store import Workflow

logger = Logger()
settings = StartExportSettings.from_env()
dynamodb = client("dynamodb")
definitions = DefinitionStore(dynamodb, settings.definitions_table)
exports = Exports(RunStore(dynamodb, settings.definitions_table), ExportFiles(client("s3"), settings.bucket), definitions,
                  Workflow(client("stepfunctions"), settings.export_machine))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{}` -> `{"started": [names]}`. One that can't be started holds up no other; its next turn comes all the same."""
    started = []
    for definition in definitions.list_current(KIND):
        try:
            if exports.start_due(definition.name, ExportDocument.model_validate(definition.document), clock.now()):
                started.append(definition.name)
        except (SocleError, ValueError) as error:
            logger.warning("not started", extra={"export": definition.name, "reason": loggable(error)})
    return {"started": started}
