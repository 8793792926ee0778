"""Small files to test with: their rows, and what a mapping makes of them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from socle.imports import convert
from socle.imports.accept import accept
from socle.imports.formats import open_rows
from socle.imports.model import Draft, Format, Mapping, Prepared, Reject, Row, Rows
from socle.imports.people import Plan
from socle.imports.state import State, reconcile

NOW = 1_790_000_000_000
ONLINE_RETAIL = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINES = ONLINE_RETAIL + '''\
536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
536366,22633,HAND WARMER,6,2010-12-01 08:28:00,1.85,17850.0,United Kingdom
536365,71053,WHITE LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom
536366,22633,HAND WARMER,6,2010-12-01 08:28:00,1.85,17850.0,United Kingdom
536414,22139,,56,2010-12-01 11:52:00,0,,United Kingdom
536370,21724,"PANDA, ""SMALL""",12,2010-12-01 08:45:00,0,12583.0,France
'''


def opened(data: bytes | str, name: str = "file.csv", **options: Any) -> Rows:
    return open_rows(io.BytesIO(data.encode() if isinstance(data, str) else data), name, Format(**options))


def read(data: bytes | str, name: str = "file.csv", **options: Any) -> tuple[list[str], list[Row | Reject]]:
    file = opened(data, name, **options)
    return file.columns, list(file.rows)


def prepared(plan: Plan, rows: Iterable[Row | Reject]) -> tuple[list[Prepared], list[Reject]]:
    found = [row if isinstance(row, Reject) else convert.prepare(plan, row) for row in rows]
    return [row for row in found if isinstance(row, Prepared)], [row for row in found if isinstance(row, Reject)]


def drafts(plan: Plan, rows: Iterable[Prepared]) -> list[Draft]:
    """Of all keys, as a run makes them of all buckets."""
    groups: dict[str, list[Prepared]] = {}
    for row in rows:
        groups.setdefault(row.key, []).append(row)
    return [draft for key, theirs in groups.items() for draft in convert.messages(plan, key, theirs)]


def converted(mapping: Mapping, data: str, name: str = "shop") -> tuple[list[Draft], list[Reject]]:
    file = opened(data)
    plan = convert.plan(name, mapping, file.columns, file.is_open)
    good, rejects = prepared(plan, file.rows)
    return drafts(plan, good), rejects


class Importer:
    """Imports one file after the other by one mapping, and remembers what was sent, as a bucket does."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.state: State = {}
        self.events: list[Any] = []
        self.rejects: list[Reject] = []

    def run(self, data: str, now: int = NOW) -> int:
        """How many events the file led to."""
        found, self.rejects = converted(self.mapping, data)
        reconciled = reconcile(self.state, found)
        accepted = accept(reconciled.send, "import", now)
        assert not accepted.refused
        self.state = reconciled.state
        self.events += accepted.events
        return len(accepted.events)
