"""Phone numbers become E.164, in whatever way their country writes them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from socle.normalisation.model import Reading
from socle.normalisation.phones import phone

PUBLISHED = Path(__file__).parents[3] / "shared/data/phone/libphonenumber_examples.csv"


@pytest.mark.parametrize(("sent", "region", "number"), [
    ("+33 6 12 34 56 78", None, "+33612345678"), ("06 12 34 56 78", "FR", "+33612345678"),
    ("0033612345678", "FR", "+33612345678"), ("612345678", "FR", "+33612345678"), ("33612345678", "FR", "+33612345678"),
    ("06.12.34.56.78", "FR", "+33612345678"), ("+33 (0)6 12 34 56 78", None, "+33612345678"),
    ("+33 6 12 34 56 78", "US", "+33612345678"),
    ("020 7946 0958", "GB", "+442079460958"), ("(202) 456-1111", "US", "+12024561111"), ("1-202-456-1111", "US", "+12024561111"),
    ("011 33 6 12 34 56 78", "US", "+33612345678"), ("030 123456", "DE", "+4930123456"), ("0612345678", "NL", "+31612345678"),
    ("06 12345678", "IT", "+390612345678"), ("8 (912) 345-67-89", "RU", "+79123456789"), ("090-1234-5678", "JP", "+819012345678"),
    ("098765 43210", "IN", "+919876543210"), ("\uff0b33\u00a06\u201112345678", None, "+33612345678"),
    ("+٣٣ ٦١٢٣٤٥٦٧٨", None, "+33612345678"),
])
def test_a_number(sent: str, region: str | None, number: str) -> None:
    assert phone(sent, region) == Reading(number)


@pytest.mark.parametrize(("sent", "region", "flag"), [
    ("06 12 34 56 78", None, "no_region"), ("0033612345678", None, "no_region"),
    ("06 12 34 56 78", "US", "not_a_phone"), ("0000000000", "FR", "not_a_phone"), ("12 34", "FR", "not_a_phone"),
    ("call me", "FR", "not_a_phone"), ("n/a", None, "not_a_phone"), ("+", None, "not_a_phone"),
    ("+999 123456789", None, "not_a_phone"),
    ("+33 6 12 34 56 78 90 12", None, "not_a_phone"), ("+33 6 12 34 56 78 ext 5", None, "not_a_phone"),
    ("+33 " + " " * 60 + "612345678", None, "not_a_phone"), ("06 12 34 56 78 / 06 12 34 56 79", "FR", "not_a_phone"),
])
def test_what_is_no_number(sent: str, region: str | None, flag: str) -> None:
    assert phone(sent, region) == Reading(None, flag)


def test_an_international_number_that_its_country_does_not_have_yet_is_kept_and_flagged() -> None:
    assert phone("+33 6 12 34", None) == Reading("+3361234", "unlikely_phone")


@pytest.mark.skipif(not PUBLISHED.exists(), reason="the published numbers are not beside this clone")
def test_all_1148_published_examples_come_out_as_published() -> None:
    rows = list(csv.DictReader(PUBLISHED.read_text().splitlines()))
    assert len(rows) == 1148
    for row in rows:
        assert phone(row["international"], None).value == row["e164"]
        assert phone(row["e164"], None).value == row["e164"]
        if row["region"] != "001" and row["is_valid"] == "True":  # 001 is no country: such numbers are always international
            assert phone(row["national"], row["region"]).value == row["e164"]
