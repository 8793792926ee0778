"""The search itself, in DuckDB: people in, pairs with their probabilities out. It scales with the cores it is given.

    person    one row a profile, as socle.duplicates.model.Person, with n (a number in an order without meaning)
    pair      candidate pairs (l < r by n), the rules that found each as bits, the level of every field, frequencies
    scored    pairs worth keeping, with weight and probability

DuckDB is imported by whoever makes the connection; nothing here opens a file.
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants and numbers; no value of a person is in it)
from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from socle.duplicates.blocks import BLOCK, RULES
from socle.duplicates.estimate import BELIEF_OF_TWO, Pattern, fit, odds
from socle.duplicates.levels import BY_NAME, FIELDS, PERSONAL, SINGLE
from socle.duplicates.model import Level, Pair, Parameters, Person

Connection = Any
"""A duckdb.DuckDBPyConnection; the library is heavy and imported only where a search runs."""

SAMPLE = 200_000
"""Random pairs from which u is estimated."""

_KINDS = {"version": "INTEGER"}
_LEVELS = ", ".join(f"g_{field.name}" for field in FIELDS)
_COMPARE = ", ".join(f"{field.sql()} AS g_{field.name}" for field in FIELDS)
_WEIGHED = [field for field in FIELDS if field.weigh]


class Searched(NamedTuple):
    """What a search looked at: people, pairs compared, keys left out as too frequent (by rule), and the fitted model."""

    people: int
    pairs: int
    too_frequent: dict[str, int]
    model: Parameters


def fill(connection: Connection, rows: Iterable[Person]) -> None:
    """Make the table `raw` of these people: for tests and small runs; a large one reads its files into it."""
    create_raw(connection)
    connection.executemany(f"INSERT INTO raw VALUES ({', '.join('?' * len(Person._fields))})", [tuple(row) for row in rows])


def create_raw(connection: Connection) -> None:
    """An empty table `raw` with the columns of Person."""
    columns = ", ".join(f'"{name}" {_KINDS.get(name, "VARCHAR")}' for name in Person._fields)
    connection.execute(f"CREATE OR REPLACE TABLE raw ({columns})")


def read_files(connection: Connection, files: list[str]) -> None:
    """Make the table `raw` of NDJSON files, compressed by gzip or not."""
    create_raw(connection)
    if files:
        columns = ", ".join(f"'{name}': '{_KINDS.get(name, 'VARCHAR')}'" for name in Person._fields)
        connection.execute(
            f"INSERT INTO raw SELECT * FROM read_json($files, format = 'newline_delimited', columns = {{{columns}}})",
            {"files": files})


def make_people(connection: Connection) -> None:
    """Make `person` of `raw`: with numbers, and what conditions look at."""
    # Ordered by a hash: a row's number then says nothing, and pairs of numbers are random pairs.
    connection.execute("""
        CREATE OR REPLACE TABLE person AS
        SELECT row_number() OVER (ORDER BY hash(id), id) - 1 AS n, *, nullif(split_part(email, '@', 1), '') AS mailbox,
               regexp_replace(email, '[^0-9]', '', 'g') AS digits,
               CASE WHEN street IS NOT NULL THEN list_sort(string_split(street, ' ')) END AS words
        FROM raw""")


def search(connection: Connection, least: float) -> Searched:
    """Compare the people of `raw`; `scored` then holds the pairs with a probability of `least` or more."""
    make_people(connection)
    people = _number(connection, "SELECT count(*) FROM person")
    total = people * (people - 1) // 2
    sampled = _sample(connection, people, total)
    too_frequent = _candidates(connection)
    _compare(connection)
    blocked = {(row[0], tuple(row[1:-1])): float(row[-1]) for row in connection.execute(
        f"SELECT rules, {_LEVELS}, count(*) FROM pair GROUP BY ALL ORDER BY ALL").fetchall()}
    users = _number(connection, 'SELECT count("user") FROM person')
    model = fit(sampled, blocked, _exact(connection), total - users * (users - 1) // 2)
    _score(connection, model, least)
    return Searched(people, _number(connection, "SELECT count(*) FROM pair"), too_frequent, model)


def _sample(connection: Connection, people: int, total: int) -> dict[Pattern, float]:
    if total <= SAMPLE:
        pairs = "SELECT a.n AS l, b.n AS r FROM person a JOIN person b ON a.n < b.n"
    else:  # a number's hash is as good as chance, and the same for the next run
        pairs = (f"SELECT hash(k) % {people} AS l, hash(k + {SAMPLE}) % {people} AS r FROM range({SAMPLE}) t(k)")
    rows = connection.execute(f"""
        SELECT {_LEVELS}, count(*) FROM (SELECT {_COMPARE} FROM ({pairs}) s JOIN person a ON a.n = s.l JOIN person b ON b.n = s.r
        WHERE s.l <> s.r) GROUP BY ALL ORDER BY ALL""").fetchall()
    return {tuple(row[:-1]): float(row[-1]) for row in rows}


def _candidates(connection: Connection) -> dict[str, int]:
    """Make `found` (l, r, rules); answers how many keys of each rule were left out."""
    left_out = {}
    parts = []
    for number, rule in enumerate(RULES):
        # Two different users are never one person, however alike they are: only pairs with somebody else are made at all.
        connection.execute(f"""
            CREATE OR REPLACE TEMP TABLE block_{number} AS
            SELECT list(n) AS members, list(n) FILTER ("user" IS NULL) AS strangers
            FROM (SELECT n, "user", {rule.key} AS key FROM person) WHERE key IS NOT NULL
            GROUP BY key HAVING count(*) > 1 AND count("user") < count(*)""")
        frequent = _number(connection, f"SELECT count(*) FROM block_{number} WHERE len(members) > {BLOCK}")
        if frequent:
            left_out[rule.name] = frequent
        parts.append(f"SELECT l, unnest(members) AS r, {1 << number} AS rule FROM (SELECT unnest(strangers) AS l, members "
                     f"FROM block_{number} WHERE len(members) <= {BLOCK})")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE found AS
        SELECT least(l, r)::INTEGER AS l, greatest(l, r)::INTEGER AS r, bit_or(rule)::INTEGER AS rules
        FROM ({' UNION ALL '.join(parts)}) WHERE l <> r GROUP BY ALL""")
    for number in range(len(RULES)):
        connection.execute(f"DROP TABLE block_{number}")
    return left_out


