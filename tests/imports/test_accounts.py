"""Rows about accounts: of those that name nobody the account itself takes what they say, once, whatever breaks."""

from __future__ import annotations

import csv
import io
import itertools

import pytest

from socle.accounts.view import account_view
from socle.imports.model import Mapping
from tests.imports.stand_ins import Crash, Place

COMPANIES = Mapping.model_validate({
    "kind": "accounts", "account": "id", "identifiers": {"email": "contact"}, "traits": {"name": "name", "sector": "sector"}})
FILE = b"id,contact,name,sector\nacme,,Acme,Tools\nacme,wile@example.com,Acme Corp,\nbeta,,Beta,\n"
OPTIONS = {"mapping": COMPANIES, "name": "companies.csv"}


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def traits(place, group):
    return account_view(place.accounts.load([group])[group])["traits"]


def test_rows_that_name_nobody_make_accounts_and_those_that_name_somebody_events(place):
    count = place.run("r1", FILE, **OPTIONS)
    assert (count.rows, count.new, count.rejected.total()) == (3, 3, 0)
    assert traits(place, "acme")["sector"] == "Tools"
    assert traits(place, "beta")["name"] == "Beta"
    assert place.accounts.listed(10) == ["acme", "beta"]
    (event,) = place.stream.events
    assert event.ids == (("email", "wile@example.com"),)


def test_imported_again_nothing_changes_and_a_corrected_file_corrects(place):
    place.run("r1", FILE, **OPTIONS)
    before = place.accounts.load(["acme", "beta"])
    again = place.run("r2", FILE, **OPTIONS)
    assert (again.new, again.corrected, again.unchanged) == (0, 0, 3)
    assert place.accounts.load(["acme", "beta"]) == before
    corrected = place.run("r3", FILE.replace(b"Beta", b"Beta Ltd"), **OPTIONS)
    assert (corrected.new, corrected.corrected, corrected.unchanged) == (0, 1, 2)
    assert traits(place, "beta")["name"] == "Beta Ltd"


def test_a_dry_run_writes_no_account(place):
    assert place.run("r1", FILE, dry_run=True, **OPTIONS).new == 3
    assert place.accounts.listed(10) == []


def test_what_is_no_account_is_rejected_with_its_row_and_the_others_are_taken(place):
    count = place.run("r1", b"id,contact,name,sector\n" + b"x" * 1_100 + b",,Long,\nbeta,,Beta,\n", **OPTIONS)
    (row,) = csv.DictReader(io.StringIO("\n".join(place.rejects("r1"))))
    assert (count.new, row["name"], row["import_row"]) == (1, "Long", "2")
    assert place.accounts.listed(10) == ["beta"]


def test_a_run_that_breaks_off_at_any_call_writes_the_same_accounts(tmp_path):
    whole = Place(tmp_path)
    whole.run("r1", FILE, **OPTIONS)
    expected = whole.accounts.load(["acme", "beta"])
    broken = 0
    for call in itertools.count(1):
        place = Place(tmp_path)
        place.begun("r1", FILE, **OPTIONS)
        place.wire.broken, place.wire.takes_effect = call, call % 2 == 0
        try:
            place.steps("r1")
        except Crash:
            broken += 1
            place.wire.broken = 0
            place.steps("r1")
        else:
            break
        assert place.accounts.load(["acme", "beta"]) == expected
    assert broken > 20
