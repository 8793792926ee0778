"""The steps of RFM: score all customers in DuckDB, then tell those whose values changed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.settings import RfmSettings

from . import collaborators

logger = Logger()
rfm = collaborators.rfm_run(RfmSettings.from_env())


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "step": "compute"}` or `{"run", "step": "tell", "from"}`; the answer's `from` is null at the end."""
    with tempfile.TemporaryDirectory() as disk:
        if event["step"] == "compute":
            # The rest is for Python, and for what DuckDB doesn't count.
            return rfm.compute(event["run"], clock.now(), Path(disk), int(context.memory_limit_in_mb) * 7 // 10)
        return rfm.tell(event["run"], event["from"], Path(disk))
