"""A file -> its columns and rows, whatever it is written in. Streams: never the whole file in memory."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from socle.imports.model import Format, Rows


def open_rows(source: BinaryIO | Path, name: str, options: Format) -> Rows:
    """The rows of a file called `name`. Raises Rejected (field `file` or `format.…`) for what is no file of rows.

    A stream need not be seekable. A workbook or Parquet file has to be a Path (`needs_path`).
    """
    raise NotImplementedError


def needs_path(name: str, options: Format) -> bool:
    """Whether the file must lie on a disk to be read: it is a workbook or Parquet by its options, else by its name."""
    raise NotImplementedError
