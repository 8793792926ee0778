"""HTTP -> stream: Segment's tracking API. Answers 200 only when everything is on the stream."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from socle import clock
from socle.errors import SocleError, Unavailable
from socle.events import wire

from . import browser
from .collaborators import collector

logger, metrics = Logger(), Metrics()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Any route of the tracking API -> an answer of API Gateway's payload format 2.0."""
    try:
        if event["requestContext"]["http"]["method"] == "POST":
            return _collect(event)
        if event["rawPath"] == "/health":
            return _answer(200, {"status": "ok"})
        return _answer(200, browser.settings(event, collector(), clock.now()), **browser.CACHE)
    except Unavailable as error:
        logger.warning(error.code, exc_info=error)
        return _answer(error.status, error.to_json(), **{"retry-after": str(error.retry_after)})
    except SocleError as error:
        return _answer(error.status, error.to_json())


def _collect(event: dict[str, Any]) -> dict[str, Any]:
    collected = collector().collect(wire.read(event), clock.now())
    metrics.add_metric("EventsCollected", MetricUnit.Count, len(collected.events))
    metrics.add_metric("EventsQuarantined", MetricUnit.Count, len(collected.quarantined))
    metrics.flush_metrics()
    if not collected.quarantined:
        return _answer(200, {"success": True})
    return _answer(200, {"success": True, "quarantined": [row.to_answer() for row in collected.quarantined]})


def _answer(status: int, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "application/json", **headers}, "body": json.dumps(body)}
