"""Cells say numbers, dates, yes and no as people and programs write them; what may be two things is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.errors import Rejected
from socle.imports.cells import Cells, integer, plain
from socle.imports.model import Format
from socle.iso import to_iso


def cells(**options):
    return Cells(Format(**options))


@pytest.mark.parametrize(("cell", "options", "expected"), [
    ("2.55", {}, "2.55"), (" 6 ", {}, "6"), ("-12", {}, "-12"), ("+3.5", {}, "3.5"), ("1e3", {}, "1000"), ("0.001", {}, "0.001"),
    ("1,234.50", {}, "1234.50"), ("1.234,50", {}, "1234.50"), ("1 234,50", {}, "1234.50"), ("1\u202f234,5", {}, "1234.5"),
    ("1'234.50", {}, "1234.50"), ("1,234,567", {}, "1234567"), ("1.234.567", {}, "1234567"), ("12,5", {}, "12.5"),
    ("0,125", {}, "0.125"), ("1,234", {"decimal": ","}, "1.234"), ("1,234", {"decimal": "."}, "1234"),
    ("1.234", {"decimal": ","}, "1234"), ("1.234", {}, "1.234"), ("12,50 €", {}, "12.50"), ("€ 12.50", {}, "12.50"),
    ("$1,234.50", {}, "1234.50"), ("EUR 3", {}, "3"), ("(12.50)", {}, "-12.50"), ("\u221212", {}, "-12"),
    ("-1.234,5", {}, "-1234.5"),
    (3, {}, "3"), (2.5, {}, "2.5"), (0.1, {}, "0.1"), (Decimal("1.10"), {}, "1.10"),
])
def test_a_number_is_read_exactly(cell, options, expected):
    assert cells(**options).number(cell) == Decimal(expected)


@pytest.mark.parametrize(("cell", "options", "code"), [
    ("1,234", {}, "ambiguous_number"), ("ten", {}, "bad_number"), ("1.2.3", {}, "bad_number"), ("12-3", {}, "bad_number"),
    ("1,23,4", {}, "bad_number"), ("=1+1", {}, "bad_number"), ("1.5", {"decimal": ","}, "bad_number"), ("٣", {}, "bad_number"),
    ("--1", {}, "bad_number"), ("1e9999", {}, "bad_number"), ("inf", {}, "bad_number"), (True, {}, "bad_number"),
    ([1], {}, "bad_number"), ("1" * 5 + "x", {}, "bad_number"),
])
def test_what_is_no_number_or_may_be_two_is_refused(cell, options, code):
    with pytest.raises(Rejected) as refused:
        cells(**options).number(cell)
    assert refused.value.code == code


@pytest.mark.parametrize("cell", ["", "  ", None, "NULL", "NaN", "n/a", "#N/A", "\\N", float("nan")], ids=repr)
def test_a_blank_says_nothing(cell):
    read = cells()
    assert (read.number(cell), read.value(cell), read.moment(None if isinstance(cell, float) else cell), read.boolean(cell)) == (
        None, None, None, None)


@pytest.mark.parametrize(("number", "expected"), [
    ("2.50", 2.5), ("3.000", 3), ("0.1", 0.1), ("123456789012345.678", "123456789012345.678"),
    ("9007199254740993", "9007199254740993"),
])
def test_a_number_travels_as_text_where_a_double_would_change_it(number, expected):
    assert plain(Decimal(number)) == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-10**12, max_value=10**12, places=4))
def test_no_number_changes_on_its_way(number):
    assert Decimal(str(plain(number))) == number


@pytest.mark.parametrize(("cell", "expected"), [
    ("17850.0", "17850"), ("17850", "17850"), (" 00123 ", "00123"), ("17850,00", "17850"), ("1.785E+04", "17850"),
    (17850.0, "17850"),
    ("A-17.0x", "A-17.0x"), ("17850.5", "17850.5"), ("", None), ("nan", None), (None, None),
])
def test_an_id_that_was_taken_for_a_number_is_one_again(cell, expected):
    assert integer(cell) == expected


@pytest.mark.parametrize(("cell", "options", "expected"), [
    ("2010-12-01 08:26:00", {}, "2010-12-01T08:26:00.000Z"), ("2010-12-01", {}, "2010-12-01T00:00:00.000Z"),
    ("2010-12-01T08:26:00+02:00", {}, "2010-12-01T06:26:00.000Z"), ("2010/12/1 8:26", {}, "2010-12-01T08:26:00.000Z"),
    ("31/12/2010", {}, "2010-12-31T00:00:00.000Z"), ("12/31/2010", {}, "2010-12-31T00:00:00.000Z"),
    ("5/5/2010", {}, "2010-05-05T00:00:00.000Z"), ("03.04.2026", {}, "2026-04-03T00:00:00.000Z"),
    ("03/04/2026", {"day_first": True}, "2026-04-03T00:00:00.000Z"),
    ("03/04/2026", {"day_first": False}, "2026-03-04T00:00:00.000Z"),
    ("12/1/10 8:26", {"day_first": False}, "2010-12-01T08:26:00.000Z"),
    ("1/2/69", {"day_first": True}, "1969-02-01T00:00:00.000Z"),
    ("12/31/2010 8:26 PM", {}, "2010-12-31T20:26:00.000Z"), ("12/31/2010 12:05 a.m.", {}, "2010-12-31T00:05:00.000Z"),
    ("3 January 2026", {}, "2026-01-03T00:00:00.000Z"), ("Jan 3, 2026", {}, "2026-01-03T00:00:00.000Z"),
    ("1er août 2026 14h30", {}, "2026-08-01T14:30:00.000Z"), ("Sat, 3 Jan 2026 10:00:00 GMT", {}, "2026-01-03T10:00:00.000Z"),
    ("1700000000", {}, "2023-11-14T22:13:20.000Z"), (1700000000123, {}, "2023-11-14T22:13:20.123Z"),
    ("2026-07-01 12:00", {"timezone": "Europe/Paris"}, "2026-07-01T10:00:00.000Z"),
    ("2026-01-01", {"timezone": "Europe/Paris"}, "2025-12-31T23:00:00.000Z"),
    ("2026-10-25 02:30", {"timezone": "Europe/Paris"}, "2026-10-25T00:30:00.000Z"),
    ("2026-01-01 10:00Z", {"timezone": "Europe/Paris"}, "2026-01-01T10:00:00.000Z"),
    ("20260102", {"dates": ["%Y%m%d"]}, "2026-01-02T00:00:00.000Z"),
    ("02~01~26", {"dates": ["%d~%m~%y"]}, "2026-01-02T00:00:00.000Z"),
    (date(2026, 1, 2), {}, "2026-01-02T00:00:00.000Z"), (datetime(2026, 1, 2, 3), {}, "2026-01-02T03:00:00.000Z"),  # noqa: DTZ001
    (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=1))), {}, "2026-01-02T02:00:00.000Z"),
    ("2026-01-02T03:04:05.123456Z", {}, "2026-01-02T03:04:05.123Z"),
])
def test_a_date_is_a_moment(cell, options, expected):
    assert to_iso(cells(**options).moment(cell)) == expected


@pytest.mark.parametrize(("cell", "code"), [
    ("03/04/2026", "ambiguous_date"), ("12-1-2010 8:26", "ambiguous_date"), ("31/12/10", "ambiguous_date"),
    ("31/13/2026", "bad_date"), ("30/02/2026", "bad_date"), ("2026-13-01", "bad_date"), ("yesterday", "bad_date"),
    ("2026-01-01 25:00", "bad_date"), ("12/31/2010 13:00 PM", "bad_date"), (45000, "bad_date"), ("x" * 100, "bad_date"),
    ("=NOW()", "bad_date"), ("3 Brumaire 2026", "bad_date"), ("00/00/0000", "bad_date"),
])
def test_what_is_no_date_or_may_be_two_is_refused(cell, code):
    with pytest.raises(Rejected) as refused:
        cells().moment(cell)
    assert refused.value.code == code


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_way_to_write_a_moment_says_the_same(moment):
    moment = moment.replace(microsecond=0)
    ways = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d %B %Y %H:%M:%S",
            "%b %d, %Y %H:%M:%S")
    assert {cells().moment(moment.strftime(way)) for way in ways} == {int(moment.timestamp()) * 1000}


@pytest.mark.parametrize(("cell", "expected"), [("Yes", True), ("oui", True), ("x", True), (1, True), ("0", False),
("faux", False),
                                                (False, False)])
def test_yes_and_no(cell, expected):
    assert cells().boolean(cell) is expected


def test_what_is_neither_yes_nor_no_is_refused():
    with pytest.raises(Rejected, match="neither yes nor no"):
        cells().boolean("perhaps")
