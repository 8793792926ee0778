"""Segments over buckets that lie on this machine, without S3: for tests, benchmarks and whoever has a copy of the lake."""

# ruff: noqa: S608 (what people wrote gets into the SQL through quote.py alone)
from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from socle.lake.local import read_manifest
from socle.lake.manifest import LocalBucket, local_bucket
from socle.lake.query import Connection, open_bucket
from socle.segments.document import COMPUTED, KIND
from socle.segments.nodes import Node
from socle.segments.plan import Plans
from socle.segments.sql.compile import compile_segments

Document = Mapping[str, Any]


def plan(definitions: Mapping[str, Mapping[str, Document]]) -> dict[str, Node]:
    """Name → node of every segment; definitions: kind → name → document."""
    plans = Plans(definitions.get(KIND, {}), definitions.get(COMPUTED, {}))
    return {name: plans.segment(name) for name in definitions.get(KIND, {})}


def run_local(definitions: Mapping[str, Mapping[str, Document]], directory: Path, now: int) -> dict[str, set[str]]:
    """Segment → profiles in it at `now` (epoch ms), of the lake below a directory; definitions: kind → name → document."""
    manifest = read_manifest(directory)
    buckets = [local_bucket(manifest, number, directory) for number in manifest.buckets] if manifest else []
    return run_nodes(plan(definitions), buckets, now)


def run_nodes(nodes: Mapping[str, Node], buckets: Iterable[LocalBucket], now: int) -> dict[str, set[str]]:
    """The same for nodes and buckets."""
    import duckdb  # heavy, and only needed here

    compiled = compile_segments(nodes, now)
    found: dict[str, set[str]] = {name: set() for name in nodes}
    with duckdb.connect() as connection:
        for files in buckets:
            open_bucket(connection, files, compiled.columns)
            for name, members in members_here(connection, compiled.sql, tuple(nodes)).items():
                found[name] |= members
    return found


def members_here(connection: Connection, sql: str, names: tuple[str, ...]) -> dict[str, set[str]]:
    """Segment → profiles, of the views of a connection, by a compiled query."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE membership AS {sql}")
    return {name: {profile for (profile,) in connection.execute(f"SELECT profile FROM membership WHERE s{index}").fetchall()}
            for index, name in enumerate(names)}
