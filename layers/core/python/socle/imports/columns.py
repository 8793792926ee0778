"""The columns that a mapping names, found in a file's header. Pure."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping as ReadOnly
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from socle.errors import Rejected
from socle.identity.normalise import is_blocked
from socle.imports.cells import Cells, Getter, integer, placed
from socle.imports.model import Cell, Column, Mapping
from socle.imports.rejects import ADDED

_LISTED = 40
"""Columns that an error lists."""


class Columns:
    """Getters for the columns that a mapping names."""

    def __init__(self, mapping: Mapping, columns: Sequence[str], is_open: bool = False) -> None:
        self.names = list(columns)
        self._index = {name: index for index, name in enumerate(columns)}
        folded = [name.strip().casefold() for name in columns]
        often = Counter(folded)
        self._folded = {name: index for index, name in enumerate(folded) if often[name] == 1}
        self._skips = mapping.skip_missing
        self._is_open = is_open
        self._used: set[int] = set()
        self.cells = Cells(mapping.format)
        self.skipped: list[str] = []

    def find(self, field: str, column: Column | None) -> tuple[Cell, int | None] | None:
        """The cell and the place of its column. Raises Rejected(`missing_column`)."""
        if column is None:
            return None
        cell = column if isinstance(column, Cell) else Cell(column=column)
        if cell.column is None:
            return cell, None
        index = self._place(cell.column)
        if index is not None:
            self._used.add(index)
        elif not self._is_open:  # else a later row may have it: blank until `open_rows` is told to look for it
            close = difflib.get_close_matches(cell.column, self.names, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            there = ", ".join(self.names[:_LISTED]) + (", …" if len(self.names) > _LISTED else "")
            raise Rejected("missing_column", f"the file has no column {cell.column!r}{hint}: it has {there}", field)
        return cell, index

    def value(self, field: str, column: Column | None) -> Getter:
        """A JSON value as the cell's type says."""
        found = self.find(field, column)
        return _nothing if found is None else self.cells.getter(*found)

    def values(self, field: str, columns: ReadOnly[str, Column]) -> list[tuple[str, Getter]]:
        """(name, getter) of each; without those that may be missing, and are."""
        return [(name, self.value(f"{field}.{name}", column)) for name, column in self._there(field, columns)]

    def identifiers(self, field: str, columns: ReadOnly[str, Column]) -> list[tuple[str, Getter]]:
        """(type, getter) of each, at least of one if any are mapped."""
        there = self._there(field, columns) or list(columns.items())[:1]
        return [(name, self.identifier(f"{field}.{name}", column)) for name, column in there]

    def rest(self) -> list[tuple[str, Getter]]:
        """(name, getter) of all columns that nobody has asked for yet."""
        return [(name, self.value(name, name)) for index, name in enumerate(self.names)
                if index not in self._used and name not in ADDED]

    def amount(self, field: str, column: Column | None) -> Getter | None:
        """(whether it is negative, its size); no getter when nothing is mapped."""
        found = self.find(field, column)
        return None if found is None else self.cells.amounts(*found)

    def moment(self, field: str, column: Column | None) -> Getter:
        """Epoch ms."""
        found = self.find(field, column)
        return _nothing if found is None else self.cells.moments(*found)

    def own_id(self, field: str, column: Column | None) -> Getter:
        """The id of what a row is, as text; None when it is blank or says nothing (`null`…). Many count from 0."""
        return self.identifier(field, column, zero=True)

    def identifier(self, field: str, column: Column | None, zero: bool = False) -> Getter:
        """The id as text; None when it is blank or identifies nobody (0, unless `zero` is one; `null`, `anonymous`…)."""
        found = self.find(field, column)
        if found is None:
            return _nothing
        cell, index = found
        if index is None or cell.column is None:
            constant = _id_text(cell.value, zero)
            return lambda cells: constant
        read = self.cells.reader(cell)
        return placed(lambda value: _id_text(read(value), zero), index, cell.column)

    def _there(self, field: str, columns: ReadOnly[str, Column]) -> list[tuple[str, Column]]:
        found: list[tuple[str, Column]] = []
        for name, column in columns.items():
            own = column.column if isinstance(column, Cell) else column
            if self._skips and own is not None and self._place(own) is None:
                self.skipped.append(f"{field}.{name}: the file has no column {own!r}")
            else:
                found.append((name, column))
        return found

    def _place(self, name: str) -> int | None:
        """By its exact name, else whatever its case."""
        return self._index.get(name, self._folded.get(name.strip().casefold()))


def _id_text(value: Any, zero: bool) -> str | None:
    if value is None:
        return None
    text = integer(value) if isinstance(value, float | Decimal) else str(value)
    return None if text is None or (is_blocked(text) and not (zero and text.isdigit())) else text


def _nothing(cells: list[Any]) -> None:
    return None
