"""The scores of all customers, in DuckDB: profiles of the lake in, one row a customer out. The connection is the caller's.

    told        (profile, group, recency, frequency, monetary) of profiles that know values, or that the run before had some for
    spent       (profile, currency, orders, revenue, refunded, last) of all who bought; money in minor units, last in epoch ms
    customer    those in the run's currency, with days since the last order and what they are worth
    scored      the same with scores and group
    changed     (number, profile, group, recency, frequency, monetary) of those who must be told; group null: no customer any more

Quintiles: score = 1 + floor(5 x below / n), `below` being how many of the n customers are strictly worse. Equal values therefore
have equal scores, and no order of rows decides.
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants)
from __future__ import annotations

from typing import Any

from socle.clock import DAY
from socle.rfm.days import OLDEST, midnights
from socle.rfm.groups import GRID
from socle.rfm.model import GIVEN, RfmRules

Connection = Any
"""A duckdb.DuckDBPyConnection; the library is heavy and imported only where a run computes."""

SCORES = '"group", recency, frequency, monetary'
_TYPES = '"group" VARCHAR, recency TINYINT, frequency TINYINT, monetary TINYINT'
_GIVEN = '{"group": "VARCHAR", "recency": "TINYINT", "frequency": "TINYINT", "monetary": "TINYINT"}'
_ORDERS = '[{"count": "BIGINT", "revenue": "BIGINT", "refunded": "BIGINT", "last": "VARCHAR"}]'


def begin(connection: Connection, previous: str | None = None) -> None:
    """Make the tables empty. `previous` is the file of the run before, if there is one."""
    connection.execute(f"CREATE OR REPLACE TABLE told (profile VARCHAR, {_TYPES})")
    connection.execute("CREATE OR REPLACE TABLE spent (profile VARCHAR, currency VARCHAR, orders BIGINT, revenue BIGINT, "
                       "refunded BIGINT, last BIGINT)")
    connection.execute(f"CREATE OR REPLACE TABLE previous (profile VARCHAR, {_TYPES})")
    if previous is not None:
        connection.execute(f"INSERT INTO previous SELECT profile, {SCORES} FROM read_parquet($file)", {"file": previous})


def collect(connection: Connection) -> None:
    """Add the people of the view `profiles` (profile, orders JSON, given JSON), such as those of one bucket."""
    connection.execute(f"""
        INSERT INTO told
        SELECT profile, g."group", g.recency, g.frequency, g.monetary
        FROM (SELECT profile, from_json(json_extract(given, '$.{GIVEN}'), $shape) AS g FROM profiles)
        WHERE g."group" IS NOT NULL OR profile IN (SELECT profile FROM previous)""", {"shape": _GIVEN})
    connection.execute("""
        INSERT INTO spent
        SELECT profile, currency, o."count", o.revenue, o.refunded, epoch_ms(try_cast(o.last AS TIMESTAMP))
        FROM (SELECT profile, unnest(json_keys(orders)) AS currency,
                     unnest(from_json(to_json(json_extract(orders, '$.*')), $shape)) AS o
              FROM profiles WHERE orders IS NOT NULL AND orders::VARCHAR <> '{}')
        WHERE o."count" > 0 AND o.revenue > 0 AND o.last IS NOT NULL""", {"shape": _ORDERS})


def main_currency(connection: Connection) -> str | None:
    """The currency in which most customers bought, of two the first in alphabetical order; None when nobody bought."""
    row = connection.execute("SELECT currency FROM spent GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1").fetchone()
    return None if row is None else str(row[0])


def score(connection: Connection, rules: RfmRules, currency: str, now: int) -> None:
    """Make `customer`, `scored` and `changed`, as of `now` (epoch ms)."""
    _customers(connection, rules, currency, now)
    cells = [{"recency": cell[0], "fm": cell[1], "group": name} for cell, name in GRID.items()]
    connection.execute("CREATE OR REPLACE TABLE cell AS SELECT unnest($cells, recursive := true)", {"cells": cells})
    connection.execute("""
        CREATE OR REPLACE TABLE scored AS
        WITH ranked AS (
            SELECT *, count(*) OVER () AS n, rank() OVER (ORDER BY days DESC) - 1 AS staler,
                   rank() OVER (ORDER BY orders) - 1 AS rarer, rank() OVER (ORDER BY worth) - 1 AS poorer FROM customer),
        marked AS (
            SELECT profile, days, orders, worth, (1 + 5 * staler // n)::TINYINT AS recency,
                   (1 + 5 * rarer // n)::TINYINT AS frequency, (1 + 5 * poorer // n)::TINYINT AS monetary FROM ranked)
        SELECT marked.*, fm, "group" FROM (SELECT *, ((frequency + monetary + 1) // 2)::TINYINT AS fm FROM marked) AS marked
        JOIN cell USING (recency, fm)""")
    _changes(connection)


def _customers(connection: Connection, rules: RfmRules, currency: str, now: int) -> None:
    worth = "revenue - refunded" if rules.monetary == "net" else "revenue"
    if rules.recency == "elapsed":
        days, join = f"greatest({now} - last, 0) // {DAY}", ""
    else:
        earliest = connection.execute("SELECT min(last) FROM spent WHERE currency = $currency", {"currency": currency}).fetchone()
        days, join = "ago", f"ASOF JOIN midnight ON greatest(least(last, {now}), {OLDEST}) >= midnight.begins"
        connection.execute("CREATE OR REPLACE TABLE midnight (begins BIGINT, ago BIGINT)")
        rows = midnights(rules.timezone, now if earliest[0] is None else earliest[0], now)
        connection.execute("INSERT INTO midnight SELECT unnest($begins::BIGINT[]), unnest($ago::BIGINT[])",
                           {"begins": [begins for begins, _ in rows], "ago": [ago for _, ago in rows]})
    connection.execute(f"""
        CREATE OR REPLACE TABLE customer AS
        SELECT profile, {days} AS days, orders, {worth} AS worth FROM (SELECT * FROM spent WHERE currency = $currency) {join}""",
                       {"currency": currency})


def _changes(connection: Connection) -> None:
    """Who is told: everybody whose values differ from those of the profile, or from what the run before said. The latter may
    be newer than the lake. Who is no row of the lake is told nothing: a merge or an erasure took them away."""
    new, known, before = (f'({table}."group", {table}.recency, {table}.frequency, {table}.monetary)'
                          for table in ("scored", "told", "previous"))
    connection.execute(f"""
        CREATE OR REPLACE TABLE changed AS
        SELECT row_number() OVER (ORDER BY profile) - 1 AS number, profile, {SCORES} FROM (
            SELECT coalesce(scored.profile, told.profile) AS profile, scored.* EXCLUDE (profile)
            FROM scored FULL JOIN told ON scored.profile = told.profile
            LEFT JOIN previous ON previous.profile = coalesce(scored.profile, told.profile)
            WHERE {new} IS DISTINCT FROM {known}
               OR (previous.profile IS NOT NULL AND {new} IS DISTINCT FROM {before}))""")
