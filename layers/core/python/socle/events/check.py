"""What a message must hold to be an event: each check raises Rejected with a code and the field at fault. Pure.

Checks look at what the fold and the lake rely on; everything else a client sends is kept as it is.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from socle.errors import Rejected

MAX_EVENT_BYTES = 32 * 1024
"""One event as compact UTF-8 JSON."""
MAX_DEPTH = 32
"""Objects and arrays inside one another, the message itself included."""
MAX_TRAITS = 250
MAX_TRAIT_BYTES = 1_024
"""One trait's value as compact UTF-8 JSON: all traits of a person share one DynamoDB item."""
MAX_NAME = 200
"""Characters in the name of an event or a trait."""
MAX_AMOUNT = 10**12
"""Money amounts stay below this, so that minor units are exact wherever they are read."""

NOT_UNICODE = "not_unicode"
"""Code of what holds something that is no character."""
MAX_CONSENT_TEXT = 256
"""Characters in a consent's source and text_version."""

CHANNELS = ("email", "sms", "push", "webhook")
CONSENT_STATES = ("subscribed", "unsubscribed", "pending")

_MAX_INT = 10**308  # beyond, a number is infinite to whoever reads JSON numbers as doubles (RFC 8259, section 6)
_AMOUNT = re.compile(r"[0-9]{1,12}(\.[0-9]+)?")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_HALF = re.compile("[\ud800-\udfff]")
_BYTE = re.compile("[\udc80-\udcff]")
_NAMING = ("messageId", "userId", "anonymousId", "previousId", "groupId", "user_id", "anonymous_id")
_TOO_DEEP = f"it nests deeper than {MAX_DEPTH} levels: flatten it"
_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def size(value: dict[str, Any], limit: int = MAX_EVENT_BYTES, field: str = "") -> None:
    """At most `limit` bytes of compact JSON."""
    count = len(_compact(value).encode())
    if count > limit:
        raise Rejected("too_large", f"{field or 'the event'} has {count} bytes: send at most {limit}", field)


def values(message: dict[str, Any]) -> None:
    """At most MAX_DEPTH deep, and every number finite."""
    level: list[Any] = [message]
    for _ in range(MAX_DEPTH):
        deeper = []
        for container in level:
            for value in container.values() if container.__class__ is dict else container:
                kind = value.__class__
                if kind is str:
                    continue
                if kind is dict or kind is list:
                    deeper.append(value)
                elif (kind is float and value - value != 0.0) or (kind is int and not -_MAX_INT < value < _MAX_INT):
                    raise Rejected("not_finite", "numbers must be finite", _path(message, partial(operator.is_, value)))
        if not deeper:
            return
        level = deeper
    raise Rejected("too_deep", _TOO_DEEP, "")


def mended(message: dict[str, Any], is_utf8: bool) -> dict[str, Any]:
    """The message with U+FFFD for each half of a surrogate pair, in names and values: nobody can write or read those as UTF-8.

    Not in ids, where two people or two events could become one: there it raises Rejected(`not_unicode`).
    is_utf8  whether all bytes of the body were UTF-8; those that were not are U+DC80 to U+DCFF now (PEP 383), and rejected
    """
    if not is_utf8:
        _without(message, _BYTE, "bytes that are not UTF-8 (Latin-1, perhaps): send UTF-8")
    context = message.get("context")
    naming = {name: message[name] for name in _NAMING if name in message}
    if context.__class__ is dict:
        naming["context"] = {name: context[name] for name in ("externalIds", "device") if name in context}
    _without(naming, _HALF, "half a surrogate pair: do not cut an id inside a character")
    try:
        text = _compact(message)
    except RecursionError as error:
        raise Rejected("too_deep", _TOO_DEEP, "") from error
    return dict(json.loads(_HALF.sub("\ufffd", text))) if _HALF.search(text) else message


def _without(message: dict[str, Any], fault: re.Pattern[str], reason: str) -> None:
    path = _path(message, partial(_holds, fault))
    if path:
        printable = path.encode(errors="replace").decode()
        raise Rejected("not_unicode", f"{printable} holds {reason}", printable)


def sections(message: dict[str, Any]) -> None:
    """traits, properties, context and integrations are objects or null."""
    for name in ("properties", "traits", "context", "integrations"):
        value = message.get(name)
        if value is not None and value.__class__ is not dict:
            raise Rejected("wrong_type", f"{name} must be an object", name)


