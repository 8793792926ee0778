"""What may be exported of a profile: paths such as `id`, `identifiers.email`, `traits.address.city`, `orders.EUR.revenue`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

PATHS = ("id, identifiers.<type> (the first one; identifiers.<type>[]: all), traits.<path>, orders.<currency>.<number>, "
         "events.<event name>, given.<path>, accounts, segments, consent, locale, timezone, first_seen, last_seen, event_count")
_NAME = r"[^.\[\]\"\\\x00-\x1f\ud800-\udfff]{1,200}"
_NAMES = re.compile(rf"{_NAME}(\.{_NAME}){{0,7}}")
_EVENT = re.compile(r"[^\"\\\x00-\x1f\ud800-\udfff]{1,200}")
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_:]{0,39}(\[\])?")
_ORDERS = re.compile(r"[A-Z]{3}\.(count|revenue|refunds|refunded|average|first|last)")


class Type(StrEnum):
    """How a value is written: in Parquet as this type, in NDJSON as JSON of it, in CSV as text."""

    JSON = "json"
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"


class Column(NamedTuple):
    """One column of an export: its name in the file, and its type."""

    name: str
    type: Type


_ALONE = {"id": Type.TEXT, "accounts": Type.JSON, "segments": Type.JSON, "consent": Type.JSON, "locale": Type.TEXT,
          "timezone": Type.TEXT, "first_seen": Type.TIME, "last_seen": Type.TIME, "event_count": Type.INTEGER}


def type_of(path: str) -> Type:
    """The type of what stands at a path, unless the document says another. Raises ValueError, for people."""
    root, dot, rest = path.partition(".")
    if not dot and root in _ALONE:
        return _ALONE[root]
    if root == "identifiers" and _IDENTIFIER.fullmatch(rest):
        return Type.JSON if rest.endswith("[]") else Type.TEXT
    if root in ("traits", "given") and _NAMES.fullmatch(rest):
        return Type.JSON
    if root == "orders" and _ORDERS.fullmatch(rest):
        return Type.TIME if rest[4:] in ("first", "last") else Type.INTEGER
    if root == "events" and _EVENT.fullmatch(rest):
        return Type.INTEGER
    raise ValueError(f"is no path of a profile; there are {PATHS}")


def may_be_typed(path: str) -> bool:
    """Whether the document may say a type for it: what people send has no type of its own."""
    return path.partition(".")[0] in ("traits", "given")
