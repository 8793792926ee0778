"""How well near-duplicates are found: among invented families always, in published data where it is there.

Nothing is tuned on the answers: the rules and the thresholds are those that everybody has.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from socle.duplicates.model import DuplicateRules, Person
from tests.duplicates.invent import people
from tests.duplicates.judged import found, judge, of_groups
from tests.duplicates.known import sets

PROPOSE = DuplicateRules().propose
AUTO_MERGE = 0.99
DATA = Path(__file__).parents[3] / "shared/data"


@pytest.fixture(scope="module")
def invented():
    everybody = list(people(3_000, seed=7))
    searched, pairs = found(person for person, _ in everybody)
    return searched, pairs, {person.id: who for person, who in everybody}


def test_most_people_who_are_there_twice_are_found_and_few_others(invented):
    _, pairs, who = invented
    quality = judge([pair for pair in pairs if pair.probability >= PROPOSE], who)
    assert quality.f1 >= 0.94
    assert quality.precision >= 0.95


def test_what_is_merged_unseen_is_one_person(invented):
    _, pairs, who = invented
    quality = judge([pair for pair in pairs if pair.certain and pair.probability >= AUTO_MERGE], who)
    assert quality.precision >= 0.99
    assert quality.recall >= 0.85


def test_a_family_is_no_person(invented):
    """Most pairs that share surname and address are families: the model must not learn that a person's birth dates differ."""
    searched, pairs, _ = invented
    assert searched.model.m["birth"][-1] > 0.5
    assert searched.model.m["birth"][0] < 0.15
    alike = [pair for pair in pairs if {"given", "birth"} <= {one.field for one in pair.levels if one.level == "different"}]
    assert len(alike) <= len(pairs) // 50


def test_the_same_people_in_another_order_give_the_same_pairs(invented):
    _, pairs, _ = invented
    everybody = [person for person, _ in people(3_000, seed=7)]
    assert found(reversed(everybody))[1] == pairs


def test_ten_people_are_enough_to_see_that_two_are_one():
    names = ("anna muller", "anna mueller", "bob smith", "eve jones", "ada byron", "max planck", "lise meitner", "otto hahn",
             "emmy noether", "karl gauss")
    births = ("19800203", "19800203", "19700103", "19910717", "18151210", "18580423", "18781107", "18790308", "18820323",
              "17770430")
    ten = [Person(f"p{number}", 1, None, *names[number].split(), births[number]) for number in range(10)]
    (pair,) = found(ten, PROPOSE)[1]
    assert (pair.left, pair.right) == ("p0", "p1")


@pytest.mark.parametrize("number", [0, 1, 2])
def test_nobody_and_hardly_anybody_are_no_trouble(number):
    few = [Person(f"p{one}", 1, None, "ada", "byron", "18151210") for one in range(number)]
    assert len(found(few)[1]) == number // 2


@pytest.mark.skipif(not DATA.exists(), reason="the published data sets are not here")
def test_published_data_sets_are_taken_apart_as_well_as_promised():
    bars = {"FEBRL 1": 0.98, "FEBRL 4": 0.99, "fake_1000": 0.90}
    seen = set()
    for name, known in sets(DATA):
        who = {person.id: really for person, really in known}
        _, pairs = found(person for person, _ in known)
        proposed = [pair for pair in pairs if pair.probability >= PROPOSE]
        assert judge(proposed, who).f1 >= bars[name], name
        assert judge([pair for pair in proposed if pair.certain and pair.probability >= AUTO_MERGE], who).precision >= 0.99, name
        seen.add(name)
    assert seen == set(bars)


def test_quality_is_counted_over_pairs():
    who = {"a": 1, "b": 1, "c": 1, "d": 2, "e": 2}
    assert of_groups([["a", "b"], ["c", "d", "e"]], who) == (0.5, 0.5)
    assert of_groups([], who) == (1.0, 0.0)
