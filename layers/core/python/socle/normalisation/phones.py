"""Phone numbers as E.164 (`+33612345678`), by libphonenumber's metadata. Pure.

A number that says its country (`+33 6 12…`) is taken at its word, unless it is too long: countries lengthen their numbers
more often than anybody updates metadata. A national one is only taken when it is a valid number of the region: read in
the wrong region, it would be a stranger's, and would make one person of two.
"""

from __future__ import annotations

import re
from functools import lru_cache

from socle.normalisation.model import NO_REGION, NOT_A_PHONE, UNLIKELY_PHONE, Reading

MAX_LENGTH = 64
"""Characters as sent, with all that people write between digits."""

_E164 = re.compile(r"\+[1-9][0-9]{4,14}")


@lru_cache(4096)
def phone(text: str, region: str | None) -> Reading:
    """The number as E.164. `region` (alpha-2) is where a national number belongs.

    Flags: `not_a_phone`, `no_region`; `unlikely_phone` beside the number.
    """
    text = text.strip()
    international = text.startswith(("+", "\uff0b"))
    if len(text) > MAX_LENGTH or sum(character.isdigit() for character in text) < 4:
        return Reading(None, NOT_A_PHONE)
    if not international and region is None:
        return Reading(None, NO_REGION)
    import phonenumbers

    try:
        found = phonenumbers.parse(text, None if international else region)
    except phonenumbers.NumberParseException:
        return Reading(None, NOT_A_PHONE)
    written = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    if found.extension or not _E164.fullmatch(written):
        return Reading(None, NOT_A_PHONE)
    if international:
        length = phonenumbers.is_possible_number_with_reason(found)
        if length == phonenumbers.ValidationResult.TOO_LONG:
            return Reading(None, NOT_A_PHONE)
        return Reading(written, "" if length == phonenumbers.ValidationResult.IS_POSSIBLE else UNLIKELY_PHONE)
    return Reading(written) if phonenumbers.is_valid_number(found) else Reading(None, NOT_A_PHONE)