def traits(found: dict[str, Any], field: str) -> None:
    """At most MAX_TRAITS traits with names of 1 to MAX_NAME characters and values of at most MAX_TRAIT_BYTES."""
    if len(found) > MAX_TRAITS:
        raise Rejected("too_many_traits", f"{len(found)} traits: send at most {MAX_TRAITS} in one call", field)
    for name, value in found.items():
        if not 0 < len(name) <= MAX_NAME:
            raise Rejected("bad_name", f"a trait's name must have 1 to {MAX_NAME} characters", f"{field}.{name[:40]}")
        # A character is at most 6 bytes of JSON (\u0000), so short strings need no encoding to be judged.
        if not isinstance(value, str | dict | list) or (isinstance(value, str) and len(value) < MAX_TRAIT_BYTES // 7):
            continue
        count = len(_compact(value).encode())
        if count > MAX_TRAIT_BYTES:
            raise Rejected("trait_too_large", f"the trait has {count} bytes: send at most {MAX_TRAIT_BYTES}",
                           f"{field}.{name}")


def event_name(value: Any) -> str:
    """The name of a track call: a string of 1 to MAX_NAME characters; `$…` is reserved for Socle's own names."""
    if value is None or (isinstance(value, str) and not value.strip()):
        raise Rejected("no_event_name", "a track call needs the name of the event", "event")
    if not isinstance(value, str):
        raise Rejected("wrong_type", "event must be a string", "event")
    if len(value) > MAX_NAME:
        raise Rejected("bad_name", f"the event's name has {len(value)} characters: send at most {MAX_NAME}", "event")
    if value.startswith("$"):
        raise Rejected("reserved_name", "names that begin with $ are reserved: rename the event", "event")
    return value


def order(properties: dict[str, Any]) -> None:
    """Order Completed and Order Refunded: an id, amounts, and a currency that looks like ISO 4217. Blank texts are absent."""
    order_id = properties.get("order_id")
    if order_id is not None and (isinstance(order_id, bool) or not isinstance(order_id, str | int | float)):
        raise Rejected("wrong_type", "order_id must be a string or a number", "properties.order_id")
    for name in ("revenue", "total", "value"):
        _amount(properties.get(name), f"properties.{name}")
    products = properties.get("products")
    if products is not None:
        if not isinstance(products, list):
            raise Rejected("wrong_type", "products must be an array", "properties.products")
        worth = 0.0
        for index, product in enumerate(products):
            if product is None:
                continue
            if not isinstance(product, dict):
                raise Rejected("wrong_type", "each of products must be an object", f"properties.products[{index}]")
            price, quantity = (_amount(product.get(name), f"properties.products[{index}].{name}")
                               for name in ("price", "quantity"))
            worth += (price or 0) * (quantity or 1)
        if worth >= MAX_AMOUNT:
            raise Rejected("bad_money", "the products together cost 1e12 or more", "properties.products")
    currency = properties.get("currency")
    if not _is_absent(currency) and not (isinstance(currency, str) and _CURRENCY.fullmatch(currency)):
        raise Rejected("bad_currency", "currency must be an ISO 4217 code such as EUR", "properties.currency")


def consent(properties: dict[str, Any]) -> None:
    """Consent Updated: {channel, topic?, state}."""
    if properties.get("channel") not in CHANNELS:
        raise Rejected("bad_consent", f"channel must be one of {', '.join(CHANNELS)}", "properties.channel")
    if properties.get("state") not in CONSENT_STATES:
        raise Rejected("bad_consent", f"state must be one of {', '.join(CONSENT_STATES)}", "properties.state")
    for name in ("source", "text_version"):
        value = properties.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)
                                  or len(str(value)) > MAX_CONSENT_TEXT):
            raise Rejected("bad_consent", f"{name} must be a text of at most {MAX_CONSENT_TEXT} characters",
                           f"properties.{name}")
    topic = properties.get("topic")
    if topic is not None and not (isinstance(topic, str) and 0 < len(topic.strip()) <= 100):
        raise Rejected("bad_consent", "topic must be a string of 1 to 100 characters, or absent", "properties.topic")


def revision(value: Any) -> int:
    """0 when absent, else a whole number ≥ 0 that survives every JSON reader (< 2^53)."""
    if value is None:
        return 0
    if value.__class__ is int and 0 <= value < 2**53:
        return int(value)
    raise Rejected("wrong_type", "revision must be a whole number, 0 or higher", "revision")


def _amount(value: Any, field: str) -> float | None:
    """The amount, roughly; None when absent."""
    kind = value.__class__
    if _is_absent(value):
        return None
    if ((kind is int or kind is float) and 0 <= value < MAX_AMOUNT) or (kind is str and _AMOUNT.fullmatch(value.strip())):
        return float(value)
    raise Rejected("bad_money", f"{field} must be an amount from 0 up to 1e12, as a number or as digits", field)


def _is_absent(value: Any) -> bool:
    """Whether a field says nothing: null, or the blank text that forms and templates send in its place."""
    return value is None or (value.__class__ is str and not value.strip())


def is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _holds(fault: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and fault.search(value) is not None


def _path(message: Any, at_fault: Callable[[Any], bool]) -> str:
    """Path of the first value or name at fault, e.g. `properties.products[2].price`; "" when there is none."""
    stack: list[tuple[str, Any]] = [("", message)]
    while stack:
        path, value = stack.pop()
        if at_fault(value):
            return path or "."
        children = list(_children(path, value))
        for name, _, key in children:
            if key is not None and at_fault(key):
                return name
        stack.extend((name, child) for name, child, _ in reversed(children))
    return ""


def _children(path: str, value: Any) -> Iterator[tuple[str, Any, str | None]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield (f"{path}.{key}" if path else key), child, key
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield f"{path}[{index}]", child, None
