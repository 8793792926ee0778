"""A file -> its columns and rows, whatever it is written in. Streams: never the whole file in memory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from socle.errors import Rejected
from socle.imports.model import Format, Rows
from socle.imports.read_csv import read_csv
from socle.imports.read_json import read_ndjson
from socle.imports.read_table import read_parquet, read_xlsx
from socle.imports.rejects import restored

_TYPES = {"csv": "csv", "tsv": "csv", "txt": "csv", "tab": "csv", "ndjson": "ndjson", "jsonl": "ndjson", "json": "ndjson",
          "parquet": "parquet", "pq": "parquet", "xlsx": "xlsx", "xlsm": "xlsx"}


def open_rows(source: BinaryIO | Path, name: str, options: Format, wanted: Sequence[str] = ()) -> Rows:
    """The rows of a file called `name`; `wanted` are columns of NDJSON that its first rows need not have.

    A stream need not be seekable. A workbook or Parquet file has to be a Path (`needs_path`).
    Raises Rejected (field `file` or `format.…`) for what is no file of rows, rows' own faults are Rejects.
    """
    kind = type_of(name, options)
    if kind in ("xlsx", "parquet"):
        if not isinstance(source, Path):
            raise TypeError(f"{kind} is read from a path")
        return read_xlsx(source, options) if kind == "xlsx" else read_parquet(source)
    stream = source.open("rb") if isinstance(source, Path) else source
    if kind == "ndjson":
        return read_ndjson(stream, options, wanted)
    return restored(read_csv(stream, options))


def needs_path(name: str, options: Format) -> bool:
    """Whether the file must lie on a disk to be read: it is a workbook or Parquet by its options, else by its name."""
    return type_of(name, options) in ("xlsx", "parquet")


def type_of(name: str, options: Format) -> str:
    """csv, ndjson, parquet or xlsx. A name that ends with .csv says so: rejects are CSV whatever they come from.

    Raises Rejected(`unknown_format`).
    """
    parts = name.lower().removesuffix(".gz").rsplit(".", 1)
    ending = parts[1] if len(parts) == 2 else "csv"
    if options.type is not None:
        return "csv" if len(parts) == 2 and ending == "csv" else options.type
    if ending not in _TYPES:
        raise Rejected("unknown_format", f"what is a file .{ending}? Set format.type to csv, ndjson, parquet or xlsx",
                       "format.type")
    return _TYPES[ending]
