"""The traits of identify and group calls, each value in the one form of its kind. Pure.

Which traits: the names that Segment reserves, how others spell them, and the numbers of companies. Everything else stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from socle.normalisation.companies import siren, siret, vat_number
from socle.normalisation.countries import country, is_country
from socle.normalisation.dates import birth_date, day_of
from socle.normalisation.emails import email
from socle.normalisation.languages import language
from socle.normalisation.model import ASSUMED_REGION, NOT_TEXT, TOO_LONG, Normalised, Reading
from socle.normalisation.names import name, text
from socle.normalisation.phones import phone
from socle.normalisation.postal import postal_code

MAX_LENGTH = 320
"""Characters of a value that is looked at."""
_MAX_NUMBER = 10**15

Traits = Mapping[str, Any]


class _Around(NamedTuple):
    """What stands around a value: section is the object that holds it, the traits themselves or one of them."""

    section: Traits
    traits: Traits
    context: Traits
    latest: date | None


Rule = Callable[[str, bool, _Around], Reading]
"""Reads a text; the second argument says whether a number was sent."""


def normalise_traits(traits: dict[str, Any], context: Traits, now: int | None = None, of_company: bool = False) -> Normalised:
    """(traits, raw, flags) of one call; `traits` itself is not changed, and normalising its result again changes nothing.

    context     the call's context: it may say in which country a national phone number is
    now         epoch ms: nobody is born later. None: any date is past
    of_company  the traits of a group call, whose `name` is not a person's
    """
    around = _Around(traits, traits, context, None if now is None else day_of(now))
    raw: dict[str, Any] = {}
    flags: dict[str, str] = {}
    found: dict[str, Any] = _read(_COMPANYS if of_company else _PERSONS, around, "", raw, flags)
    for key, rules in _SECTIONS.items():
        section = traits.get(key)
        if section.__class__ is dict:
            inner = _read(rules, around._replace(section=section), f"{key}.", raw, flags)
            if inner:
                found[key] = section | inner
    return Normalised(traits | found if found else traits, raw, flags)


def region_of(traits: Traits, context: Traits) -> str | None:
    """Where a national phone number belongs, alpha-2: the person's country, else that of the context's location; None if
    unknown. What a device's language suggests is not enough to identify anybody by."""
    return _country_of(traits) or _country(_part(context, "location").get("country"))


def _read(rules: Mapping[str, Rule], around: _Around, prefix: str, raw: dict[str, Any], flags: dict[str, str]) -> dict[str, Any]:
    """Those values of the section that are not what was sent, by key; `raw` and `flags` are added to."""
    found: dict[str, Any] = {}
    for key, value in around.section.items():
        rule = rules.get(key)
        if rule is None or value is None:
            continue
        text = value if value.__class__ is str else _digits(value)
        if text is None:
            flags[prefix + key] = NOT_TEXT
        elif len(text) > MAX_LENGTH:
            flags[prefix + key] = TOO_LONG
        elif text and not text.isspace():
            normal, flag = rule(text, text is not value, around)
            if flag:
                flags[prefix + key] = flag
            if normal is not None and normal != value:
                raw[prefix + key] = value
                found[key] = normal
    return found


def _digits(value: Any) -> str | None:
    """A whole number's digits; None for anything else."""
    if value.__class__ in (int, float) and 0 <= value < _MAX_NUMBER and value == int(value):
        return str(int(value))
    return None


def _part(whole: Traits, key: str) -> Traits:
    part = whole.get(key)
    return part if isinstance(part, dict) else {}


def _country(value: Any) -> str | None:
    return country(value).value if value.__class__ is str and len(value) <= MAX_LENGTH else None


def _country_of(traits: Traits) -> str | None:
    return _country(traits.get("country")) or _country(_part(traits, "address").get("country"))


def _region(locale: Any) -> str | None:
    """The country that a language tag names."""
    tag = language(locale).value if locale.__class__ is str and len(locale) <= MAX_LENGTH else None
    return next((part for part in (tag or "").split("-")[1:] if is_country(part)), None)


def _phone(text: str, is_number: bool, around: _Around) -> Reading:
    if text.lstrip().startswith("+"):
        return phone(text, None)
    known = _country(around.section.get("country")) or region_of(around.traits, around.context)
    assumed = None if known else _region(around.context.get("locale"))
    found = phone(text, known or assumed)
    return Reading(found.value, ASSUMED_REGION) if assumed and found.value else found


def _postal(text: str, is_number: bool, around: _Around) -> Reading:
    return postal_code(text, _country(around.section.get("country")) or _country_of(around.traits), is_number)


def _vat(text: str, is_number: bool, around: _Around) -> Reading:
    return vat_number(text, _country(around.section.get("country")) or _country_of(around.traits))


def _siren(text: str, is_number: bool, around: _Around) -> Reading:
    return siren(text.zfill(9) if is_number else text)


def _siret(text: str, is_number: bool, around: _Around) -> Reading:
    return siret(text.zfill(14) if is_number else text)


def _birth(text: str, is_number: bool, around: _Around) -> Reading:
    return birth_date(text, around.latest)


def _plain(read: Callable[[str], Reading]) -> Rule:
    return lambda text, is_number, around: read(text)


def _rules(*kinds: tuple[str, Rule]) -> dict[str, Rule]:
    return {key: rule for keys, rule in kinds for key in keys.split()}


_COUNTRY = ("country", _plain(country))
_CITY = ("city state region street", _plain(text))
_POSTAL = ("postalCode postal_code postcode zip zipcode zipCode zip_code", _postal)
_NUMBERS = (("siren", _siren), ("siret", _siret), ("vat vatNumber vat_number vatId vat_id tva", _vat))
_REACHED = (("email emailAddress email_address", _plain(email)),
            ("phone phoneNumber phone_number mobile mobilePhone mobile_phone", _phone))
_ALIKE = _rules(*_REACHED, _COUNTRY, _POSTAL, ("city", _plain(text)),
                ("language locale preferredLanguage preferred_language", _plain(language)), *_NUMBERS)
_PERSONS = _ALIKE | _rules(
    ("name firstName first_name firstname lastName last_name lastname middleName middle_name", _plain(name)),
    ("birthday birthdate birthDate birth_date dateOfBirth date_of_birth dob", _birth))
_COMPANYS = _ALIKE | _rules(("name", _plain(text)))
_SECTIONS = {
    "address": _rules(_COUNTRY, _CITY, _POSTAL),
    "company": _rules(*_NUMBERS, *_REACHED, _COUNTRY, ("name", _plain(text))),
}
