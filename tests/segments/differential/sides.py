"""The two executions of the one meaning, asked the same: evaluate() for each person, SQL over the lake for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from socle.lake.columns import Column
from socle.lake.manifest import Manifest, local_bucket
from socle.segments.evaluate import evaluate
from socle.segments.facts import Person, person_of
from socle.segments.nodes import Node
from socle.segments.sql.compile import compile_segments
from socle.segments.sql.run import run_nodes
from socle.segments.watches import watches
from tests.segments.differential.loads import Load, Someone, lake_of
from tests.segments.differential.words import DURATIONS, Moments

AT_ONCE = 24
"""Segments in one query: planning one of hundreds takes longer."""

Members = Mapping[str, frozenset[str]]
"""Segment → the profiles in it."""


class Difference(NamedTuple):
    """Where the two do not agree."""

    segment: str
    profile: str
    now: int
    python: bool


def times(moments: Moments, chance: Random) -> list[int]:
    """When both are asked: around the midnight of the load to the ms, and around another edge."""
    other = moments.now + chance.choice((-1, -1, 1)) * chance.choice((*DURATIONS.values(),)[:-1])
    return [moments.now - 1, moments.now, moments.now + 1, other, other + 1]


def persons(people: Mapping[str, Someone], nodes: Iterable[Node]) -> dict[str, Person]:
    """Everybody by their complete history, as evaluate() looks at them."""
    found = watches(nodes)
    return {profile: person_of(profile, one.aggregate.snapshot, one.given, found, one.events) for profile, one in people.items()}


def by_python(people: Mapping[str, Person], nodes: Mapping[str, Node], now: int) -> Members:
    """Who is in, one by one."""
    return {name: frozenset(profile for profile, person in people.items() if evaluate(node, person, now).true)
            for name, node in nodes.items()}


def by_sql(manifest: Manifest, lake: Path, nodes: Mapping[str, Node], now: int) -> Members:
    """Who is in, all at once."""
    buckets = [local_bucket(manifest, number, lake) for number in manifest.buckets]
    found: dict[str, frozenset[str]] = {}
    for some in portions(nodes):
        found |= {name: frozenset(members) for name, members in run_nodes(some, buckets, now).items()}
    return found


def portions(nodes: Mapping[str, Node]) -> list[dict[str, Node]]:
    """The nodes, so many at a time as a query takes well."""
    names = list(nodes)
    return [{name: nodes[name] for name in names[start:start + AT_ONCE]} for start in range(0, len(names), AT_ONCE)]


def half_of_the_columns(nodes: Mapping[str, Node], now: int, chance: Random) -> list[Column]:
    """Some of the typed columns are in the lake already, the others are made of JSON as the query runs."""
    wanted = {column for some in portions(nodes) for column in compile_segments(some, now).columns}
    return [column for column in sorted(wanted) if chance.random() < 0.5]


def differences(one: Load, nodes: Mapping[str, Node], nows: Sequence[int], directory: Path,
                buckets: int = 1) -> tuple[list[Difference], list[Members]]:
    """Where they differ, and what evaluate() says at each time."""
    manifest = lake_of(one.world, one.seed, directory, half_of_the_columns(nodes, nows[0], Random(one.seed)), buckets)
    known = persons(one.people, nodes.values())
    found: list[Difference] = []
    said: list[Members] = []
    for now in nows:
        right, other = by_python(known, nodes, now), by_sql(manifest, directory / "lake", nodes, now)
        said.append(right)
        found += [Difference(name, profile, now, profile in right[name]) for name in nodes
                  for profile in sorted(right[name] ^ other[name])]
    return found, said
