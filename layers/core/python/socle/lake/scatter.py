"""The first step of a compaction: raw objects in, their rows typed and by bucket out. DuckDB, local files.

    rows    events, and what an unmerge took out of a partition (kind "gone"); by the bucket of their partition
    people  rows of profiles; by their own bucket
    heads   of every profile that was met: its newest version, its members, whether it is kept apart from anybody
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants and from quoted paths)
from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from socle.lake.amounts import AMOUNT, CURRENCY, ORDER_ID, PAID, PART, VOIDED
from socle.lake.buckets import bucket_sql
from socle.lake.query import Connection

FEW = 50_000
"""Rows that are not worth a file for each bucket."""

_STRUCT = {
    "row": "VARCHAR", "profile": "VARCHAR", "from": "VARCHAR", "moved": "BIGINT", "step": "BIGINT", "version": "BIGINT",
    "members": 'MAP(VARCHAR, STRUCT("version" BIGINT))', "apart": "VARCHAR[]",
    "snapshot": ("STRUCT(traits JSON, identifiers JSON, events JSON, event_count BIGINT, orders JSON, first_seen TIMESTAMP, "
                 "last_seen TIMESTAMP, consent JSON, accounts VARCHAR[], locale VARCHAR, timezone VARCHAR)"),
    "given": "JSON", "segments": "JSON", "evaluated": "BIGINT", "due": "BIGINT",
    "ts": "BIGINT", "messageId": "VARCHAR", "revision": "BIGINT", "at": "BIGINT", "received": "BIGINT", "source": "VARCHAR",
    "type": "VARCHAR", "name": "VARCHAR", "body": "STRUCT(properties JSON, traits JSON, context JSON)",
}
_SAID = "CASE WHEN type IN ('identify', 'group') THEN body.traits ELSE body.properties END"

EVENT = ("partition", "ts", "message_id", "revision", "moved", '"at"', "received", "type", "name", "source", "part", "order_id",
         "currency", "amount", "voided", "properties", "context")
"""Columns of an event row between the steps."""

PEOPLE = ("profile", "version", "first_seen", "last_seen", "event_count", "traits", "identifiers", "consent", "orders", "events",
          "accounts", "locale", "timezone", "given", "segments", "evaluated", "due")
"""Columns of a profile row."""


class Part(NamedTuple):
    """A file of rows and the buckets whose rows are in it (column `bucket`)."""

    name: str
    buckets: tuple[int, ...]
    rows: int


class Scattered(NamedTuple):
    """What came of some raw objects: files of rows and people, the file of heads, how many events there were."""

    rows: tuple[Part, ...]
    people: tuple[Part, ...]
    heads: str
    events: int


def scatter(connection: Connection, raw: Collection[Path], out: Path, buckets: int,
            few: int = FEW) -> tuple[Scattered, list[Path]]:
    """Write the rows of raw objects below the directory `out`; answers with it those that are no raw objects."""
    unreadable: list[Path] = []
    if not _read(connection, raw):
        unreadable = [path for path in raw if not _read(connection, [path])]
        _read(connection, [path for path in raw if path not in set(unreadable)])
    events, gone = _view(connection)
    rows = _write(connection, out, "rows", f"""
        SELECT {bucket_sql('partition', buckets)} AS bucket, * FROM (
            {events} UNION ALL BY NAME {gone})""", few)
    people = _write(connection, out, "people", f"SELECT {bucket_sql('profile', buckets)} AS bucket, * FROM person", few)
    connection.execute(f"""
        COPY (SELECT profile, max(version) AS version, max_by(members, version) AS members, max_by(apart, version) AS apart
              FROM (SELECT profile, version, members, apart FROM own_head
                    UNION ALL SELECT DISTINCT profile, NULL, NULL, NULL FROM raw WHERE row <> 'profile')
              GROUP BY profile) TO '{_quoted(out / "heads.parquet")}' (FORMAT parquet)""")
    events = connection.execute("SELECT count(*) FROM raw WHERE row <> 'profile'").fetchone()[0]
    return Scattered(rows, people, "heads.parquet", events), unreadable


def _read(connection: Connection, raw: Collection[Path]) -> bool:
    """Make `raw` of objects; False when one of them is none."""
    import duckdb

    if not raw:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in _STRUCT.items())
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw ({columns})")
        return True
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _STRUCT.items())
    try:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE raw AS SELECT * FROM read_json($files, format = 'newline_delimited', "
            f"columns = {{{columns}}}, compression = 'gzip')", {"files": [str(path) for path in raw]})
    except (duckdb.InvalidInputException, duckdb.IOException, duckdb.ConversionException):
        return False
    return True


def _view(connection: Connection) -> tuple[str, str]:
    """Make views of profiles and heads; answers the queries of events and of what went from a partition."""
    # `moved` orders what unmerges did: when, then which version they saw; 0 is where the event came in, or stays.
    moved = ("CASE WHEN row = 'moved' AND \"from\" <> profile THEN coalesce(moved, received) * 1000000 "
             "+ coalesce(step, 0) % 1000000 ELSE 0 END")
    # Text, not a view: binding it takes longer than running it over a few objects.
    event = f"""
        SELECT profile AS partition, ts, messageId AS message_id, revision, {moved} AS moved, false AS gone,
               make_timestamp_ms("at") AS "at", make_timestamp_ms(received) AS received, type, name, source,
               {PART} AS part, order_id, currency, {AMOUNT} AS amount, {VOIDED} AS voided, properties, context
        FROM (SELECT *, {ORDER_ID} AS order_id, {CURRENCY} AS currency, {PAID} AS paid FROM (
            SELECT *, {_SAID}::VARCHAR AS properties, body.context::VARCHAR AS context FROM raw WHERE row <> 'profile'))"""
    gone = f"""
        SELECT "from" AS partition, ts, messageId AS message_id, revision, {moved} AS moved, true AS gone
        FROM raw WHERE row = 'moved' AND "from" <> profile"""
    connection.execute("""
        CREATE OR REPLACE TEMP VIEW own_head AS
        SELECT profile, version, list_transform(map_entries(members), lambda e: {'member': e.key, 'version': e.value.version})
               AS members, len(apart) > 0 AS apart FROM raw WHERE row = 'profile'""")
    texts = ", ".join(f"s.{name}::VARCHAR AS {name}"
                      for name in ("traits", "identifiers", "consent", "orders", "events"))
    connection.execute(f"""
        CREATE OR REPLACE TEMP VIEW person AS
        SELECT profile, version, s.first_seen, s.last_seen, coalesce(s.event_count, 0) AS event_count, {texts},
               s.accounts, s.locale, s.timezone, coalesce(given::VARCHAR, '{{}}') AS given,
               coalesce(segments::VARCHAR, '{{}}') AS segments, coalesce(evaluated, 0) AS evaluated, make_timestamp_ms(due) AS due
        FROM (SELECT *, snapshot AS s FROM raw WHERE row = 'profile'
              QUALIFY row_number() OVER (PARTITION BY profile ORDER BY version DESC) = 1)""")
    return event, gone


def _write(connection: Connection, out: Path, name: str, query: str, few: int) -> tuple[Part, ...]:
    """Write rows into a file for each bucket, or into one file when they are few."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE part AS {query}")
    found = connection.execute("SELECT bucket, count(*) FROM part GROUP BY bucket ORDER BY bucket").fetchall()
    total = sum(rows for _, rows in found)
    target = out / name
    target.mkdir(parents=True, exist_ok=True)
    if total <= few:
        if not total:
            return ()
        connection.execute(f"COPY part TO '{_quoted(target / 'all.parquet')}' (FORMAT parquet)")
        return (Part(f"{name}/all.parquet", tuple(bucket for bucket, _ in found), total),)
    connection.execute(f"COPY part TO '{_quoted(target)}' (FORMAT parquet, PARTITION_BY (bucket), WRITE_PARTITION_COLUMNS true, "
                       "FILENAME_PATTERN 'part', OVERWRITE_OR_IGNORE true)")
    return tuple(Part(f"{name}/{_file(target, bucket)}", (bucket,), rows) for bucket, rows in found)


def _file(target: Path, bucket: int) -> str:
    [file] = (target / f"bucket={bucket}").iterdir()
    return str(file.relative_to(target))


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
