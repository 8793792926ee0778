"""What a person's events and the rows of their address say together: the one answer that the gate and the pages give. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from socle.consent.model import ALL, FREE, NONE, SUBSCRIBED, UNSUBSCRIBED, Standing
from socle.profiles.model import Register

Consents = Mapping[tuple[str, str], Register]
"""Of a snapshot: (channel, topic) → register of {"state", "received", …}."""


class Answer(NamedTuple):
    """What holds for one topic on one channel.

    state    SUBSCRIBED, UNSUBSCRIBED, PENDING or NONE
    granted  when the grant that holds was received, epoch ms; 0 unless SUBSCRIBED. A claim asks whether it is newer than
             any withdrawal of the address
    """

    state: str
    granted: int = 0


def answer(consents: Consents, channel: str, topic: str, standing: Standing = FREE) -> Answer:
    """The state of `topic` (ALL: the channel itself) for a person who is reached at an address of `standing`.

    A topic wants a grant of its own: to have allowed the channel is not to have asked for every topic. A withdrawal of the
    whole channel takes all topics with it, until a topic is granted again later. At the same moment a withdrawal wins.
    """
    own = consents.get((channel, topic))
    whole = consents.get((channel, ALL))
    if whole is not None and _state(whole) == UNSUBSCRIBED and (own is None or _received(own) <= _received(whole)):
        return Answer(UNSUBSCRIBED)
    if own is None:
        return Answer(UNSUBSCRIBED if standing.vetoes(topic, 1) else NONE)
    if _state(own) != SUBSCRIBED:
        return Answer(_state(own))
    if standing.vetoes(topic, _received(own)):
        return Answer(UNSUBSCRIBED)
    return Answer(SUBSCRIBED, _received(own))


def _state(register: Register) -> str:
    return str(register.value["state"])


def _received(register: Register) -> int:
    return int(register.value["received"])
