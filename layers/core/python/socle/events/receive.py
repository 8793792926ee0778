"""Messages -> events, each judged by itself: what is at fault goes to quarantine with its reason. Pure.

The published specification also writes `action` for type, `user_id` and `anonymous_id`: they are understood where the
usual name is absent.

What an event's body keeps: the message as the client sent it, without what the event carries elsewhere (`_CARRIED`,
and userId and anonymousId where they are null or equal the event's identifiers), the traits of identify and group calls
normalised, with what was sent in `raw` and what is in doubt in `flags` (socle.normalisation). The key is made of what was sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, NamedTuple

from socle.errors import Rejected
from socle.events import check, parse
from socle.events.identifiers import identifiers, placeholders
from socle.events.model import TYPES, Event, Quarantined
from socle.events.parse import Body, Unreadable
from socle.events.times import client_time, effective, sent_time
from socle.identity import normalise
from socle.identity.model import ANONYMOUS_ID, USER_ID
from socle.normalisation.model import FLAGS, OURS, RAW, SENT, Normalised
from socle.normalisation.traits import normalise_traits

MAX_MESSAGE_ID = 100
HASHED = "sha256:"
"""Prefix of a message id that Socle made from the content of a message without one."""

_CARRIED = frozenset(("type", "event", "messageId", "timestamp", "originalTimestamp", "sentAt", "receivedAt",
                      "writeKey", "revision"))
_NOT_CONTENT = frozenset(("sentAt", "receivedAt", "writeKey", "_metadata"))  # may differ in a retry of the same message
_NAMES = {"page": "$page", "screen": "$screen", "identify": "$identify", "group": "$group", "alias": "$alias"}
_WITH_TRAITS = ("identify", "group")
_NONE: dict[str, Any] = {}

_canonical = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode
_ascii = json.JSONEncoder(separators=(",", ":")).encode


class Origin(NamedTuple):
    """Where the messages of one request come from.

    source      name of the source whose write key they came with
    received    epoch ms
    call        type of all messages, or None when each names its own (batch)
    user_agent  the request's User-Agent header, "" when it has none
    """

    source: str
    received: int
    call: str | None = None
    user_agent: str = ""


def receive(body: Body, origin: Origin) -> tuple[list[Event], list[Quarantined]]:
    """Every message of `body` as an event or as quarantined: the two lists have as many elements as it has messages."""
    events: list[Event] = []
    quarantined: list[Quarantined] = []
    sent = sent_time(body.sent_at)
    small = body.size <= check.MAX_EVENT_BYTES
    for index, message in enumerate(body.messages):
        try:
            if message.__class__ is Unreadable:
                raise Rejected(message.code, message.reason, "")
            if message.__class__ is not dict:
                raise Rejected("wrong_type", "an event must be an object", "")
            if body.fault is not None:
                raise Rejected(body.fault.code, body.fault.message, body.fault.field)
            if body.surrogates:
                message = check.mended(message, body.is_utf8)
            check.values(message)
            check.sections(message)
            if body.context:
                message = {**message, "context": {**body.context, **(message.get("context") or _NONE)}}
            if not small:
                check.size(message)
            events.append(_event(message, sent, origin, after=len(body.messages) - 1 - index))
        except Rejected as fault:
            quarantined.append(_quarantined(index, message, body, fault, origin))
    return events, quarantined


def _event(message: dict[str, Any], sent: int | None, origin: Origin, after: int) -> Event:
    """The event of a message that has `after` messages after it in its request."""
    get = message.get
    kind = origin.call or get("type") or get("action")
    if kind.__class__ is not str or kind not in TYPES:
        raise Rejected("bad_type", f"type must be one of {', '.join(TYPES)}", "type")
    ts = client_time(get("originalTimestamp"), "originalTimestamp") or client_time(get("timestamp"), "timestamp")
    own = get("sentAt")
    if own is not None:
        sent = sent_time(own)
    message_id = _message_id(message)
    revision = check.revision(get("revision"))
    context = get("context") or _NONE
    normal = None
    if kind in _WITH_TRAITS and message.get("traits"):
        normal = normalise_traits(message["traits"], context, origin.received, of_company=kind == "group")
    ids = identifiers(kind, message, context, normal if kind == "identify" else None)
    name = check.event_name(get("event")) if kind == "track" else _NAMES[kind]
    _content(kind, name, message, context)
    body = _body(message, normal)
    for field, pair in (("userId", USER_ID), ("anonymousId", ANONYMOUS_ID)):
        if field in body and (body[field] is None or (pair, body[field]) in ids):
            del body[field]
    if origin.user_agent and context and not context.get("userAgent") and _is_browser(context.get("library")):
        body["context"] = {**context, "userAgent": origin.user_agent}
    return Event(ts, message_id, revision, effective(ts, sent, origin.received, after), origin.received, origin.source, kind,
                 name, ids, body)


def _body(message: dict[str, Any], normal: Normalised | None) -> dict[str, Any]:
    """What the event does not carry elsewhere. A client's own fields under the names that are ours move into `sent`."""
    body = {key: value for key, value in message.items() if key not in _CARRIED}
    if not body.keys().isdisjoint(OURS):
        body[SENT] = {key: body.pop(key) for key in OURS if key in body}
    if normal is not None:
        body["traits"] = normal.traits
        if normal.raw:
            body[RAW] = normal.raw
        if normal.flags:
            body[FLAGS] = normal.flags
    return body


