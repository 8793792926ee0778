"""Messages of an import -> events, by the same checks as HTTP. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import NamedTuple

from socle.events.model import Event, Quarantined
from socle.events.parse import Body
from socle.events.receive import Origin, receive
from socle.imports.model import Send

_NOBODY = "account"
_HALF = re.compile("[\ud800-\udfff]")
_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


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
        # One body each: which was sent after which is a matter of clients that send many at once.
        text = _compact(send.message)
        surrogates = not text.isascii() and _HALF.search(text) is not None
        found, quarantined = receive(Body([send.message], text, surrogates=surrogates, size=_size(text)), origin)
        events += [event._replace(ts=send.ts) for event in found]
        refused += [(send, one) for one in quarantined]
    return Accepted(events, refused)


def accept_accounts(sends: Iterable[Send], source: str, now: int) -> Accepted:
    """Group calls that name nobody, as `accept` takes those of people. Their events are not for the stream, for no profile has
    them: an AccountWriter takes what they say. A person's identifier stands in for the one that the checks look for."""
    return accept([send._replace(message={**send.message, "anonymousId": _NOBODY}) for send in sends], source, now)


def is_nobodys(send: Send) -> bool:
    """Whether it speaks of an account and names no person."""
    return send.message["type"] == "group" and send.message.keys().isdisjoint(("userId", "anonymousId", "context"))


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
