"""When an event happened: clients' timestamps as epoch ms, and the effective time. Pure.

`ts`, the client's own time, is part of the event's key, so it never depends on when or how often the event is sent.
`at`, the effective time, corrects the client's clock by what it said when sending.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from socle.clock import DAY
from socle.errors import Rejected

YEAR_1 = -62_135_596_800_000
"""0001-01-01T00:00:00Z in epoch ms: the earliest time that is kept."""
_END = 253_402_300_800_000  # 10000-01-01T00:00:00Z

ONE_CLOCK = 100 * DAY
"""Two readings of one clock are not further apart: that long, and no longer, an event waits to be sent."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def client_time(value: Any, field: str) -> int:
    """A timestamp as clients send it, in epoch ms; 0 when absent (None or a blank text).

    ISO 8601 with any precision (a time without zone is UTC), or an epoch number that can only be seconds
    (1e8 to 1e10: 1973 to 2286) or only milliseconds (1e11 to 1e14: 1973 to 5138).
    Raises Rejected(`bad_timestamp`) naming `field`.
    """
    if value is None or (value.__class__ is str and not value.strip()):
        return 0
    moment = _moment(value)
    if moment is None or not YEAR_1 <= moment < _END:
        raise Rejected("bad_timestamp", f"{field} must be an ISO 8601 time such as 2024-01-31T12:00:00.000Z, "
                       "or an epoch number in seconds or milliseconds", field)
    return moment


def sent_time(value: Any) -> int | None:
    """When the client says that it sent the request, in epoch ms; None when it is absent or senseless.

    It only serves to correct clocks, so a bad one is no fault of the event. Before 1970 it is a zero value
    (Go sends 0001-01-01), not a clock.
    """
    moment = _moment(value)
    return moment if moment is not None and 0 <= moment < _END else None


def effective(ts: int, sent: int | None, received: int, after: int = 0) -> int:
    """The effective time in epoch ms: min(received - (sent - ts), received), never before year 1.

    The difference of two readings of the client's clock is right even when the clock is wrong. Without `sent`, the
    client's time is believed unless it is in the future; without `ts` (0) the event happened on receipt. Events of one
    request that all happened "on receipt" keep their order: one with `after` events after it is that many ms earlier.

    A clock that is wrong by more than ONE_CLOCK (it started in 1970, it is set to 2099) is wrong in both readings. So when
    `sent` is that far from receipt and that far from `ts` too, they are not of one clock: `sent` is senseless (the year
    9999), or `ts` comes from elsewhere (a database's old order). Then `sent` corrects nothing, as if it were absent.
    """
    if ts == 0:
        return received - after
    if sent is not None and abs(sent - received) > ONE_CLOCK and abs(sent - ts) > ONE_CLOCK:
        sent = None
    at = ts if sent is None else received - (sent - ts)
    return max(at if at <= received else received - after, YEAR_1)


def _moment(value: Any) -> int | None:
    if value.__class__ is str:
        if len(value) > 64:
            return None
        try:
            return _iso(value)
        except ValueError:
            pass
        try:
            return _iso(value.strip().upper().removesuffix(" UTC").replace(" Z", "Z"))
        except ValueError:
            pass
        try:
            value = float(value)
        except ValueError:
            return None
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if 1e8 <= value < 1e10:
        return int(value * 1000)
    if 1e11 <= value < 1e14:
        return int(value)
    return None


def _iso(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since: timedelta = moment - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
