"""JSON from outside that is about to be walked or answered: does it nest too deep, can it be written again?"""

from __future__ import annotations

import json
from typing import Any

MAX_LEVELS = 64


def nests_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects lie more than `levels` deep in each other. Does not recurse deeper than that."""
    if isinstance(value, dict):
        return levels == 0 or any(nests_deeper(child, levels - 1) for child in value.values())
    if isinstance(value, list):
        return levels == 0 or any(nests_deeper(child, levels - 1) for child in value)
    return False


def value_or_text(raw: str) -> Any:
    """The value of a JSON text; the text itself when it is none that can be written as JSON again."""
    try:
        value = json.loads(raw)
        if not nests_deeper(value, MAX_LEVELS):
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
            return value
    except (ValueError, RecursionError):
        pass  # broken, NaN, a number of 5,000 digits, half a character
    return raw.encode(errors="replace").decode()
