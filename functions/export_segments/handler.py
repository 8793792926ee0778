"""The steps of an export around its delivery: plan, write the files of a part, finish, or give up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.errors import Rejected
from socle.exports.members import KINDS, members_of
from socle.exports.service.finish import Finisher, remember_failure
from socle.exports.service.plan import Planner
from socle.exports.service.write import Writer
from socle.exports.store import ExportFiles, RunStore
from socle.lake.store import LakeStore
from socle.settings import ExportSettings

logger, metrics = Logger(), Metrics()
settings = ExportSettings.from_env()
dynamodb, s3 = client("dynamodb"), client("s3")
runs, definitions = RunStore(dynamodb, settings.definitions_table), DefinitionStore(dynamodb, settings.definitions_table)
files, lake = ExportFiles(s3, settings.bucket), LakeStore(s3, settings.bucket)

planner = Planner(runs, files, definitions, lake, lambda segment, at: members_of(
    segment, at, *({one.name: one.document for one in definitions.list_current(kind)} for kind in KINDS)))
finisher = Finisher(runs, files)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"step", "export", "run"}`, for the step `write` with `part`; `plan` answers `{"parts", "is_webhook"}`."""
    export, run, now = event["export"], event["run"], clock.now()
    try:
        match event["step"]:
            case "plan":
                return planner.plan(export, run, now)
            case "write":
                # The rest is for Python, and for what DuckDB doesn't count.
                memory = int(context.memory_limit_in_mb) * 7 // 10
                Writer(files, lake, Path("/tmp"), memory).write(export, run, event["part"])  # noqa: S108 (Lambda's own disk)
            case "finish":
                counts = finisher.finish(export, run, now)
                metrics.add_metric("RowsExported", MetricUnit.Count, counts["rows"])
                metrics.add_metric("RowsRefused", MetricUnit.Count, counts.get("refused", 0))
                metrics.flush_metrics()  # here, for the other steps have none, and would warn of that
            case _:
                finisher.give_up(export, run, now)
    except Rejected as error:
        remember_failure(runs, export, run, error)
        raise
    return {}
