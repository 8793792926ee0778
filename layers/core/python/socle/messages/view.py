"""A message as people read it. Pure."""

from __future__ import annotations

from typing import Any

from socle.iso import to_iso
from socle.messages.model import Message


def message_view(row: Message, now: int) -> dict[str, Any]:
    """A row of the ledger at `now` (epoch ms). An attempt that got no answer is `unknown`, and after a day `closed`."""
    return {
        "message": row.tag, "profile": row.profile, "channel": row.channel, "state": row.shown(now), "attempt": row.attempt,
        "at": to_iso(row.at), "reason": row.reason or None, "topic": row.topic or None, "campaign": row.campaign or None,
        "run": row.run or None, "variant": row.variant or None, "opened_at": to_iso(row.opened) if row.opened else None,
        "clicked_at": to_iso(row.clicked) if row.clicked else None}
