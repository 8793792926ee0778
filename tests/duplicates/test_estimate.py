"""The model that is learnt: from patterns that were drawn from a known one, it finds that one again."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from socle.duplicates.blocks import RULES
from socle.duplicates.estimate import believed, believed_of_two, fit, odds, probability, weight
from socle.duplicates.levels import FIELDS

ONE = {"given": [0.1, 0.05, 0.1, 0.05, 0.7], "surname": [0.05, 0.05, 0.1, 0.0, 0.8], "birth": [0.1, 0.05, 0.05, 0.1, 0.7],
       "email": [0.3, 0.1, 0.2, 0.4], "phone": [0.4, 0.1, 0.5], "address": [0.2, 0.02, 0.03, 0.05, 0.1, 0.1, 0.1, 0.4]}
BITS = {rule.name: 1 << number for number, rule in enumerate(RULES)}


def drawn(chance: random.Random, number: int, unknown: float = 0.2) -> Counter[tuple[int, ...]]:
    """Patterns of pairs that are one person."""
    return Counter(tuple(-1 if chance.random() < unknown else chance.choices(range(field.top + 1), ONE[field.name])[0]
                         for field in FIELDS) for _ in range(number))


def of_two(chance: random.Random, number: int) -> Counter[tuple[int, ...]]:
    return Counter(tuple(chance.choices(range(field.top + 1), believed_of_two(field))[0] for field in FIELDS)
                   for _ in range(number))


def test_what_a_persons_fields_do_is_found_again_without_an_answer():
    chance = random.Random(3)
    ones, twos = drawn(chance, 1_500), of_two(chance, 6_000)
    place = {field.name: number for number, field in enumerate(FIELDS)}
    blocked: Counter[tuple[int, tuple[int, ...]]] = Counter()
    for patterns, keep in ((ones, 1.0), (twos, 0.05)):
        for pattern, count in patterns.items():
            exact = {field.name for field in FIELDS if pattern[place[field.name]] == field.top}
            bits = sum(bit for name, bit in (("birth", BITS["birth"]), ("name", BITS["name"]), ("email", BITS["email"]))
                       if set({"birth": ["birth"], "name": ["given", "surname"], "email": ["email"]}[name]) <= exact)
            if bits or chance.random() < keep:
                blocked[bits or BITS["surname, year"], pattern] += count
    model = fit(of_two(chance, 10_000), blocked, {}, 50_000_000)
    for name, shares in ONE.items():
        assert model.m[name][-1] == pytest.approx(shares[-1], abs=0.08), name
    assert model.prior * 50_000_000 == pytest.approx(1_500, rel=0.2)


def test_without_any_pair_what_was_believed_remains():
    model = fit({}, {}, {}, 0)
    for field in FIELDS:
        assert model.m[field.name] == pytest.approx(believed(field.top + 1))
        assert model.u[field.name] == pytest.approx(believed_of_two(field))
    assert 0 < model.prior < 1


def test_all_that_is_believed_adds_up_and_favours_agreement():
    for field in FIELDS:
        one, two = believed(field.top + 1), believed_of_two(field)
        assert sum(one) == pytest.approx(1)
        assert sum(two) == pytest.approx(1)
        assert one[-1] > two[-1]
        assert one[0] < two[0]


def test_an_unknown_field_says_nothing():
    model = fit({}, {}, {}, 0)
    nothing = tuple(-1 for _ in FIELDS)
    assert weight(nothing, model.m, model.u) == 0
    assert weight((FIELDS[0].top, *nothing[1:]), model.m, model.u) > 0 > weight((0, *nothing[1:]), model.m, model.u)


def test_odds_and_probability_are_each_others_inverse():
    for chance in (1e-9, 0.2, 0.5, 0.999):
        assert probability(odds(chance)) == pytest.approx(chance)
    assert probability(-10_000) == 0