def _compare(connection: Connection) -> None:
    often, joins = "", ""
    for field in _WEIGHED:
        table = f"often_{field.name}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {field.exact} AS value, count(*) AS often "
                           f"FROM person WHERE {field.exact} IS NOT NULL GROUP BY 1")
        often += f", CASE WHEN g_{field.name} = {field.top} THEN {table}.often END AS {table}"
        joins += f" LEFT JOIN {table} ON {table}.value = a.{field.exact}"
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE pair AS
        SELECT found.*, {_COMPARE}{often}
        FROM found JOIN person a ON a.n = l JOIN person b ON b.n = r {joins}""")
    connection.execute("DROP TABLE found")


def _exact(connection: Connection) -> dict[str, tuple[int, int]]:
    """Field → pairs that agree in it exactly, pairs in which both sides are known."""
    counts = {}
    for field in FIELDS:
        if field.exact is not None:
            agreeing, known = connection.execute(
                f"SELECT coalesce(sum(c * (c - 1) / 2), 0)::BIGINT, coalesce(sum(c), 0)::BIGINT FROM (SELECT count(*) AS c "
                f"FROM person WHERE {field.exact} IS NOT NULL GROUP BY {field.exact})").fetchone()
            counts[field.name] = (agreeing, known * (known - 1) // 2)
    return counts


def _score(connection: Connection, model: Parameters, least: float) -> None:
    """Make `scored`: weight, probability, and each field's own weight."""
    parts = []
    for field in FIELDS:
        m, u = model.m[field.name], model.u[field.name]
        cases = " ".join(f"WHEN {level} THEN {math.log2(m[level] / u[level])!r}" for level in range(field.top + 1))
        part = f"(CASE g_{field.name} {cases} ELSE 0 END)"
        if field.weigh:  # instead of how often two people agree in any value: how often they agree in this one
            # These two aside; and what is rare by chance among few people is not taken for rare.
            usual = u[field.top]
            known = _number(connection, f"SELECT count({field.exact}) FROM person")
            share = f"(often_{field.name} - 2 + {BELIEF_OF_TWO * usual!r}) / {known - 2 + BELIEF_OF_TWO!r}"
            part = (f"({part} + CASE WHEN often_{field.name} IS NULL THEN 0 "
                    f"ELSE log2({usual!r} / greatest({share}, {usual / 64!r})) END)")
        parts.append(f"{part} AS w_{field.name}")
    total = " + ".join(f"w_{field.name}" for field in FIELDS)
    personal = " + ".join(f"w_{name}" for name in PERSONAL)
    threshold = math.log2(least / (1 - least))
    certain = (f"({' AND '.join(f'g_{name} <> 0' for name in SINGLE)} AND ({' OR '.join(f'g_{name} > 0' for name in SINGLE)}))")
    connection.execute(f"""
        CREATE OR REPLACE TABLE scored AS
        SELECT *, 1 / (1 + pow(2, -weight)) AS probability, {certain} AS certain
        FROM (SELECT *, {odds(model.prior)!r} + {total} AS weight, {personal} AS personal
              FROM (SELECT *, {', '.join(parts)} FROM pair))
        WHERE weight >= {threshold!r} AND personal > 0""")


def best(connection: Connection, limit: int) -> list[Pair]:
    """The most probable pairs of `scored`, at most `limit`, ties by their ids."""
    columns = ", ".join(f"g_{field.name}, w_{field.name}" for field in FIELDS)
    rows = connection.execute(f"""
        SELECT a.id, b.id, a.version, b.version, probability, weight, certain, {columns}
        FROM scored JOIN person a ON a.n = l JOIN person b ON b.n = r
        ORDER BY weight DESC, least(a.id, b.id), greatest(a.id, b.id) LIMIT {limit}""").fetchall()
    return [_pair(row) for row in rows]


def _pair(row: tuple[Any, ...]) -> Pair:
    one, other, version, other_version, probability, weight, certain, *levels = row
    if one > other:
        one, other, version, other_version = other, one, other_version, version
    found = tuple(Level(field.name, BY_NAME[field.name].level_name(level), round(float(value), 2))
                  for field, level, value in zip(FIELDS, levels[::2], levels[1::2], strict=True))
    return Pair(one, other, (version, other_version), round(probability, 6), round(weight, 2), found, certain)


def _number(connection: Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
