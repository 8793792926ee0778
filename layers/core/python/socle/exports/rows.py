"""The rows of a part of an export, in DuckDB: those of its buckets one after the other, then what changed since the last one.

    outgoing  profile, c0, c1…: everybody who is in now
    base      profile, row (JSON): what the receiver has, by the last finished export
    rows      profile, change, c0, c1…: what this export says
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants and quoted names)
from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from socle.exports.layouts import Layout
from socle.exports.model.document import ExportDocument
from socle.exports.model.fields import Column
from socle.exports.person import Person
from socle.exports.select import SQL_TYPES, cells_of_row, picked_sql, row_sql
from socle.lake.buckets import bucket_sql

Connection = Any
"""A duckdb.DuckDBPyConnection; the library is heavy and imported only where a query runs."""

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
_CHUNK = 2_000


class Seen(NamedTuple):
    """Members of a bucket, and those of them who are left out: without consent, without an address."""

    members: int
    consent: int
    address: int

    def plus(self, other: Seen) -> Seen:
        """Both together."""
        return Seen(self.members + other.members, self.consent + other.consent, self.address + other.address)


def begin(connection: Connection, columns: Sequence[Column]) -> None:
    """Make `outgoing`, empty."""
    connection.execute(f"CREATE OR REPLACE TABLE outgoing (profile VARCHAR, {_declared(columns)})")


def take(connection: Connection, document: ExportDocument, layout: Layout, members: str, scratch: Path) -> Seen:
    """Add the members of the bucket whose views are open. `scratch` is a file that may be written."""
    connection.execute(f"CREATE OR REPLACE TABLE picked AS {picked_sql(document, members)}")
    everybody, allowed = connection.execute("SELECT count(*), count(*) FILTER (allowed) FROM picked").fetchone()
    if layout.row is None:
        connection.execute("INSERT INTO outgoing SELECT * EXCLUDE (allowed) FROM picked WHERE allowed")
        return Seen(everybody, everybody - allowed, 0)
    unreached = 0
    cursor = connection.cursor()
    cursor.execute("SELECT profile, identifiers, traits FROM picked WHERE allowed ORDER BY profile")
    with scratch.open("w", encoding="utf-8") as file:
        while chunk := cursor.fetchmany(_CHUNK):
            for profile, identifiers, traits in chunk:
                cells = layout.row(Person(profile, json.loads(identifiers or "{}"), json.loads(traits or "{}")))
                unreached += cells is None
                if cells is not None:
                    named = {f"c{place}": cell or None for place, cell in enumerate(cells)}
                    file.write(json.dumps({"profile": profile, **named}) + "\n")
    kinds = ", ".join(f"c{place}: 'VARCHAR'" for place in range(len(layout.columns)))
    connection.execute(f"INSERT INTO outgoing SELECT * FROM read_json('{_quoted(scratch)}', format='newline_delimited', "
                       f"columns={{profile: 'VARCHAR', {kinds}}})")
    return Seen(everybody, everybody - allowed, unreached)


def load_base(connection: Connection, states: Sequence[Path], buckets: Collection[int], count: int) -> None:
    """Make `base` of the rows of these buckets in files of state, `count` being the buckets of the lake."""
    if states:
        mine = ", ".join(map(str, buckets))
        connection.execute(f"CREATE OR REPLACE TABLE base AS SELECT profile, row FROM read_parquet({_listed(states)}) "
                           f"WHERE {bucket_sql('profile', count)} IN ({mine})")
    else:
        connection.execute("CREATE OR REPLACE TABLE base (profile VARCHAR, row VARCHAR)")


def correct(connection: Connection, refused: Sequence[Path], buckets: Collection[int], count: int) -> None:
    """Take out of `base` what the receiver did not take, of these buckets: files of `{"id", "row"}`.

    A row that was not added is not there; one that was not changed is there with other content (a blank more); one that was
    not removed is there still.
    """
    if refused:
        columns = "format='newline_delimited', columns={id: 'VARCHAR', row: 'JSON'}"
        _replace(connection, f"SELECT row AS said FROM read_json({_listed(refused)}, {columns})", buckets, count,
                 f"SELECT profile, CASE change WHEN '{REMOVED}' THEN row ELSE row || ' ' END FROM said WHERE change <> '{ADDED}'")


def doubt(connection: Connection, sent: Sequence[tuple[Path, int]], buckets: Collection[int], count: int) -> None:
    """Let `base` hold what the receiver may have got of runs that broke off: of each file of rows so many from the beginning.

    Whoever is named there is told again, whatever was known of them: as changed, or as removed.
    """
    for path, rows in sent:
        _replace(connection, f"SELECT json AS said FROM read_ndjson_objects({_listed([path])}) LIMIT {rows}", buckets, count,
                 "SELECT profile, row || ' ' FROM said")


def _replace(connection: Connection, said: str, buckets: Collection[int], count: int, by: str) -> None:
    """Put others into `base` for the profiles of these buckets whose rows (JSON, with `id` and `change`) a query says."""
    connection.execute(f"""
        CREATE OR REPLACE TABLE said AS
        SELECT profile, change, row FROM (
            SELECT said->>'$.id' AS profile, said->>'$.change' AS change,
                   CAST(json_merge_patch(said, '{{"change": null}}') AS VARCHAR) AS row FROM ({said}))
        WHERE {bucket_sql('profile', count)} IN ({", ".join(map(str, buckets))})""")
    connection.execute("DELETE FROM base WHERE profile IN (SELECT profile FROM said)")
    connection.execute(f"INSERT INTO base {by}")


def settle(connection: Connection, columns: Sequence[Column], is_delta: bool, by_value: bool = False) -> dict[str, int]:
    """Make `rows`, and answer how many people there are of each change; for a delta `base` must be there.

    by_value  the receiver knows rows by their values alone: a changed one is the old one removed and the new one added
    """
    cells = ", ".join(f"c{place}" for place in range(len(columns)))
    if not is_delta:
        connection.execute(f"CREATE OR REPLACE TABLE rows AS SELECT profile, NULL::VARCHAR AS change, {cells} FROM outgoing")
        return {}
    connection.execute("CREATE OR REPLACE TABLE state AS "
                       f"SELECT profile, CAST({row_sql(columns)} AS VARCHAR) AS row FROM outgoing")
    connection.execute(
        "CREATE OR REPLACE TABLE compared AS SELECT profile, b.row AS old, "
        f"CASE WHEN b.profile IS NULL THEN '{ADDED}' WHEN s.profile IS NULL THEN '{REMOVED}' ELSE '{CHANGED}' END AS change "
        "FROM state s FULL JOIN base b USING (profile) WHERE b.row IS DISTINCT FROM s.row")
    counts = dict(connection.execute("SELECT change, count(*) FROM compared GROUP BY change").fetchall())
    same = connection.execute("SELECT count(*) FROM state JOIN base USING (profile, row)").fetchone()[0]
    new, gone = (f"'{ADDED}'", f"change <> '{ADDED}'") if by_value else ("change", f"change = '{REMOVED}'")
    connection.execute(
        f"CREATE OR REPLACE TABLE rows AS SELECT profile, {new} AS change, {_of('o', columns)} FROM outgoing o "
        f"JOIN compared USING (profile) UNION ALL SELECT profile, '{REMOVED}', {cells_of_row('old', columns)} FROM compared "
        f"WHERE {gone}")
    return {**{change: counts.get(change, 0) for change in (ADDED, CHANGED, REMOVED)}, "unchanged": same}


def _of(table: str, columns: Sequence[Column]) -> str:
    return ", ".join(f"{table}.c{place}" for place in range(len(columns)))


def _declared(columns: Sequence[Column]) -> str:
    return ", ".join(f"c{place} {SQL_TYPES[column.type]}" for place, column in enumerate(columns))


def _listed(paths: Sequence[Path]) -> str:
    return "[" + ", ".join(f"'{_quoted(path)}'" for path in paths) + "]"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
