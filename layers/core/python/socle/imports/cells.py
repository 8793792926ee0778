"""What a cell says: texts, numbers, dates and times, yes and no, as people and programs write them. Pure.

A cell that can be read in two ways is refused, unless the mapping's format decides: 03/04/2026 (`day_first`), 1,234 (`decimal`).
Blank cells, and the marks that exports put in their place (`_BLANK`), say nothing: None.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from socle.errors import Rejected
from socle.events.check import MAX_AMOUNT
from socle.imports.dates import Dates
from socle.imports.model import Cell, Format

_BLANK = frozenset(("", "null", "NULL", "None", "nan", "NaN", "N/A", "n/a", "#N/A", "(null)", "\\N"))
_TRUE = frozenset(("true", "yes", "y", "1", "t", "on", "oui", "vrai", "x"))
_FALSE = frozenset(("false", "no", "n", "0", "f", "off", "non", "faux"))
_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_GROUPED = re.compile(r"[0-9]{1,3}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")
_SPACES = str.maketrans("", "", " \t\u00a0\u202f\u2009'\u2019_")
_AROUND = re.compile(r"^(?:[€$£¥]|[A-Z]{3}\b)|(?:[€$£¥]|\b[A-Z]{3})$")
_INTEGER = re.compile(r"([0-9]+)(?:[.,]0*)?", re.ASCII)
MAX_EXACT = 15
"""Significant digits that a JSON number carries through a double unchanged; longer numbers travel as text."""
_REMEMBERED = 50_000

Getter = Callable[[list[Any]], Any]
"""The value of a row's cells; None when the cell is blank. Raises Rejected with the column as its field."""


class Cells:
    """Reads cells as one file's format says."""

    def __init__(self, options: Format) -> None:
        self._decimal = options.decimal
        self._dates = Dates(options)

    def getter(self, cell: Cell, index: int | None) -> Getter:
        """How to read the cell at `index` of a row; of a constant, its value."""
        if index is None or cell.column is None:
            value = cell.value
            return lambda cells: value
        if not cell.clean and cell.type in ("auto", "text"):
            return self._texts(index, self.reader(cell))
        return placed(self.reader(cell), index, cell.column)

    def reader(self, cell: Cell) -> Callable[[Any], Any]:
        """What makes a value of a cell's content, whichever row it is from."""
        if cell.clean:
            return {"integer": integer, "lower": _lower, "digits": _digits}[cell.clean]
        return {"auto": self.value, "text": self.text, "number": self.json_number, "date": self.date,
                "boolean": self.boolean}[cell.type]

    def amounts(self, cell: Cell, index: int | None) -> Getter:
        """(whether it is negative, its size as JSON holds it)."""
        if index is None or cell.column is None:
            constant = self._amount(cell.value)
            return lambda cells: constant
        return placed(self._amount, index, cell.column)

    def moments(self, cell: Cell, index: int | None) -> Getter:
        """Epoch ms."""
        if index is None or cell.column is None:
            constant = self.moment(cell.value)
            return lambda cells: constant
        return placed(self.moment, index, cell.column)

    def value(self, cell: Any) -> Any:
        """What fits JSON: texts trimmed, numbers as they are, dates as ISO 8601."""
        if cell.__class__ is str:
            text = cell.strip()
            return None if text in _BLANK else text
        if cell.__class__ is float:
            return None if not math.isfinite(cell) else int(cell) if cell.is_integer() and abs(cell) < 2**53 else cell
        if isinstance(cell, datetime | date | time):
            return cell.isoformat()
        if isinstance(cell, Decimal):
            return plain(cell)
        if isinstance(cell, dict):
            return {str(name): self.value(value) for name, value in cell.items()}
        if isinstance(cell, list | tuple):
            return [self.value(value) for value in cell]
        return cell if cell is None or isinstance(cell, bool | int) else self.value(str(cell))

    def text(self, cell: Any) -> str | None:
        """A text also where a program made a number of it: 42.0 is "42"."""
        value = self.value(cell)
        return value if value is None or isinstance(value, str) else str(value)

    def number(self, cell: Any) -> Decimal | None:
        """The number, exactly as written. Raises Rejected(`bad_number` or `ambiguous_number`)."""
        if cell.__class__ is str:
            return self._number(cell)
        if cell is None:
            return None
        if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
            raise Rejected("bad_number", f"{cell!r} is no number")
        number = Decimal(str(cell))
        return number if number.is_finite() else None

    def json_number(self, cell: Any) -> int | float | str | None:
        """The number as JSON holds it."""
        number = self.number(cell)
        return None if number is None else plain(number)

    def date(self, cell: Any) -> str | None:
        """A day as ISO 8601, with the time of day when there is one."""
        return self._dates.iso(cell)

    def moment(self, cell: Any) -> int | None:
        """Epoch ms. Raises Rejected(`bad_date` or `ambiguous_date`)."""
        return self._dates.moment(cell)

    def boolean(self, cell: Any) -> bool | None:
        """Yes or no, in English and French. Raises Rejected(`bad_boolean`)."""
        value = self.value(cell)
        if value is None or isinstance(value, bool):
            return value
        word = str(value).lower()
        if word not in _TRUE and word not in _FALSE:
            raise Rejected("bad_boolean", f"{_shown(cell)} is neither yes nor no")
        return word in _TRUE

    def _amount(self, cell: Any) -> tuple[bool, int | float | str] | None:
        number = self.number(cell)
        if number is not None and abs(number) >= MAX_AMOUNT:
            raise Rejected("bad_number", f"{_shown(cell)} is 1e12 or more")
        return None if number is None else (number < 0, plain(abs(number)))

    def _texts(self, at: int, read: Callable[[Any], Any]) -> Getter:
        """Texts are just trimmed: quicker than looking up what was read before."""

        def value(cells: list[Any]) -> Any:
            cell = cells[at]
            if cell.__class__ is str:
                cell = cell.strip()
                return None if cell in _BLANK else cell
            return read(cell)

        return value

    def _number(self, cell: str) -> Decimal | None:
        text = cell.strip()
        if _PLAIN.fullmatch(text) and self._decimal != ",":
            return Decimal(text)
        if text in _BLANK:
            return None
        text = _AROUND.sub("", text.replace("\u2212", "-")).translate(_SPACES)
        if text.startswith("(") and text.endswith(")"):  # how accountants write a negative number
            text = "-" + text[1:-1]
        sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text.removeprefix("+"))
        number = sign + self._normal(digits, cell)
        if not _PLAIN.fullmatch(number):
            raise Rejected("bad_number", f"{_shown(cell)} is no number")
        return Decimal(number)

    def _normal(self, digits: str, cell: str) -> str:
        """`digits` with a point for decimals and nothing between thousands."""
        point, comma = digits.rfind("."), digits.rfind(",")
        mark: str | None = self._decimal
        if point >= 0 and comma >= 0:
            mark = mark or ("." if point > comma else ",")
        elif max(point, comma) >= 0 and mark is None:
            found = "." if point >= 0 else ","
            is_grouped = _GROUPED.fullmatch(digits) is not None
            if digits.count(found) > 1:
                mark = "," if found == "." else "."
            elif found == "," and is_grouped and not digits.startswith("0"):
                raise Rejected("ambiguous_number", f"{_shown(cell)} may be a thousand or a fraction: set `format.decimal`")
            else:
                mark = found
        if mark is None:
            return digits
        whole, _, fraction = digits.partition(mark)
        if not whole.isdigit() and not _GROUPED.fullmatch(whole):
            raise Rejected("bad_number", f"{_shown(cell)} is no number with {mark!r} before its decimals")
        return whole.replace(".", "").replace(",", "") + ("." + fraction if fraction else "")


