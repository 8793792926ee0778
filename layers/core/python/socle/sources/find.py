"""Write key -> source, remembered for a while: what each request of collect_events asks."""

from __future__ import annotations

from typing import Protocol

from socle.clock import SECOND
from socle.sources.model import hash_secret

GOOD_FOR = 60 * SECOND
"""How long a found key is remembered: a revoked one works in a running container for at most this long."""
BAD_FOR = 2 * SECOND
"""How long an unknown key is remembered. Short: a client does not repeat what got a 401, so a key that was tried too early
(issued or enabled a moment later) costs events for this long."""
MAX_REMEMBERED = 1_000
"""Keys remembered in a container: random keys sent to us must not fill its memory."""
MAX_LENGTH = 200
"""Characters in a write key; longer ones are not looked up."""


class Rows(Protocol):
    """Finds (source, expires) by the hash of a key."""

    def find(self, key_hash: str) -> tuple[str, int | None] | None: ...


class KeyFinder:
    """Finds the sources of write keys in `rows`, and remembers them."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._remembered: dict[str, tuple[str | None, int]] = {}

    def find(self, secret: str, now: int) -> str | None:
        """The name of the source, or None when the key is unknown, revoked, expired or its source disabled.

        Raises Unavailable when the key is not remembered and cannot be looked up.
        """
        known = self._remembered.get(secret)
        if known is not None and now < known[1]:
            return known[0]
        if len(secret) > MAX_LENGTH:
            return None
        row = self._rows.find(hash_secret(secret))
        if row is None or (row[1] is not None and now >= row[1]):
            entry: tuple[str | None, int] = (None, now + BAD_FOR)
        else:
            entry = (row[0], now + GOOD_FOR if row[1] is None else min(now + GOOD_FOR, row[1]))
        self._remembered.pop(secret, None)
        if len(self._remembered) >= MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[secret] = entry
        return entry[0]
