"""The OpenAPI 3.1 document: what the resolver derives from the routes, with our error shape and the bearer token."""

from __future__ import annotations

import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

from .shapes import Error

DESCRIPTION = """People, their history, and what Socle is told to do.

Every failure answers `{"error": {"code", "message", "field"?}}`: `code` is stable, `message` says what to do.
Lists answer `{"items": [...], "next": cursor or null}`. Times are ISO 8601 in UTC, amounts are in minor units."""

VERSION = "1"
"""Of the API, not of Socle: it changes when a client must."""

_FAILURES = {
    "400": "the request is at fault: `field` names the place",
    "401": "no valid token",
    "404": "what the request names does not exist",
    "409": "what is there now does not allow it, or somebody else changes it: read it, then repeat",
    "412": "If-Match names another version",
    "413": "too large",
    "500": "our fault, and logged: the message holds a request id",
    "503": "a service behind this one is busy: try again after `Retry-After` seconds",
}
_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
_MAY_MISS = ("find_profile", "replay_quarantine", "read_quality", "read_duplicates_run", "read_rfm", "read_lake",
             "read_segment_sizes", "send_message")
_MAY_CLASH = ("read_campaign_report", "read_journey_report")
_NOT_OURS = ("HTTPValidationError", "ValidationError", "ResponseValidationError")


def document(app: APIGatewayHttpResolver) -> str:
    """The whole document as JSON text."""
    found: dict[str, Any] = json.loads(app.get_openapi_json_schema(
        title="Socle admin API", version=VERSION, openapi_version="3.1.0", description=DESCRIPTION,
        security_schemes={"bearer": HTTPBearer(
            description="on AWS a token of the Cognito user pool, locally `local-admin-token`")},
        security=[{"bearer": []}]))
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            operation["responses"] = _responses(path, method, operation)
    schemas = {name: schema for name, schema in found["components"]["schemas"].items() if name not in _NOT_OURS}
    error = Error.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= error.pop("$defs")
    schemas["Error"] = error
    found["components"]["schemas"] = dict(sorted(schemas.items()))
    return json.dumps(found, separators=(",", ":"))


def _responses(path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    good = {code: answer for code, answer in operation["responses"].items() if code < "400"}
    failures = {"400", "401", "500", "503"}
    if "{" in path or operation["operationId"] in _MAY_MISS:
        failures.add("404")
    if method in ("put", "post"):
        failures.add("413")
    if method != "get" or operation["operationId"] in _MAY_CLASH:
        failures.add("409")
    if method == "put":
        failures.add("412")
    return good | {code: {"description": _FAILURES[code], "content": _ERROR} for code in sorted(failures)}
