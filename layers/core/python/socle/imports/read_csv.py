"""CSV and its relatives (tabs, semicolons, bars) -> rows. Streams."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from socle.errors import Rejected
from socle.imports import header
from socle.imports.model import Format, Reject, Row, Rows
from socle.imports.text import Lines, Text, as_read, open_text

DELIMITERS = ",;\t|"
_JUDGED = 100
"""Rows that the delimiter is found by."""
_REJECTS = re.compile(r"([,;\t|])import_reason\b")
"""In the header of a file of rejects, which need not be delimited as the original was."""
_SHOWN = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}


def read_csv(source: BinaryIO, options: Format) -> Rows:
    """Raises Rejected for what is no text or has no header."""
    text = open_text(source, options.encoding)
    rejects = _REJECTS.search(text.sample.split("\n", 1)[0])
    delimiter = (rejects and rejects[1]) or options.delimiter or _said(text) or _delimiter(text.sample)
    notes = text.notes
    if options.delimiter is None:
        notes.append(f"delimiter: {_SHOWN.get(delimiter, delimiter)}")
    lines = Lines(text.stream)
    rows = _rows(lines, delimiter)
    if _said(text):
        next(rows, None)
    first = next(rows, None)
    if first is None:
        raise Rejected("empty_file", "the file is empty: it needs a header and rows", "file")
    if isinstance(first, Reject):
        raise Rejected("no_header", f"the header can't be read: {first.message}", "file")
    columns = header.names(first.cells, notes)
    return Rows(columns, _rows(lines, delimiter, len(columns)), notes)


def _rows(lines: Lines, delimiter: str, width: int = 0) -> Iterator[Row | Reject]:
    """All rows that are not blank, with as many cells as `width` says if it says something.

    After a row that can't be read, reading goes on in the line after its first. Cells too many are left out when empty.
    """
    taken = lines.taken
    while True:
        reader = csv.reader(iter(lines), delimiter=delimiter, strict=True)
        try:
            number = lines.number + 1
            lines.next_row()
            for cells in reader:
                if lines.is_long or lines.is_broken:
                    yield _unread(lines, number, cells)
                elif len(cells) == width or not width:
                    if any(cells):
                        yield Row(number, cells)
                elif any(cells):
                    if len(cells) > width and not any(cells[width:]):
                        yield Row(number, cells[:width])
                    else:
                        yield Reject(number, "ragged_row", "", f"the row has {len(cells)} cells, the header {width}", cells)
                number = lines.number + 1
                if len(taken) > 1 or lines.is_broken or lines.is_long:
                    lines.next_row()
                else:
                    taken.clear()
        except csv.Error as error:
            if lines.is_long:
                yield _unread(lines, number, [])
                continue
            yield Reject(number, "bad_quotes", "", f"the row can't be read: {error}; check its quotes",
                         as_read([lines.give_back().rstrip("\r\n")]))
        else:
            return


def _unread(lines: Lines, number: int, cells: list[str]) -> Reject:
    if lines.is_long:
        return Reject(number, "too_large", "", "the line has more than a million characters", [lines.taken[0][:1_000]])
    return Reject(number, "bad_encoding", "", "the row is not UTF-8 as the rows before it", as_read(cells))


def _said(text: Text) -> str | None:
    """The delimiter of a first line `sep=;`, as Excel writes it."""
    first = text.sample.lstrip("\ufeff").split("\n", 1)[0].strip().strip('"')
    return first[4] if first.lower().startswith("sep=") and len(first) == 5 else None


def _delimiter(sample: str) -> str:
    """The one by which most rows have as many cells as the header, more than one."""
    best = (0.0, 0, ",")
    for delimiter in DELIMITERS:
        counts: list[int] = []
        try:
            for cells in csv.reader(sample.lstrip("\ufeff").splitlines(keepends=True), delimiter=delimiter):
                if cells:
                    counts.append(len(cells))
                if len(counts) == _JUDGED:
                    break
        except csv.Error:
            pass
        if counts and counts[0] > 1:
            agree = Counter(counts)[counts[0]] / len(counts)
            best = max(best, (round(agree, 1), counts[0], delimiter))
    return best[2]
