"""Every failure of the admin API in one shape: `{"error": {"code", "message", "field"?}}`, without a stack trace."""

from __future__ import annotations

import json
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from botocore.exceptions import ClientError

from socle.definitions.kinds import KINDS
from socle.errors import Rejected, SocleError, Unavailable

from .shapes import MAX_LIMIT, MAX_VERSION

logger = Logger(child=True)

_RANGES = {"limit": (1, MAX_LIMIT), "version": (1, MAX_VERSION)}
_NUMBERS = ("int_parsing", "int_parsing_size", "int_type", "int_from_float", "greater_than_equal", "less_than_equal")
_TAGS = ("union_tag_not_found", "union_tag_invalid")
_DISCRIMINATORS = ("type", "op", "channel")
_TYPES = frozenset(("str", "int", "float", "bool", "list", "dict", "tuple", "none"))
_PATTERNS = {"name": "a name has 1 to 63 characters a-z, 0-9, _ or -, and begins with a letter or digit"}
_SENTENCES = {
    **dict.fromkeys(_NUMBERS, "must be a whole number"),
    **dict.fromkeys(("bool_parsing", "bool_type"), "must be true or false; 1 or 0 in a query"),
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "must be a JSON object"),
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "list_type": "must be a list",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "has a form that is impossible here: copy it from the answer that named it",
    "string_too_long": "may have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_type": "must be a string",
    "too_long": "may have at most {max_length} items",
    "too_short": "must have at least {min_length} item(s)",
}
"""What pydantic's kinds of fault mean for a person; its own words go through for the others."""


def register(app: APIGatewayHttpResolver) -> None:
    """Teach the resolver our answers."""
    handlers: dict[type[Exception], Callable[[Any], Response[str]]] = {
        SocleError: answer,
        RequestValidationError: lambda error: answer(first_fault(error.errors(), _body(app))),
        NotFoundError: lambda _: no_route(app),
        Exception: lambda error: failed(error, app.current_event.request_context.request_id),
    }
    for kind, respond in handlers.items():
        app.exception_handler(kind)(respond)


def answer(error: SocleError, headers: dict[str, str] | None = None) -> Response[str]:
    """The answer for an error that names what the caller should do."""
    headers = dict(headers or {})
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after)
    return Response(error.status, content_types.APPLICATION_JSON, json.dumps(error.to_json()), dict(headers))


def first_fault(faults: Sequence[Any], document: Any = None) -> Rejected:
    """The first fault that pydantic found in a document, naming its field as the document has it: `limit`, `events.0`,
    `steps.0.timeout`, `If-Match`, `body`."""
    fault = _meant(faults, document)
    where, *path = _place(fault, document) or ["body"]
    field = ".".join(str(part) for part in path) or str(where)
    kind = str(fault["type"])
    if kind == "missing":
        message = f"{field} is missing" if path else "the request needs a body: a JSON object"
    elif kind == "extra_forbidden":
        message = f"{field} is not known here: leave it out, or check its spelling"
    elif where == "query" and fault.get("input") == "" and kind in _SENTENCES:
        message = f"{field} has no value: write {field}=1, for example, or leave it out"
    elif kind in _TAGS:
        tag = str(fault["ctx"]["discriminator"]).strip("'")
        field = ".".join(map(str, (*path, tag)))
        expected = fault["ctx"].get("expected_tags")
        message = f"{field} must be {_one_of(expected)}" if expected else f"{field} is missing: it says which kind this is"
    elif kind in _NUMBERS and field in _RANGES:
        message = "{} must be a whole number from {} to {}".format(field, *_RANGES[field])
    elif kind == "string_pattern_mismatch" and field in _PATTERNS:
        message = _PATTERNS[field]
    elif kind == "string_pattern_mismatch" and where == "body":
        pattern = fault["ctx"]["pattern"]
        message = f"{field} must not be blank" if pattern == r"\S" else f"{field} must match the pattern {pattern}"
    elif kind in _SENTENCES:
        message = f"{field} {_SENTENCES[kind].format(**fault.get('ctx') or {})}"
    else:
        message = f"{field}: {str(fault['msg']).removeprefix('Value error, ')}"
    return Rejected("invalid", message, field)


def _body(app: APIGatewayHttpResolver) -> Any:
    """The request's body, None where it is no JSON."""
    try:
        return json.loads(app.current_event.decoded_body or "null")
    except (ValueError, RecursionError):
        return None


def _place(fault: Any, document: Any) -> list[Any]:
    """Where a fault is, without what pydantic adds: the kind that was chosen of several (`steps.0.hold.timeout`), the name of
    a class or type that was tried, the mark of a key."""
    loc = [part for part in fault["loc"] if part != "[key]"]
    if not loc or loc[0] != "body" or document is None:
        return loc
    found, node, is_tagged = loc[:1], document, False
    for number, part in enumerate(loc[1:], 2):
        if isinstance(node, dict):
            if not is_tagged and isinstance(part, str) and part in [node.get(tag) for tag in _DISCRIMINATORS]:
                is_tagged = True
            elif part in node or (number == len(loc) and _is_field(part)):
                found.append(part)
                node, is_tagged = node.get(part), False
        elif isinstance(node, list) and isinstance(part, int) and part < len(node):
            found.append(part)
            node, is_tagged = node[part], False
        elif number == len(loc) and _is_field(part):
            found.append(part)
    return found


def _is_field(part: Any) -> bool:
    """Whether it may be a field that the document lacks: no type and no class that was tried."""
    return isinstance(part, str) and part.isidentifier() and part.islower() and part not in _TYPES


def _meant(faults: Sequence[Any], document: Any) -> Any:
    """The first fault; where one of several forms was possible, that of the form with the fewest faults, which was meant."""
    first = faults[0]
    place = [str(part) for part in _place(first, document)]
    tried = next((number for number, part in enumerate(first["loc"])
                  if str(part)[:1].isupper() and str(part) not in place), None)
    if tried is None:
        return first
    same = [fault for fault in faults if fault["loc"][:tried] == first["loc"][:tried]]
    count = Counter(fault["loc"][tried] for fault in same)
    return min(same, key=lambda fault: count[fault["loc"][tried]])


def _one_of(tags: str) -> str:
    """Pydantic's list as it writes that of a literal: 'a', 'b' or 'c'."""
    *others, last = tags.split(", ")
    return f"{', '.join(others)} or {last}" if others else last


def no_route(app: APIGatewayHttpResolver) -> Response[str]:
    """404 for a path that is nowhere, 405 for one that only takes other methods."""
    event = app.current_event
    routes = [*app._static_routes, *app._dynamic_routes]  # the resolver has no public list of them
    allowed = sorted({route.method for route in routes if route.rule.match(event.path)})
    if allowed:
        return answer(Rejected("method_not_allowed", f"this path takes {', '.join(allowed)}", status=405),
                      {"Allow": ", ".join(allowed)})
    return answer(Rejected("unknown_route", "there is no such route: GET /api/openapi.json lists them; the kinds of "
                           f"definition are {', '.join(KINDS)}", status=404))


def failed(error: Exception, request_id: str) -> Response[str]:
    """500, with an id to find the log line by and nothing else for the outside."""
    # Places, never the message: it may quote what a person sent.
    places = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
              for frame in traceback.extract_tb(error.__traceback__)[-8:]]
    logger.error("failed", extra={"error": _name(error), "places": places, "request": request_id})
    return answer(SocleError("internal", "this is our fault, and it is logged: report it with the request id "
                             f"{request_id}"))


def _name(error: Exception) -> str:
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response.get('Error', {}).get('Code')}"
    return type(error).__name__
