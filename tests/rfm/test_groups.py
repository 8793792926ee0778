"""Eleven groups over the whole grid: a total function whose cells lie in the ranges that the names usually have."""

from __future__ import annotations

from itertools import product

import pytest

from socle.rfm.groups import GRID, GROUPS, fm_of, group_of

SCORES = range(1, 6)

USUAL = {  # group: (R from, to), (FM from, to), after Putler and the R package rfm 0.2.2; their ranges overlap
    "Champions": ((4, 5), (4, 5)), "Loyal": ((2, 5), (3, 5)), "Potential Loyalists": ((3, 5), (1, 3)), "New": ((4, 5), (1, 1)),
    "Promising": ((3, 4), (1, 1)), "Need Attention": ((2, 3), (2, 3)), "About to Sleep": ((2, 3), (1, 2)),
    "At Risk": ((1, 2), (2, 5)), "Can't Lose": ((1, 1), (4, 5)), "Hibernating": ((1, 2), (1, 2)), "Lost": ((1, 2), (1, 2)),
}


def test_every_customer_has_one_of_the_eleven_groups_and_none_is_empty():
    found = {group_of(*scores) for scores in product(SCORES, repeat=3)}
    assert found == set(GROUPS) == {
        "Champions", "Loyal", "Potential Loyalists", "New", "Promising", "Need Attention", "About to Sleep", "At Risk",
        "Can't Lose", "Hibernating", "Lost"}
    assert set(GRID) == set(product(SCORES, repeat=2))


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_means_what_its_name_usually_means(group):
    (recent, most_recent), (little, most) = USUAL[group]
    for recency, fm in (cell for cell, name in GRID.items() if name == group):
        assert recent <= recency <= most_recent
        assert little <= fm <= most


def test_nobody_falls_by_buying_more_recently_or_more():
    """Along each axis the groups of the best are never left again: Champions stay, and no cell above Loyal is At Risk."""
    rank = {"Champions": 3, "Loyal": 2, "Potential Loyalists": 2, "New": 2, "Promising": 2, "Need Attention": 1,
            "About to Sleep": 1, "At Risk": 0, "Can't Lose": 0, "Hibernating": 0, "Lost": 0}
    for (recency, fm), name in GRID.items():
        if recency < 5:
            assert rank[GRID[recency + 1, fm]] >= rank[name]
        if fm < 5 and recency >= 3:
            assert rank[GRID[recency, fm + 1]] >= rank[name]


@pytest.mark.parametrize(("frequency", "monetary", "fm"), [(1, 1, 1), (1, 2, 2), (2, 2, 2), (1, 5, 3), (4, 5, 5), (5, 5, 5)])
def test_frequency_and_monetary_meet_in_the_middle_rounded_half_up(frequency, monetary, fm):
    assert fm_of(frequency, monetary) == fm_of(monetary, frequency) == fm
