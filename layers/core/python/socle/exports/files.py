"""Files of rows: CSV, NDJSON and Parquet, from the table `rows` in DuckDB.

CSV is RFC 4180 (comma, double quotes doubled, CRLF) in UTF-8 without a byte order mark, with a header; text that a spreadsheet
would run gets an apostrophe in front, as in the rejects of imports. Neither CSV nor NDJSON is compressed: both are taken by
hand and by ad platforms; Parquet is for who wants small files. Rows stand in the order of their profiles' ids.
"""

# ruff: noqa: S608 (the SQL is put together from this package's own constants and quoted names)
from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from socle.errors import Rejected
from socle.exports.model.document import CHANGE
from socle.exports.model.fields import Column, Type
from socle.exports.select import as_text, literal, shown
from socle.imports.rejects import defused

Connection = Any
MAX_PARTITIONS = 100
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_CHUNK = 5_000
_LONGEST = 120
"""Of a name or value in a key: file systems take 255 for both together."""


class Written(NamedTuple):
    """A file: its name below the run, rows, bytes, SHA-256 in hexadecimal, and the value that its rows share, if any."""

    name: str
    rows: int
    bytes: int
    sha256: str
    partition: dict[str, str | None] | None


def write_files(connection: Connection, columns: Sequence[Column], form: str, splits: str | None, with_change: bool,
                directory: Path, part: str, *, even_if_empty: bool) -> list[Written]:
    """The rows as files below `directory`: one, or one for each value of the column `splits`. Raises Rejected for too many.

    with_change  the files have a column `change`
    part         what this part's files are called, without the ending
    """
    done = []
    for folder, where, partition in _partitions(connection, columns, splits):
        rows = connection.execute(f"SELECT count(*) FROM rows WHERE {where}").fetchone()[0]
        if not rows and not even_if_empty:
            continue
        name = f"{folder}{part}.{form}"
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[form](connection, columns, with_change, where, path)
        done.append(Written(name, rows, path.stat().st_size, sha256_of(path), partition))
    return done


def sha256_of(path: Path) -> str:
    """Of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _partitions(connection: Connection, columns: Sequence[Column],
                splits: str | None) -> Iterator[tuple[str, str, dict[str, str | None] | None]]:
    if splits is None:
        yield "", "true", None
        return
    place = next((at for at, column in enumerate(columns) if column.name == splits), None)
    text = CHANGE if place is None else as_text(place, columns[place])
    values = [row[0] for row in connection.execute(
        f"SELECT DISTINCT {text} AS v FROM rows ORDER BY v NULLS LAST LIMIT {MAX_PARTITIONS + 1}").fetchall()]
    if len(values) > MAX_PARTITIONS:
        raise Rejected("too_many_partitions", f"{splits} has more than {MAX_PARTITIONS} values: partition by another column, or "
                       "by none", "partition_by")
    if place is None and values in ([], [None]):  # a full export, or nobody in it
        yield "", "true", None
        return
    for value in values:
        folder = f"{_in_key(splits)}={NO_VALUE if value is None else _in_key(value)}/"
        yield folder, f"{text} IS NULL" if value is None else f"{text} = {literal(value)}", {splits: value}


def _in_key(text: str) -> str:
    """A text as part of a key, and no other text's: what is too long ends with `+` and its hash, for quoting leaves no `+`."""
    quoted = quote(text, safe="")
    if len(quoted) <= _LONGEST and text != NO_VALUE:
        return quoted
    begin = re.sub("%.?$", "", quoted[:_LONGEST - 17])
    return f"{begin}+{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _select(cells: list[str], with_change: bool, where: str) -> str:
    return f"SELECT {', '.join([*([CHANGE] if with_change else []), *cells])} FROM rows WHERE {where} ORDER BY profile"


def _write_csv(connection: Connection, columns: Sequence[Column], with_change: bool, where: str, path: Path) -> None:
    cells = [as_text(place, column) for place, column in enumerate(columns)]
    offset = int(with_change)
    texts = [place + offset for place, column in enumerate(columns) if column.type in (Type.TEXT, Type.JSON)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*([CHANGE] if with_change else []), *(defused(column.name) for column in columns)])
        cursor = connection.execute(_select(cells, with_change, where))
        while chunk := cursor.fetchmany(_CHUNK):
            for found in chunk:
                row = list(found)
                for place in texts:
                    if row[place]:
                        row[place] = defused(row[place])
                writer.writerow(row)


def _write_ndjson(connection: Connection, columns: Sequence[Column], with_change: bool, where: str, path: Path) -> None:
    cells = ([f"'{CHANGE}', {CHANGE}"] if with_change else []) + [
        f"{literal(column.name)}, {shown(place, column)}" for place, column in enumerate(columns)]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        cursor = connection.execute(_select([f"CAST(json_object({', '.join(cells)}) AS VARCHAR)"], False, where))
        while chunk := cursor.fetchmany(_CHUNK):
            file.writelines(f"{row}\n" for (row,) in chunk)


def _write_parquet(connection: Connection, columns: Sequence[Column], with_change: bool, where: str, path: Path) -> None:
    cells = [f"{as_text(place, column) if column.type is Type.JSON else f'c{place}'} AS {_name(column.name)}"
             for place, column in enumerate(columns)]
    target = str(path).replace("'", "''")
    connection.execute(f"COPY ({_select(cells, with_change, where)}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_WRITERS = {"csv": _write_csv, "ndjson": _write_ndjson, "parquet": _write_parquet}


def write_for_webhook(connection: Connection, columns: Sequence[Column], with_change: bool, path: Path) -> int:
    """The rows as NDJSON, each with the profile's id; answers how many."""
    has_id = any(column.name == "id" for column in columns)
    cells = [*([] if has_id else ["'id', profile"]), *([f"'{CHANGE}', {CHANGE}"] if with_change else []),
             *(f"{literal(column.name)}, {'profile' if column.name == 'id' else shown(place, column)}"
               for place, column in enumerate(columns))]
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        cursor = connection.execute(_select([f"CAST(json_object({', '.join(cells)}) AS VARCHAR)"], False, "true"))
        while chunk := cursor.fetchmany(_CHUNK):
            count += len(chunk)
            file.writelines(f"{row}\n" for (row,) in chunk)
    return count
