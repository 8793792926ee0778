"""CSV and its relatives (tabs, semicolons, bars) -> rows. Streams."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from socle.errors import Rejected
from socle.imports import header
from socle.imports.model import Format, Reject, Row, Rows
from socle.imports.text import Lines, Text, as_read, is_cut, open_text

DELIMITERS = ",;\t|"
_JUDGED = 100
"""Rows that the delimiter is found by."""
_SHOWN = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}


def read_csv(source: BinaryIO, options: Format) -> Rows:
    """Raises Rejected for what is no text or has no header."""
    text = open_text(source, options.encoding)
    lines = Lines(text.stream)
    delimiter = options.delimiter or _said(text) or _delimiter(text.sample)
    notes = text.notes
    if options.delimiter is None:
        notes.append(f"delimiter: {_SHOWN.get(delimiter, delimiter)}")
    rows = _rows(lines, delimiter)
    if _said(text):
        next(rows, None)
    first = next(rows, None)
    if first is None:
        raise Rejected("empty_file", "the file is empty: it needs a header and rows", "file")
    if isinstance(first, Reject):
        raise Rejected("no_header", f"the header can't be read: {first.message}", "file")
    columns = header.names(first.cells, notes)
    return Rows(columns, _even(rows, len(columns)), notes)


def _rows(lines: Lines, delimiter: str) -> Iterator[Row | Reject]:
    """All rows that are not blank. After one that can't be read, reading goes on in the next line."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    taken = lines.taken
    while True:
        number = lines.next_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Reject(number, "bad_quotes", "", f"the row can't be read: {error}; check its quotes",
                         as_read([lines.give_back().rstrip("\r\n")]))
            continue
        if lines.is_broken:
            yield Reject(number, "bad_encoding", "", "the row is not UTF-8 as the rows before it", as_read(cells))
        elif len(taken) == 1 and is_cut(taken[0]):
            lines.skip_rest()
            yield Reject(number, "too_large", "", "the line has more than a million characters", [taken[0][:1_000]])
        elif any(cells):
            yield Row(number, cells)


def _even(rows: Iterator[Row | Reject], width: int) -> Iterator[Row | Reject]:
    """Rows with as many cells as there are columns; empty cells too many are left out."""
    for row in rows:
        if row.__class__ is Row and len(row.cells) != width:
            count = len(row.cells)
            if count > width and not any(row.cells[width:]):
                yield Row(row.number, row.cells[:width])
            else:
                yield Reject(row.number, "ragged_row", "", f"the row has {count} cells, the header {width}", row.cells)
        else:
            yield row


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
