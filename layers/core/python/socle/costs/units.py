"""What AWS bills for a call, in its own units: bytes of items, write and read units, records rounded up. Pure.

Sources: Amazon DynamoDB developer guide ("DynamoDB item sizes and formats", "DynamoDB capacity unit consumption": an update or
a replacement costs the larger of the two items, a failed condition costs the same, a transaction twice, a missing item a
minimum) and the pricing pages of Kinesis and SQS. Items are in DynamoDB's JSON, `{name: {type: value}}`, B as bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Item = Mapping[str, Mapping[str, Any]]

KIB = 1024
INDEX_NAMES = ("PK", "SK", "due", "dueShard")
"""What an entry of the sparse, keys-only index `due` holds."""


def item_bytes(item: Item) -> int:
    """Bytes of an item: names and values."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(value: Mapping[str, Any]) -> int:
    """Bytes of one attribute value: UTF-8, raw bytes, or 1 per two significant digits and 1 (and 1 for a minus);
    a list or a map 3, and 1 beside each value."""
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(content)
    if kind == "N":
        digits = content.lstrip("-").replace(".", "").strip("0")
        return int((len(digits) + 1) // 2 + 1 + content.startswith("-"))
    if kind in ("BOOL", "NULL"):
        return 1
    if kind in ("SS", "NS", "BS"):
        return sum(value_bytes({kind[0]: one}) for one in content)
    if kind == "L":
        return 3 + sum(1 + value_bytes(one) for one in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + value_bytes(one) for name, one in content.items())
    raise ValueError(f"there is no attribute type {kind}")


def write_units(before: Item | None, after: Item | None) -> int:
    """Units of a write that makes `after` of `before` (None: no item), or would have if its condition had held."""
    return max([1, *(_rounded(item_bytes(item), KIB) for item in (before, after) if item)])


def transaction_units(before: Item | None, after: Item | None) -> int:
    """Units of one item of TransactWriteItems, a condition check (`after` is `before`) included: it is billed as a write, twice
    (measured by M. Hicks, "What a conditional DynamoDB transaction actually costs")."""
    return 2 * write_units(before, after)


def index_units(before: Item | None, after: Item | None) -> int:
    """Units of the index `due`: one for an entry that comes or goes, two for one whose key changes."""
    entries = [_entry(before), _entry(after)]
    if entries[0] == entries[1]:
        return 0
    return sum(max(1, _rounded(item_bytes(entry), KIB)) for entry in entries if entry)


def read_units(item: Item | None, consistent: bool) -> float:
    """Units of reading one item, or of finding that there is none."""
    units = max(1, _rounded(item_bytes(item), 4 * KIB)) if item else 1
    return units if consistent else units / 2


def kinesis_kib(key: str, data: bytes) -> int:
    """KiB that a record counts for on an on-demand stream, in as well as out."""
    return _rounded(len(key.encode()) + len(data), KIB)


def kinesis_payload_units(key: str, data: bytes) -> int:
    """PUT payload units of 25 KB that it would count for on a provisioned stream."""
    return _rounded(len(key.encode()) + len(data), 25 * KIB)


def sqs_requests(body_bytes: int) -> int:
    """Requests that a call with this payload counts for: one per 64 KB."""
    return max(1, _rounded(body_bytes, 64 * KIB))


def _entry(item: Item | None) -> dict[str, Any] | None:
    if item is None or "due" not in item:
        return None
    return {name: item[name] for name in INDEX_NAMES}


def _rounded(size: int, step: int) -> int:
    return -(-size // step)
