"""A file's header -> a name for every column, each once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from socle.errors import Rejected

MAX_COLUMNS = 2_000
"""Columns of a file. JSON may have more: those count that are named by the mapping, or come first."""


def names(cells: Iterable[Any], notes: list[str]) -> list[str]:
    """Trimmed; `Name (2)` where one stands twice, `Column 3` where there is none. Raises Rejected(`too_many_columns`)."""
    given = ["" if cell is None else " ".join(str(cell).split()) for cell in cells]
    while given and not given[-1]:
        given.pop()
    if not given:
        raise Rejected("no_header", "the first row is empty: it must name the columns", "file")
    if len(given) > MAX_COLUMNS:
        raise Rejected("too_many_columns", f"{len(given)} columns: send at most {MAX_COLUMNS}", "file")
    found: list[str] = []
    taken, used, counts = set(given), set[str](), Counter[str]()
    for number, name in enumerate(given, start=1):
        own = stem = name or f"Column {number}"
        while own in used or (own != name and own in taken):
            counts[stem] += 1
            own = f"{stem} ({counts[stem] + 1})"
        if own != name:
            notes.append(f"column {number} has no name: it is {own!r}" if not name
                         else f"{name!r} names more than one column: number {number} is {own!r}")
        found.append(own)
        used.add(own)
    return found
