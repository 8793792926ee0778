"""Consent: what a person has allowed on a channel, and what an address refuses whoever it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from socle.messages.model import Address

SUBSCRIBED, UNSUBSCRIBED, PENDING, NONE = "subscribed", "unsubscribed", "pending", "none"
"""States. PENDING: asked to confirm (double opt-in). NONE: never said anything; only SUBSCRIBED lets a message through."""
ALL = ""
"""The topic that stands for the whole channel."""

COMPLAINT, HARD_BOUNCE, MANUAL, IMPORTED, SOFT_BOUNCES = "complaint", "hard_bounce", "manual", "imported", "soft_bounces"
RANKS = {reason: rank for rank, reason in enumerate((SOFT_BOUNCES, IMPORTED, MANUAL, HARD_BOUNCE, COMPLAINT))}
"""Reasons of a suppression, the weakest first. An address that has several shows the strongest: so the order in which they
arrive does not matter."""
REASONS = tuple(RANKS)
DOMAIN = "domain"
"""The channel under which a whole e-mail domain is suppressed; the domain is the address."""

NO_TOPICS: Mapping[str, int] = MappingProxyType({})

Place = tuple[str, str]
"""(channel, digest) of an address: how its row is found without its being readable. Of a domain, (DOMAIN, domain)."""


class Standing(NamedTuple):
    """What is known of one address. Times in epoch ms.

    reason     why nothing may be sent to it, "" when something may
    since      when it was suppressed; 0 when it is not
    withdrawn  topic → when it was withdrawn by this address, ALL for the whole channel
    bounced    times of its soft bounces that a policy still counts
    """

    reason: str = ""
    since: int = 0
    withdrawn: Mapping[str, int] = NO_TOPICS
    bounced: tuple[int, ...] = ()

    def vetoed(self, topic: str) -> int:
        """When the address last withdrew the topic, or all; 0 for never. A grant of a later time outweighs it."""
        return max(self.withdrawn.get(topic, 0), self.withdrawn.get(ALL, 0))


FREE = Standing()


class Suppressed(NamedTuple):
    """An entry of the suppression list, as people read it.

    address  as it is written to; of DOMAIN, the domain
    at       when, epoch ms
    source   who or what said so: `feedback`, a person, the name of an import
    """

    channel: str
    address: str
    reason: str
    at: int
    source: str = ""


def place_of(address: Address) -> Place:
    """Where the row of an address, or of a DOMAIN, is."""
    return (DOMAIN, address.value) if address.channel == DOMAIN else (address.channel, address.digest)
