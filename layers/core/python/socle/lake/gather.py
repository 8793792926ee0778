"""The last steps of a compaction, bucket by bucket: rows that move to another bucket go there, then each bucket is written anew.

Which rows count:

- Of one event in one partition and revision there is one row, however often it was reported.
- A row `gone` (an unmerge took the event out of the partition) hides what came into the partition before: every plain row,
  whenever it arrives, and what an earlier unmerge moved in. Only what a later one moves in counts again.
- A person has one row of each key (client timestamp, messageId): the highest revision in any of their partitions.
- If that says `voided`, the key counts for nothing.
- Of the events that complete one order only what stands counts (standing.py).

Rows that do not count lie in the shadow: an unmerge may need them.
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants and from quoted paths)
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from socle.lake.buckets import bucket_sql
from socle.lake.columns import EVENTS, TRAITS, Column, expression
from socle.lake.manifest import BucketFiles
from socle.lake.query import Connection, scan
from socle.lake.scatter import EVENT, PEOPLE
from socle.lake.standing import drop_what_was_replaced

ROW_GROUP = 65_536
SHADOW = (*EVENT, "gone")


class Inputs(NamedTuple):
    """The local files that buckets are made of.

    old      events, profiles, shadow, hidden of the last compaction, by these names
    rows     files of new rows, by bucket
    arriving files of rows that come from other buckets
    people   files of new profile rows, by bucket
    links    roots, changed and erased, by these names
    """

    old: Mapping[str, Collection[Path]]
    rows: Collection[Path]
    arriving: Collection[Path]
    people: Collection[Path]
    links: Mapping[str, Path]


def depart(connection: Connection, bucket: int, inputs: Inputs, out: Path, buckets: int) -> dict[int, str]:
    """Write what leaves a bucket for others below `out`: bucket → file name. Rows of members whose root lies elsewhere."""
    _who(connection, inputs.links)
    home = bucket_sql("coalesce(root, partition)", buckets)
    rows = _events_of(inputs, [bucket], "partition IN (SELECT partition FROM changed)")
    if not rows:
        return {}
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE leaving AS
        SELECT {home} AS target, r.* FROM ({rows}) r LEFT JOIN roots ON member = partition WHERE {home} <> {bucket}""")
    found = {}
    for (target,) in connection.execute("SELECT DISTINCT target FROM leaving ORDER BY 1").fetchall():
        found[target] = f"{bucket}-{target}.parquet"
        _copy(connection, f"SELECT * EXCLUDE (target) FROM leaving WHERE target = {target}", out / found[target])
    return found


def gather(connection: Connection, these: Collection[int], inputs: Inputs, columns: Iterable[Column], out: Path,
           buckets: int) -> dict[int, BucketFiles]:
    """Write the files of some buckets, all that `inputs` are of, below `out`; answers their names there, bucket by bucket.

    They are gone through together: most of what a small bucket costs is planning its queries.
    """
    _who(connection, inputs.links)
    wanted = tuple(sorted(set(columns)))
    _events(connection, these, inputs, wanted, buckets)
    _people(connection, these, inputs, wanted, buckets)
    counts = {name: dict(connection.execute(f"SELECT bucket, count(*) FROM {name} GROUP BY bucket").fetchall())
              for name in _ORDER}
    made = {}
    for bucket in sorted(these):
        names = {name: f"{name}-{bucket:03d}.parquet" if name in TABLES or bucket in counts[name] else "" for name in _ORDER}
        for name, file in names.items():
            if file:
                _copy(connection, f"SELECT * EXCLUDE (bucket) FROM {name} WHERE bucket = {bucket} ORDER BY {_ORDER[name]}",
                      out / file)
        rows = [counts[name].get(bucket, 0) for name in _ORDER]
        made[bucket] = BucketFiles(**names, rows=(rows[0], rows[1], rows[2], rows[3]), columns=wanted,
                                   size=sum((out / file).stat().st_size for file in names.values() if file))
    return made


TABLES = ("events", "profiles")
"""Those that every bucket has; the others only where there is a row for them."""
_ORDER = {"events": 'profile, "at", ts, message_id', "profiles": "profile",
          "shadow": "partition, ts, message_id, revision, gone", "hidden": "profile"}


def _who(connection: Connection, links: Mapping[str, Path]) -> None:
    for name in ("roots", "changed", "erased"):
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {scan([links[name]])}")


def _numbers(these: Collection[int]) -> str:
    return ", ".join(map(str, sorted(these)))


def _events_of(inputs: Inputs, these: Collection[int], stays: str = "true") -> str:
    """All rows of events that lie in some buckets, old and new, each old one if `stays` holds; "" for none."""
    names = ", ".join(EVENT)
    parts = []
    if inputs.old.get("events"):
        visible = names.replace("voided", "false AS voided")
        parts.append(f"SELECT {visible}, false AS gone FROM {scan(inputs.old['events'])} WHERE {stays}")
    if inputs.old.get("shadow"):
        parts.append(f"SELECT {names}, gone FROM {scan(inputs.old['shadow'])} WHERE {stays}")
    if inputs.rows:
        parts.append(f"SELECT {names}, gone FROM {scan(inputs.rows)} WHERE bucket IN ({_numbers(these)})")
    return " UNION ALL ".join(parts)


