"""HTTP -> request: what a person's browser, mail program or phone sends to the public pages; and what they are answered."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from socle.errors import Rejected

MAX_BODY_BYTES = 32 * 1024
MAX_QUERY = 4 * 1024
MAX_TOKEN = 4 * 1024
MAX_FIELDS = 100


class Request(NamedTuple):
    """One request.

    method   GET, HEAD or POST
    path     the first segment: `unsubscribe`
    token    the second: a signed token, or the name of a form or asset
    query    parameters of the URL, the first of each name
    form     fields of a posted form, the first of each name; `lists` has all values
    headers  names in lower case
    ip       of whoever asked; "" when unknown
    agent    the User-Agent header, "" without one
    now      epoch ms
    lists    field → all its values
    """

    method: str
    path: str
    token: str
    query: Mapping[str, str]
    form: Mapping[str, str]
    headers: Mapping[str, str]
    ip: str
    agent: str
    now: int
    lists: Mapping[str, list[str]] = {}


class Answer(NamedTuple):
    """What is answered; `body` as text, or as bytes (then it travels as base64)."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes | str = ""


def read(event: Mapping[str, Any], now: int) -> Request:
    """The request in an event of an HTTP API (payload 2.0). Raises Rejected for what is too large or no form."""
    http = event["requestContext"]["http"]
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    parts: list[str] = event["rawPath"].split("/")
    path, token = (*parts[1:3], "", "")[:2]
    if any(parts[3:]) or len(token) > MAX_TOKEN:
        raise Rejected("not_found", "there is no such page", status=404)
    query = event.get("rawQueryString") or ""
    if len(query) > MAX_QUERY:
        raise Rejected("too_large", "the address of this page is too long", status=414)
    lists = _lists(_body(event)) if http["method"] == "POST" else {}
    return Request(http["method"], path, unquote(token), {name: values[0] for name, values in _lists(query).items()},
                   {name: values[0] for name, values in lists.items()}, headers, http.get("sourceIp", ""),
                   headers.get("user-agent", ""), now, lists)


def write(answer: Answer, head: bool) -> dict[str, Any]:
    """The answer as an HTTP API takes it; to HEAD, without its body."""
    body = "" if head else answer.body
    if isinstance(body, bytes):
        return {"statusCode": answer.status, "headers": dict(answer.headers), "isBase64Encoded": True,
                "body": base64.b64encode(body).decode()}
    return {"statusCode": answer.status, "headers": dict(answer.headers), "isBase64Encoded": False, "body": body}


def _body(event: Mapping[str, Any]) -> str:
    body = event.get("body") or ""
    if len(body) > 2 * MAX_BODY_BYTES:
        raise _too_large()
    if event.get("isBase64Encoded"):
        try:
            body = base64.b64decode(body).decode("utf-8", "replace")
        except binascii.Error as error:
            raise Rejected("bad_body", "what was sent can't be read: go back and send it again") from error
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    return str(body)


def _lists(text: str) -> dict[str, list[str]]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise _too_large() from error
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _too_large() -> Rejected:
    return Rejected("too_large", "this is more than can be taken at once: shorten your text", status=413)
