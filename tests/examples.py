"""How many examples a property test tries that is too slow for a hundred."""

from __future__ import annotations

import os

from hypothesis import settings

_LONGER = 50 if os.environ.get("HYPOTHESIS_PROFILE") == "trials" else 1


def examples(count: int) -> settings:
    """So many; in `make trials` fifty times as many."""
    return settings(max_examples=count * _LONGER)
