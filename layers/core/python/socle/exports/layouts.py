"""Layouts: the columns that a file has, and for fixed ones how a person becomes a row. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from socle.exports.audiences import GOOGLE_COLUMNS, META_COLUMNS, google_row, meta_row
from socle.exports.model.document import AUDIENCES, CHANGE, COLUMNS, GOOGLE, META, ExportDocument
from socle.exports.model.fields import Column, Type
from socle.exports.person import Person
from socle.exports.postal import POSTAL_COLUMNS, postal_row


class Layout(NamedTuple):
    """`row`: for fixed columns, a person's cells, None when they can't be reached by it; None where fields are chosen.

    splits  a delta's rows are told apart by files, not by a column: ad platforms take additions and removals one by one, and
            know people by these values alone
    """

    columns: tuple[Column, ...]
    row: Callable[[Person], list[str] | None] | None
    splits: str | None


def layout_of(document: ExportDocument) -> Layout:
    """The layout of an export."""
    if document.layout == COLUMNS:
        return Layout(tuple(field.column for field in document.fields), None, document.partition_by)
    if document.layout == GOOGLE:
        return Layout(_texts(GOOGLE_COLUMNS), google_row, CHANGE)
    if document.layout == META:
        return Layout(_texts(META_COLUMNS), meta_row, CHANGE)
    return Layout(_texts(POSTAL_COLUMNS), lambda person: postal_row(person, document.sender_country), None)


def says_change(document: ExportDocument) -> bool:
    """Whether the files have the column that says what became of a row."""
    return document.mode == "delta" and document.layout not in AUDIENCES


def _texts(names: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(Column(name, Type.TEXT) for name in names)
