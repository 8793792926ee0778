"""An object under imports/<mapping>/ -> an import of it by that mapping."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.imports.service.requests import Imports
from socle.imports.store import ImportFiles, RunStore
from socle.settings import StartImportSettings
from socle.workflows.store import Workflow

logger = Logger()
settings = StartImportSettings.from_env()
dynamodb = client("dynamodb")
imports = Imports(
    RunStore(dynamodb, settings.definitions_table), ImportFiles(client("s3"), settings.bucket),
    DefinitionStore(dynamodb, settings.definitions_table), Workflow(client("stepfunctions"), settings.import_machine_arn))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """EventBridge's "Object Created" of S3 -> the import's id and state. Announced twice, it is imported once."""
    found = event["detail"]["object"]
    at = int(datetime.fromisoformat(event["time"]).timestamp()) * clock.SECOND
    run = imports.load_object(found["key"], found.get("version-id") or found["etag"], at, clock.now())
    if run is None:
        return {}
    logger.info("import", extra={"run": run.id, "state": run.state, "code": run.failure.code if run.failure else None})
    return {"run": run.id, "state": run.state}
