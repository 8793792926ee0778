"""Statistics of campaigns: values that are published, and what must hold for any numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.campaigns.statistics import Rate, difference, holm, newcombe, p_value, wilson

rates = st.integers(0, 400).flatmap(lambda among: st.tuples(st.integers(0, among), st.just(among))).map(lambda one: Rate(*one))


@pytest.mark.parametrize(("rate", "low", "high"), [
    ((81, 263), 0.2553, 0.3662), ((15, 148), 0.0624, 0.1605), ((0, 20), 0.0, 0.1611), ((1, 29), 0.0061, 0.1718)])
def test_the_interval_of_one_rate_is_the_published_one(rate: tuple[int, int], low: float, high: float) -> None:
    # Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I, method 3
    assert wilson(Rate(*rate)) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("first", "second", "low", "high"), [
    ((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((6, 7), (2, 7), 0.0582, 0.8062),
    ((5, 56), (0, 29), -0.0381, 0.1926), ((0, 10), (0, 20), -0.1611, 0.2775), ((0, 10), (0, 10), -0.2775, 0.2775),
    ((10, 10), (0, 20), 0.6791, 1.0), ((10, 10), (0, 10), 0.6075, 1.0)])
def test_the_interval_of_a_difference_is_the_published_one(first: tuple[int, int], second: tuple[int, int], low: float,
                                                           high: float) -> None:
    # Newcombe, "Interval estimation for the difference between independent proportions" (1998), table II, method 10
    assert newcombe(Rate(*first), Rate(*second)) == pytest.approx((low, high), abs=5e-5)


def test_the_p_value_is_that_of_the_pooled_z_test() -> None:
    # by hand: pooled 0.19, deviation sqrt(0.19 x 0.81 x 2 / 500) = 0.024811, z = 0.06 / 0.024811 = 2.4183; tables: 2 x 0.0078
    assert p_value(Rate(110, 500), Rate(80, 500)) == pytest.approx(0.0156, abs=5e-5)


@pytest.mark.parametrize(("first", "second"), [((0, 0), (5, 10)), ((0, 10), (0, 20)), ((10, 10), (20, 20))])
def test_where_nothing_can_be_told_chance_explains_all(first: tuple[int, int], second: tuple[int, int]) -> None:
    assert p_value(Rate(*first), Rate(*second)) == 1.0


def test_of_nobody_nothing_is_known() -> None:
    assert wilson(Rate(0, 0)) == (0.0, 1.0)
    assert newcombe(Rate(0, 0), Rate(0, 0)) == (-1.0, 1.0)


@given(rates, rates)
def test_an_interval_holds_its_difference_and_is_mirrored(first: Rate, second: Rate) -> None:
    here, there = difference(first, second), difference(second, first)
    assert -1 <= here.low <= here.value <= here.high <= 1
    assert (here.low, here.high, here.p) == pytest.approx((-there.high, -there.low, there.p))
    assert 0 <= here.p <= 1


def test_several_comparisons_are_held_to_more() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.2]) == [0.2]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
