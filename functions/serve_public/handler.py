"""HTTP -> the public pages: links of messages, unsubscribing, preferences, surveys, forms. Whoever has the link may come in."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from socle import clock
from socle.errors import SocleError, Unavailable

from . import answers, http, routes

logger, metrics = Logger(), Metrics()


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request in, one page out. No path is logged: it holds the token."""
    head = event["requestContext"]["http"]["method"] == "HEAD"
    try:
        request = http.read(event, clock.now())
        answer = routes.respond(request)
    except SocleError as error:
        if isinstance(error, Unavailable):
            logger.warning(error.code, exc_info=error)
        answer = answers.refused(error, (event.get("headers") or {}).get("accept-language", ""))
    metrics.add_metric("PublicRequests", MetricUnit.Count, 1)
    return http.write(answer, head)
