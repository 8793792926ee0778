"""ISO 8601 at the edge, epoch milliseconds inside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_iso(ms: int) -> str:
    """Epoch ms as `2026-01-31T12:00:00.000Z`. Years outside 1 to 9999 raise OverflowError."""
    text = (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def from_iso(text: str) -> int:
    """Epoch ms of an ISO 8601 date or time; without an offset it is UTC. Raises ValueError for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(milliseconds=1)
    except OverflowError as error:
        raise ValueError(str(error)) from error
