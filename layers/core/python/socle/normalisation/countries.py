"""Countries as ISO 3166-1 alpha-2 codes, from either code or an English or French name. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from socle.normalisation.model import UNKNOWN_COUNTRY, Reading

_SEPARATORS = re.compile(r"[\W_]+")


@lru_cache(1024)
def country(text: str) -> Reading:
    """`FR` for FR, fra, France; flag `unknown_country`."""
    code = _codes().get(folded(text)) if len(text) <= 100 else None
    return Reading(code, "" if code else UNKNOWN_COUNTRY)


def is_country(code: str) -> bool:
    """Whether it is an alpha-2 code, in upper case."""
    return len(code) == 2 and code.isupper() and _codes().get(code.casefold()) == code


def folded(text: str) -> str:
    """What is compared of a name: letters without case and accents, `&` as and, no punctuation."""
    plain = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    words = _SEPARATORS.sub(" ", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    return re.sub(r"\bst\b", "saint", " ".join(words.split())).removeprefix("the ")


@cache
def _codes() -> dict[str, str]:
    from socle.normalisation.country_table import TABLE

    names: dict[str, str] = {}
    codes: dict[str, str] = {}
    for entry in TABLE.split(";"):
        alpha2, alpha3, written = entry.split(maxsplit=2)
        codes |= {alpha2.casefold(): alpha2, alpha3.casefold(): alpha2}
        names |= {folded(name): alpha2 for name in written.split("|")}
    return names | codes
