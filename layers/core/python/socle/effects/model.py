"""Effects: what a decision wants done outside the profile. They wait in the aggregate's outbox until they are queued."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

WEBHOOK = "webhook"


class Effect(NamedTuple):
    """One thing to do, once per `id`.

    id        deterministic: the same decision taken again names the same effect
    kind      WEBHOOK
    name      name of the definition that asks for it
    profile   the partition that holds the event
    key       key of the event that it is about
    revision  its revision
    """

    id: str
    kind: str
    name: str
    profile: str
    key: str
    revision: int

    def to_row(self) -> list[Any]:
        """JSON form in outbox and queue; `Effect(*row)` reads it."""
        return list(self)


def effect_id(kind: str, name: str, key: str, revision: int) -> str:
    """24 hex characters that name an effect: SHA-256 of what it is about, cut."""
    return hashlib.sha256("\0".join((kind, name, key, str(revision))).encode()).hexdigest()[:24]
