"""What arrives, made safe before any route sees it: the body's bytes and its JSON."""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Any
from urllib.parse import parse_qsl, quote

from socle.errors import Rejected
from socle.safe_json import nests_deeper

MAX_BODY_BYTES = 1_000_000
_LARGER = {"/api/plan": 4_000_000}
"""All files of a team at once; Lambda takes 6 MB."""
MAX_LEVELS = 32
_MATCHED = "/-._~()'!*:@,;=+&$%<> []{}|^"  # what a path variable of the resolver may hold, besides letters and digits


def normalise(event: dict[str, Any]) -> dict[str, Any]:
    """The HTTP API event (payload 2.0) with its body as text and labelled JSON, whatever the client called it.

    `curl -d` labels JSON as a form; all our bodies are JSON. The path comes decoded from some gateways: what the resolver's
    patterns would not match is encoded again, so that an impossible name is a matter for its route.
    Raises Rejected(`bad_json`, `too_large`, or `invalid` for a query parameter that is given twice).
    """
    names = [name for name, _ in parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)]
    for name in names:
        if names.count(name) > 1:
            raise Rejected("invalid", f"{name[:40]} is given more than once: give it once", name[:40])
    headers = {name: value for name, value in (event.get("headers") or {}).items() if name.lower() != "content-type"}
    body = event.get("body") or ""
    if event.get("isBase64Encoded"):
        try:
            body = base64.b64decode(body).decode()
        except (binascii.Error, ValueError) as error:
            raise Rejected("bad_json", "the body is not UTF-8 text: send a JSON object", "body") from error
    limit = _LARGER.get(event["rawPath"], MAX_BODY_BYTES)
    if len(body) > limit:
        raise Rejected("too_large", f"the body is over {limit:,} bytes: send less", "body", status=413)
    return {**event, "rawPath": quote(event["rawPath"], safe=_MATCHED, errors="replace"),
            "headers": {**headers, "content-type": "application/json"}, "body": body, "isBase64Encoded": False}


def read_object(text: str) -> dict[str, Any]:
    """A JSON object, strictly: no NaN, no infinity, no half characters. Raises Rejected(`bad_json`, field `body`)."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise _bad(f"it is not JSON: {error.msg.removesuffix(' at')} at line {error.lineno} column {error.colno}") from error
    except ValueError as error:
        raise _bad(str(error) if str(error).startswith("it ") else "it holds a number with too many digits") from error
    except RecursionError as error:
        raise _bad("it nests too deep") from error
    if not isinstance(value, dict):
        raise _bad("it must be a JSON object")
    if nests_deeper(value, MAX_LEVELS):
        raise _bad(f"it nests more than {MAX_LEVELS} levels deep")
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _bad("it holds half a character (a lone surrogate)") from error
    return value


def _bad(reason: str) -> Rejected:
    return Rejected("bad_json", f"the body cannot be read: {reason}", "body")


def _refuse(constant: str) -> Any:
    raise ValueError(f"it holds {constant}, which is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"it holds {digits[:40]}, which is too large a number")
    return number
