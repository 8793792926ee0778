"""What layouts look at of a person: names, addresses and ways to reach them, under whatever name they were sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

_FIRST = ("firstName", "first_name", "firstname")
_LAST = ("lastName", "last_name", "lastname")
_POSTAL = ("postalCode", "postal_code", "postcode", "zip", "zipCode", "zip_code")
_BORN = ("birthday", "birthdate", "birthDate", "birth_date", "dateOfBirth", "date_of_birth", "dob")
_STREET = ("street", "street1", "line1", "address1")
_FURTHER = ("street2", "line2", "address2")
_STATE = ("state", "region", "province")


class Person(NamedTuple):
    """A profile as a layout sees it: `identifiers` type -> values, `traits` as people sent them, normalised."""

    id: str
    identifiers: Mapping[str, Any]
    traits: Mapping[str, Any]

    @property
    def email(self) -> str:
        """The first address in the alphabet of those that identify the person, else the trait; "" without one."""
        return self._reached("email")

    @property
    def phone(self) -> str:
        """In E.164; a number without its country is none."""
        number = self._reached("phone")
        return number if number.startswith("+") else ""

    @property
    def first_name(self) -> str:
        return _first(self.traits, _FIRST)

    @property
    def last_name(self) -> str:
        return _first(self.traits, _LAST)

    @property
    def name(self) -> str:
        """First and last name, or the name as a whole."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or _first(self.traits, ("name",))

    @property
    def company(self) -> str:
        company = self.traits.get("company")
        return _first(company, ("name",)) if isinstance(company, dict) else _text(company)

    @property
    def born(self) -> str:
        """`1990-05-31`; what is no date in that form is none."""
        day = _first(self.traits, _BORN)[:10]
        return day if len(day) == 10 and day[4] == day[7] == "-" and day.replace("-", "").isdecimal() else ""

    @property
    def streets(self) -> list[str]:
        """Lines of the street address."""
        address = self.traits.get("address")
        if not isinstance(address, dict):
            return []
        lines = _lines(address, _STREET)
        return [*lines, *_lines(address, _FURTHER)][:3]

    @property
    def city(self) -> str:
        return self._located(("city", "town"))

    @property
    def state(self) -> str:
        return self._located(_STATE)

    @property
    def postal_code(self) -> str:
        return self._located(_POSTAL)

    @property
    def country(self) -> str:
        """ISO 3166-1 alpha-2; "" for what is no such code."""
        code = self._located(("country", "countryCode", "country_code")).upper()
        return code if len(code) == 2 and code.isascii() and code.isalpha() else ""

    def _reached(self, kind: str) -> str:
        found = self.identifiers.get(kind)
        return _text(found[0]) if isinstance(found, list) and found else _first(self.traits, (kind,))

    def _located(self, names: tuple[str, ...]) -> str:
        address = self.traits.get("address")
        return (_first(address, names) if isinstance(address, dict) else "") or _first(self.traits, names)


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((found for name in names if (found := _text(values.get(name)))), "")


def _lines(values: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    value = next((values[name] for name in names if isinstance(values.get(name), str) and values[name].strip()), "")
    return [line for part in value.splitlines() if (line := _text(part))]


def _text(value: Any) -> str:
    """In one line, without what can't be printed; a number as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
