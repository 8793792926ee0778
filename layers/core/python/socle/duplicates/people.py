"""A profile as it is compared: names, birth date, e-mail, phone and address from its traits, in one plain form. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from socle.duplicates.model import Person
from socle.identity.model import EMAIL, PHONE, USER_ID
from socle.profiles.model import Aggregate, Snapshot

_GIVEN = ("firstName", "first_name", "firstname", "givenName", "given_name")
_SURNAME = ("lastName", "last_name", "lastname", "familyName", "family_name", "surname")
_BIRTH = ("birthday", "birthdate", "birthDate", "birth_date", "dateOfBirth", "date_of_birth", "dob")
_EMAIL = ("email", "emailAddress", "email_address")
_PHONE = ("phone", "phoneNumber", "phone_number", "mobile", "mobilePhone", "mobile_phone")
_STREET = ("street", "street1", "line1", "address1", "streetAddress", "street_address")
_POSTCODE = ("postalCode", "postal_code", "postcode", "zip", "zipcode", "zipCode", "zip_code")
_CITY = ("city", "town", "locality")
_COUNTRY = ("country", "countryCode", "country_code")

_LONGEST = 200
_SHORTEST_PHONE = 6
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].*)?")


def person_of(aggregate: Aggregate) -> Person:
    """What is compared of a profile; fields that it lacks, or that hold no text, are None."""
    snapshot = aggregate.snapshot
    traits = {name: register.value for name, register in snapshot.traits.items() if register.value is not None}
    given, surname = _plain(_first(traits, _GIVEN)), _plain(_first(traits, _SURNAME))
    if given is None and surname is None and (words := (_plain(traits.get("name")) or "").split())[1:]:
        given, surname = words[0], words[-1]
    address = traits.get("address")
    places: Mapping[str, Any] = {**traits, **address} if isinstance(address, dict) else traits
    street = _first(places, _STREET) or (address if isinstance(address, str) else None)
    return Person(
        aggregate.id, aggregate.version, _one(snapshot, USER_ID), given, surname, _birth(_first(traits, _BIRTH)),
        _email(_first(traits, _EMAIL) or _one(snapshot, EMAIL)), _phone(_first(traits, _PHONE) or _one(snapshot, PHONE)),
        _plain(street), (_plain(_first(places, _POSTCODE)) or "").replace(" ", "") or None, _plain(_first(places, _CITY)),
        _plain(_first(places, _COUNTRY)))


def comparable(person: Person) -> bool:
    """Whether there is anything to compare: most visitors are nobody yet, and need not be carried along."""
    return any((person.given, person.surname, person.birth, person.email, person.phone, person.street))


def users_of(aggregate: Aggregate) -> frozenset[str]:
    """The user ids of a profile: two profiles that have different ones are two people."""
    return frozenset(value for kind, value in aggregate.owned() if kind == USER_ID)


def _first(traits: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((traits[name] for name in names if traits.get(name) is not None), None)


def _one(snapshot: Snapshot, kind: str) -> str | None:
    return min(snapshot.identifiers.get(kind, ()), default=None)


def _text(value: Any) -> str | None:
    """Whole numbers too: postal codes come as such."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 and value == int(value):
        value = str(int(value))
    return value[:_LONGEST] if isinstance(value, str) else None


def _plain(value: Any) -> str | None:
    """Lower case, letters without accents, words apart by one space: `O'Brien-Müller` → `o brien muller`."""
    text = _text(value)
    if text is None:
        return None
    parts = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(char if char.isalnum() else "" if unicodedata.combining(char) else " " for char in parts)
    return " ".join(kept.split()) or None


def _birth(value: Any) -> str | None:
    """YYYYMMDD of an ISO date or time; anything else is not understood alike by everybody, and so says nothing.

    A thirteenth month is kept: it is a typo, and whoever compares allows for typos.
    """
    found = _DATE.fullmatch((_text(value) or "").strip())
    return "".join(found.groups()) if found else None


def _email(value: Any) -> str | None:
    """Without what stands after a plus sign: it is the same mailbox."""
    mailbox, at, domain = (_text(value) or "").strip().lower().rpartition("@")
    mailbox = mailbox.partition("+")[0]
    return f"{mailbox}@{domain}" if at and mailbox and domain else None


def _phone(value: Any) -> str | None:
    """Its digits, without the zeros before them."""
    digits = "".join(char for char in _text(value) or "" if char.isascii() and char.isdigit()).lstrip("0")
    return digits if len(digits) >= _SHORTEST_PHONE else None
