"""Body text -> messages: JSON, one message at a time where the whole cannot be read. Pure.

A body is an object with `batch` (calls `batch` and `import`; a bare array is taken too) or one message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from socle.errors import Rejected
from socle.events import check, scan

MAX_EVENTS = 2_500
"""Events in one batch."""
MAX_CONTEXT_BYTES = 4 * 1024
"""A batch's own context as compact UTF-8 JSON: each of its events gets a copy."""

_FORM = re.compile(r"[\w.%\[\]-]+=(?!=|$)")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Unreadable(NamedTuple):
    """In the place of a message that is not JSON we can take: its text and why."""

    text: str
    code: str
    reason: str


class Body(NamedTuple):
    """What a request's body holds.

    messages   parsed messages, of any JSON type, or Unreadable
    text       the text that they come from
    sent_at    the batch's sentAt as sent, None when it has none
    context    the batch's context, which its messages share; {} when it has none, or one at fault
    fault      why the context cannot be shared, None when it can
    write_key  `writeKey` of the body, None when there is none
    surrogates whether a string in it may hold a lone surrogate
    is_utf8    whether all its bytes are UTF-8; surrogates stand in the place of those that are not
    size       bytes of the body
    """

    messages: list[Any]
    text: str
    sent_at: Any = None
    context: Mapping[str, Any] = MappingProxyType({})
    fault: Rejected | None = None
    write_key: str | None = None
    surrogates: bool = False
    is_utf8: bool = True
    size: int = 0


def parse(data: bytes, is_batch: bool) -> Body:
    """Read a body. Raises Rejected(`bad_json`, `bad_batch` or `too_many_events`)."""
    if not data.strip():
        raise Rejected("bad_json", "the body is empty: send JSON")
    text, is_utf8 = _text(data)
    surrogates = not is_utf8 or ("\\u" in text and _SURROGATE.search(text) is not None)
    try:
        outer = json.loads(text)
    except (ValueError, RecursionError) as error:
        outer = _salvage(text, is_batch, error)
    if not is_batch:
        key = outer.get("writeKey") if isinstance(outer, dict) else None
        if isinstance(outer, Unreadable):
            key = _lone_key(text)
        return Body([outer], text, write_key=key if isinstance(key, str) else None, surrogates=surrogates,
                    is_utf8=is_utf8, size=len(data))
    if isinstance(outer, list):
        outer = {"batch": outer}
    messages = outer.get("batch") if isinstance(outer, dict) else None
    if not isinstance(messages, list):
        raise Rejected("bad_batch", 'the body must be an object with an array "batch"', "batch")
    if len(messages) > MAX_EVENTS:
        raise Rejected("too_many_events", f"{len(messages)} events: send at most {MAX_EVENTS} in one batch", "batch")
    key = outer.get("writeKey")
    body = Body(messages, text, outer.get("sentAt"), write_key=key if isinstance(key, str) else None, surrogates=surrogates,
                is_utf8=is_utf8, size=len(data))
    try:
        return body._replace(context=_context(outer.get("context"), body))
    except Rejected as fault:
        return body._replace(fault=fault)


def element(body: Body, index: int, is_batch: bool) -> str:
    """The text of one message as it was sent: for a message that cannot be written as JSON again."""
    if not is_batch:
        return body.text
    named = scan.members(body.text)
    start, end = (0, len(body.text)) if named is None else named["batch"]
    spans = scan.children(body.text, start, end)
    return body.text[slice(*spans[index])].strip() if spans else ""


def _text(data: bytes) -> tuple[str, bool]:
    """The text, and whether all of it is UTF-8. Bytes that are not become lone surrogates: an event's fault."""
    try:
        return data.decode().removeprefix("\ufeff"), True
    except UnicodeDecodeError:
        return data.decode(errors="surrogateescape"), False


def _salvage(text: str, is_batch: bool, error: ValueError | RecursionError) -> Any:
    """The outer value with Unreadable in the place of what json cannot take. Raises Rejected(`bad_json`)."""
    what = "the body is a form: send JSON" if _FORM.match(text) else f"the body is not JSON: {_reason(error)}"
    refusal = Rejected("bad_json", what)
    if not is_batch:
        if isinstance(error, json.JSONDecodeError):
            raise refusal from error
        return _unreadable(text, error)
    if text.lstrip().startswith("["):
        named: dict[str, scan.Span] | None = {"batch": (0, len(text))}
    else:
        named = scan.members(text)
    spans = scan.children(text, *named["batch"]) if named and "batch" in named else None
    if named is None or spans is None or not text[named["batch"][0]:].lstrip().startswith("["):
        raise refusal from error
    outer: dict[str, Any] = {"batch": [_one(text[start:end]) for start, end in spans]}
    for name in named.keys() & {"sentAt", "writeKey", "context"}:
        value = _one(text[slice(*named[name])])
        if isinstance(value, Unreadable) and name != "context":
            raise refusal from error
        outer[name] = value
    return outer


def _context(context: Any, body: Body) -> dict[str, Any]:
    """The context of a batch. Raises Rejected with the field `context` and the code that an event's would have."""
    if context is None:
        return {}
    try:
        if isinstance(context, Unreadable):
            raise Rejected(context.code, context.reason)
        if not isinstance(context, dict):
            raise Rejected("wrong_type", "context must be an object")
        shared: dict[str, Any] = check.mended({"context": context}, body.is_utf8)["context"] if body.surrogates else context
        check.values({"context": shared})
        check.size(shared, MAX_CONTEXT_BYTES, "context")
    except Rejected as fault:
        raise Rejected(fault.code, f"the batch's context, which this event shares: {fault.message}", "context") from fault
    return shared


def _one(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        return _unreadable(text, error)


def _unreadable(text: str, error: ValueError | RecursionError) -> Unreadable:
    if isinstance(error, RecursionError):
        return Unreadable(text.strip(), "too_deep", _reason(error))
    code = "bad_json" if isinstance(error, json.JSONDecodeError) else "not_finite"
    return Unreadable(text.strip(), code, f"it cannot be read: {_reason(error)}")


def _lone_key(text: str) -> Any:
    named = scan.members(text)
    return _one(text[slice(*named["writeKey"])]) if named and "writeKey" in named else None


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg.removesuffix(' at')} at line {error.lineno} column {error.colno}"
    if isinstance(error, RecursionError):
        return f"it nests deeper than {check.MAX_DEPTH} levels: flatten it"
    return "a number has too many digits"
