"""What a campaign's report is made of: what may happen to a message, who was meant, what counts as success."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from socle.messages.events import event_name
from socle.messages.gate import FREQUENCY_CAP, NO_CONTENT, QUIET_HOURS
from socle.messages.model import CHANNELS
from socle.tracking.model import AUTOMATICALLY

SENT, DELIVERED, OPENED, CLICKED = "sent", "delivered", "opened", "clicked"
_ACTIONS = (SENT, DELIVERED, "delayed", "rejected", "bounced", "complained", OPENED, CLICKED, "unsubscribed")


def _kinds() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for channel in CHANNELS:
        for action in _ACTIONS:
            name = event_name(channel, action)
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), action)))
            if action in (OPENED, CLICKED):
                found[name + AUTOMATICALLY] = tuple(f"{one}_by_machines" for one in found[name])
    return found


KINDS: Mapping[str, tuple[str, ...]] = _kinds()
"""Name of an event → what it says of its message. One tap on a push notification both opens and follows it."""

COUNTED = ("sent", "delivered", "delayed", "rejected", "bounced_hard", "bounced_soft", "complained", "opened", "clicked",
           "unsubscribed", "opened_by_machines", "clicked_by_machines")
"""What is told of each part of a report: of how many messages, each counted once."""
REPEATED = ("opened", "clicked", "opened_by_machines", "clicked_by_machines")
"""What may happen several times to a message; `<name>_total` says how often in all."""
BY = ("variant", "domain", "device", "link")

PASSED = frozenset((FREQUENCY_CAP, QUIET_HOURS, NO_CONTENT, "held_too_long", "address_taken"))
"""Why somebody was skipped behind the gate's holdout: with whoever was sent to, they are whom the holdout is compared with."""
TRIED = frozenset(("sent", "unknown", "failed", "held"))


class Goal(NamedTuple):
    """What the campaign is for: the event `event` at most `within` milliseconds after a click (for the holdout: after the
    message, or when it would have been sent). `revenue`: whether orders of that time are its revenue."""

    event: str
    within: int
    revenue: bool = True


class Question(NamedTuple):
    """Which run is asked about. `started` is when it was planned, epoch ms."""

    campaign: str
    run: str
    started: int
    goal: Goal


class Group(NamedTuple):
    """One side of the holdout's comparison: people, how many of them converted, what they ordered (currency → minor units)."""

    people: int
    converted: int
    revenue: Mapping[str, int]


@dataclass
class Found:
    """What buckets of the lake came to so far; all are sums over people, and each person is in one bucket.

    messages   (by, name, what) → messages; `by` is one of BY, or "" for the whole run, whose name is ""
    events     (by, name, what) → how often it happened
    converted  (by, name) → people who converted after a click there, the last before it
    orders     (by, name, currency) → (conversions' revenue, refunded), minor units
    groups     True: held out; False: not → Group
    """

    messages: dict[tuple[str, str, str], int] = field(default_factory=dict)
    events: dict[tuple[str, str, str], int] = field(default_factory=dict)
    converted: dict[tuple[str, str], int] = field(default_factory=dict)
    conversions: dict[tuple[str, str], int] = field(default_factory=dict)
    orders: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)
    groups: dict[bool, Group] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    """Number of a link → its target."""

    @property
    def currencies(self) -> frozenset[str]:
        """Of all orders."""
        return frozenset(currency for _, _, currency in self.orders)


class Outcomes(NamedTuple):
    """What became of the people of a run, each counted once by the last word on them.

    by        outcome → people
    skipped   reason → people
    micro_usd what SMS to them cost
    """

    by: Mapping[str, int]
    skipped: Mapping[str, int]
    micro_usd: int = 0


Report = dict[str, Any]
