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
from typing import Any, TypeVar

from socle.errors import Rejected
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
_CACHED = 50_000

Result = TypeVar("Result")
Getter = Callable[[list[Any]], Any]
"""The value of a row's cells; None when the cell is blank. Raises Rejected with the column as its field."""


def remembered(read: Callable[[str], Result]) -> Callable[[str], Result]:
    """`read` with its answers kept: the cells of a column repeat. What raises is read again."""
    known: dict[str, Result] = {}

    def asked(cell: str) -> Result:
        try:
            return known[cell]
        except KeyError:
            if len(known) >= _CACHED:
                known.clear()
            found = known[cell] = read(cell)
            return found

    return asked


class Cells:
    """Reads cells as one file's format says."""

    def __init__(self, options: Format) -> None:
        self._decimal = options.decimal
        self._dates = Dates(options)
        self._number = remembered(self._number_of)
        self._moment = remembered(self._dates.moment)

    def getter(self, cell: Cell, index: int | None) -> Getter:
        """How to read the cell at `index` of a row; of a constant, its value."""
        if index is None or cell.column is None:
            value = cell.value
            return lambda cells: value
        at, column = index, cell.column
        read = {"auto": self.value, "text": self.text, "number": self.json_number, "date": self.date,
                "boolean": self.boolean}[cell.type]
        if cell.clean:
            read = {"integer": integer, "lower": _lower, "digits": _digits}[cell.clean]
        return _placed(read, at, column)

    def numbers(self, cell: Cell, index: int | None) -> Getter:
        """A Decimal."""
        if index is None or cell.column is None:
            constant = self.number(cell.value)
            return lambda cells: constant
        return _placed(self.number, index, cell.column)

    def moments(self, cell: Cell, index: int | None) -> Getter:
        """Epoch ms."""
        if index is None or cell.column is None:
            constant = self.moment(cell.value)
            return lambda cells: constant
        return _placed(self.moment, index, cell.column)

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
        return self._moment(cell) if cell.__class__ is str else self._dates.moment(cell)

    def boolean(self, cell: Any) -> bool | None:
        """Yes or no, in English and French. Raises Rejected(`bad_boolean`)."""
        value = self.value(cell)
        if value is None or isinstance(value, bool):
            return value
        word = str(value).lower()
        if word not in _TRUE and word not in _FALSE:
            raise Rejected("bad_boolean", f"{_shown(cell)} is neither yes nor no")
        return word in _TRUE

    def _number_of(self, cell: str) -> Decimal | None:
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
        mark = self._decimal
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


def _placed(read: Callable[[Any], Any], at: int, column: str) -> Getter:
    def value(cells: list[Any]) -> Any:
        cell = cells[at]
        if cell == "" or cell is None:
            return None
        try:
            return read(cell)
        except Rejected as fault:
            raise Rejected(fault.code, fault.message, column) from None

    return value


def _shown(cell: Any) -> str:
    text = str(cell)
    return repr(text if len(text) <= 40 else text[:40] + "…")
