"""Quarantined events as they are kept: who they are, in which object they lie."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from socle.errors import NotFound
from socle.events.model import Quarantined
from socle.iso import to_iso
from socle.safe_json import value_or_text

_ID = re.compile(r"(\d{13}-[A-Za-z0-9_.-]{1,200})\.(\d{1,6})")
_LAST_MS = 9_999_999_999_999


class Held(NamedTuple):
    """One event in quarantine.

    stem   name of the object that holds it: inverted time, then the batch's name; newest sorts first
    place  its number in that object as first written; it stays the same when others are removed
    row    the event with its reason
    """

    stem: str
    place: int
    row: Quarantined

    @property
    def id(self) -> str:
        """Stable, and safe in a URL."""
        return f"{self.stem}.{self.place}"

    def to_json(self) -> dict[str, Any]:
        """What the API answers. `event` is the event as sent: JSON where it can be read, else its text."""
        row = self.row
        return {"id": self.id, "source": row.source, "code": row.code, "field": row.field, "message": row.message,
                "received": to_iso(row.received), "messageId": row.message_id, "event": value_or_text(row.raw)}


def stem_of(name: str, received: int) -> str:
    """The object's name for a batch `name` whose first event was received then (epoch ms): newest sorts first."""
    return f"{_LAST_MS - received:013}-{name}"


def parse_id(text: str) -> tuple[str, int]:
    """(stem, place) of an id. Raises NotFound for what never was one."""
    match = _ID.fullmatch(text)
    if match is None:
        raise not_found(text)
    return match[1], int(match[2])


def not_found(identifier: str) -> NotFound:
    """No event of that id is in quarantine (any more)."""
    return NotFound("not_in_quarantine", f"no event {identifier[:250]!r} is in quarantine: it was replayed or "
                    "discarded, or the id is wrong", "id")
