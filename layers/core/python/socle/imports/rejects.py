"""The file of rejected rows: the columns of the original, then why; to be corrected and imported again. Pure.

A spreadsheet runs a cell that begins with = + - @ (CWE-1236), so such a cell gets an apostrophe in front, unless it is just
a number. `restored` takes it away again when the corrected file comes back.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import Any

from socle.imports.model import Reject, Row, Rows

REASON = "import_reason"
ADDED = ("import_row", "import_code", "import_column", REASON)
"""Columns that come after those of the original; what a row has beyond its columns stands behind them."""
_RUNS = re.compile(r"\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?[0-9][0-9 .,]*")


def header(columns: Sequence[str], delimiter: str | None = None) -> str:
    """The first line, with the byte order mark by which a spreadsheet knows UTF-8."""
    return "\ufeff" + _line([*map(defused, _original(columns)), *ADDED], delimiter)


def lines(columns: Sequence[str], rejects: Iterable[Reject], delimiter: str | None = None) -> str:
    """CSV that a spreadsheet opens without running anything in it."""
    places = [index for index, name in enumerate(columns) if name not in ADDED]
    return "".join(_line(_cells(reject, places, len(columns)), delimiter) for reject in rejects)


def restored(file: Rows) -> Rows:
    """A file as it was before it was made fit for spreadsheets, should it be a file of rejects."""
    if REASON not in file.columns:
        return file
    rows = (Row(row.number, [_undone(cell) for cell in row.cells]) if isinstance(row, Row) else row for row in file.rows)
    return file._replace(columns=[_undone(name) for name in file.columns], rows=rows)


def defused(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet might run it."""
    return "'" + text if _runs(text) else text


def _undone(cell: Any) -> Any:
    return cell[1:] if cell.__class__ is str and cell.startswith("'") and _runs(cell) else cell


def _runs(text: str) -> bool:
    """Whether it does without the apostrophes that it has: one more can then be told from those."""
    bare = text.lstrip("'")
    return _RUNS.match(bare) is not None and not _NUMBER.fullmatch(bare)


def _original(columns: Sequence[str]) -> list[str]:
    """Without what an earlier file of rejects added."""
    return [name for name in columns if name not in ADDED]


def _cells(reject: Reject, places: list[int], there: int) -> list[str]:
    cells = [defused(_text(cell)) for cell in reject.cells]
    why = [str(reject.number), reject.code, defused(reject.column), defused(reject.message)]
    if len(cells) == 1 and there > 1:  # a line that could not be read as cells
        return [*[""] * len(places), *why, *cells]
    own = [cells[place] if place < len(cells) else "" for place in places]
    return [*own, *why, *cells[there:]]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date | time):
        return cell.isoformat()
    return json.dumps(cell, ensure_ascii=False, default=str) if isinstance(cell, dict | list | bool) else str(cell)


def _line(cells: Iterable[str], delimiter: str | None) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter or ",", lineterminator="\r\n").writerow(
        cell.encode(errors="replace").decode() for cell in cells)
    return out.getvalue()
