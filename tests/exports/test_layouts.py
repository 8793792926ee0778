"""Layouts: ad audiences as Google and Meta publish their rules, with their own example hashes; letters as posts want them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from socle.exports.audiences import google_email, google_row, hashed, meta_email, meta_name, meta_place, meta_row, meta_zip
from socle.exports.person import Person
from socle.exports.postal import POSTAL_COLUMNS, postal_row
from tests.exports.lake import Way, consent


def person(identifiers: dict[str, Any] | None = None, **traits: Any) -> Person:
    return Person("p1", identifiers or {}, traits)


@pytest.mark.parametrize(("normalised", "published"), [
    (meta_email(" John_Smith@gmail.com "), "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
    (meta_name("Mary"), "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
    (meta_name("정"), "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
    (meta_name("Vale\u0301ry"), "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
], ids=["email", "name", "hangul", "accent"])
def test_meta_gets_the_hashes_of_its_own_examples(normalised: str, published: str) -> None:
    assert hashed(normalised) == published


def test_meta_gets_its_own_example_of_a_phone_number() -> None:
    row = meta_row(person({"phone": ["+16505551212"]}))
    assert row is not None
    assert row[1] == "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"


@pytest.mark.parametrize(("sent", "normalised"), [
    ("cloudy.sanfrancisco+shopping@gmail.com", "cloudysanfrancisco@gmail.com"),
    ("Cloudy.SanFrancisco@googlemail.com ", "cloudysanfrancisco@googlemail.com"),
    ("user.name+NYC@Example.com", "user.name+nyc@example.com"),
])
def test_google_gets_addresses_as_its_own_examples_have_them(sent: str, normalised: str) -> None:
    assert google_email(sent) == normalised


ADA = {"firstName": "Ada-Zoë", "lastName": "O'Brien", "birthday": "1990-05-31",
       "address": {"street": "1 rue de l'Été", "city": "Saint-Denis", "state": "Île-de-France", "postalCode": "93200",
                   "country": "FR"}}


def test_google_hashes_who_somebody_is_and_leaves_where_they_live_plain() -> None:
    assert google_row(person({"email": ["A.B@gmail.com"], "phone": ["+33612345678"]}, **ADA)) == [
        hashed("ab@gmail.com"), hashed("+33612345678"), hashed("adazoë"), hashed("obrien"), "FR", "93200"]


def test_meta_hashes_everything() -> None:
    assert meta_row(person({"email": ["A.B@gmail.com"], "phone": ["+33612345678"]}, **ADA)) == [hashed(value) for value in (
        "a.b@gmail.com", "33612345678", "adazoë", "obrien", "saintdenis", "îledefrance", "93200", "fr", "19900531")]


def test_a_missing_value_is_empty_and_not_the_hash_of_nothing() -> None:
    assert google_row(person({"email": ["a@x.example"]})) == [hashed("a@x.example"), "", "", "", "", ""]


@pytest.mark.parametrize("known", [
    {}, {"firstName": "Ada", "lastName": "Byron"}, {"phone": "0612345678"}, {"address": "somewhere"}])
def test_who_cannot_be_matched_by_anything_is_left_out(known: dict[str, Any]) -> None:
    assert (google_row(person(**known)), meta_row(person(**known))) == (None, None)


def test_postal_codes_are_as_meta_wants_them() -> None:
    assert [meta_zip("94035-1234", "US"), meta_zip("SW1A 1AA", "GB"), meta_place("New York")] == ["94035", "sw1a1aa", "newyork"]


def letter(sender: str | None = None, **address: str) -> list[str] | None:
    row = postal_row(person(firstName="Ada", lastName="Byron", address=address), sender)
    return None if row is None else [line for line in row[1:-1] if line]


@pytest.mark.parametrize(("address", "lines"), [
    ({"street": "12 rue Cler", "city": "Paris", "postalCode": "75007", "country": "FR"},
     ["12 rue Cler", "75007 PARIS", "FRANCE"]),
    ({"street": "Hauptstr. 5", "city": "Berlin", "postalCode": "10115", "state": "Berlin", "country": "DE"},
     ["Hauptstr. 5", "10115 Berlin", "GERMANY"]),
    ({"street": "Flat 2\n10 Downing St", "city": "London", "postalCode": "SW1A 2AA", "country": "GB"},
     ["Flat 2", "10 Downing St", "LONDON", "SW1A 2AA", "UNITED KINGDOM"]),
    ({"street": "1 Main St", "city": "Springfield", "state": "IL", "postalCode": "62701", "country": "US"},
     ["1 Main St", "SPRINGFIELD IL 62701", "UNITED STATES"]),
    ({"street": "1 Rua A", "city": "Olinda", "state": "Pernambuco", "postalCode": "53020-000", "country": "BR"},
     ["1 Rua A", "53020-000 Olinda", "Pernambuco", "BRAZIL"]),
    ({"street": "1 Main St", "city": "Cork", "country": "IE"}, ["1 Main St", "CORK", "IRELAND"]),
], ids=["FR", "DE", "GB", "US", "BR", "IE"])
def test_a_letter_is_addressed_as_its_country_wants_it(address: dict[str, str], lines: list[str]) -> None:
    assert letter(**address) == ["Ada Byron", *lines]


def test_a_letter_within_the_country_does_not_name_it() -> None:
    assert letter("FR", street="12 rue Cler", city="Paris", postalCode="75007") == ["Ada Byron", "12 rue Cler", "75007 PARIS"]


@pytest.mark.parametrize("missing", ["street", "city", "postalCode", "country"])
def test_an_address_that_lacks_a_part_is_none(missing: str) -> None:
    address = {"street": "12 rue Cler", "city": "Paris", "postalCode": "75007", "country": "FR"}
    del address[missing]
    assert letter(**address) is None


def test_whoever_has_no_name_gets_no_letter() -> None:
    address = {"street": "12 rue Cler", "city": "Paris", "postalCode": "75007", "country": "FR"}
    assert postal_row(person(address=address), None) is None
    assert postal_row(person(address=address, company={"name": "Acme"}), None) is not None


def test_a_file_of_letters_counts_who_has_no_address(tmp_path: Path) -> None:
    way = Way(tmp_path)
    way.lake.write({"a": {"traits": ADA}, "b": {"traits": {"firstName": "Bob"}}, "c": {"traits": {}, "consent": []}})
    way.define(layout="postal", sender_country="FR")
    manifest = way.run()
    assert manifest["counts"]["left_out"] == {"consent": 0, "address": 2}
    assert way.bytes_of(manifest).decode() == (
        ",".join(POSTAL_COLUMNS) + "\r\na,Ada-Zoë O'Brien,1 rue de l'Été,93200 SAINT-DENIS,,,,,,FR\r\n")


@pytest.mark.parametrize(("layout", "header"), [
    ("google_customer_match", "Email,Phone,First Name,Last Name,Country,Zip"),
    ("meta_custom_audience", "email,phone,fn,ln,ct,st,zip,country,dob")])
def test_an_audience_has_the_columns_of_its_platform_and_only_who_consented(tmp_path: Path, layout: str, header: str) -> None:
    way = Way(tmp_path)
    way.lake.write({name: {"identifiers": {"email": [f"{name}@x.example"]}, "consent": [consent(state, "ads")]}
                    for name, state in (("a", "subscribed"), ("b", "unsubscribed"))})
    way.define(layout=layout, purpose={"channel": "email", "topic": "ads"})
    lines = way.bytes_of(way.run()).decode().split("\r\n")
    assert lines[0] == header
    assert [line.split(",")[0] for line in lines[1:]] == [hashed("a@x.example"), ""]
