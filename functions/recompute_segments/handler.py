"""The steps of a recompute: freeze what it goes by, evaluate some buckets of the lake, add up."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle import clock
from socle.settings import RecomputeSettings

from . import collaborators

logger, metrics = Logger(), Metrics()
recompute = collaborators.recompute(RecomputeSettings.from_env())


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """`{"run", "step": "plan"}`, `{"run", "step": "part", "buckets": [0, 1, …]}` or `{"run", "step": "finish"}`, the report."""
    if event["step"] == "plan":
        return recompute.plan(event["run"], clock.now())
    if event["step"] == "part":
        with tempfile.TemporaryDirectory() as disk:
            # The rest is for Python, and for what DuckDB doesn't count.
            recompute.part(event["run"], event["buckets"], Path(disk), int(context.memory_limit_in_mb) * 7 // 10)
        return {}
    report = recompute.finish(event["run"], clock.now())
    metrics.add_metric("SegmentDrift", MetricUnit.Count, report["drift"])
    metrics.add_metric("SegmentTicks", MetricUnit.Count, report["ticks"])
    metrics.flush_metrics()  # here, for the other steps have none, and would warn of that
    return report
