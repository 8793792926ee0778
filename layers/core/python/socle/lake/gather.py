"""The last steps of a compaction, bucket by bucket: rows that move to another bucket go there, then each bucket is written anew.

A bucket's rows are looked at twice in its files: only their keys, to find what counts; then everything, sorted and written.
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants and from quoted paths)
from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from socle.lake.buckets import bucket_sql
from socle.lake.columns import EVENTS, TRAITS, Column, taken
from socle.lake.counting import find_what_counts
from socle.lake.manifest import BucketFiles
from socle.lake.query import Connection, scan
from socle.lake.scatter import EVENT, PEOPLE

ROW_GROUP = 65_536
SHADOW = (*EVENT, "gone")
FIRST_NEW = 2 << 60
"""The first `place` of rows that came since the last compaction."""


class Inputs(NamedTuple):
    """The local files that buckets are made of.

    old      events, profiles, shadow, hidden of the last compaction, by these names
    held     typed columns that all old files hold
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
    held: Collection[Column] = ()


def depart(connection: Connection, bucket: int, inputs: Inputs, out: Path, buckets: int) -> dict[int, str]:
    """Write what leaves a bucket for others below `out`: bucket → file name. Rows of members whose root lies elsewhere."""
    _who(connection, inputs.links)
    home = bucket_sql("coalesce(root, partition)", buckets)
    scans = _scans(inputs, [bucket], buckets, ())
    if not scans:
        return {}
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE leaving AS
        SELECT {home} AS target, r.* EXCLUDE (place, home)
        FROM ({" UNION ALL ".join(scans)}) r LEFT JOIN roots ON member = partition
        WHERE {home} <> {bucket} AND (place >= {FIRST_NEW} OR partition IN (SELECT partition FROM changed))""")
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
    typed = "".join(f", {column.quoted}" for column in wanted if column.table == EVENTS)
    rest = ", ".join(name for name in EVENT if name != "voided")
    # What `events` and `profiles` are made of is sorted already.
    parts = {"events": (f"profile, {rest}{typed}", "events WHERE NOT shaded"),
             "profiles": ("* EXCLUDE (bucket, merged)", "profiles WHERE NOT merged"),
             "shadow": (", ".join(SHADOW), "events WHERE shaded"),
             "hidden": (", ".join(PEOPLE), "profiles WHERE merged")}
    counts = {name: dict(connection.execute(f"SELECT bucket, count(*) FROM {rows} GROUP BY bucket").fetchall())
              for name, (_, rows) in parts.items()}
    made = {}
    for bucket in sorted(these):
        names = {name: f"{name}-{bucket:03d}.parquet" if name in TABLES or bucket in counts[name] else "" for name in parts}
        for name, file in names.items():
            if file:
                select, rows = parts[name]
                order = "" if name in TABLES else f" ORDER BY {_ORDER[name]}"
                _copy(connection, f"SELECT {select} FROM {rows} AND bucket = {bucket}{order}", out / file)
        size = [counts[name].get(bucket, 0) for name in parts]
        made[bucket] = BucketFiles(**names, rows=(size[0], size[1], size[2], size[3]), columns=wanted,
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


def _place(number: int) -> str:
    return f"(({number} * 1048576 + file_index::BIGINT) * 1099511627776 + file_row_number::BIGINT)"


def _scans(inputs: Inputs, these: Collection[int], buckets: int, wanted: Collection[Column]) -> list[str]:
    """All rows of events that lie in some buckets, old and new: a query for each kind of file, all of the same columns.

    `place` is a number for each row, the same in every scan of these files; `home` is the bucket of the row's partition.
    Typed columns of `wanted` are copied from old files that hold them, and taken out of the JSON otherwise.
    """
    names = ", ".join(EVENT)
    typed = [column for column in wanted if column.table == EVENTS]
    computed, said = taken(typed, "properties")
    held = "".join(f", {column.quoted}" for column in typed) if set(typed) <= set(inputs.held) else None
    home = bucket_sql("partition", buckets)
    kinds = ((inputs.old.get("events"), names.replace("voided", "false AS voided") + ", false AS gone", home, "true", held),
             (inputs.old.get("shadow"), names + ", gone", home, "true", None),
             (inputs.rows, names + ", gone", "bucket", f"bucket IN ({_numbers(these)})", None),
             (inputs.arriving, names + ", gone", home, "true", None))
    found = []
    for number, (paths, columns, bucket, condition, copied) in enumerate(kinds):
        if paths:
            inner = f"{_place(number)} AS place, {bucket} AS home, {columns}"
            if copied is not None or not typed:
                found.append(f"SELECT {inner}{copied or ''} FROM {scan(paths)} WHERE {condition}")
            else:
                found.append(f"SELECT * EXCLUDE (said){computed} FROM (SELECT {inner}, {said} AS said FROM {scan(paths)} "
                             f"WHERE {condition})")
    return found


def _events(connection: Connection, these: Collection[int], inputs: Inputs, wanted: tuple[Column, ...], buckets: int) -> None:
    """Make the table `events`, of what counts and what lies in the shadow (`shaded`), sorted for its files."""
    def rows(columns: Collection[Column]) -> str:
        union = " UNION ALL ".join(_scans(inputs, these, buckets, columns)) or _nothing(columns)
        return f"""SELECT r.*, coalesce(root, partition) AS profile,
                          CASE WHEN root IS NULL THEN home ELSE {bucket_sql('root', buckets)} END AS bucket
                   FROM ({union}) r LEFT JOIN roots ON member = partition
                   WHERE partition NOT IN (SELECT profile FROM erased)"""

    find_what_counts(connection, rows(()))
    # Sorted, so that writing one bucket looks at no row of another one.
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE events AS
        SELECT * EXCLUDE (place, home), place IN (SELECT place FROM shaded) AS shaded FROM ({rows(wanted)})
        WHERE bucket IN ({_numbers(these)}) AND place NOT IN (SELECT place FROM dropped)
        ORDER BY bucket, {_ORDER["events"]}""")


