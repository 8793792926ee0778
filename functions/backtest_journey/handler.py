"""The lake -> what a journey would have come to: called by serve_admin for POST /api/journeys/<name>/backtest."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.aws import client
from socle.definitions.store import DefinitionStore
from socle.errors import SocleError
from socle.journeys.service.backtest import Backtests, Question
from socle.lake.store import LakeStore
from socle.settings import BacktestSettings
from socle.workflows.store import refusal

logger = Logger()
settings = BacktestSettings.from_env()
lake = LakeStore(client("s3"), settings.bucket)
definitions = DefinitionStore(client("dynamodb"), settings.definitions_table)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"journey", "from", "until", "document"?}`, times in epoch ms -> `{"answer"}`, or `{"refused": …}` for what the caller
    should know."""
    def connect() -> Any:
        import duckdb  # 60 MB: not while the function is made ready

        return duckdb.connect(config={"memory_limit": f"{int(context.memory_limit_in_mb) * 4 // 10}MB"})

    # Real time, also on a local machine whose clock stands still or runs ahead.
    backtests = Backtests(lake, definitions.list_current, connect, lambda: time.monotonic_ns() // 1_000_000)
    question = Question(event["journey"], event["from"], event["until"], event.get("document"))
    with tempfile.TemporaryDirectory() as directory:
        try:
            return {"answer": backtests.backtest(question, clock.now(), Path(directory))}
        except SocleError as error:
            return refusal(error)
