"""Which variant of a test did best, and whether chance alone would often look like that. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from socle.campaigns.guard import SENT
from socle.campaigns.statistics import Rate, holm, p_value


class Standing(NamedTuple):
    """How a test stands.

    best  the variant that is ahead; of two that are equal the first in the document
    p     the largest p value of its differences to the others, each adjusted for their number (Holm); 1 when nobody was sent
    """

    best: str
    p: float

    def is_decided(self, significance: float) -> bool:
        """Whether the best one is, as surely as asked for (0 to 1)."""
        return self.p <= 1 - significance


def stand(variants: list[str], metric: str, counts: Mapping[str, Mapping[str, int]]) -> Standing:
    """How the variants of a test stand by `metric` among those who were sent; counts: variant → metric → people."""
    rates = {}
    for name in variants:
        found = counts.get(name, {})
        among = found.get(SENT, 0)
        rates[name] = Rate(min(found.get(metric, 0), among), among)  # a count that was repeated is none more than everybody
    best = max(variants, key=lambda name: rates[name].value)
    others = [p_value(rates[best], rates[name]) for name in variants if name != best]
    return Standing(best, max(holm(others), default=1.0))
