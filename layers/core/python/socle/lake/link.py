"""The second step of a compaction: who is who now, from all heads ever met. DuckDB, local files; one task for all buckets.

A profile's newest row names its members, each with the version at which it was merged. Such a claim is void when the member
has a row of its own of a greater version: it was unmerged since. Of several claims the one of the greatest version holds, and
claims are followed until nobody claims any more. Rows arrive in any order, and whoever was unmerged is kept apart from
somebody for ever: so heads that neither have members, nor are claimed, nor are kept apart decide nothing and are not kept.

    links    heads that may decide something: profile, version, members, apart
    roots    member → root, for everybody who was merged away
    changed  partitions whose root is another one than after the last compaction: partition, before, after
    erased   profiles that were erased
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants and from quoted paths)
from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from socle.lake.buckets import bucket_sql
from socle.lake.query import Connection, scan

_DEPTH = 64
"""Merges that are followed from one member: a survivor names all of its members, so that one or two do."""
STATE = ("links", "roots", "erased")
_TABLES = ("met", "seen", "head", "claim", "old_roots", "new_erased", "changed", *STATE)


class Linked(NamedTuple):
    """What linking came to.

    files     name (links, roots, erased, changed) → file
    touched   buckets in which somebody's rows change beside those that have new rows
    sources   bucket → buckets to which rows of it go
    """

    files: Mapping[str, str]
    touched: tuple[int, ...]
    sources: Mapping[int, tuple[int, ...]]


def link(connection: Connection, heads: Collection[Path], before: Mapping[str, Path], erased: Collection[str], out: Path,
         buckets: int) -> Linked:
    """Write the four files below `out`. `before` are those of the last compaction, empty for the first."""
    _load(connection, heads, before, erased)
    _resolve(connection)
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE changed AS
        SELECT coalesce(n.member, o.member) AS partition, coalesce(o.root, o.member, n.member) AS "before",
               coalesce(n.root, n.member, o.member) AS "after"
        FROM roots n FULL JOIN old_roots o ON n.member = o.member WHERE n.root IS DISTINCT FROM o.root""")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE links AS SELECT * FROM head
        WHERE len(members) > 0 OR apart OR profile IN (SELECT member FROM claim)""")
    files = {}
    for name in (*STATE, "changed"):
        files[name] = f"{name}.parquet"
        path = str(out / files[name]).replace("'", "''")
        connection.execute(f"COPY (SELECT * FROM {name} ORDER BY ALL) TO '{path}' (FORMAT parquet)")
    ways = connection.execute(f"""
        SELECT DISTINCT {bucket_sql('"before"', buckets)}, {bucket_sql('"after"', buckets)} FROM changed
        UNION SELECT DISTINCT {bucket_sql('profile', buckets)}, {bucket_sql('root', buckets)}
        FROM seen JOIN roots ON member = profile ORDER BY ALL""").fetchall()
    # A profile that begins or ends to be somebody's changes sides between `profiles` and `hidden` of its own bucket.
    own = connection.execute(f"SELECT DISTINCT {bucket_sql('partition', buckets)} FROM changed").fetchall()
    gone = connection.execute(f"""
        SELECT DISTINCT {bucket_sql('profile', buckets)} FROM new_erased
        UNION SELECT DISTINCT {bucket_sql('root', buckets)} FROM new_erased JOIN roots ON member = profile""").fetchall()
    for table in _TABLES:
        connection.execute(f"DROP TABLE {table}")
    sources: dict[int, tuple[int, ...]] = {}
    for here, there in ways:
        if here != there:
            sources[here] = (*sources.get(here, ()), there)
    touched = {bucket for row in (*ways, *own, *gone) for bucket in row}
    return Linked(files, tuple(sorted(touched)), sources)


def _load(connection: Connection, heads: Collection[Path], before: Mapping[str, Path], erased: Collection[str]) -> None:
    shape = "profile VARCHAR, version BIGINT, members STRUCT(member VARCHAR, version BIGINT)[], apart BOOLEAN"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE met ({shape})")
    if heads:
        connection.execute(f"INSERT INTO met SELECT * FROM {scan(heads)}")
    connection.execute("CREATE OR REPLACE TEMP TABLE seen AS SELECT DISTINCT profile FROM met")
    if "links" in before:
        connection.execute(f"INSERT INTO met SELECT * FROM {scan([before['links']])}")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE head AS
        SELECT profile, max(version) AS version, max_by(members, version) AS members, max_by(apart, version) AS apart
        FROM met WHERE version IS NOT NULL GROUP BY profile""")
    connection.execute("CREATE OR REPLACE TEMP TABLE old_roots (member VARCHAR, root VARCHAR)")
    if "roots" in before:
        connection.execute(f"INSERT INTO old_roots SELECT * FROM {scan([before['roots']])}")
    connection.execute("CREATE OR REPLACE TEMP TABLE erased (profile VARCHAR)")
    if "erased" in before:
        connection.execute(f"INSERT INTO erased SELECT * FROM {scan([before['erased']])}")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE new_erased AS
        SELECT DISTINCT unnest($ids::VARCHAR[]) AS profile EXCEPT SELECT profile FROM erased""", {"ids": list(erased)})
    connection.execute("INSERT INTO erased SELECT * FROM new_erased")


def _resolve(connection: Connection) -> None:
    """Make `claim` (every claim there is) and `roots` (the outcome)."""
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE claim AS
        SELECT profile AS root, m.member AS member, m.version AS version
        FROM (SELECT profile, unnest(members) AS m FROM head)""")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE roots AS
        SELECT member, max_by(root, (claim.version, root)) AS root
        FROM claim LEFT JOIN head ON head.profile = claim.member
        WHERE head.version IS NULL OR head.version <= claim.version GROUP BY member""")
    for _ in range(_DEPTH):
        further = connection.execute("SELECT count(*) FROM roots a JOIN roots b ON a.root = b.member").fetchone()[0]
        if not further:
            return
        connection.execute("""
            CREATE OR REPLACE TEMP TABLE roots AS
            SELECT a.member, coalesce(b.root, a.root) AS root FROM roots a LEFT JOIN roots b ON a.root = b.member""")
    # A circle: rows contradict each other. Nobody is lost: each stays who they are until a newer row says more.
    connection.execute("DELETE FROM roots WHERE root IN (SELECT member FROM roots)")
