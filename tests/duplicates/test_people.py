"""A profile as it is compared: whatever its traits are called and however they are written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.duplicates.model import Person
from socle.duplicates.people import comparable, person_of
from socle.profiles.model import Aggregate, Register, Snapshot

JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["street", "zip"]), inner))
NAMES = st.sampled_from(["firstName", "last_name", "name", "birthday", "email", "phone", "address", "city", "country", "zip"])


def person(identifiers: dict[str, set[str]] | None = None, **traits: Any) -> Person:
    registers = {name: Register(1, 1, value) for name, value in traits.items()}
    return person_of(Aggregate("p", 3, Snapshot(identifiers=identifiers or {}, traits=registers, events=1)))


@pytest.mark.parametrize(("traits", "field", "expected"), [
    ({"firstName": " Zoë "}, "given", "zoe"),
    ({"first_name": "Jean-Luc"}, "given", "jean luc"),
    ({"lastName": "O'Brien-Müller"}, "surname", "o brien muller"),
    ({"last_name": "Weiß"}, "surname", "weiss"),
    ({"lastName": "Иванов"}, "surname", "иванов"),
    ({"name": "Ada King Lovelace"}, "given", "ada"),
    ({"name": "Ada King Lovelace"}, "surname", "lovelace"),
    ({"name": "Ada"}, "given", None),
    ({"name": "Ada Byron", "lastName": "Lovelace"}, "given", None),
    ({"birthday": "1980-02-03"}, "birth", "19800203"),
    ({"dob": "19800203"}, "birth", "19800203"),
    ({"birthday": "1980-02-03T00:00:00Z"}, "birth", "19800203"),
    ({"birthday": "03/02/1980"}, "birth", None),
    ({"birthday": "1980-13-03"}, "birth", "19801303"),
    ({"birthday": "1980"}, "birth", None),
    ({"email": "Ada+news@Example.COM"}, "email", "ada@example.com"),
    ({"email": "no address"}, "email", None),
    ({"phone": "+49 (30) 123-456"}, "phone", "4930123456"),
    ({"mobile": 491701234567}, "phone", "491701234567"),
    ({"phone": "12"}, "phone", None),
    ({"address": {"street": "Hauptstr. 5"}}, "street", "hauptstr 5"),
    ({"address": "5, rue de l'Église"}, "street", "5 rue de l eglise"),
    ({"address": {"postalCode": 10115}}, "postcode", "10115"),
    ({"zip": "SW1A 1AA"}, "postcode", "sw1a1aa"),
    ({"address": {"city": "Łódź", "country": "PL"}}, "country", "pl"),
    ({"firstName": ["Ada"]}, "given", None),
    ({"firstName": True}, "given", None),
    ({"firstName": None}, "given", None),
    ({"firstName": "..."}, "given", None),
])
def test_a_trait_in_its_plain_form(traits, field, expected):
    assert getattr(person(**traits), field) == expected


def test_identifiers_stand_in_for_traits():
    found = person({"user_id": {"42"}, "email": {"ada@example.com"}, "phone": {"+4930123456"}})
    assert (found.user, found.email, found.phone) == ("42", "ada@example.com", "4930123456")
    assert (found.id, found.version) == ("p", 3)


def test_visitors_of_whom_nothing_is_known_are_left_out():
    assert not comparable(person({"anonymous_id": {"a"}}))
    assert not comparable(person(country="FR", city="Paris"))
    assert comparable(person(email="ada@example.com"))


@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_whatever_traits_hold_a_person_is_made_of_plain_text(traits):
    for value in person(**traits)[2:]:
        assert value is None or (isinstance(value, str) and value)
