"""The one clock: epoch milliseconds, UTC. Handlers read it and pass `now` on; nothing pure reads it.

The local machine may run ahead of the world (`POST /local/clock`), so that a wait of three days takes no time.
"""

from __future__ import annotations

import time

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_ahead = 0


def now() -> int:
    """The current time in epoch milliseconds."""
    return time.time_ns() // 1_000_000 + _ahead


def advance(milliseconds: int) -> int:
    """Move the clock forward by `milliseconds` (local machine and tests only) and return the new time."""
    global _ahead
    if milliseconds < 0:
        raise ValueError("the clock only moves forward")
    _ahead += milliseconds
    return now()


def wait(milliseconds: int) -> None:
    """Let real time pass: AWS throttles by its own clock, whatever ours says."""
    time.sleep(milliseconds / 1000)
