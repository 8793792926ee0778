"""HTTP API -> the admin API under /api/: profiles, sources, webhooks, quarantine, what failed."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from socle.errors import Rejected

from . import errors, openapi, requests, routes

logger = Logger()
# debug=False: POWERTOOLS_DEV must never bring a stack trace into an answer.
app = APIGatewayHttpResolver(enable_validation=True, debug=False, json_body_deserializer=requests.read_object)
errors.register(app)
routes.include(app)

# The resolver keeps the request in itself. Lambda sends one at a time; the local machine may not.
_one_at_a_time = threading.Lock()


@app.get("/api/openapi.json", summary="This API as OpenAPI 3.1", operation_id="read_openapi", tags=["about"],
         responses={200: {"description": "an OpenAPI 3.1 document", "content": {"application/json": {"schema": {}}}}})
def read_openapi() -> Response[str]:
    """Every route with its parameters, bodies and answers."""
    return Response(200, "application/json", _document())


@cache
def _document() -> str:
    return openapi.document(app)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request; a failure too has the shape that the OpenAPI document gives it."""
    request = event["requestContext"]
    try:
        with _one_at_a_time:
            answer = app.resolve(requests.normalise(event), context)
    except Rejected as error:
        answer = _plain(errors.answer(error))
    except Exception as error:  # an answer that cannot be written as JSON: still ours to say, not the runtime's
        answer = _plain(errors.failed(error, request["requestId"]))
    answer["headers"] = {**answer["headers"], "Cache-Control": "no-store"}  # people's data, and secrets
    # No path and no query: both may name a person.
    logger.info("answered", extra={"method": request["http"]["method"], "status": answer["statusCode"],
                                   "request": request["requestId"]})
    return answer


def _plain(response: Response[str]) -> dict[str, Any]:
    return {"statusCode": response.status_code, "body": response.body, "isBase64Encoded": False,
            "headers": {name: str(value) for name, value in response.headers.items()}}