def _events(connection: Connection, these: Collection[int], inputs: Inputs, wanted: tuple[Column, ...], buckets: int) -> None:
    """Make the tables `events` and `shadow`."""
    names_sql = ", ".join(EVENT)
    arriving = [f"SELECT {names_sql}, gone FROM {scan(inputs.arriving)}"] if inputs.arriving else []
    union = " UNION ALL ".join(filter(None, [_events_of(inputs, these), *arriving])) or _nothing()
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE every AS
        SELECT * FROM (
            SELECT coalesce(root, partition) AS profile, {bucket_sql('coalesce(root, partition)', buckets)} AS bucket, r.*
            FROM ({union}) r LEFT JOIN roots ON member = partition WHERE partition NOT IN (SELECT profile FROM erased))
        WHERE bucket IN ({_numbers(these)})""")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE kept AS
        SELECT *, NOT gone AND coalesce(moved > left_at, true) AS lies FROM (
            SELECT rowid AS place, profile, partition, ts, message_id, revision, moved, gone, voided,
                   max(moved) FILTER (gone) OVER (PARTITION BY partition, ts, message_id, revision) AS left_at
            FROM every
            QUALIFY row_number() OVER (PARTITION BY partition, ts, message_id, revision, gone ORDER BY moved DESC, rowid) = 1)""")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE counted AS
        SELECT place FROM (
            SELECT place, voided FROM kept WHERE lies
            QUALIFY row_number() OVER (PARTITION BY profile, ts, message_id
                                       ORDER BY revision DESC, partition = profile DESC, partition) = 1)
        WHERE NOT voided""")
    drop_what_was_replaced(connection)
    typed = [column for column in wanted if column.table == EVENTS]
    more = "".join(f", {expression(column, 'properties')} AS {column.quoted}" for column in typed)
    rest = ", ".join(name for name in EVENT if name != "voided")
    # Sorted, so that writing one bucket looks at no row of another one.
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE events AS
        SELECT bucket, profile, {rest}{more} FROM every WHERE rowid IN (SELECT place FROM counted)
        ORDER BY bucket, {_ORDER["events"]}""")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE shadow AS
        SELECT bucket, {', '.join(SHADOW)} FROM every
        WHERE rowid IN (SELECT place FROM kept EXCEPT SELECT place FROM counted)""")


def _nothing() -> str:
    kinds = {"ts": "BIGINT", "revision": "BIGINT", "moved": "BIGINT", '"at"': "TIMESTAMP", "received": "TIMESTAMP",
             "part": "INTEGER", "amount": "BIGINT", "voided": "BOOLEAN"}
    columns = ", ".join(f"NULL::{kinds.get(name, 'VARCHAR')} AS {name}" for name in EVENT)
    return f"SELECT {columns}, false AS gone WHERE false"


def _people(connection: Connection, these: Collection[int], inputs: Inputs, wanted: tuple[Column, ...], buckets: int) -> None:
    """Make the tables `profiles` and `hidden`."""
    columns = ", ".join(PEOPLE)
    parts = [f"SELECT {columns} FROM {scan(inputs.old[name])}" for name in ("profiles", "hidden") if inputs.old.get(name)]
    if inputs.people:
        parts.append(f"SELECT {columns} FROM {scan(inputs.people)} WHERE bucket IN ({_numbers(these)})")
    union = " UNION ALL ".join(parts) or _nobody()
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE people AS
        SELECT {bucket_sql('profile', buckets)} AS bucket, *, profile IN (SELECT member FROM roots) AS merged FROM ({union})
        WHERE profile NOT IN (SELECT profile FROM erased)
        QUALIFY row_number() OVER (PARTITION BY profile ORDER BY version DESC) = 1""")
    typed = [column for column in wanted if column.table == TRAITS]
    more = "".join(f", {expression(column, 'traits')} AS {column.quoted}" for column in typed)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE profiles AS SELECT bucket, {columns}{more} FROM people "
                       "WHERE NOT merged ORDER BY bucket, profile")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE hidden AS SELECT bucket, {columns} FROM people WHERE merged")


def _nobody() -> str:
    kinds = {"version": "BIGINT", "first_seen": "TIMESTAMP", "last_seen": "TIMESTAMP", "event_count": "BIGINT",
             "accounts": "VARCHAR[]", "evaluated": "BIGINT", "due": "TIMESTAMP"}
    columns = ", ".join(f"NULL::{kinds.get(name, 'VARCHAR')} AS {name}" for name in PEOPLE)
    return f"SELECT {columns} WHERE false"


def _copy(connection: Connection, query: str, path: Path) -> None:
    target = str(path).replace("'", "''")
    connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})")
