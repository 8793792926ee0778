"""evaluate = SQL: random definitions over random people at the edges of their windows, two executions, no difference."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from tests.segments.differential.coverage import Coverage
from tests.segments.differential.loads import load
from tests.segments.differential.shrink import shrunk
from tests.segments.differential.sides import Difference, by_python, differences, persons, times

SEEDS = ("3", "4")
"""Together they hit everything; `python -m tests.segments.differential` goes on with others."""
PEOPLE = 100


@pytest.fixture(scope="module")
def coverage() -> Coverage:
    return Coverage()


@pytest.mark.parametrize("seed", SEEDS)
def test_evaluate_and_sql_say_the_same_of_everybody_at_any_time(seed, coverage, tmp_path):
    one = load(seed, PEOPLE)
    nows = times(one.moments, Random(seed))[:3]
    found, said = differences(one, one.nodes(), nows, tmp_path)
    assert not found, shrunk(one, found[0])
    coverage.add(one.definitions.shows, one.people, nows, said)


def test_every_operator_was_met_true_and_false_and_at_its_edge(coverage, record_property):
    assert coverage.loads == len(SEEDS), "it counts what the comparison above has hit: run the whole module"
    record_property("summary", str(coverage))
    assert coverage.cases >= 20_000
    assert coverage.missing() == []


def test_a_difference_is_shrunk_to_what_it_takes():
    """The comparison can fail: the smallest case is printed with its seed."""
    one = load("small", 3, groups=6)
    name = next(name for name, shows in one.definitions.shows.items() if shows == "all")
    inverted = {"type": "not", "of": one.definitions.segments[name]["when"]}
    profile = next(iter(one.people))
    assert "alone they agree" in shrunk(one, Difference(name, profile, one.moments.now, True))
    nodes = one.nodes()
    before = by_python(persons(one.people, nodes.values()), nodes, one.moments.now)[name]
    changed = replace(one, definitions=replace(one.definitions, segments={**one.definitions.segments, name: {"when": inverted}}))
    after = by_python(persons(one.people, changed.nodes().values()), changed.nodes(), one.moments.now)[name]
    assert before ^ after == set(one.people)
