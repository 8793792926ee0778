"""Customers to score, as the lake has them, and the same scores computed by hand: in plain Python, from the definition."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb

from socle.events.model import Event
from socle.profiles.model import Snapshot
from socle.profiles.orders import settle
from socle.profiles.view import profile_view
from socle.rfm.compute import begin, collect, main_currency, score
from socle.rfm.model import RfmRules

DAY = 86_400_000
NOW = 1_767_225_600_000


class Scored(NamedTuple):
    """A row of the table `scored`."""

    days: int
    orders: int
    worth: int
    recency: int
    frequency: int
    monetary: int
    fm: int
    group: str


def orders(count: int = 1, revenue: int = 100, refunded: int = 0, last: str = "2025-12-31T00:00:00.000Z",
           currency: str = "EUR") -> dict[str, Any]:
    """Totals of somebody's orders in one currency, as a profile shows them."""
    return {currency: {"count": count, "revenue": revenue, "refunds": int(refunded > 0), "refunded": refunded, "average": 0,
                       "first": "2020-01-01T00:00:00.000Z", "last": last}}


def totals(events: Iterable[Event]) -> dict[str, Any]:
    """What order events add up to, as a profile shows it."""
    shown: dict[str, Any] = profile_view("p", Snapshot(orders=settle(events)))["orders"]
    return shown


def show(connection: Any, people: Mapping[str, Any], given: Mapping[str, Any] | None = None) -> None:
    """Make the view `profiles` of these: profile → orders, and what each was told."""
    connection.execute("CREATE OR REPLACE TABLE shown (profile VARCHAR, orders JSON, given JSON)")
    rows = [(name, json.dumps(found), json.dumps((given or {}).get(name, {}))) for name, found in people.items()]
    if rows:
        names, values, told = map(list, zip(*rows, strict=True))
        connection.execute("INSERT INTO shown SELECT unnest($a::VARCHAR[]), unnest($b::VARCHAR[]), unnest($c::VARCHAR[])",
                           {"a": names, "b": values, "c": told})
    connection.execute("CREATE OR REPLACE VIEW profiles AS FROM shown")


def compute(people: Mapping[str, Any], rules: RfmRules | None = None, now: int = NOW,
            given: Mapping[str, Any] | None = None) -> Any:
    """A connection with the tables of a run over these people."""
    rules = rules or RfmRules()
    connection = duckdb.connect()
    begin(connection)
    show(connection, people, given)
    collect(connection)
    score(connection, rules, rules.currency or main_currency(connection) or "", now)
    return connection


def scored(people: Mapping[str, Any], rules: RfmRules | None = None, now: int = NOW) -> dict[str, Scored]:
    """Who is a customer, with their scores."""
    rows = compute(people, rules, now).execute(
        'SELECT profile, days, orders, worth, recency, frequency, monetary, fm, "group" FROM scored').fetchall()
    return {row[0]: Scored(*row[1:]) for row in rows}


def changed(connection: Any) -> dict[str, tuple[Any, ...] | None]:
    """Who must be told what; None: that nothing is known any more."""
    rows = connection.execute('SELECT profile, "group", recency, frequency, monetary FROM changed ORDER BY number').fetchall()
    return {row[0]: None if row[1] is None else row[1:] for row in rows}


def by_hand(values: Mapping[str, int]) -> dict[str, int]:
    """Name → score of its value, the greatest being the best: how many are strictly worse, counted one by one for each value."""
    counts: dict[int, int] = {}
    for value in values.values():
        counts[value] = counts.get(value, 0) + 1
    below = {value: sum(number for other, number in counts.items() if other < value) for value in counts}
    return {name: 1 + 5 * below[value] // len(values) for name, value in values.items()}


def civil_days(last: int, now: int, zone: str) -> int:
    """Midnights between two moments, by their dates in the zone."""
    dates = [datetime.fromtimestamp(moment / 1000, UTC).astimezone(ZoneInfo(zone)).date() for moment in (last, now)]
    return (dates[1] - dates[0]).days
