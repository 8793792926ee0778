"""NDJSON -> rows: one object per line, inner objects as columns with a path (address.city). Streams."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

from socle.errors import Rejected
from socle.imports.header import MAX_COLUMNS
from socle.imports.model import Format, Reject, Row, Rows
from socle.imports.named import with_named
from socle.imports.text import Lines, as_read, open_text

SEEN = 1_000
"""Rows whose names make up the columns. A column that comes later has to be named by the mapping."""
_DEEP = 10


def read_ndjson(source: BinaryIO, options: Format, wanted: Sequence[str] = ()) -> Rows:
    """wanted: columns to read even if the first rows have none. Raises Rejected for what is not NDJSON."""
    text = open_text(source, options.encoding)
    if text.sample.lstrip("\ufeff \r\n\t").startswith("["):
        raise Rejected("not_ndjson", "an array: write one object per line, without brackets and commas", "file")
    objects = _objects(Lines(text.stream))
    first = [row for _, row in zip(range(SEEN), objects, strict=False)]
    good = [row for row in first if row.__class__ is Row]
    if not good:
        why = f": {first[0].message}" if first and isinstance(first[0], Reject) else ""
        raise Rejected("not_ndjson", f"no line is a JSON object{why}", "file")
    seen = list(dict.fromkeys(chain(*(row.cells[0] for row in good))))
    named = {name.strip().casefold() for name in wanted}
    kept = seen[:MAX_COLUMNS] + [name for name in seen[MAX_COLUMNS:] if name.strip().casefold() in named]
    if len(kept) < len(seen):
        text.notes.append(f"{len(seen)} different fields: of those that the mapping does not name only the first "
                          f"{MAX_COLUMNS} are read")
    columns = with_named(kept, wanted)
    return Rows(columns, _placed(chain(first, objects), columns), text.notes, is_open=True)


def flat(value: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Inner objects' fields by their paths; arrays stay as they are."""
    found: dict[str, Any] = {}
    for name, inner in value.items():
        if inner.__class__ is dict and inner and depth < _DEEP:
            found |= flat(inner, f"{prefix}{name}.", depth + 1)
        else:
            found[prefix + name] = inner
    return found


def _objects(lines: Lines) -> Iterator[Row | Reject]:
    """Rows whose only cell is the flat object."""
    for line in lines:
        number, is_broken, is_long = lines.number, lines.is_broken, lines.is_long
        lines.next_row()
        if is_long:
            yield Reject(number, "too_large", "", "the line has more than a million characters", [line[:1_000]])
            continue
        text = line.strip().removeprefix("\ufeff")
        if not text:
            continue
        if is_broken:
            yield Reject(number, "bad_encoding", "", "the line is not UTF-8", as_read([text]))
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Reject(number, "bad_json", "", f"the line is not JSON: {error}", [text])
            continue
        if isinstance(value, dict):
            yield Row(number, [flat(value)])
        else:
            yield Reject(number, "bad_json", "", "the line is not an object", [text])


def _placed(rows: Iterator[Row | Reject], columns: list[str]) -> Iterator[Row | Reject]:
    for row in rows:
        yield Row(row.number, [row.cells[0].get(name) for name in columns]) if row.__class__ is Row else row
