"""Eleven named groups over the grid of recency and FM, the mean of frequency and monetary. Pure.

The names and what they mean are those that are usual since Putler's article "RFM analysis for successful customer
segmentation"; it gives each name a range of R and of F and M (the R package rfm prints them as a table), and these ranges
overlap. The grid decides: each of its cells lies within the range of the group that it names.
"""

from __future__ import annotations

from collections.abc import Mapping

CHAMPIONS, LOYAL, POTENTIAL, NEW, PROMISING = "Champions", "Loyal", "Potential Loyalists", "New", "Promising"
ATTENTION, ABOUT, AT_RISK, CANT_LOSE = "Need Attention", "About to Sleep", "At Risk", "Can't Lose"
HIBERNATING, LOST = "Hibernating", "Lost"

GROUPS = (CHAMPIONS, LOYAL, POTENTIAL, NEW, PROMISING, ATTENTION, ABOUT, AT_RISK, CANT_LOSE, HIBERNATING, LOST)

_ROWS: Mapping[int, tuple[str, str, str, str, str]] = {
    # FM 1         2            3          4          5
    5: (NEW, POTENTIAL, POTENTIAL, CHAMPIONS, CHAMPIONS),
    4: (PROMISING, POTENTIAL, POTENTIAL, CHAMPIONS, CHAMPIONS),
    3: (ABOUT, ABOUT, ATTENTION, LOYAL, LOYAL),
    2: (HIBERNATING, HIBERNATING, AT_RISK, AT_RISK, AT_RISK),
    1: (LOST, LOST, AT_RISK, CANT_LOSE, CANT_LOSE),
}

GRID: Mapping[tuple[int, int], str] = {
    (recency, fm): name for recency, row in _ROWS.items() for fm, name in enumerate(row, start=1)}
"""(recency, FM) → group, for all 25 cells."""


def fm_of(frequency: int, monetary: int) -> int:
    """Both scores in one: their mean, rounded half up."""
    return (frequency + monetary + 1) // 2


def group_of(recency: int, frequency: int, monetary: int) -> str:
    """The group of a customer with these scores, each 1 to 5."""
    return GRID[recency, fm_of(frequency, monetary)]
