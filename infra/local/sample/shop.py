"""The sample shop, Kestrel & Pine: a seeded stream of messages that looks like two months of a real shop."""

from __future__ import annotations

from collections.abc import Iterator

from infra.local.sample.life import live
from infra.local.sample.people import MOST_PEOPLE
from infra.local.sample.visit import Message


def shop(seed: int, now: int, people: int) -> Iterator[Message]:
    """Messages of the Segment specification for `people` invented people, oldest first, all before `now` (epoch ms).

    Pure: the same arguments give the same messages, so a load that was cut short can be sent again.
    """
    if people > MOST_PEOPLE:
        raise ValueError(f"the shop knows {MOST_PEOPLE} people at most: fictional telephone numbers run out")
    messages = [message for number in range(people) for message in live(seed, number, now)]
    messages.sort(key=lambda message: (message["timestamp"], message["messageId"]))
    yield from messages
