"""What became of a message, and of all that a person was sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from socle.errors import NotFound
from socle.identity.service.join import load_roots
from socle.messages.model import Message, read_tag
from socle.messages.view import message_view
from socle.paging import from_cursor, to_cursor
from socle.profiles.store import ProfileStore

MANY = 100_000
"""Messages of one person: more than anybody is sent."""


class Ledger(Protocol):
    """Where it is read (socle.messages.store)."""

    def get(self, profile: str, key: str) -> Message | None: ...
    def of_profile(self, profiles: Iterable[str], limit: int) -> list[Message]: ...


class Messages:
    """The ledger for readers."""

    def __init__(self, ledger: Ledger, profiles: ProfileStore) -> None:
        self._ledger = ledger
        self._profiles = profiles

    def read(self, tag: str, now: int) -> dict[str, Any]:
        """One message at `now` (epoch ms); of several attempts the last. Raises NotFound(`unknown_message`)."""
        named = read_tag(tag)
        row = self._ledger.get(named[0], named[1]) if named else None
        if row is None:
            raise NotFound("unknown_message", "there is no such message (any more): GET /api/profiles/<id>/messages lists those "
                           "of a person", "message")
        return message_view(row, now)

    def of(self, profile: str, limit: int, cursor: str | None, now: int) -> dict[str, Any]:
        """A page of what somebody was sent under all their identities, newest first. Raises NotFound, Rejected for the cursor."""
        aggregates, roots = load_roots(self._profiles, {profile})
        root = aggregates[roots[profile]]
        if root.version == 0 or root.erased is not None:
            raise NotFound("unknown_profile", "there is no such profile (any more): GET /api/profiles?by=… finds a person", "id")
        listing = f"messages {profile}"
        before = None if cursor is None else from_cursor(listing, cursor)
        rows = [row for row in self._ledger.of_profile([root.id, *sorted(root.members)], MANY)
                if before is None or _place(row) < before]
        shown = rows[:limit]
        return {"items": [message_view(row, now) for row in shown],
                "next": to_cursor(listing, _place(shown[-1])) if len(rows) > limit else None}


def _place(row: Message) -> str:
    """Sorts by time, then by tag."""
    return f"{row.at:015d} {row.tag}"
