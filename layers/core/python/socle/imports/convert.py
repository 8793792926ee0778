"""Rows -> messages: each row checked by itself, then those of one order or person taken together. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from socle.imports.model import BUCKETS, Draft, Mapping, Prepared, Reject, Row


class Plan:
    """A mapping applied to the columns of a file: what a run works by. `name` is the mapping's: message ids depend on it."""


def plan(name: str, mapping: Mapping, columns: Sequence[str], is_open: bool = False) -> Plan:
    """Raises Rejected(`missing_column`), naming the field of the mapping and the columns that there are."""
    raise NotImplementedError


def prepare(plan: Plan, row: Row) -> Prepared | Reject:
    """The row parsed, with its group key; or why it can't be."""
    raise NotImplementedError


def bucket_of(key: str) -> int:
    """0 to BUCKETS - 1."""
    return zlib.crc32(key.encode("utf-8", "surrogatepass")) % BUCKETS


def messages(plan: Plan, key: str, rows: Sequence[Prepared]) -> list[Draft]:
    """What all rows of one key say together, in whatever order they come."""
    raise NotImplementedError
