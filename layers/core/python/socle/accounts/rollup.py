"""What the people of an account add up to: how many, how active, what they ordered. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from socle.clock import DAY
from socle.profiles.model import Orders, Snapshot

ACTIVE = 30 * DAY
"""Ms within which somebody who was seen is active."""


class RollUp(NamedTuple):
    """people, and those active within ACTIVE; events, all names; first_seen, last_seen in epoch ms, 0 without people;
    orders: currency → Orders. Whoever belongs to several accounts counts in each of them, with everything."""

    people: int
    active: int
    events: int
    first_seen: int
    last_seen: int
    orders: dict[str, Orders]


def roll_up(people: Collection[Snapshot], now: int) -> RollUp:
    """Add up the members' snapshots."""
    orders: dict[str, Orders] = {}
    for snapshot in people:
        for currency, total in snapshot.orders.items():
            orders[currency] = orders.get(currency, Orders()).plus(total)
    return RollUp(len(people), sum(snapshot.last_seen >= now - ACTIVE for snapshot in people),
                  sum(snapshot.events for snapshot in people),
                  min((snapshot.first_seen for snapshot in people), default=0),
                  max((snapshot.last_seen for snapshot in people), default=0), orders)
