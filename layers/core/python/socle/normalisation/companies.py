"""Numbers of companies: SIREN and SIRET (France), VAT numbers (EU, UK, Switzerland, Norway), by python-stdnum. Pure."""

from __future__ import annotations

from functools import lru_cache

from socle.normalisation.model import NOT_A_SIREN, NOT_A_SIRET, NOT_A_VAT_NUMBER, Reading

MAX_LENGTH = 64
_BESIDE_THE_EU = ("GB", "CH", "NO")


@lru_cache(1024)
def siren(text: str) -> Reading:
    """Nine digits; flag `not_a_siren`."""
    from stdnum.exceptions import ValidationError
    from stdnum.fr import siren as rule

    try:
        return Reading(_digits(rule.validate(text[:MAX_LENGTH])))
    except (ValidationError, ValueError):
        return Reading(None, NOT_A_SIREN)


@lru_cache(1024)
def siret(text: str) -> Reading:
    """Fourteen digits; flag `not_a_siret`."""
    from stdnum.exceptions import ValidationError
    from stdnum.fr import siret as rule

    try:
        return Reading(_digits(rule.validate(text[:MAX_LENGTH])))
    except (ValidationError, ValueError):
        return Reading(None, NOT_A_SIRET)


@lru_cache(1024)
def vat_number(text: str, country: str | None = None) -> Reading:
    """With its country's prefix (`FR40303265045`, `EL094259216`); `country` (alpha-2) is asked when it has none.

    Flag: `not_a_vat_number`. Whether the number is in use, only the tax office knows.
    """
    plain = "".join(character for character in text[:MAX_LENGTH].upper() if character.isalnum())
    for candidate in (plain, _vat_prefix(country) + plain) if country else (plain,):
        found = _valid_vat(candidate)
        if found:
            return Reading(found)
    return Reading(None, NOT_A_VAT_NUMBER)


def _vat_prefix(country: str) -> str:
    return {"GR": "EL", "CH": "CHE", "MC": "FR"}.get(country, country)


def _valid_vat(text: str) -> str | None:
    from stdnum.eu import vat
    from stdnum.exceptions import ValidationError
    from stdnum.util import get_cc_module

    prefix = text[:2]
    try:
        if prefix not in _BESIDE_THE_EU:
            return _ascii(vat.validate(text))
        rule = get_cc_module(prefix, "vat")
        if rule is None:
            return None
        found = _ascii(rule.validate(text))
        return found if found.startswith(prefix) else prefix + found
    except (ValidationError, ValueError):
        return None


def _digits(text: str) -> str:
    """Raises ValueError for digits of other scripts, which stdnum may let through."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError("not digits")
    return text


def _ascii(text: str) -> str:
    if not text.isascii():
        raise ValueError("not ASCII")
    return text
