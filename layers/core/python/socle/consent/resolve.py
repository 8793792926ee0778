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
    granted  when the grant that holds was given, epoch ms; 0 unless SUBSCRIBED
    """

    state: str
    granted: int = 0


def answer(consents: Consents, channel: str, topic: str, standing: Standing = FREE) -> Answer:
    """The state of `topic` (ALL: the channel itself) for a person who is reached at an address of `standing`.

    A topic wants a grant of its own: to have allowed the channel is not to have asked for every topic. Of a grant and a
    withdrawal, of the topic or of the whole channel, by the person or by the address, the later one counts; at the same moment
    the withdrawal. A grant counts from when it was given, not from when we heard of it: one that an old file brings in today
    does not undo what was withdrawn since. The gate decides the same way.
    """
    own = consents.get((channel, topic))
    whole = consents.get((channel, ALL))
    withdrawn = standing.vetoed(topic)
    if whole is not None and _state(whole) == UNSUBSCRIBED:
        withdrawn = max(withdrawn, whole.at)
    if own is None or (_state(own) != UNSUBSCRIBED and withdrawn >= own.at):
        return Answer(UNSUBSCRIBED if withdrawn else NONE)
    return Answer(_state(own), own.at if _state(own) == SUBSCRIBED else 0)


def _state(register: Register) -> str:
    return str(register.value["state"])
