"""Rows on their way between the steps of a run: lines of JSON, compressed, in pieces of a bounded size. Pure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from socle.imports.model import Prepared, Reject

PIECE = 4 * 1024 * 1024
"""Bytes of a piece, compressed, roughly."""
HELD = 64 * 1024 * 1024
"""Compressed bytes that all unfinished pieces may have together."""
_TOGETHER = 64
"""Rows that are written as one line."""
_BLOCK = 64 * 1024
"""Characters that are compressed by one call, bytes that are decompressed by one."""

_dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, default=str).encode
_GZIP = zlib.MAX_WBITS | 16


class Piece:
    """Rows that are being written."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(1, wbits=_GZIP)
        self._rows: list[list[Any]] = []
        self._lines: list[str] = []
        self._waiting = 0
        self._done = bytearray()
        self.rows = 0

    def add(self, row: list[Any]) -> int:
        """One more row; answers by how many bytes the piece grew."""
        self._rows.append(row)
        if len(self._rows) < _TOGETHER:
            return 0
        self._write()
        return self._compress() if self._waiting > _BLOCK else 0

    def __len__(self) -> int:
        """Compressed bytes so far, without the last block."""
        return len(self._done)

    def finish(self) -> bytes:
        """The piece; nothing can be added afterwards."""
        self._write()
        self._compress()
        return bytes(self._done) + self._deflate.flush()

    def _write(self) -> None:
        self.rows += len(self._rows)
        text = _dumps(self._rows)
        self._rows = []
        self._lines.append(text)
        self._waiting += len(text) + 1

    def _compress(self) -> int:
        before = len(self._done)
        self._lines.append("")
        self._done += self._deflate.compress("\n".join(self._lines).encode())
        self._lines, self._waiting = [], 0
        return len(self._done) - before


class Shelves:
    """A piece under way for each shelf (a bucket's number, or the rejects). What is cut depends on the rows alone, so a split
    that is done again writes the same pieces under the same names."""

    def __init__(self) -> None:
        self._open: dict[str, Piece] = {}
        self._held = 0
        self.names: dict[str, list[str]] = {}
        self.rows: dict[str, int] = {}

    def add(self, shelf: str, row: list[Any]) -> Iterator[tuple[str, bytes]]:
        """Put a row on a shelf; answers the pieces (name, data) that are full now."""
        piece = self._open.get(shelf)
        if piece is None:
            piece = self._open[shelf] = Piece()
        grown = piece.add(row)
        self._held += grown
        if not grown:
            return iter(())
        if len(piece) > PIECE:
            return iter([self._close(shelf)])
        if self._held > HELD:
            return iter([self._close(max(self._open, key=lambda name: (len(self._open[name]), name)))])
        return iter(())

    def finish(self) -> Iterator[tuple[str, bytes]]:
        """The pieces that are left."""
        for shelf in sorted(self._open):
            yield self._close(shelf)

    def _close(self, shelf: str) -> tuple[str, bytes]:
        piece = self._open.pop(shelf)
        self._held -= len(piece)
        names = self.names.setdefault(shelf, [])
        names.append(f"{shelf}-{len(names)}.gz")
        data = piece.finish()
        self.rows[shelf] = self.rows.get(shelf, 0) + piece.rows
        return names[-1], data


def rows_of(data: bytes) -> Iterator[Prepared]:
    """The rows of a piece."""
    for key, number, values in _rows(data):
        yield Prepared(key, number, values)


def rejects_of(data: bytes) -> Iterator[Reject]:
    """The rejects of a piece."""
    for number, code, column, message, cells in _rows(data):
        yield Reject(number, code, column, message, cells)


def pack_rejects(rejects: Iterable[Reject]) -> bytes:
    """Rejects as one piece; `rejects_of` reads it."""
    piece = Piece()
    for reject in rejects:
        piece.add(list(reject))
    return piece.finish()


def _rows(data: bytes) -> Iterator[list[Any]]:
    """Row by row: a piece is some 30 times as large when it is parsed."""
    inflate = zlib.decompressobj(wbits=_GZIP)
    rest = b""
    for start in range(0, len(data), _BLOCK):
        *lines, rest = (rest + inflate.decompress(data[start:start + _BLOCK])).split(b"\n")
        for line in lines:
            yield from json.loads(line)