def _nothing(wanted: Collection[Column]) -> str:
    kinds = {"ts": "BIGINT", "revision": "BIGINT", "moved": "BIGINT", '"at"': "TIMESTAMP", "received": "TIMESTAMP",
             "part": "INTEGER", "amount": "BIGINT", "voided": "BOOLEAN"}
    columns = ", ".join(f"NULL::{kinds.get(name, 'VARCHAR')} AS {name}" for name in EVENT)
    typed = "".join(f", NULL AS {column.quoted}" for column in wanted if column.table == EVENTS)
    return f"SELECT 0::BIGINT AS place, 0 AS home, {columns}, false AS gone{typed} WHERE false"


def _people(connection: Connection, these: Collection[int], inputs: Inputs, wanted: tuple[Column, ...], buckets: int) -> None:
    """Make the table `profiles`, of everybody and of who was merged away (`merged`), sorted for its files."""
    columns = ", ".join(PEOPLE)
    paths = [path for name in ("profiles", "hidden") for path in inputs.old.get(name, ())]
    parts = [f"SELECT {_place(0)} AS place, {columns} FROM {scan(paths)}"] if paths else []
    if inputs.people:
        parts.append(f"SELECT {_place(1)} AS place, {columns} FROM {scan(inputs.people)} WHERE bucket IN ({_numbers(these)})")
    union = " UNION ALL ".join(parts) or _nobody()
    typed, said = taken([column for column in wanted if column.table == TRAITS], "traits")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE newest AS
        SELECT max_by(place, version) AS place FROM ({union})
        WHERE profile NOT IN (SELECT profile FROM erased) GROUP BY profile""")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE profiles AS
        SELECT {bucket_sql('profile', buckets)} AS bucket, {columns}{typed}, profile IN (SELECT member FROM roots) AS merged
        FROM (SELECT *, {said} AS said FROM ({union})) WHERE place IN (SELECT place FROM newest) ORDER BY bucket, profile""")


def _nobody() -> str:
    kinds = {"version": "BIGINT", "first_seen": "TIMESTAMP", "last_seen": "TIMESTAMP", "event_count": "BIGINT",
             "accounts": "VARCHAR[]", "evaluated": "BIGINT", "due": "TIMESTAMP"}
    columns = ", ".join(f"NULL::{kinds.get(name, 'VARCHAR')} AS {name}" for name in PEOPLE)
    return f"SELECT 0::BIGINT AS place, {columns} WHERE false"


def _copy(connection: Connection, query: str, path: Path) -> None:
    target = str(path).replace("'", "''")
    connection.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})")
