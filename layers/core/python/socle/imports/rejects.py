"""The file of rejected rows: the columns of the original, then why; to be corrected and imported again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from socle.imports.model import Reject


def header(columns: Sequence[str]) -> str:
    """The first line."""
    raise NotImplementedError


def lines(columns: Sequence[str], rejects: Iterable[Reject]) -> str:
    """CSV that a spreadsheet opens without running anything in it (CWE-1236)."""
    raise NotImplementedError
