"""Dates and times as files hold them -> epoch ms. Pure.

Understood: ISO 8601, epoch seconds and milliseconds, year/month/day and day.month.year with any of `/.-`, month names in
English and French, AM and PM. Numbers with points are day first, as everywhere where dates are written so; with slashes or dashes
day and month must be told apart by their size or by `day_first`. A time without a zone is of the format's time zone; of
an hour that a clock shows twice, it is the first.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from socle.errors import Rejected
from socle.imports.model import Format

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_BLANK = frozenset(("", "null", "none", "nan", "nat", "n/a", "#n/a", "(null)", "\\n", "0000-00-00", "0000-00-00 00:00:00"))
_CLOCK = (r"(?:[T ,]+(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
          r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?")
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[/.-](?P<month>\d{1,2})[/.-](?P<day>\d{1,2})" + _CLOCK, re.ASCII)
_NUMBERS = re.compile(r"(?P<one>\d{1,2})(?P<mark>[/.-])(?P<two>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})" + _CLOCK, re.ASCII)
_DAY_NAME = re.compile(r"(?:[a-z]+\.?,?\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th|er)?[\s-]+(?P<name>[a-z]{3,9})\.?,?[\s-]+"
                       r"(?P<year>\d{4})" + _CLOCK, re.ASCII | re.IGNORECASE)
_NAME_DAY = re.compile(r"(?:[a-z]+,\s+)?(?P<name>[a-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})" + _CLOCK,
                       re.ASCII | re.IGNORECASE)
_MONTHS = {name: number for number, names in enumerate((
    "jan january janvier janv", "feb february fevrier fevr fev", "mar march mars", "apr april avril avr", "may mai",
    "jun june juin", "jul july juillet juil", "aug august aout", "sep sept september septembre", "oct october octobre",
    "nov november novembre", "dec december decembre"), start=1) for name in names.split()}


class Dates:
    """Reads the dates of one file."""

    def __init__(self, options: Format) -> None:
        self._zone = UTC if options.timezone == "UTC" else ZoneInfo(options.timezone)
        self._day_first = options.day_first
        self._formats = options.dates

    def moment(self, cell: Any) -> int | None:
        """Epoch ms, of a day its midnight; None for a blank. Raises Rejected(`bad_date` or `ambiguous_date`)."""
        found = self._read(cell)
        if found is None:
            return None
        if not isinstance(found, datetime):
            found = datetime(found.year, found.month, found.day, tzinfo=self._zone)
        elif found.tzinfo is None:
            found = found.replace(tzinfo=self._zone)
        return (found - _EPOCH) // _MS

    def iso(self, cell: Any) -> str | None:
        """A day as 2026-01-31; with a time of day, 2026-01-31T08:26:00 and the zone that it came with."""
        found = self._read(cell)
        if isinstance(found, datetime) and found.tzinfo is None and found.time() == datetime.min.time():
            found = found.date()
        return None if found is None else found.isoformat()

    def _read(self, cell: Any) -> date | None:
        if isinstance(cell, date):  # datetimes included
            return cell
        if cell is None or isinstance(cell, bool):
            return None
        if isinstance(cell, int | float):
            return self._number(float(cell), cell)
        text = str(cell).strip()
        if len(text) > 64:
            raise Rejected("bad_date", f"{text[:40]!r}… is no date")
        for pattern in self._formats:
            try:
                return datetime.strptime(text, pattern)  # noqa: DTZ007  # the zone is the file's
            except ValueError:
                continue
        if len(text) >= 10 and text[4] == "-":
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                pass
        if text.lower() in _BLANK:
            return None
        try:
            return self._text(text)
        except ValueError as error:
            raise Rejected("bad_date", f"{text!r} is no date: {error}") from None

    def _text(self, text: str) -> date:
        folded = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
        found = _YEAR_FIRST.fullmatch(folded)
        if found:
            return _built(found, int(found["year"]), int(found["month"]), int(found["day"]))
        found = _NUMBERS.fullmatch(folded)
        if found:
            return self._numbers(found, text)
        found = _DAY_NAME.fullmatch(folded) or _NAME_DAY.fullmatch(folded)
        if found and found["name"].lower() in _MONTHS:
            return _built(found, int(found["year"]), _MONTHS[found["name"].lower()], int(found["day"]))
        if re.fullmatch(r"\d{9,13}(\.\d+)?", text, re.ASCII):
            return self._number(float(text), text)
        raise ValueError("write it like 2026-01-31 or 2026-01-31T08:26:00Z, or give its format in `format.dates`")

    def _numbers(self, found: re.Match[str], text: str) -> date:
        one, two = int(found["one"]), int(found["two"])
        day_first = self._day_first
        if day_first is None and found["mark"] == ".":
            day_first = True
        if len(found["year"]) == 2 and day_first is None:
            raise Rejected("ambiguous_date", f"{text!r} can be read in several ways: set `format.day_first`")
        if day_first is None:
            if one <= 12 and two <= 12 and one != two:
                raise Rejected("ambiguous_date", f"{text!r} may be in month {one} or {two}: set `format.day_first`")
            day_first = one > 12
        year = int(found["year"])
        if year < 100:
            year += 1900 if year >= 69 else 2000  # POSIX, strptime(3)
        return _built(found, year, *((two, one) if day_first else (one, two)))

    def _number(self, value: float, cell: Any) -> datetime:
        if 1e8 <= value < 1e10:
            return datetime.fromtimestamp(value, UTC)
        if 1e11 <= value < 1e14:
            return datetime.fromtimestamp(value / 1000, UTC)
        raise Rejected("bad_date", f"{cell!r} is no date: numbers are epoch seconds or milliseconds")


def _built(found: re.Match[str], year: int, month: int, day: int) -> date:
    """A date, or a datetime where the text has a time of day. Raises ValueError when there is no such day."""
    zone = found["zone"]
    if found["hour"] is None and zone is None:
        return date(year, month, day)
    hour = int(found["hour"] or 0)
    half = (found["half"] or "").lower().replace(".", "")
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(f"there is no hour {hour} {half}")
        hour = hour % 12 + (12 if half == "pm" else 0)
    moment = datetime.combine(date(year, month, day), time(hour, int(found["minute"] or 0), int(found["second"] or 0),
                                                           int((found["part"] or "").ljust(6, "0")[:6])))
    if zone is None:
        return moment
    if zone in ("Z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    return datetime.fromisoformat(f"{moment.isoformat()}{zone[:3]}:{zone[-2:]}")
