"""The kinds of a JSON value that conditions look at, and nothing else: one typing, which the lake's columns repeat in SQL.

    x   it is there, and not null
    s   its text, if it is a JSON string
    n   its number in millionths, if it is a JSON number or a string that reads as one: |x| < 1e12, rounded half to even
    b   its truth, if it is a JSON boolean
    d   its date: (civil, ms) of an ISO 8601 string; with a zone an instant in epoch ms, without one the civil time as if it
        were UTC, a date alone being its midnight

Numbers are whole millionths, so that sums and comparisons are exact and the same in whatever order they are made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

MICRO = 1_000_000
"""Units of a number: millionths."""
_LIMIT = 1e12
_NUMERIC = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,20})?", re.ASCII)
_DATE = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:(Z)|([+-])(\d{2}):?(\d{2}))?)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Date(NamedTuple):
    """A date: an instant in epoch ms, or, when `civil`, a time of day somewhere as epoch ms as if that were UTC."""

    civil: bool
    ms: int


def at_path(data: Any, path: str) -> list[Any]:
    """The values at a path: at most one, or with [] every element of the list; [] when there is none."""
    found = [data]
    for step in steps(path):
        name, many = step
        found = [one[name] for one in found if one.__class__ is dict and name in one]
        if many:
            found = [element for one in found if one.__class__ is list for element in one]
    return found


@lru_cache(maxsize=4_096)
def steps(path: str) -> tuple[tuple[str, bool], ...]:
    """(name, whether every element of the list that it holds is meant) for each part of a path."""
    return tuple((part.removesuffix("[]"), part.endswith("[]")) for part in path.split("."))


def is_list(path: str) -> bool:
    """Whether a path means every element of a list."""
    return "[]" in path


def number(value: Any) -> int | None:
    """A JSON number, or a string that reads as one, in millionths."""
    kind = value.__class__
    if kind is str:
        if len(value) > 34 or not _NUMERIC.fullmatch(value):
            return None
        value = float(value)
    elif kind is not int and kind is not float:
        return None
    if not -_LIMIT < value < _LIMIT:
        return None
    return round(float(value) * MICRO)


def text(value: Any) -> str | None:
    """A JSON string."""
    return value if value.__class__ is str else None


def truth(value: Any) -> bool | None:
    """A JSON boolean."""
    return value if value.__class__ is bool else None


def label(value: Any) -> str | None:
    """What a value is called where values are told apart and counted: a text, or a whole number's digits."""
    if value.__class__ is str:
        return str(value)
    found = number(value)
    return str(found // MICRO) if found is not None and found % MICRO == 0 else None


def mark(value: Any) -> str | None:
    """What `changed` compares: a text, a number or a boolean, told apart; None for anything else."""
    if value.__class__ is str:
        return "s" + value
    if value.__class__ is bool:
        return "btrue" if value else "bfalse"
    found = number(value)
    return None if found is None else f"n{found}"


@lru_cache(maxsize=16_384)
def civil_or_instant(value: str) -> Date | None:
    """The date that a text reads as (ISO 8601, a real day of the years 1 to 9999); fractions beyond ms are cut off."""
    match = _DATE.fullmatch(value) if len(value) <= 40 else None
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zulu, sign, hours, minutes = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    except ValueError:
        return None
    ms = (moment - _EPOCH) // timedelta(milliseconds=1) + int((fraction or "")[:3].ljust(3, "0"))
    if zulu:
        return Date(False, ms)
    if sign:
        if int(hours) > 14 or int(minutes) > 59:
            return None
        away = (int(hours) * 60 + int(minutes)) * 60_000
        return Date(False, ms - away if sign == "+" else ms + away)
    return Date(True, ms)


def date(value: Any) -> Date | None:
    """A date in ISO 8601."""
    return civil_or_instant(value) if value.__class__ is str else None


def typed(values: list[Any], kind: str) -> Iterator[Any]:
    """The values of one kind (s, n, b or d), those of another left out."""
    read = {"s": text, "n": number, "b": truth, "d": date}[kind]
    return (found for value in values if (found := read(value)) is not None)


@lru_cache(maxsize=512)
def pattern(source: str) -> Any:
    """A compiled RE2 expression, the engine that DuckDB has too: linear in the text. Raises ValueError."""
    import re2  # type: ignore[import-untyped]  # only where a definition has an expression

    options = re2.Options()
    options.max_mem = 1 << 20
    options.log_errors = False
    try:
        return re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        shown = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"is no regular expression in RE2 syntax: {shown}") from error


def utc(ms: int) -> datetime:
    """Epoch ms as a datetime in UTC."""
    return _EPOCH + timedelta(milliseconds=ms)


def epoch(moment: datetime) -> int:
    """A datetime with its zone in epoch ms."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)
