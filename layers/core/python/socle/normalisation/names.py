"""People's names and other short texts: one space between words, one form of each letter, and no shouting. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from socle.normalisation.model import NOT_A_NAME, Reading

_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff\u0000-\u0008\u000e-\u001f\u007f]")
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f])*")


@lru_cache(4096)
def text(value: str) -> Reading:
    """NFC, without invisible characters, with single spaces; a text that is blank then stays as sent."""
    if value.isascii() and value.isprintable():
        return Reading(" ".join(value.split()) or None)
    return Reading(" ".join(_INVISIBLE.sub("", unicodedata.normalize("NFC", value)).split()) or None)


@lru_cache(4096)
def name(value: str) -> Reading:
    """A person's name. `JEAN-PIERRE` and `jean-pierre` become `Jean-Pierre`; what mixes cases (`McDonald`, `van der Berg`)
    is as its owner writes it, and so is what has two letters or fewer: initials, perhaps. Flag: `not_a_name`."""
    found = text(value).value
    if found is None:
        return Reading(None)
    letters = sum(character.isalpha() for character in found)
    if not letters or "@" in found:
        return Reading(None, NOT_A_NAME)
    if letters > 2 and (found.isupper() or found.islower()):
        found = unicodedata.normalize("NFC", _WORD.sub(lambda word: word[0].capitalize(), found))
    return Reading(found)
