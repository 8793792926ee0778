"""Workbooks (XLSX) and Parquet files -> rows. They lie on a disk; rows are read in turn, never all at once."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from socle.errors import Rejected
from socle.imports import header
from socle.imports.model import Format, Reject, Row, Rows

MAX_TEXTS = 200 * 1024 * 1024
"""Bytes of a workbook's texts, which are read whole."""
MAX_SHEET = 4 * 1024 * 1024 * 1024
"""Bytes of a sheet unpacked: beyond, it is no sheet (a sheet ends at row 1,048,576)."""
_AT_ONCE = 2_048
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_xlsx(path: Path, options: Format) -> Rows:
    """A sheet, formulas as the values that were saved with them. Raises Rejected(`bad_workbook`, `no_sheet`)."""
    import openpyxl  # type: ignore[import-untyped]

    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
        if sizes.get("xl/sharedStrings.xml", 0) > MAX_TEXTS or max(sizes.values(), default=0) > MAX_SHEET:
            raise Rejected("too_large", "the workbook is too large: save the sheet as CSV", "file")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except Rejected:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged file leads it to
        raise _bad_workbook(error) from error
    if options.sheet is not None and options.sheet not in book.sheetnames:
        raise Rejected("no_sheet", f"there is no sheet {options.sheet!r}: there are {', '.join(book.sheetnames)}", "format.sheet")
    sheet = book[options.sheet] if options.sheet else book.worksheets[0]
    notes = [f"sheet: {sheet.title}" + (f" of {', '.join(book.sheetnames)}" if len(book.sheetnames) > 1 else "")]
    sheet.reset_dimensions()  # some programs write that a sheet has one cell
    rows = enumerate(_cells(sheet), start=1)
    for _, cells in rows:
        if any(cell is not None and cell != "" for cell in cells):
            columns = header.names(cells, notes)
            return Rows(columns, _sheet_rows(rows, len(columns)), notes)
    raise Rejected("empty_file", "the sheet is empty: it needs a header and rows", "file")


def _cells(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """The cells of every row. The sheet is read as they are asked for, so what is damaged comes up here."""
    try:
        yield from sheet.iter_rows(values_only=True)
    except Exception as error:
        raise _bad_workbook(error) from error


def _bad_workbook(error: Exception) -> Rejected:
    return Rejected("bad_workbook", f"the workbook can't be read ({type(error).__name__}): save it again", "file")


def _sheet_rows(rows: Iterator[tuple[int, tuple[Any, ...]]], width: int) -> Iterator[Row | Reject]:
    """Rows of a sheet end at their last filled cell, so a shorter one is no fault."""
    for number, cells in rows:
        if not any(cell is not None and cell != "" for cell in cells):
            continue
        if any(cell is not None and cell != "" for cell in cells[width:]):
            yield Reject(number, "ragged_row", "", f"the row has {len(cells)} cells, the header {width}", list(cells))
        else:
            yield Row(number, [*cells[:width], *([None] * (width - len(cells)))])


def read_parquet(path: Path) -> Rows:
    """Raises Rejected(`bad_parquet`)."""
    import duckdb

    connection = duckdb.connect(config={"threads": 1, "memory_limit": "512MB", "autoinstall_known_extensions": False})
    try:
        there = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        zoned = [row[1] == "TIMESTAMP WITH TIME ZONE" for row in there]
        chosen = ", ".join(f"epoch_us({_quoted(row[0])})" if is_zoned else _quoted(row[0])
                           for row, is_zoned in zip(there, zoned, strict=True))
        result = connection.execute(f"SELECT {chosen} FROM read_parquet(?)", [str(path)])  # noqa: S608  # quoted
    except duckdb.Error as error:
        raise _bad_parquet(error) from error
    notes: list[str] = []
    columns = header.names([row[0] for row in there], notes)
    return Rows(columns, _parquet_rows(result, [place for place, is_zoned in enumerate(zoned) if is_zoned]), notes)


def _parquet_rows(result: Any, zoned: list[int]) -> Iterator[Row | Reject]:
    """Columns of `zoned` come as epoch us: for times with a zone DuckDB would want another library."""
    import duckdb

    number = 0
    while True:
        try:
            rows = result.fetchmany(_AT_ONCE)
        except duckdb.Error as error:
            raise _bad_parquet(error) from error
        if not rows:
            return
        for cells in map(list, rows):
            number += 1
            for place in zoned:
                if cells[place] is not None:
                    cells[place] = _EPOCH + timedelta(microseconds=cells[place])
            yield Row(number, cells)


def _bad_parquet(error: Exception) -> Rejected:
    why = re.sub(r" *'[^']*/[^']*'", "", str(error).splitlines()[0])  # where our copy of it lies is nobody's matter
    return Rejected("bad_parquet", f"the file is no Parquet that can be read: {why[:200]}", "file")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
