"""Workbooks and Parquet files give the rows that their tables show."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from socle.errors import Rejected
from socle.imports import convert
from socle.imports.formats import open_rows
from socle.imports.model import Format, Mapping, Reject, Row
from tests.imports.rows import prepared

openpyxl = pytest.importorskip("openpyxl")
duckdb = pytest.importorskip("duckdb")
DAY = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001  # workbooks know no zones


def workbook(path, *rows, title="Orders", more=()):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for name in more:
        book.create_sheet(name).append(["other"])
    book.save(path)
    return path


def read(path, **options):
    file = open_rows(path, path.name, Format(**options))
    return file.columns, list(file.rows)


def test_a_sheet_gives_numbers_dates_and_texts_as_they_are(tmp_path):
    path = workbook(tmp_path / "a.xlsx", ["id", "at", "name"], [17850.0, DAY, "Zoë"], [], [2, None, None])
    assert read(path) == (["id", "at", "name"], [Row(2, [17850, DAY, "Zoë"]), Row(4, [2, None, None])])


def test_a_formula_without_a_saved_value_is_blank_and_an_error_is_a_text(tmp_path):
    assert read(workbook(tmp_path / "a.xlsx", ["a", "b"], ["=1+1", "#N/A"], ["x", "y"]))[1][0] == Row(2, [None, "#N/A"])


def test_a_sheet_is_chosen_by_name_and_a_missing_one_is_said(tmp_path):
    path = workbook(tmp_path / "a.xlsx", ["a"], [1], more=["Other"])
    assert read(path, sheet="Other")[0] == ["other"]
    with pytest.raises(Rejected, match=r"there are Orders, Other") as refused:
        read(path, sheet="Third")
    assert refused.value.field == "format.sheet"


def test_rows_of_a_sheet_may_be_short_but_not_longer_than_the_header(tmp_path):
    rows = read(workbook(tmp_path / "a.xlsx", ["a", "b"], [1], [1, 2, 3], [4, 5]))[1]
    assert [row.code for row in rows if isinstance(row, Reject)] == ["ragged_row"]
    assert [row for row in rows if isinstance(row, Row)] == [Row(2, [1, None]), Row(4, [4, 5])]


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet"])
@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", b"PK\x03\x04rubbish", b"PAR1rubbishPAR1"], ids=["nothing", "csv", "zip",
"parquet"])
def test_what_is_no_table_is_refused(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(Rejected) as refused:
        read(tmp_path / name)
    assert (refused.value.code, refused.value.field) == ("bad_workbook" if name == "a.xlsx" else "bad_parquet", "file")


def test_a_workbook_with_entities_that_grow_is_refused(tmp_path):
    import zipfile

    good = workbook(tmp_path / "good.xlsx", ["a"], [1])
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(tmp_path / "bomb.xlsx", "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "xl/workbook.xml":
                start = data.index(b"<workbook")
                data = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + data[start:]
            target.writestr(name, data)
    with pytest.raises(Rejected) as refused:
        read(tmp_path / "bomb.xlsx")
    assert refused.value.code == "bad_workbook"


def test_parquet_keeps_its_types(tmp_path):
    path = tmp_path / "a.parquet"
    duckdb.sql("SELECT 42 AS id, 'Zoë' AS name, 1.10::DECIMAL(9,2) AS price, TIMESTAMP '2026-01-02 03:04:00' AS at, "
               "NULL AS none, "
               "[1, 2] AS tags, DATE '2026-01-02' AS day, {'city': 'Köln'} AS place").write_parquet(str(path))
    columns, (row,) = read(path)
    assert dict(zip(columns, row.cells, strict=True)) == {
        "id": 42, "name": "Zoë", "price": Decimal("1.10"), "at": DAY, "none": None, "tags": [1, 2],
        "day": DAY.date(), "place": {"city": "Köln"}}


def test_a_time_with_a_zone_is_the_same_moment(tmp_path):
    path = tmp_path / "a.parquet"
    duckdb.sql("SELECT 'u' AS user, TIMESTAMPTZ '2026-01-02 03:04:00+02:00' AS at").write_parquet(str(path))
    mapping = Mapping.model_validate({"kind": "events", "event": "A", "identifiers": {"user_id": "user"}, "timestamp": "at"})
    columns, rows = read(path)
    (row,), _ = prepared(convert.plan("x", mapping, columns), rows)
    assert row.values[1] == int(datetime(2026, 1, 2, 1, 4, tzinfo=UTC).timestamp()) * 1000


def test_many_rows_of_parquet_come_in_their_order(tmp_path):
    path = tmp_path / "a.parquet"
    duckdb.sql("SELECT range AS id FROM range(10000)").write_parquet(str(path))
    assert [row.cells[0] for row in read(path)[1]] == list(range(10_000))


def test_the_same_orders_come_out_of_every_format(tmp_path):
    shop = Mapping.model_validate({
        "kind": "orders", "identifiers": {"user_id": {"column": "user", "clean": "integer"}}, "timestamp": "at",
        "order": {"order_id": {"column": "order", "type": "text"}, "price": "price", "products": {"sku": "sku"}}})
    (tmp_path / "a.csv").write_text("order,user,at,price,sku\n7,17850.0,2026-01-02 03:04:00,2.55,x\n")
    (tmp_path / "a.ndjson").write_text('{"order": 7, "user": 17850.0, "at": "2026-01-02T03:04:00", "price": 2.55, "sku": "x"}\n')
    workbook(tmp_path / "a.xlsx", ["order", "user", "at", "price", "sku"], [7, 17850.0, DAY, 2.55, "x"])
    duckdb.sql("SELECT 7 AS \"order\", 17850.0::DOUBLE AS user, TIMESTAMP '2026-01-02 03:04:00' AS at, "
               "2.55::DECIMAL(9,2) AS price, 'x' AS sku").write_parquet(str(tmp_path / "a.parquet"))
    found = set()
    for ending in ("csv", "ndjson", "xlsx", "parquet"):
        columns, rows = read(tmp_path / f"a.{ending}")
        plan = convert.plan("shop", shop, columns)
        (row,), rejects = prepared(plan, rows)
        found.add(repr(convert.messages(plan, row.key, [row._replace(number=1)])))
        assert rejects == []
    assert len(found) == 1


@pytest.mark.parametrize(("sound", "damaged"), [(b"</sheetData>", b""), (b"<v>40</v>", b"<v>forty</v>")], ids=["cut", "text"])
def test_a_sheet_that_is_damaged_further_down_is_refused_with_the_reason(tmp_path, sound, damaged):
    path = workbook(tmp_path / "a.xlsx", ["id"], *([number] for number in range(60)))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data.replace(sound, damaged) if name.endswith("sheet1.xml") else data)
    with pytest.raises(Rejected) as refused:
        read(path)
    assert refused.value.code == "bad_workbook"


def test_what_is_said_of_a_file_does_not_say_where_it_lies(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"no Parquet at all")
    with pytest.raises(Rejected) as refused:
        read(path)
    assert str(tmp_path) not in refused.value.message
