"""Postal codes as their country writes them: `SW1A 1AA`, `75001`, `1012 AB`. Pure.

A form is written with 9 for a digit, @ for a letter and * for either; anything else stands for itself and may be left out by
who sends it. Countries whose form is not here, and addresses without a country, keep the code as it is.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from socle.normalisation.model import NOT_A_POSTAL_CODE, Reading

_FORMS = {
    "999": "FO IS",
    "9999": "AT AU BE BG CH CY DK HU LI LU NO NZ SI TN ZA",
    "99999": "BL DE EE ES FI FR GF GP HR ID IT LT MA MC MF MQ MX MY PM RE SM TH TR UA YT",
    "999999": "CN IN RO RU SG VN",
    "99999|999999": "KR RS",
    "99999|9999999": "IL",
    "999 99": "CZ GR SE SK",
    "99-999": "PL",
    "999-9999": "JP",
    "9999-999": "PT",
    "99999-999": "BR",
    "99999|99999-9999": "GU PR US VI",
    "9999 @@": "NL",
    "@9@ 9@9": "CA",
    "@99 ****": "IE",
    "@@@ 9999": "MT",
    "@9 9@@|@99 9@@|@@9 9@@|@@99 9@@|@9@ 9@@|@@9@ 9@@": "GB GG IM JE",
    "AD999": "AD",
    "LV-9999": "LV",
    "MD-9999": "MD",
}
_CLASSES = {"9": "([0-9])", "@": "([A-Z])", "*": "([A-Z0-9])"}
_COUNTRY_FIRST = re.compile(r"[A-Z]{1,3}[- ](?=[0-9])")  # D-10115, SE-123 45
_BETWEEN = re.compile(r"[\W_]+")


@lru_cache(4096)
def postal_code(text: str, country: str | None, is_number: bool = False) -> Reading:
    """The code in its country's form. One that was sent as a number has lost its leading zeroes, and gets them back.

    country  alpha-2, None when unknown. Flag: `not_a_postal_code`.
    """
    forms = _patterns().get(country or "")
    if forms is None:
        return Reading(" ".join(text.split()) or None)
    written = text.strip().upper()
    for pattern, form in forms:
        digits_first = form.startswith("9")
        plain = _BETWEEN.sub("", _COUNTRY_FIRST.sub("", written, count=1) if digits_first else written)
        if is_number and digits_first and "@" not in form:
            plain = plain.zfill(form.count("9"))
        match = pattern.fullmatch(plain)
        if match:
            parts = iter(match.groups())
            return Reading("".join(next(parts) if character in _CLASSES else character for character in form))
    return Reading(None, NOT_A_POSTAL_CODE)


@cache
def _patterns() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    return {country: [(_pattern(form), form) for form in forms.split("|")]
            for forms, countries in _FORMS.items() for country in countries.split()}


def _pattern(form: str) -> re.Pattern[str]:
    return re.compile("".join(_CLASSES.get(character, f"{character}?" if character.isalpha() else "") for character in form))
