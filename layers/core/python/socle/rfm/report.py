"""What a run came to: its groups, the grid, and where the fifths begin and end. Reads the table `scored`."""

from __future__ import annotations

from typing import Any

from socle.iso import to_iso
from socle.rfm.compute import Connection
from socle.rfm.groups import GRID, GROUPS
from socle.rfm.model import RfmRules

METHOD = ("score = 1 + floor(5 x below / n), below = customers who are strictly worse: equal values have equal scores; "
          "FM = mean of frequency and monetary, rounded half up")
MEASURES = {"recency": "days", "frequency": "orders", "monetary": "worth"}
"""Score → what it is made of."""


def report(connection: Connection, rules: RfmRules, currency: str | None, run: str, now: int, lake: int | None) -> dict[str, Any]:
    """The report of a run at `now` (epoch ms). Money in minor units of `currency`, which is None when nobody bought.

    lake  epoch ms at which the lake that was read was made; None before the first compaction
    """
    rows = connection.execute('SELECT "group", recency, fm, count(*), sum(worth)::HUGEINT, sum(days), sum(orders) '
                              "FROM scored GROUP BY ALL").fetchall()
    customers, revenue = (sum(row[column] for row in rows) for column in (3, 4))
    cells = {(row[1], row[2]): (row[3], row[4]) for row in rows}
    return {
        "run": run, "at": to_iso(now), "lake": None if lake is None else to_iso(lake), "currency": currency,
        "recency": rules.recency, "timezone": rules.timezone if rules.recency == "calendar" else None,
        "monetary": rules.monetary, "method": METHOD, "customers": customers, "revenue": revenue,
        "groups": [_group(name, [row for row in rows if row[0] == name], customers) for name in GROUPS],
        "grid": [{"recency": cell[0], "fm": cell[1], "group": name, **dict(zip(("customers", "revenue"), cells.get(cell, (0, 0)),
                                                                             strict=True))} for cell, name in GRID.items()],
        "quintiles": {score: _fifths(connection, score, measure) for score, measure in MEASURES.items()},
    }


def _group(name: str, rows: list[Any], customers: int) -> dict[str, Any]:
    own, revenue, days, orders = (sum(row[column] for row in rows) for column in (3, 4, 5, 6))
    return {"group": name, "customers": own, "share": round(own / customers, 4) if customers else 0.0, "revenue": revenue,
            "recency_days": round(days / own, 1) if own else None, "orders": round(orders / own, 2) if own else None,
            "monetary": round(revenue / own) if own else None}


def _fifths(connection: Connection, score: str, measure: str) -> list[dict[str, int]]:
    """Of each score that somebody has, how many have it, and the least and the greatest value."""
    rows = connection.execute(f"SELECT {score}, count(*), min({measure}), max({measure}) FROM scored "  # noqa: S608 (own names)
                              f"GROUP BY {score} ORDER BY {score} DESC").fetchall()
    return [dict(zip(("score", "customers", "least", "greatest"), row, strict=True)) for row in rows]
