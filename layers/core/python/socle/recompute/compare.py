"""Who is in, by the query over all, beside who is in as their profiles have it: DuckDB, local files. No store, no clock."""

# ruff: noqa: S608 (what people wrote gets into the SQL through segments.sql.quote alone)
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from socle.lake.buckets import bucket_sql
from socle.lake.query import Connection
from socle.recompute.model import Frozen, Part
from socle.segments.moving import moves
from socle.segments.nodes import Node
from socle.segments.sql.compile import compile_segments
from socle.segments.sql.quote import listed, literal

SAMPLES = 5
_NO_TEXTS = "[]::VARCHAR[]"


def compare(connection: Connection, frozen: Frozen, nodes: Mapping[str, Node]) -> Part:
    """Evaluate everybody in the views `events` and `profiles`; leaves the tables `here` and `told` in the connection.

    here  profile, names: the segments that the profile is in now
    told  profile, drifted: the profiles that must look again, and the segments whose difference nothing explains

    Who does not differ must look again too, when time alone may move them by a definition that they were never evaluated under:
    they do not know when.
    """
    names = sorted(nodes)
    compiled = compile_segments({name: nodes[name] for name in names}, frozen.now)
    flags = ", ".join(f"CASE WHEN s{index} THEN {literal(name)} END" for index, name in enumerate(names))
    inside = f"list_filter([{flags}], lambda one: one IS NOT NULL)" if names else _NO_TEXTS
    connection.execute(f"CREATE OR REPLACE TEMP TABLE here AS SELECT profile, {inside} AS names FROM ({compiled.sql})")
    connection.execute("CREATE OR REPLACE TEMP TABLE known (number BIGINT, names VARCHAR[], entered VARCHAR[], left_ VARCHAR[])")
    for number, same in _comparable(frozen).items():
        moving = _moving({name: node for name, node in nodes.items() if name not in same})
        connection.execute(f"INSERT INTO known VALUES ({literal(number)}, {_texts(same)}, {', '.join(map(_texts, moving))})")
    entered, left = map(_texts, _moving(nodes))
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE told AS
        SELECT profile, CASE WHEN is_due THEN {_NO_TEXTS} ELSE
               list_filter(differing, lambda one: list_contains(known, one) AND NOT list_contains(gone, one)) END AS drifted
        FROM (SELECT profile, is_due, gone, coalesce(k.names, {_NO_TEXTS}) AS known,
                     evaluated <> {literal(frozen.number)} AND (
                         list_has_any(now_in, coalesce(k.left_, {left}))
                         OR NOT list_has_all(now_in, coalesce(k.entered, {entered}))) AS may_move,
                     list_concat(
                     list_filter(now_in, lambda one: NOT list_contains(live, one)),
                     list_filter(live, lambda one: NOT list_contains(now_in, one))) AS differing
              FROM (SELECT profile, now_in, list_filter(said, lambda one: NOT list_contains(gone, one)) AS live, gone, evaluated,
                           is_due
                    FROM (SELECT h.profile, h.names AS now_in, coalesce(json_keys(p.segments), {_NO_TEXTS}) AS said,
                                 {_gone(frozen.created)} AS gone, p.evaluated,
                                 coalesce(p.due <= {literal(frozen.now)}, false) AS is_due
                          FROM here h JOIN profiles p ON p.profile = h.profile))
              LEFT JOIN known k ON k.number = evaluated)
        WHERE len(differing) > 0 OR is_due OR may_move""")
    if frozen.dated:
        connection.execute(f"""
            INSERT INTO told SELECT profile, {_NO_TEXTS} FROM profiles
            WHERE list_has_any(coalesce(json_keys(traits), {_NO_TEXTS}), {_texts(frozen.dated)})
            AND profile NOT IN (SELECT profile FROM told)""")
    profiles, ticks = connection.execute("SELECT (SELECT count(*) FROM here), (SELECT count(*) FROM told)").fetchone()
    sizes = _counted(connection, "SELECT unnest(names) AS one FROM here")
    drift = _counted(connection, "SELECT unnest(drifted) AS one FROM told")
    samples = connection.execute(f"SELECT profile FROM told WHERE len(drifted) > 0 ORDER BY 1 LIMIT {SAMPLES}").fetchall()
    return Part(profiles, sizes, ticks, drift, tuple(profile for (profile,) in samples))


def write_members(connection: Connection, bucket: int, count: int, target: Path) -> None:
    """Write who is in which segment of a bucket, as Parquet with columns profile and segment."""
    path = str(target).replace("'", "''")
    connection.execute(
        f"COPY (SELECT profile, unnest(names) AS segment FROM here WHERE {bucket_sql('profile', count)} = {bucket} "
        f"ORDER BY 1, 2) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def told(connection: Connection, at_a_time: int) -> Iterator[list[str]]:
    """The profiles that must look again, some at a time."""
    cursor = connection.execute("SELECT profile FROM told ORDER BY 1")
    while rows := cursor.fetchmany(at_a_time):
        yield [profile for (profile,) in rows]


def _comparable(frozen: Frozen) -> dict[int, Sequence[str]]:
    """Number of a set of definitions → the segments that meant the same then as now."""
    current = frozen.meanings.get(frozen.number, {})
    return {number: sorted(name for name, one in then.items() if current.get(name) == one)
            for number, then in frozen.meanings.items()}


def _gone(created: Mapping[str, int]) -> str:
    """The segments of that name that a profile was in before they were deleted: it is not in the ones written since."""
    before = [f"CASE WHEN (p.segments ->> {literal(name)})::BIGINT < {literal(at)} THEN {literal(name)} END"
              for name, at in sorted(created.items())]
    return f"list_filter([{', '.join(before)}], lambda one: one IS NOT NULL)" if before else _NO_TEXTS


def _moving(nodes: Mapping[str, Node]) -> tuple[list[str], list[str]]:
    """The segments that time alone may bring somebody into, and out of."""
    found = {name: moves(node) for name, node in sorted(nodes.items())}
    return [name for name, one in found.items() if one.enters], [name for name, one in found.items() if one.leaves]


def _texts(names: Sequence[str]) -> str:
    return f"[{listed(names)}]::VARCHAR[]" if names else _NO_TEXTS


def _counted(connection: Connection, ones: str) -> dict[str, int]:
    return dict(connection.execute(f"SELECT one, count(*) FROM ({ones}) GROUP BY one ORDER BY one").fetchall())
