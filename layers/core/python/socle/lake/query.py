"""Reading the lake: the views `events` and `profiles` of one bucket, as every query over the lake sees them."""

# ruff: noqa: S608 (the SQL is put together from this package's own constants and from quoted names)
from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from socle.lake.columns import EVENTS, TRAITS, Column, expression
from socle.lake.manifest import LocalBucket

Connection = Any
"""A duckdb.DuckDBPyConnection; the library is heavy and imported only where a query runs."""

EVENT_COLUMNS = ("profile", "at", "received", "type", "name", "source", "message_id", "part", "order_id", "currency", "amount",
                 "properties", "context")
PROFILE_COLUMNS = ("profile", "version", "first_seen", "last_seen", "event_count", "traits", "identifiers", "consent", "orders",
                   "events", "accounts", "locale", "timezone", "given", "segments", "evaluated", "due")
_TIMES = frozenset(("at", "received", "first_seen", "last_seen", "due"))


def open_bucket(connection: Connection, files: LocalBucket, columns: Collection[Column],
                as_views: tuple[str, str] = ("events", "profiles")) -> None:
    """Make both views of one bucket; `columns` are the typed ones that the query will name. Times are epoch ms.

    A column that the files lack is computed from the JSON, so that a query never waits for a compaction.
    """
    open_buckets(connection, [files], columns, as_views)


def open_buckets(connection: Connection, files: Collection[LocalBucket], columns: Collection[Column],
                 as_views: tuple[str, str] = ("events", "profiles")) -> None:
    """The same of several buckets together, at least one; a typed column is read where all of them hold it."""
    held = set.intersection(*(set(one.columns) for one in files))
    for view, paths, fixed, table, source in (
            (as_views[0], [one.events for one in files], EVENT_COLUMNS, EVENTS, "properties"),
            (as_views[1], [one.profiles for one in files], PROFILE_COLUMNS, TRAITS, "traits")):
        wanted = [column for column in dict.fromkeys(columns) if column.table == table]
        parts = [f'epoch_ms("{name}") AS "{name}"' if name in _TIMES else name for name in fixed]
        parts += [column.quoted if column in held else f"{expression(column, source)} AS {column.quoted}" for column in wanted]
        connection.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {', '.join(parts)} FROM {scan(paths)}")


def scan(paths: Collection[Path]) -> str:
    """The rows of Parquet files of one shape, for a FROM."""
    names = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    return f"read_parquet([{names}])"
