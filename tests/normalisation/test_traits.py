"""The traits of one call: what is normalised, what is kept as sent, what is in doubt."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.normalisation import emails, traits
from socle.normalisation.model import CODES, as_sent
from socle.normalisation.traits import normalise_traits, region_of

NOW = 1_700_000_000_000
CORE = Path(__file__).parents[2] / "layers/core/python"


def test_a_whole_person() -> None:
    sent = {
        "email": " Jane@Shop.Example", "phone": "06 12 34 56 78", "firstName": "JEAN-PIERRE", "birthday": "31/12/1990",
        "plan": " Pro ", "address": {"street": "1  rue X", "postalCode": 1000, "country": "France", "floor": " 3 "},
        "locale": "fr_fr", "company": {"name": "KESTREL", "siret": "732 829 320 00074", "vat": "40303265045", "country": "fra"},
    }
    traits, raw, flags = normalise_traits(sent, {}, NOW)
    assert traits == {
        "email": "jane@shop.example", "phone": "+33612345678", "firstName": "Jean-Pierre", "birthday": "1990-12-31",
        "plan": " Pro ", "address": {"street": "1 rue X", "postalCode": "01000", "country": "FR", "floor": " 3 "},
        "locale": "fr-FR", "company": {"name": "KESTREL", "siret": "73282932000074", "vat": "FR40303265045", "country": "FR"},
    }
    assert list(traits) == list(sent)
    assert raw == {
        "email": " Jane@Shop.Example", "phone": "06 12 34 56 78", "firstName": "JEAN-PIERRE", "birthday": "31/12/1990",
        "address.street": "1  rue X", "address.postalCode": 1000, "address.country": "France", "locale": "fr_fr",
        "company.siret": "732 829 320 00074", "company.vat": "40303265045", "company.country": "fra",
    }
    assert flags == {}
    assert sent["email"] == " Jane@Shop.Example", "what was passed in is not changed"


@pytest.mark.parametrize(("traits", "flags"), [
    ({"email": "jane"}, {"email": "not_an_email"}), ({"email": ["a@b.de"]}, {"email": "not_text"}),
    ({"phone": "06 12 34 56 78"}, {"phone": "no_region"}), ({"phone": True}, {"phone": "not_text"}),
    ({"phone": "06 12 34 56 78", "country": "US"}, {"phone": "not_a_phone"}),
    ({"birthday": "01/02/1990"}, {"birthday": "ambiguous_date"}), ({"dob": "2090-01-01"}, {"dob": "implausible_date"}),
    ({"name": "12345"}, {"name": "not_a_name"}), ({"name": 12345}, {"name": "not_a_name"}),
    ({"lastName": "x" * 400}, {"lastName": "too_long"}),
    ({"address": {"country": "Narnia", "zip": "9 9"}}, {"address.country": "unknown_country"}),
    ({"siren": 1.5, "vat": "FR1"}, {"siren": "not_text", "vat": "not_a_vat_number"}),
    ({"language": "xx"}, {"language": "unknown_language"}),
    ({"email": "", "phone": None, "name": "  ", "address": "1 rue X", "company": "KESTREL"}, {}),
])
def test_what_is_in_doubt_stays_as_sent_with_a_code(traits: dict[str, Any], flags: dict[str, str]) -> None:
    assert normalise_traits(traits, {}, NOW) == (traits, {}, flags)


@pytest.mark.parametrize(("traits", "context", "number"), [
    ({"country": "France"}, {"locale": "en-US"}, "+33612345678"), ({"address": {"country": "FR"}}, {}, "+33612345678"),
    ({}, {"location": {"country": "France"}, "locale": "en-US"}, "+33612345678"),
    ({}, {"location": "FR"}, None), ({"country": {"code": "FR"}}, {}, None),
])
def test_where_a_national_number_belongs(traits: dict[str, Any], context: dict[str, Any], number: str | None) -> None:
    found = normalise_traits({"phone": "0612345678", **traits}, context, NOW)
    assert found.traits["phone"] == (number or "0612345678")
    assert region_of(traits, context) == ("FR" if number else None)


@pytest.mark.parametrize(("traits", "locale", "number"), [
    ({}, "fr_FR", "+33612345678"), ({"country": "Narnia"}, "fr-FR", "+33612345678"), ({}, "sr-Latn-FR", "+33612345678"),
    ({}, "fr", None), ({}, ["fr-FR"], None), ({}, "en-US", None),
])
def test_a_locale_only_suggests_where_a_national_number_belongs(traits: dict[str, Any], locale: Any, number: str | None) -> None:
    found = normalise_traits({"phone": "0612345678", **traits}, {"locale": locale}, NOW)
    assert found.traits["phone"] == (number or "0612345678")
    assert found.flags["phone"] == ("assumed_region" if number else "not_a_phone" if locale == "en-US" else "no_region")
    assert region_of(traits, {"locale": locale}) is None


def test_numbers_that_were_sent_as_numbers() -> None:
    sent = {"phone": 33612345678, "siret": 73282932000074.0, "siren": 5520135, "country": "FR"}
    traits, raw, flags = normalise_traits(sent, {}, NOW)
    assert traits == {"phone": "+33612345678", "siret": "73282932000074", "siren": "005520135", "country": "FR"}
    assert raw == {"phone": 33612345678, "siret": 73282932000074.0, "siren": 5520135}
    assert flags == {}


def test_the_name_of_an_account_is_not_a_persons() -> None:
    assert normalise_traits({"name": "KESTREL  42"}, {}, NOW, of_company=True).traits == {"name": "KESTREL 42"}


VALUES = st.sampled_from([
    "06 12 34 56 78", "+33 6 12 34 56 78", "JANE@Shop.Example", "ÉLODIE o'brien", "France", "deu", "fr_fr", "31/12/1990",
    "01/02/90", 1000, "75 001", "SW1A1AA", "732 829 320 00074", "fr 40 303 265 045", "", " ", None, True, 1.5, -1, [],
    {"country": "FR"}, "a@例子.广告",
]) | st.text(max_size=12) | st.integers() | st.floats()
NAMES = st.sampled_from([
    "email", "phone", "mobile", "name", "firstName", "last_name", "birthday", "country", "language", "postalCode", "city",
    "siren", "siret", "vat", "plan"])
SECTION = st.dictionaries(NAMES, VALUES, max_size=4)
TRAITS = st.dictionaries(NAMES | st.sampled_from(["address", "company"]), VALUES | SECTION, max_size=6)
CONTEXT = st.fixed_dictionaries({}, optional={"locale": VALUES, "location": SECTION | VALUES})


@given(TRAITS, CONTEXT, st.booleans())
def test_normalising_twice_changes_nothing_and_what_was_sent_is_not_lost(traits: Any, context: Any, of_company: bool) -> None:
    once = normalise_traits(traits, context, NOW, of_company)
    assert normalise_traits(once.traits, context, NOW, of_company) == (once.traits, {}, once.flags)
    assert repr(as_sent({"traits": once.traits, "raw": once.raw, "flags": once.flags})) == repr({"traits": traits})
    assert set(once.flags.values()) <= CODES.keys()


PLAIN = st.from_regex(r"[A-Za-z0-9._+-]{1,8}@([a-z0-9-]{1,6}\.){1,3}(de|example|test|local|c|xn--a|co)", fullmatch=True)


@given(PLAIN)
def test_the_quick_way_for_plain_addresses_is_the_librarys(address: str) -> None:
    assert emails.email(address) == emails._validated(address.lower())


def test_plain_traits_need_no_library() -> None:
    """Functions on the hot path import them all: what most calls don't need must not cost them their start."""
    code = ("import sys; from socle.events import receive; from socle.normalisation.traits import normalise_traits\n"
            "normalise_traits({'email': 'jane@shop.example', 'firstName': 'Jane', 'birthday': '1990-05-31'}, {})\n"
            "print(sorted({'phonenumbers', 'email_validator', 'idna', 'stdnum', 'dns'} & sys.modules.keys()))")
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(CORE)}, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_code_and_every_trait_is_in_the_readme() -> None:
    readme = (CORE / "socle/normalisation/README.md").read_text()
    assert dict(re.findall(r"^\| `([a-z_]+)` \| (.+) \|$", readme, re.MULTILINE)) == dict(CODES)
    named = set(re.findall(r"\b\w+\b", readme.partition("| traits |")[2].partition("\n\n")[0]))
    assert {*traits._PERSONS, *traits._COMPANYS, *traits._SECTIONS["address"], *traits._SECTIONS["company"]} <= named
