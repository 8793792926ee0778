"""Dates of birth as ISO 8601 dates. Pure.

A date that can be read in two ways is flagged, not guessed: a wrong birthday is worse than none.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import lru_cache

from socle.normalisation.countries import folded
from socle.normalisation.model import AMBIGUOUS_DATE, IMPLAUSIBLE_DATE, NOT_A_DATE, Reading

_MONTHS = {name: number for number, names in enumerate((
    "january jan janvier janv", "february feb fevrier fevr fev", "march mar mars", "april apr avril avr",
    "may mai", "june jun juin",
    "july jul juillet juil", "august aug aout", "september sep sept septembre", "october oct octobre", "november nov novembre",
    "december dec decembre"), 1) for name in names.split()}
_MIDNIGHT = re.compile(r"(.*[0-9])[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?")
_TIME = re.compile(r".*[0-9][T ][0-9]{1,2}:[0-9]{2}.*")
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/. ])([0-9]{1,2})\2([0-9]{4})")
_SHORT_YEAR = re.compile(r"[0-9]{1,2}([-/. ])[0-9]{1,2}\1[0-9]{2}")
_DAY_NAMED = re.compile(r"([0-9]{1,2})(?:er|st|nd|rd|th)? ([a-z]+) ([0-9]{4})")
_MONTH_NAMED = re.compile(r"([a-z]+) ([0-9]{1,2})(?:st|nd|rd|th)? ([0-9]{4})")
_EARLIEST = date(1900, 1, 2)  # 1900-01-01 is what databases hold when they hold nothing


@lru_cache(4096)
def birth_date(text: str, latest: date | None = None) -> Reading:
    """`1990-05-31`; later than `latest` is not plausible. Flags: `not_a_date`, `ambiguous_date`, `implausible_date`."""
    text = " ".join(text.split())[:64]
    midnight = _MIDNIGHT.fullmatch(text)
    if midnight:
        text = midnight[1]
    elif _TIME.fullmatch(text):
        return Reading(None, AMBIGUOUS_DATE)  # `1990-04-30T22:00:00Z` is somebody's midnight: the day before, or the day after
    if _SHORT_YEAR.fullmatch(text):
        return Reading(None, AMBIGUOUS_DATE)
    found = _readings(text)
    plausible = {day for day in found if day >= _EARLIEST and (latest is None or day <= latest)}
    if len(plausible) == 1:
        return Reading(plausible.pop().isoformat())
    return Reading(None, AMBIGUOUS_DATE if plausible else IMPLAUSIBLE_DATE if found else NOT_A_DATE)


def day_of(now: int) -> date:
    """The latest date that it is anywhere on earth at `now` (epoch ms)."""
    return datetime.fromtimestamp(now / 1000 + 14 * 3600, UTC).date()


def _readings(text: str) -> set[date]:
    """Every calendar date that the text can mean."""
    if len(text) == 8 and text.isascii() and text.isdigit():
        return _dates((text[:4], text[4:6], text[6:]), (text[4:], text[2:4], text[:2]), (text[4:], text[:2], text[2:4]))
    if match := _YEAR_FIRST.fullmatch(text):
        return _dates((match[1], match[3], match[4]))
    if match := _YEAR_LAST.fullmatch(text):
        day_first = (match[4], match[3], match[1])
        return _dates(day_first) if match[2] == "." else _dates(day_first, (match[4], match[1], match[3]))
    words = folded(text)
    if (match := _DAY_NAMED.fullmatch(words)) and match[2] in _MONTHS:
        return _dates((match[3], str(_MONTHS[match[2]]), match[1]))
    if (match := _MONTH_NAMED.fullmatch(words)) and match[1] in _MONTHS:
        return _dates((match[3], str(_MONTHS[match[1]]), match[2]))
    return set()


def _dates(*parts: tuple[str, str, str]) -> set[date]:
    found = set()
    for year, month, day in parts:
        try:
            found.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found
