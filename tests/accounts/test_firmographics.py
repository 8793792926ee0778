"""Firmographics: whatever the spelling, one form; what can't be read is flagged and stays as it came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.accounts.firmographics import firmographics, sector_code

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_names = st.sampled_from(
    [
        "name",
        "employees",
        "annualRevenue",
        "currency",
        "siren",
        "SIRET",
        "vat number",
        "website",
        "domain",
        "country",
        "naf",
        "industry",
        "plan",
    ]
)


@pytest.mark.parametrize(
    ("traits", "values"),
    [
        ({"siret": "732 829 320 00074"}, {"siret": "73282932000074", "siren": "732829320"}),
        ({"SIREN": 732829320}, {"siren": "732829320"}),
        ({"siret": 732829320074 * 100 - 732829320074 * 100 + 73282932000074}, {"siret": "73282932000074", "siren": "732829320"}),
        ({"vatNumber": "fr 40 303 265 045"}, {"vat_number": "FR40303265045"}),
        ({"vat": "40303265045", "country": "France"}, {"vat_number": "FR40303265045", "country": "FR"}),
        ({"employeeCount": "1 200"}, {"employees": 1200}),
        ({"Employees": 12.0}, {"employees": 12}),
        ({"headcount": "0"}, {"employees": 0}),
        ({"annual_revenue": "1,200,000.50"}, {}),
        ({"annual_revenue": "1,200,000", "currency": "eur"}, {"revenue": {"amount": 120_000_000, "currency": "EUR"}}),
        ({"revenue": 12.345}, {"revenue": {"amount": 1235, "currency": "USD"}}),
        ({"revenue": {"amount": 500, "currency": "JPY"}}, {"revenue": {"amount": 500, "currency": "JPY"}}),
        ({"Code NAF": "6201z"}, {"sector_code": "62.01Z"}),
        ({"industry": "J62.01"}, {"industry": "J62.01", "sector_code": "62.01"}),
        ({"industry": "Software"}, {"industry": "Software"}),
        ({"website": "WWW.Example.com/x"}, {"website": "https://WWW.Example.com/x", "domain": "example.com"}),
        ({"website": "https://müller.example"}, {"website": "https://müller.example", "domain": "xn--mller-kva.example"}),
        ({"name": "  Acme   SA ", "plan": "gold"}, {"name": "Acme SA", "plan": "gold"}),
        ({"name": None, "company": "Acme"}, {"name": "Acme"}),
    ],
    ids=[
        "siret",
        "siren number",
        "siret number",
        "vat",
        "vat by country",
        "headcount",
        "float",
        "none",
        "decimals",
        "revenue",
        "rounded",
        "object",
        "naf",
        "nace",
        "no code",
        "website",
        "idn",
        "texts",
        "spelling",
    ],
)
def test_each_spelling_is_read_in_one_form(traits, values):
    assert firmographics(traits).values == values


@pytest.mark.parametrize(
    ("traits", "code"),
    [
        ({"siret": "73282932000075"}, "not_a_siret"),
        ({"siren": "732829321"}, "not_a_siren"),
        ({"vat": "FR00303265045"}, "not_a_vat_number"),
        ({"employees": "many"}, "not_a_number"),
        ({"employees": -1}, "not_a_number"),
        ({"employees": 1.5}, "not_a_number"),
        ({"revenue": "much"}, "not_an_amount"),
        ({"revenue": 5, "currency": "euros"}, "not_an_amount"),
        ({"revenue": []}, "not_an_amount"),
        ({"naf": "IT"}, "not_a_sector"),
        ({"website": "ftp://example.com"}, "not_a_website"),
        ({"website": "no host"}, "not_a_website"),
        ({"country": "Atlantis"}, "unknown_country"),
        ({"name": ["Acme"]}, "not_text"),
        ({"siret": "73282932000074", "siren": "303265045"}, "contradicts_the_siret"),
    ],
    ids=lambda given: given if isinstance(given, str) else None,
)
def test_what_cannot_be_read_is_flagged(traits, code):
    assert [flag["code"] for flag in firmographics(traits).flags] == [code]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("62.01Z", "62.01Z"),
        ("6201Z", "62.01Z"),
        ("62.01", "62.01"),
        ("62.0", "62.0"),
        ("62", "62"),
        ("J 62", "62"),
        ("Z62", None),
        ("6", None),
        ("62.012", None),
        ("", None),
    ],
)
def test_a_code_of_a_sector_has_the_form_of_naf_or_nace(text, code):
    assert sector_code(text).value == code


@given(st.dictionaries(_names, _json))
def test_no_trait_is_too_odd_to_be_looked_at(traits):
    known = firmographics(traits)
    assert {flag["trait"] for flag in known.flags} <= traits.keys()


@pytest.mark.parametrize("value", ["1e500000000", "-1e500000000", "1e-500000000", float("inf"), float("nan"), 10**400])
@pytest.mark.parametrize("trait", ["employees", "revenue", "siret", "name", "website", "naf"])
def test_no_number_is_too_large_to_be_looked_at(trait, value):
    firmographics({trait: value, "currency": "EUR"})
