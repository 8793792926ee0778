"""Messages of an import -> events, by the same checks as HTTP. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from socle.events.check import MAX_EVENT_BYTES
from socle.events.model import Event, Quarantined
from socle.events.parse import Body
from socle.events.receive import Origin, receive
from socle.imports.model import Send


class Accepted(NamedTuple):
    """Events for the stream, and what was refused: (the message, why). Take the refused ones' ids out of the state."""

    events: list[Event]
    refused: list[tuple[Send, Quarantined]]


def accept(sends: Iterable[Send], source: str, now: int) -> Accepted:
    """now: epoch ms, when they are received."""
    origin = Origin(source, now)
    events: list[Event] = []
    refused: list[tuple[Send, Quarantined]] = []
    for send in sends:
        # One body each: "after" is a matter of messages that somebody sent one after the other.
        body = Body([send.message], "", surrogates=True, size=MAX_EVENT_BYTES + 1)
        found, quarantined = receive(body, origin)
        events += [event._replace(ts=send.ts) for event in found]
        refused += [(send, one) for one in quarantined]
    return Accepted(events, refused)
