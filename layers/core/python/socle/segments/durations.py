"""Durations as definitions write them: "30m", "12h", "60d", "8w"; a day has 24 hours."""

from __future__ import annotations

import re

from socle.clock import DAY, HOUR, MINUTE

SHORTEST, LONGEST = MINUTE, 7_305 * DAY
"""Ms: what a definition may ask for, a minute to 20 years."""
_UNITS = {"m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_FORM = re.compile(r"[0-9]{1,8}[mhdw]", re.ASCII)


def milliseconds(duration: str) -> int:
    """Its length in ms. Raises ValueError that says what is wrong."""
    if not _FORM.fullmatch(duration):
        raise ValueError("is a number and a unit: m (minutes), h, d (24 hours) or w, such as 30m, 12h, 60d, 8w")
    length = int(duration[:-1]) * _UNITS[duration[-1]]
    if not SHORTEST <= length <= LONGEST:
        raise ValueError("is at least 1m and at most 7305d (20 years)")
    return length
