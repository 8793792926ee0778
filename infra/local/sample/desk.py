"""People who write to the shop's help desk: it knows them by what they type, so some customers are there twice.

They are what the search for near-duplicates is shown with: `POST /api/duplicates/run`.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from infra.local.sample.visit import Message

WRITERS = 12


def desk(seed: int, visitors: Iterable[Message]) -> Iterator[Message]:
    """What the desk says of WRITERS customers, who typed their names in a hurry. Pure."""
    customers = {one["userId"]: one for one in visitors if "userId" in one and "birthday" in one.get("traits", {})}
    chance = random.Random(seed)
    for number, user in enumerate(chance.sample(sorted(customers), min(WRITERS, len(customers)))):
        known = customers[user]
        traits = {name: known["traits"][name] for name in ("firstName", "lastName", "birthday", "address")}
        slip = chance.choice(("firstName", "lastName"))
        if len(traits[slip]) > 3:
            place = chance.randrange(1, len(traits[slip]) - 1)
            traits[slip] = traits[slip][:place] + traits[slip][place + 1:]
        ticket = f"desk-{number:03}"
        yield {"type": "identify", "messageId": ticket, "timestamp": known["timestamp"], "anonymousId": ticket,
               "traits": traits, "context": {"library": {"name": "help-desk", "version": "1"}}}
