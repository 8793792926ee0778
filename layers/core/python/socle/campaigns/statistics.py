"""Whether two rates differ, and by how much: for the winner among variants and for what a holdout shows. Pure.

Sources: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927); Newcombe, "Interval
estimation for the difference between independent proportions", Statistics in Medicine 17 (1998), method 10: the square-and-add
interval on Wilson's limits, which holds what it promises for small numbers and for rates near 0, as those of campaigns are.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95


class Rate(NamedTuple):
    """`hits` of `among` people; 0 <= hits <= among."""

    hits: int
    among: int

    @property
    def value(self) -> float:
        """From 0 to 1; 0 of nobody."""
        return self.hits / self.among if self.among else 0.0


class Difference(NamedTuple):
    """How much higher the first of two rates is (-1 to 1), where that lies with the confidence asked for, and the p value: how
    often chance alone makes two equal rates look at least as different."""

    value: float
    low: float
    high: float
    p: float


def wilson(rate: Rate, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Where the true rate lies, from 0 to 1. Of nobody nothing is known: (0, 1)."""
    if not rate.among:
        return 0.0, 1.0
    z = deviations(confidence)
    spread = z * z / rate.among
    middle = (rate.value + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(rate.value * (1 - rate.value) / rate.among + spread / (4 * rate.among))
    low = 0.0 if rate.hits == 0 else middle - half
    return low, 1.0 if rate.hits == rate.among else middle + half


def newcombe(first: Rate, second: Rate, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Where the difference `first` - `second` of two independent rates lies, from -1 to 1."""
    low, high = wilson(first, confidence)
    other_low, other_high = wilson(second, confidence)
    value = first.value - second.value
    return (max(-1.0, value - math.hypot(first.value - low, other_high - second.value)),
            min(1.0, value + math.hypot(high - first.value, second.value - other_low)))


def p_value(first: Rate, second: Rate) -> float:
    """Two-sided p of the z test of two proportions with a pooled variance; 1 where nothing can be told: nobody in one of them, or
    nobody or everybody counted in both."""
    if not first.among or not second.among:
        return 1.0
    pooled = (first.hits + second.hits) / (first.among + second.among)
    variance = pooled * (1 - pooled) * (1 / first.among + 1 / second.among)
    if variance <= 0:
        return 1.0
    return math.erfc(abs(first.value - second.value) / math.sqrt(2 * variance))


def difference(first: Rate, second: Rate, confidence: float = CONFIDENCE) -> Difference:
    """`first` - `second`, with its interval and its p value."""
    return Difference(first.value - second.value, *newcombe(first, second, confidence), p_value(first, second))


def holm(values: list[float]) -> list[float]:
    """p values of several comparisons, adjusted so that one among all of them is wrongly small as seldom as one alone would be
    (Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979); same order."""
    order = sorted(range(len(values)), key=lambda place: values[place])
    adjusted = [1.0] * len(values)
    largest = 0.0
    for rank, place in enumerate(order):
        largest = max(largest, min(1.0, values[place] * (len(values) - rank)))
        adjusted[place] = largest
    return adjusted


def deviations(confidence: float) -> float:
    """Standard deviations of a normal distribution within which `confidence` (0 to 1) of it lies."""
    return NormalDist().inv_cdf((1 + confidence) / 2)