def plain(number: Decimal) -> int | float | str:
    """A number as JSON holds it exactly: as text when a double can't."""
    if number == number.to_integral_value():
        return int(number) if abs(number) < 2**53 else format(number, "f")
    return float(number) if len(number.as_tuple().digits) <= MAX_EXACT else format(number, "f")


def integer(cell: Any) -> str | None:
    """An id that a program took for a number: 17850.0 is "17850". What is no whole number stays as it is."""
    if cell is None:
        return None
    text = str(cell).strip()
    found = _INTEGER.fullmatch(text)
    if found:
        return found[1]
    if _PLAIN.fullmatch(text) and Decimal(text) == Decimal(text).to_integral_value():
        return format(Decimal(text).to_integral_value(), "f")
    return None if text in _BLANK else text


def _lower(cell: Any) -> str | None:
    text = "" if cell is None else str(cell).strip().lower()
    return None if text in _BLANK else text


def _digits(cell: Any) -> str | None:
    return re.sub(r"[^0-9]", "", integer(cell) or "") or None


def placed(read: Callable[[Any], Any], at: int, column: str) -> Getter:
    """`read` for the cell at `at`. What texts say is remembered, for the cells of a column repeat."""
    known: dict[str, Any] = {"": None}

    def value(cells: list[Any]) -> Any:
        cell = cells[at]
        try:
            return known[cell]
        except (KeyError, TypeError):  # a list can be no key, and is not remembered
            pass
        try:
            found = read(cell)
        except Rejected as fault:
            raise Rejected(fault.code, fault.message, column) from None
        if cell.__class__ is str:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[cell] = found
        return found

    return value


def _shown(cell: Any) -> str:
    text = str(cell)
    return repr(text if len(text) <= 40 else text[:40] + "…")
