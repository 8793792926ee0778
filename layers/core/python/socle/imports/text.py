"""The bytes of a text file -> its lines, with the encoding found out. Streams.

Encodings: what a byte order mark says, else UTF-16 by its zero bytes, else UTF-8, else Windows-1252, in which
Latin-1 is contained as far as people write it.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from socle.errors import Rejected

SAMPLE = 256 * 1024
"""Bytes that encoding and delimiter are judged by."""
MAX_LINE = 1 << 20
"""Characters of a line; what is longer comes in pieces (`is_cut`)."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_HALF = re.compile("[\udc80-\udcff]")


class Text(NamedTuple):
    """An opened text. `sample` is its beginning, whole lines as far as there are some."""

    stream: io.TextIOWrapper
    sample: str
    encoding: str
    notes: list[str]


class _Joined(io.RawIOBase):
    """A stream whose beginning has been read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        found = bytes(self._head[:len(buffer)]) if self._head else self._rest.read(len(buffer))
        self._head = self._head[len(found):]
        buffer[:len(found)] = found
        return len(found)


class _Unzipped(io.RawIOBase):
    """A gzip stream. Raises Rejected where it is broken or ends early."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = gzip.GzipFile(fileobj=stream)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        try:
            return self._stream.readinto(buffer)
        except (EOFError, OSError, zlib.error) as error:
            raise Rejected("broken_gzip", f"the file is cut off or damaged: upload it again ({error})", "file") from error


def open_text(source: BinaryIO, encoding: str | None) -> Text:
    """Raises Rejected (`empty_file`, `not_text`, `broken_gzip`, `bad_encoding`)."""
    notes = []
    head = _read(source, 4)
    raw: io.RawIOBase = _Joined(head, source)
    if head[:2] == b"\x1f\x8b":
        raw = _Unzipped(io.BufferedReader(raw, 1 << 16))
    head = _read(raw, SAMPLE)
    if not head.strip():
        raise Rejected("empty_file", "the file is empty: it needs a header and rows", "file")
    found = _encoding(head, encoding)
    if encoding is None:
        notes.append(f"read as {found}: no byte order mark, and no UTF-8" if found == "cp1252" else f"read as {found}")
    errors = "surrogateescape" if found.startswith("utf-8") else "replace"
    sample = codecs.getincrementaldecoder(found)(errors="replace").decode(head)
    stream = io.TextIOWrapper(io.BufferedReader(_Joined(head, raw), 1 << 18), encoding=found, errors=errors,  # type: ignore[arg-type, type-var]
                              newline="")
    return Text(stream, sample if len(head) < SAMPLE else sample[:sample.rfind("\n") + 1] or sample, found, notes)


def _read(stream: BinaryIO | io.RawIOBase, size: int) -> bytes:
    """`size` bytes, fewer only at the end."""
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _encoding(head: bytes, wanted: str | None) -> str:
    if head.startswith(_OLD_OFFICE):
        raise Rejected("not_text", "an old or encrypted workbook: save it as .xlsx without a password", "file")
    if head.startswith(b"PK\x03\x04"):
        raise Rejected("not_text", "an archive or a workbook: name it .xlsx if it is one, or unpack it", "file")
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if wanted is not None:
        try:
            found = codecs.lookup(wanted)
        except (LookupError, ValueError):
            found = None
        if found is None or not found._is_text_encoding:
            raise Rejected("bad_encoding", f"there is no encoding {wanted!r}: try utf-8, cp1252 or utf-16", "format.encoding")
        return found.name
    for name, zeros, others in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if zeros.count(0) > 0.4 * len(zeros) and others.count(0) < 0.05 * len(others) + 1:
            return name
    if len(_BINARY.findall(head[:65_536])) > 8 + len(head[:65_536]) // 1_000:
        raise Rejected("not_text", "the file is no text: send CSV, NDJSON, Parquet or XLSX", "file")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


class Lines:
    """The lines of a text, for a reader that may give some back.

    number     of the last line, from 1
    taken      lines since the last `next_row`
    is_broken  whether one of them is not in the encoding of the text, is_long whether one is longer than MAX_LINE
    """

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._back: list[str] = []
        self.number = 0
        self.taken: list[str] = []
        self.is_broken = self.is_long = False

    def __iter__(self) -> Iterator[str]:
        """Again and again: after the end of the lines there are those that were given back."""
        read, back, taken = self._stream.readline, self._back, self.taken
        while line := back.pop() if back else read(MAX_LINE):
            self.number += 1
            taken.append(line)
            if not line.isascii() and _HALF.search(line):
                self.is_broken = True
            if len(line) == MAX_LINE:
                self.is_long = self._skip_rest(line)
            yield line

    def give_back(self) -> str:
        """All taken lines but the first, which is returned: they are read again."""
        first, *again = self.taken
        self._back.extend(reversed(again))
        self.number -= len(again)
        self.next_row()
        return first

    def next_row(self) -> None:
        """What was taken is done with."""
        self.taken.clear()
        self.is_broken = self.is_long = False

    def _skip_rest(self, line: str) -> bool:
        while not line.endswith(("\n", "\r")):
            line = self._stream.readline(MAX_LINE)
            if not line:
                break
        return True


def as_read(cells: list[str]) -> list[str]:
    """Cells that are not UTF-8 as Windows-1252 would show them: for people to look at."""
    return [cell.encode("utf-8", "surrogateescape").decode("cp1252", "replace") if _HALF.search(cell) else cell for cell in cells]
