"""HTTP -> stream: JSON that other systems push, turned into events by a saved mapping. 200 only when they are on the stream."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from socle import clock
from socle.errors import SocleError, Unavailable
from socle.events import wire

from .collaborators import hooks

logger, metrics = Logger(), Metrics()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """POST /v1/hooks/<mapping> -> an answer like those of the tracking API."""
    try:
        collected = hooks().collect(wire.read_any(event), event["pathParameters"]["name"], clock.now())
    except Unavailable as error:
        logger.warning(error.code, exc_info=error)
        return _answer(error.status, error.to_json(), **{"retry-after": str(error.retry_after)})
    except SocleError as error:
        return _answer(error.status, error.to_json())
    metrics.add_metric("EventsCollected", MetricUnit.Count, len(collected.events))
    metrics.add_metric("EventsQuarantined", MetricUnit.Count, len(collected.quarantined))
    metrics.flush_metrics()
    if not collected.quarantined:
        return _answer(200, {"success": True})
    return _answer(200, {"success": True, "quarantined": [row.to_answer() for row in collected.quarantined]})


def _answer(status: int, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "application/json", **headers}, "body": json.dumps(body)}
