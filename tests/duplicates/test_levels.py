"""How far two people agree, field by field."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from socle.duplicates import link
from socle.duplicates.levels import BY_NAME, FIELDS
from socle.duplicates.model import Person

HOME = {"street": "5 hauptstr", "postcode": "10115", "city": "berlin"}


def level(field: str, one: dict[str, Any], other: dict[str, Any]) -> str:
    """The name of the level of a field, the same in both orders."""
    def ask(first: dict[str, Any], second: dict[str, Any]) -> str:
        with duckdb.connect() as connection:
            link.fill(connection, [Person("a", 1, **first), Person("b", 1, **second)])
            link.make_people(connection)
            number = connection.execute(f"SELECT {BY_NAME[field].sql()} FROM person a JOIN person b ON a.id = 'a' AND b.id = 'b'")
            return BY_NAME[field].level_name(number.fetchone()[0])

    there, back = ask(one, other), ask(other, one)
    assert there == back
    return there


@pytest.mark.parametrize(("field", "one", "other", "expected"), [
    ("given", {"given": "anna"}, {"given": "anna"}, "exact"),
    ("given", {"given": "anna"}, {}, "unknown"),
    ("given", {"given": "anna", "surname": "paul"}, {"given": "paul", "surname": "anna"}, "swapped"),
    ("given", {"given": "anna", "surname": "paul"}, {"given": "paul"}, "swapped"),
    ("given", {"given": "anna", "surname": "paul"}, {"given": "paul", "surname": "berg"}, "different"),
    ("given", {"given": "katharina"}, {"given": "katherina"}, "close"),
    ("surname", {"surname": "schmidtke"}, {"surname": "shcmidkte"}, "close"),
    ("surname", {"surname": "nowak"}, {"surname": "jansen"}, "different"),
    ("birth", {"birth": "19800203"}, {"birth": "19800203"}, "exact"),
    ("birth", {"birth": "19800203"}, {"birth": "19800204"}, "one digit"),
    ("birth", {"birth": "19801203"}, {"birth": "19800312"}, "two of three"),
    ("birth", {"birth": "19800517"}, {"birth": "19910517"}, "two of three"),
    ("birth", {"birth": "19800203"}, {"birth": "19801127"}, "same year"),
    ("birth", {"birth": "19800203"}, {"birth": "19711127"}, "different"),
    ("email", {"email": "a.berg@x.org"}, {"email": "a.berg@x.org"}, "exact"),
    ("email", {"email": "a.berg@x.org"}, {"email": "a.berg@y.com"}, "same mailbox"),
    ("email", {"email": "anna.berg@x.org"}, {"email": "ana.berg@x.org"}, "one or two letters"),
    ("email", {"email": "anna.berg1@x.org"}, {"email": "anna.berg7@x.org"}, "different"),
    ("phone", {"phone": "4930123456"}, {"phone": "4930123465"}, "one digit"),
    ("phone", {"phone": "4930123456"}, {"phone": "4989765432"}, "different"),
    ("address", HOME, HOME, "same street and place"),
    ("address", HOME, HOME | {"street": "hauptstr 5", "postcode": None}, "same street and place"),
    ("address", HOME, HOME | {"street": "5 haupstr", "postcode": "10151"}, "similar street, same place"),
    ("address", HOME, {"street": "5 haupstr", "postcode": "80331", "city": "munchen"}, "similar street"),
    ("address", HOME, HOME | {"street": "17 am see"}, "postcode and city"),
    ("address", HOME, {"postcode": "10115"}, "postcode"),
    ("address", HOME, {"city": "berlin"}, "city"),
    ("address", HOME, {"city": "berlim"}, "similar city"),
    ("address", HOME, {"city": "munchen"}, "different"),
    ("address", HOME, {}, "unknown"),
])
def test_a_level_is_what_one_would_say(field, one, other, expected):
    assert level(field, one, other) == expected


def test_levels_have_names_that_tell_them_apart():
    for field in FIELDS:
        names = [field.level_name(number) for number in range(-1, field.top + 1)]
        assert len(set(names)) == len(names)
        assert names[:2] == ["unknown", "different"]