def _message_id(message: dict[str, Any]) -> str:
    """messageId, or a hash of what a retry repeats: the same message sent twice without an id is one event."""
    value = message.get("messageId")
    if value is None or value == "":
        content = {key: value for key, value in message.items() if key not in _NOT_CONTENT}
        digest = hashlib.sha256(_canonical(content).encode()).digest()
        return HASHED + base64.urlsafe_b64encode(digest[:18]).decode()
    if value.__class__ is not str:
        raise Rejected("wrong_type", "messageId must be a string", "messageId")
    if len(value) > MAX_MESSAGE_ID:
        raise Rejected("bad_message_id", f"messageId has {len(value)} characters: send at most {MAX_MESSAGE_ID}",
                       "messageId")
    return str(value)


def _content(kind: str, name: str, message: dict[str, Any], context: dict[str, Any]) -> None:
    """What the fold relies on in the message's own sections."""
    if kind == "identify" and message.get("traits"):
        check.traits(message["traits"], "traits")
    if context.get("traits"):
        if context["traits"].__class__ is not dict:
            raise Rejected("wrong_type", "context.traits must be an object", "context.traits")
        check.traits(context["traits"], "context.traits")
    if kind == "group" and normalise.id_text(message.get("groupId"), "groupId") is None:
        raise Rejected("no_group", "a group call needs groupId" + placeholders(message, "groupId"), "groupId")
    if name in ("Order Completed", "Order Refunded"):
        check.order(message.get("properties") or _NONE)
    elif name == "Consent Updated":
        check.consent(message.get("properties") or _NONE)


def _is_browser(library: Any) -> bool:
    """Whether the User-Agent header is the person's: the header of a server's library is the server's."""
    return isinstance(library, dict) and library.get("name") == "analytics.js"


def _quarantined(index: int, message: Any, body: Body, fault: Rejected, origin: Origin) -> Quarantined:
    message_id = message.get("messageId") if isinstance(message, dict) else None
    if not isinstance(message_id, str) or len(message_id) > MAX_MESSAGE_ID or not check.is_unicode(message_id):
        message_id = None
    return Quarantined(index, message_id, fault.code, fault.field or "", fault.message, origin.source, origin.received,
                       _raw(index, message, body, origin))


def _raw(index: int, message: Any, body: Body, origin: Origin) -> str:
    """The message's text, with what the request said about it, so that it can be replayed alone; without the key."""
    if isinstance(message, Unreadable):
        text = message.text
    else:
        if isinstance(message, dict):
            message = {key: value for key, value in message.items() if key != "writeKey"}
            if origin.call:
                message["type"] = origin.call
            if sent_time(body.sent_at) is not None:
                message.setdefault("sentAt", body.sent_at)
        try:
            text = _ascii(message)
        except RecursionError:
            text = parse.element(body, index, is_batch=origin.call is None)
    return text.encode(errors="backslashreplace").decode()
