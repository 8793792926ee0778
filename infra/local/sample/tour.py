"""Which person of the sample to look at, and the commands that show what Socle made of their events."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from infra.local.http import ADMIN_TOKEN
from infra.local.sample.client import Client
from infra.local.sample.visit import Message


class Sight(NamedTuple):
    """Somebody worth seeing: their e-mail address, and a moment between two of their orders (ISO 8601)."""

    email: str
    moment: str


def pick(messages: Sequence[Message]) -> Sight:
    """The person with the longest history of those who signed in on two devices and ordered twice.

    Raises ValueError when the sample holds nobody like that.
    """
    lives: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        lives[message["messageId"].rsplit("-", 1)[0]].append(message)
    richest = max((life for life in lives.values() if _is_rich(life)), key=len)
    email = next(m["traits"]["email"] for m in richest if m["type"] == "identify" and "email" in m["traits"])
    orders = [m for m in richest if m.get("event") == "Order Completed"]
    return Sight(email, orders[-1]["timestamp"][:10] + "T00:00:00Z")


def tour(base_url: str, client: Client, messages: Sequence[Message]) -> str:
    """What to print once the sample is there: addresses and commands that can be pasted into a shell."""
    sight = pick(messages)
    profile = client.profile("email", sight.email)
    if profile is None:
        raise LookupError(f"the sample is loaded and nobody has the address {sight.email}")
    curl = f"curl -s -H 'Authorization: Bearer {ADMIN_TOKEN}'"
    api = f"{base_url}/api/profiles"
    return "\n".join(
        (
            "",
            "Anonymous visits on two devices, now one customer:",
            f"  {curl} '{api}?by=email:{sight.email}' | python3 -m json.tool",
            "Everything they did, newest first:",
            f"  {curl} '{api}/{profile['id']}/timeline?limit=5' | python3 -m json.tool",
            f"The same customer as they were at {sight.moment}, before their last order:",
            f"  {curl} '{api}/{profile['id']}?as_of={sight.moment}' | python3 -m json.tool",
            "How many are in each segment, and why this customer is in one, or is not:",
            f"  {curl} '{base_url}/api/segments/sizes' | python3 -m json.tool",
            f"  {curl} '{api}/{profile['id']}/segments/active/explanation' | python3 -m json.tool",
        )
    )


def _is_rich(life: Sequence[Message]) -> bool:
    signed_in = {m["anonymousId"] for m in life if "userId" in m and "anonymousId" in m}
    ordered = sorted(m["timestamp"][:10] for m in life if m.get("event") == "Order Completed")
    strangers = any("userId" not in m for m in life)
    return strangers and len(signed_in) > 1 and any(a != b for a, b in itertools.pairwise(ordered))
