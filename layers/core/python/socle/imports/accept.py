"""Messages of an import -> events, by the same checks as HTTP. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from socle.events.model import Event, Quarantined
from socle.imports.model import Send


class Accepted(NamedTuple):
    """Events for the stream, and what was refused: (the message, why). Take the refused ones' ids out of the state."""

    events: list[Event]
    refused: list[tuple[Send, Quarantined]]


def accept(sends: Iterable[Send], source: str, now: int) -> Accepted:
    """now: epoch ms, when they are received."""
    raise NotImplementedError
