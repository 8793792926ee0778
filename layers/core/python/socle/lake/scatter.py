"""The first step of a compaction: raw objects in, their rows typed and by bucket out. DuckDB, local files.

    rows    events, and what an unmerge took out of a partition (kind "gone"); by the bucket of their partition
    people  rows of profiles; by their own bucket
    heads   of every profile that was met: its newest version, its members, whether it is kept apart from anybody
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants and from quoted paths)
from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from socle.lake.amounts import AMOUNT, CURRENCY, IS_ORDER, ORDER_ID, PAID, PART, VOIDED
from socle.lake.buckets import bucket_sql
from socle.lake.query import Connection

FEW = 50_000
"""Rows that are not worth a file for each bucket."""

_STRUCT = {
    "row": "VARCHAR", "profile": "VARCHAR", "from": "VARCHAR", "moved": "BIGINT", "step": "BIGINT", "version": "BIGINT",
    "members": "JSON", "apart": "JSON",
    "snapshot": "JSON",
    "given": "JSON", "segments": "JSON", "evaluated": "BIGINT", "due": "BIGINT",
    "ts": "BIGINT", "messageId": "VARCHAR", "revision": "BIGINT", "at": "BIGINT", "received": "BIGINT", "source": "VARCHAR",
    "type": "VARCHAR", "name": "VARCHAR", "body": "STRUCT(properties JSON, traits JSON, context JSON)",
}
_SNAPSHOT = json.dumps({
    "traits": "JSON", "identifiers": "JSON", "events": "JSON", "event_count": "BIGINT", "orders": "JSON",
    "first_seen": "TIMESTAMP", "last_seen": "TIMESTAMP", "consent": "JSON", "accounts": ["VARCHAR"], "locale": "VARCHAR",
    "timezone": "VARCHAR"})
"""Of the snapshots that are written: most are not, for a later one of the same profile came with them."""
_SAID = "CASE WHEN type IN ('identify', 'group') THEN body.traits ELSE body.properties END"

EVENT = ("partition", "ts", "message_id", "revision", "moved", '"at"', "received", "type", "name", "source", "part", "order_id",
         "currency", "amount", "voided", "properties", "context")
"""Columns of an event row between the steps."""

PEOPLE = ("profile", "version", "first_seen", "last_seen", "event_count", "traits", "identifiers", "consent", "orders", "events",
          "accounts", "locale", "timezone", "given", "segments", "evaluated", "due")
"""Columns of a profile row."""


_MOVED = """CASE WHEN row = 'moved' AND "from" <> profile
                 THEN coalesce(moved, received) * 1000000 + coalesce(step, 0) % 1000000 ELSE 0 END"""
"""Orders what unmerges did: when, then which version they saw; 0 is where the event came in, or stays."""
_SENT = f"""profile AS partition, ts, messageId AS message_id, revision, {_MOVED} AS moved, false AS gone,
            make_timestamp_ms("at") AS "at", make_timestamp_ms(received) AS received, type, name, source"""
# Orders by themselves, and put together first: what SQL has to look at for an amount costs per vector as much as per row.
_ORDERS = (f"SELECT * EXCLUDE (body, snapshot), {_SAID}::VARCHAR AS properties, body.context::VARCHAR AS context FROM raw "
           f"WHERE row <> 'profile' AND {IS_ORDER}")
_EVENTS = f"""
    SELECT {_SENT}, 1 AS part, NULL::VARCHAR AS order_id, NULL::VARCHAR AS currency, NULL::BIGINT AS amount, false AS voided,
           {_SAID}::VARCHAR AS properties, body.context::VARCHAR AS context
    FROM raw WHERE row <> 'profile' AND {IS_ORDER} IS NOT TRUE
    UNION ALL BY NAME
    SELECT {_SENT}, {PART} AS part, order_id, currency, {AMOUNT} AS amount, {VOIDED} AS voided, properties, context
    FROM (SELECT *, {ORDER_ID} AS order_id, {CURRENCY} AS currency, {PAID} AS paid FROM orders)
    UNION ALL BY NAME
    SELECT "from" AS partition, ts, messageId AS message_id, revision, {_MOVED} AS moved, true AS gone
    FROM raw WHERE row = 'moved' AND "from" <> profile"""
_MEMBERS = """list_transform(map_entries(json_transform(members, '"MAP(VARCHAR, STRUCT(\\"version\\" BIGINT))"')),
                            lambda e: {'member': e.key, 'version': e.value.version})"""
_TEXTS = ", ".join(f"s.{name}::VARCHAR AS {name}" for name in ("traits", "identifiers", "consent", "orders", "events"))
_PEOPLE = f"""
    SELECT profile, version, s.first_seen, s.last_seen, coalesce(s.event_count, 0) AS event_count, {_TEXTS},
           s.accounts, s.locale, s.timezone, coalesce(given::VARCHAR, '{{}}') AS given,
           coalesce(segments::VARCHAR, '{{}}') AS segments, coalesce(evaluated, 0) AS evaluated, make_timestamp_ms(due) AS due
    FROM (SELECT *, json_transform(snapshot, '{_SNAPSHOT}') AS s FROM raw
          WHERE rowid IN (SELECT max_by(rowid, version) FROM raw WHERE row = 'profile' GROUP BY profile))"""
_FORMAT = "FORMAT parquet, COMPRESSION lz4_raw"


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
            few: int | None = FEW) -> tuple[Scattered, list[Path]]:
    """Write the rows of raw objects below the directory `out`; answers with it those that are no raw objects.

    More than `few` rows get a file for each bucket, which takes as long as all the rest of writing them; None: never.
    """
    out.mkdir(parents=True, exist_ok=True)  # files for buckets make it, but there may be no rows at all
    unreadable: list[Path] = []
    if not _read(connection, raw):
        unreadable = [path for path in raw if not _read(connection, [path])]
        _read(connection, [path for path in raw if path not in set(unreadable)])
    events, profiles = connection.execute(
        "SELECT count(*) FILTER (row <> 'profile'), count(*) FILTER (row = 'profile') FROM raw").fetchone()
    connection.execute(f"CREATE OR REPLACE TEMP TABLE orders AS {_ORDERS}")
    in_bucket = "SELECT {} AS bucket, * FROM ({})".format
    rows = _write(connection, out, "rows", in_bucket(bucket_sql("partition", buckets), _EVENTS), events, few)
    people = _write(connection, out, "people", in_bucket(bucket_sql("profile", buckets), _PEOPLE), profiles, few)
    connection.execute(f"""
        COPY (SELECT profile, version, {_MEMBERS} AS members, json_array_length(apart) > 0 AS apart FROM (
                  SELECT profile, max(version) AS version, max_by(members, version) AS members, max_by(apart, version) AS apart
                  FROM raw WHERE row = 'profile' GROUP BY profile)
              UNION ALL SELECT DISTINCT profile, NULL, NULL, NULL FROM raw
              WHERE row <> 'profile' AND profile NOT IN (SELECT profile FROM raw WHERE row = 'profile'))
        TO '{_quoted(out / "heads.parquet")}' (FORMAT parquet)""")
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


def _write(connection: Connection, out: Path, name: str, query: str, rows: int, few: int | None) -> tuple[Part, ...]:
    """Write rows into a file for each bucket, or into one file when they are few."""
    if not rows:
        return ()
    target = out / name
    target.mkdir(parents=True, exist_ok=True)
    if few is None or rows <= few:
        file = target / "all.parquet"
        connection.execute(f"COPY ({query}) TO '{_quoted(file)}' ({_FORMAT})")
        counts = _counts(connection, file)
        return (Part(f"{name}/all.parquet", tuple(counts), sum(counts.values())),)
    connection.execute(f"COPY ({query}) TO '{_quoted(target)}' ({_FORMAT}, PARTITION_BY (bucket), WRITE_PARTITION_COLUMNS true, "
                       "FILENAME_PATTERN 'part', OVERWRITE_OR_IGNORE true)")
    found = []
    for bucket, count in _counts(connection, target / "*" / "*.parquet").items():
        [file] = (target / f"bucket={bucket}").iterdir()
        found.append(Part(f"{name}/{file.relative_to(target)}", (bucket,), count))
    return tuple(found)


def _counts(connection: Connection, files: Path) -> dict[int, int]:
    return dict(connection.execute(f"""
        SELECT bucket, count(*) FROM read_parquet('{_quoted(files)}', hive_partitioning = false)
        GROUP BY bucket ORDER BY bucket""").fetchall())


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
