"""When points that are lost with time take a score to where a test of it says something else. Pure.

Every step of a decay could be such a moment, but then somebody with many points would be looked at every minute for years.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

Ranges = Sequence[tuple[int | None, int | None]]


class Falling(NamedTuple):
    """Points for an event at `last` (epoch ms), of which `lose` are lost with every whole `every` ms since."""

    points: int
    last: int
    every: int
    lose: int

    def at(self, moment: int) -> int:
        """What is left of them."""
        return max(self.points - self.lose * (max(moment - self.last, 0) // self.every), 0)

    @property
    def end(self) -> int:
        """From when on nothing is left."""
        return self.last - (-self.points // self.lose) * self.every


def within(points: int, ranges: Ranges) -> bool:
    """Whether a score is in one of the ranges, whose ends belong to them."""
    return any((lo is None or points >= lo) and (hi is None or points <= hi) for lo, hi in ranges)


def turns(falling: Sequence[Falling], points: int, ranges: Ranges, now: int) -> int | None:
    """The moment after `now` at which a score of `points` has fallen out of, or into, the ranges; None when it never does.
    It may be too early, never too late."""
    if within(points, ranges):
        lows = [lo for lo, hi in ranges if (lo is None or points >= lo) and (hi is None or points <= hi)]
        goal = None if None in lows else min(lo for lo in lows if lo is not None) - 1
    else:
        goal = max((hi for _, hi in ranges if hi is not None and hi < points), default=None)
    falls = [one for one in falling if one.at(now)]
    rest = points - sum(one.at(now) for one in falls)
    if goal is None or not falls or rest > goal:
        return None
    low, high = now, max(one.end for one in falls)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if rest + sum(one.at(middle) for one in falls) <= goal else (middle, high)
    return high
