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
from socle.normalisation.model import NOT_TEXT, TOO_LONG, Normalised, Reading
from socle.normalisation.names import name, text
from socle.normalisation.phones import phone
from socle.normalisation.postal import postal_code

MAX_LENGTH = 320
"""Characters of a value that is looked at."""
_MAX_NUMBER = 10**15

Traits = Mapping[str, Any]


class _Sent(NamedTuple):
    """One value as sent, and what stands around it: section is the object that holds it, traits when there is none."""

    text: str
    is_number: bool
    section: Traits
    traits: Traits
    context: Traits
    latest: date | None


def normalise_traits(traits: dict[str, Any], context: Traits, now: int | None = None, of_company: bool = False) -> Normalised:
    """(traits, raw, flags) of one call; `traits` itself is not changed, and normalising its result again changes nothing.

    context     the call's context: it may say in which country a national phone number is
    now         epoch ms: nobody is born later. None: any date is past
    of_company  the traits of a group call, whose `name` is not a person's
    """
    rules = _COMPANYS if of_company else _PERSONS
    latest = None if now is None else day_of(now)
    raw: dict[str, Any] = {}
    flags: dict[str, str] = {}
    found: dict[str, Any] = {}
    for key, value in traits.items():
        rule = rules.get(key)
        if rule is not None:
            found |= _apply(rule, key, value, _Sent("", False, traits, traits, context, latest), raw, flags, key)
        elif key in _SECTIONS and value.__class__ is dict:
            inner: dict[str, Any] = {}
            sent = _Sent("", False, value, traits, context, latest)
            for field, part in value.items():
                rule = _SECTIONS[key].get(field)
                if rule is not None:
                    inner |= _apply(rule, field, part, sent, raw, flags, f"{key}.{field}")
            if inner:
                found[key] = value | inner
    return Normalised(traits | found if found else traits, raw, flags)


def region_of(traits: Traits, context: Traits) -> str | None:
    """Where a national phone number belongs, alpha-2: the person's country, the device's, the language's; None if unknown."""
    return _country_of(traits) or _country(_part(context, "location").get("country")) or _region(context.get("locale"))


def _apply(rule: Callable[[_Sent], Reading], key: str, value: Any, sent: _Sent, raw: dict[str, Any], flags: dict[str, str],
           path: str) -> dict[str, str]:
    """{key: normalised} when that is not what was sent."""
    if value is None or (value.__class__ is str and not value.strip()):
        return {}
    written = _written(value)
    if written is None:
        flags[path] = NOT_TEXT
        return {}
    if len(written) > MAX_LENGTH:
        flags[path] = TOO_LONG
        return {}
    reading = rule(sent._replace(text=written, is_number=value.__class__ is not str))
    if reading.flag:
        flags[path] = reading.flag
    if reading.value is None or reading.value == value:
        return {}
    raw[path] = value
    return {key: reading.value}


def _written(value: Any) -> str | None:
    """A text, or a whole number's digits; None for anything else."""
    if value.__class__ is str:
        return str(value)
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


def _phone(sent: _Sent) -> Reading:
    if sent.text.lstrip().startswith("+"):
        return phone(sent.text)
    region = _country(sent.section.get("country")) or region_of(sent.traits, sent.context)
    return phone(sent.text, region)


def _postal(sent: _Sent) -> Reading:
    return postal_code(sent.text, _country(sent.section.get("country")) or _country_of(sent.traits), sent.is_number)


def _vat(sent: _Sent) -> Reading:
    return vat_number(sent.text, _country(sent.section.get("country")) or _country_of(sent.traits))


def _siren(sent: _Sent) -> Reading:
    return siren(sent.text.zfill(9) if sent.is_number else sent.text)


def _siret(sent: _Sent) -> Reading:
    return siret(sent.text.zfill(14) if sent.is_number else sent.text)


def _birth(sent: _Sent) -> Reading:
    return birth_date(sent.text, sent.latest)


def _plain(read: Callable[[str], Reading]) -> Callable[[_Sent], Reading]:
    return lambda sent: read(sent.text)


def _rules(*kinds: tuple[str, Callable[[_Sent], Reading]]) -> dict[str, Callable[[_Sent], Reading]]:
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
