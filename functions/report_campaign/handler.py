"""The lake and a run's outcomes -> its report, or its forecast: called by serve_admin."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.channels.store import Quotas
from socle.errors import SocleError
from socle.lake.store import LakeStore
from socle.reports.service.forecast import Forecasts
from socle.reports.service.journey import JourneyMessages
from socle.reports.service.report import Reports
from socle.reports.store import OutcomeFiles
from socle.settings import ReportSettings

logger = Logger()
settings = ReportSettings.from_env()
lake = LakeStore(client("s3"), settings.bucket)
files = OutcomeFiles(lake)
quotas = Quotas(client("sesv2"))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"what": "report" | "forecast", "campaign", "run", "rates"?}` or `{"what": "journey", "journey"}` -> `{"report"}`, or
    `{"refused": {"code", "message", "status", "field"}}` for what the caller should know."""
    def connect() -> Any:
        import duckdb  # 60 MB: not while the function is made ready

        return duckdb.connect(config={"memory_limit": f"{int(context.memory_limit_in_mb) * 6 // 10}MB"})

    with tempfile.TemporaryDirectory() as directory:
        try:
            return {"report": _answer(event, connect, Path(directory))}
        except SocleError as error:
            return {"refused": {"code": error.code, "message": error.message, "field": error.field, "status": error.status}}


def _answer(event: dict[str, Any], connect: Any, directory: Path) -> dict[str, Any]:
    now = clock.now()
    if event["what"] == "journey":
        return JourneyMessages(lake, connect, lambda: time.monotonic_ns() // 1_000_000).of(event["journey"], directory)
    if event["what"] == "forecast":
        return Forecasts(files, connect, lambda: quotas.email(now)).forecast(event["campaign"], event["run"], now, directory)
    # Real time, also on a local machine whose clock stands still or runs ahead.
    reports = Reports(lake, files, connect, lambda: time.monotonic_ns() // 1_000_000)
    return reports.of_run(event["campaign"], event["run"], event.get("rates") or {}, directory)
