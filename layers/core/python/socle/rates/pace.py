"""Places in time, handed out in batches. Pure.

A batch of `count` gets the time from when it may go until `count / rate` seconds later for itself, so no two batches share any:
within any stretch of time at most `rate × length` go, and one batch. Whoever is refused halves the rate for all; it then grows
back by a tenth of the limit in ten seconds.
"""

from __future__ import annotations

import math

from socle.rates.model import Budget

GROWS_BACK = 100_000
"""Milliseconds from nothing to the whole limit."""
LEAST = 0.1
"""A second, however often somebody is refused."""
ONE_REFUSAL = 2_000
"""Milliseconds within which refusals are one: several who send at once hear of it together."""


def rate_at(budget: Budget, limit: float, now: int) -> float:
    """Places a second at `now` (epoch ms) when there may be `limit`."""
    if not budget.slowed:
        return limit
    return min(limit, budget.slowed + limit * max(0, now - budget.slowed_at) / GROWS_BACK)


def cost(count: int, rate: float) -> int:
    """Microseconds that `count` places take."""
    return math.ceil(count * 1_000_000 / rate)


def wait_until(begins: int, now: int) -> int:
    """Milliseconds from `now` (epoch ms) until `begins` (epoch µs), never too few."""
    return max(0, -(-begins // 1_000) - now)


def slowed(budget: Budget, limit: float, now: int) -> Budget | None:
    """After a refusal at `now`; None when it is the one that is known."""
    if budget.slowed and now - budget.slowed_at < ONE_REFUSAL:
        return None
    return budget._replace(slowed=max(LEAST, rate_at(budget, limit, now) / 2), slowed_at=now)
