"""Rejected rows come back as a file that is safe to open, and that can be imported again once it is corrected."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.imports import rejects
from socle.imports.model import Reject
from tests.imports.rows import read

COLUMNS = ["user", "note"]


def written(*found, columns=COLUMNS, delimiter=None):
    return rejects.header(columns, delimiter) + rejects.lines(columns, found, delimiter)


def reject(*cells, number=2, code="bad_date", column="at", message="'x' is no date"):
    return Reject(number, code, column, message, list(cells))


def test_a_rejected_row_comes_with_its_cells_and_the_reason():
    columns, (row,) = read(written(reject("Zoë", "a,b")))
    assert dict(zip(columns, row.cells, strict=True)) == {
        "user": "Zoë", "note": "a,b", "import_row": "2", "import_code": "bad_date", "import_column": "at",
        "import_reason": "'x' is no date"}


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1+1",
                                  '=HYPERLINK("http://x","y")'], ids=repr)
def test_no_cell_runs_in_a_spreadsheet_and_all_come_back_as_they_were(cell):
    text = written(reject(cell, "x"), columns=[cell.strip() or "user", "note"])
    for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))):
        assert not any(one.lstrip().startswith(("=", "@", "+", "-", "＝")) for one in row)
    columns, (row,) = read(text)
    assert (columns[0], row.cells[0]) == (" ".join(cell.split()), cell)


@pytest.mark.parametrize("cell", ["-5", "+33 6 12 34 56 78", "-1.234,50", "it's", "'quoted'", "'=", ""], ids=repr)
def test_a_cell_that_does_no_harm_stays_as_it_is(cell):
    assert read(written(reject(cell, "x")))[1][0].cells[0] == cell


@given(st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=8)] * 2), min_size=1, max_size=5),
       st.sampled_from([None, ";", "\t"]))
def test_whatever_was_rejected_comes_back_as_it_was(table, delimiter):
    columns, rows = read(written(*(reject(*cells) for cells in table), delimiter=delimiter))
    assert columns == [*COLUMNS, *rejects.ADDED]
    assert [tuple(row.cells[:2]) for row in rows] == table


def test_a_file_of_rejects_says_itself_how_it_is_delimited_and_encoded():
    assert read(written(reject("Zoë", "x")), delimiter=";", encoding="cp1252")[1][0].cells[:2] == ["Zoë", "x"]


def test_a_row_that_is_rejected_again_has_the_reason_once():
    columns, (row,) = read(written(reject("u", "x")))
    again = rejects.header(columns) + rejects.lines(columns, [Reject(2, "bad_number", "note", "no number", row.cells)])
    assert read(again)[0] == columns
    assert read(again)[1][0].cells == ["u", "x", "2", "bad_number", "note", "no number"]


def test_what_does_not_fit_the_columns_stands_behind_the_reason():
    text = written(reject("u", "x", "more"), reject("u"), reject('u,"x', code="bad_quotes"))
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1:]
    assert [(row[:2], row[6:]) for row in rows] == [(["u", "x"], ["more"]), (["", ""], ["u"]), (["", ""], ['u,"x'])]


def test_cells_of_typed_files_are_written_as_text():
    text = written(reject({"a": [1]}, None), reject(True, 1.5))
    assert [row[:2] for row in csv.reader(io.StringIO(text.removeprefix("\ufeff")))][1:] == [['{"a": [1]}', ""], ["true", "1.5"]]
