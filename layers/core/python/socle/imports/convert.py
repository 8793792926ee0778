"""Rows -> messages: each row checked by itself, then those of one order or person taken together. Pure.

A run splits a file into BUCKETS by the CRC-32 of each row's group key, so that all rows of one key meet, wherever they stand
in the file. What a message says, and its id, depend on the set of rows of its key alone.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from socle.errors import Rejected
from socle.imports import people
from socle.imports.columns import Columns
from socle.imports.model import BUCKETS, Draft, Mapping, Prepared, Reject, Row
from socle.imports.orders import Orders
from socle.imports.people import Plan

_PLANS: dict[str, type[Plan]] = {"orders": Orders, "people": people.People, "events": people.Events,
                                 "accounts": people.Accounts, "catalog": people.Items}
def plan(name: str, mapping: Mapping, columns: Sequence[str], is_open: bool = False) -> Plan:
    """A mapping called `name` applied to the columns of a file: what a run works by.

    Raises Rejected(`missing_column`), naming the field of the mapping and the columns that there are.
    """
    there = Columns(mapping, columns, is_open)
    made = _PLANS[mapping.kind](name, mapping, there)
    made.finish(there)
    return made


def prepare(plan: Plan, row: Row) -> Prepared | Reject:
    """The row parsed, with its group key; or why it can't be."""
    try:
        return plan.prepare(row)
    except Rejected as fault:
        return Reject(row.number, fault.code, fault.field or "", fault.message, row.cells)


def incomplete(spoilt: int, number: int) -> Reject:
    """Row `number`, which is fine, but shares the fate of row `spoilt`."""
    return Reject(number, "incomplete", "", f"row {spoilt} of the same order was rejected: correct that one", [])


def bucket_of(key: str) -> int:
    """0 to BUCKETS - 1."""
    return zlib.crc32(key.encode("utf-8", "surrogatepass")) % BUCKETS


def messages(plan: Plan, key: str, rows: Sequence[Prepared]) -> list[Draft]:
    """What all rows of one key say together, in whatever order they come."""
    return plan.messages(key, rows)
