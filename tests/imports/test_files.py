"""Whatever a file is written in, its rows come out; what is no row is a reject that says why, and nothing else is lost."""

from __future__ import annotations

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.errors import Rejected
from socle.imports.formats import needs_path, open_rows
from socle.imports.model import Format, Reject, Row
from socle.imports.text import MAX_LINE
from tests.imports.rows import opened, read

PLAIN = "name,city\nZoë,Köln\nAnn,Paris\n"
ROWS = [Row(2, ["Zoë", "Köln"]), Row(3, ["Ann", "Paris"])]


class Trickle(io.RawIOBase):
    """A stream that can't be sought in and gives a few bytes at a time, as one from the network."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self.largest = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self.largest = max(self.largest, size)
        assert size >= 0, "the whole file was asked for at once"
        return self._data.read(min(size, 1_000))


@pytest.mark.parametrize(("data", "options"), [
    (PLAIN.encode(), {}), (PLAIN.encode("utf-8-sig"), {}), (PLAIN.encode("cp1252"), {}), (PLAIN.encode("latin-1"), {}),
    (PLAIN.encode("utf-16"), {}), (PLAIN.encode("utf-16-le"), {}), (PLAIN.encode("utf-16-be"), {}), (PLAIN.encode("utf-32"), {}),
    (PLAIN.encode("mac-roman"), {"encoding": "mac-roman"}), (PLAIN.encode("utf-8-sig"), {"encoding": "cp1252"}),
    (PLAIN.replace("\n", "\r\n").encode(), {}), (PLAIN.replace("\n", "\r").encode(), {}), (PLAIN.rstrip().encode(), {}),
    (PLAIN.replace(",", ";").encode(), {}), (PLAIN.replace(",", "\t").encode(), {}), (PLAIN.replace(",", "|").encode(), {}),
    (PLAIN.replace(",", "~").encode(), {"delimiter": "~"}), (gzip.compress(PLAIN.encode(), mtime=0), {}),
    (gzip.compress(PLAIN[:9].encode(), mtime=0) + gzip.compress(PLAIN[9:].encode(), mtime=0), {}),
    ('"name","city"\n"Zoë","Köln"\n"Ann","Paris"\n'.encode(), {}),
    ("name,city\nZoë,Köln,,\nAnn,Paris,\n".encode(), {}),
], ids=lambda value: None if isinstance(value, bytes) else "-".join(value.values()))
def test_the_same_rows_come_out_of_every_way_to_write_them(data, options):
    assert read(data, **options) == (["name", "city"], ROWS)


def test_excel_may_say_its_delimiter_and_blank_lines_say_nothing():
    assert read("sep=;\nname;city\n\nZoë;Köln\n;\n\nAnn;Paris\n\n") == (["name", "city"], [Row(4, ["Zoë", "Köln"]), Row(7,
    ["Ann", "Paris"])])


def test_what_was_found_out_is_said():
    assert opened("name;city\nZoë;Köln\n".encode("cp1252")).notes == [
        "read as cp1252: no byte order mark, and no UTF-8", "delimiter: semicolon"]


@pytest.mark.parametrize(("header", "columns"), [
    ("a,b", ["a", "b"]), (" a , b b ", ["a", "b b"]), ("a,a,a", ["a", "a (2)", "a (3)"]), ("a,,b,", ["a", "Column 2", "b"]),
    ("a,a (2),a", ["a", "a (2)", "a (3)"]), ("Column 2,,x", ["Column 2", "Column 2 (2)", "x"]), ('"a\nb",c', ["a b", "c"]),
    ("=cmd|' /C calc'!A0,b", ["=cmd|' /C calc'!A0", "b"]),
])
def test_each_column_has_a_name_of_its_own(header, columns):
    assert read(header + "\n" + "1," * (len(columns) - 1) + "1\n")[0] == columns


@pytest.mark.parametrize(("data", "code"), [
    (b"", "empty_file"), (b"\n \n", "empty_file"), (b"\xef\xbb\xbf", "empty_file"), (gzip.compress(b"", mtime=0), "empty_file"),
    (bytes(range(256)) * 20, "not_text"), (b"PK\x03\x04abc", "not_text"), (b"\xd0\xcf\x11\xe0\xa1\xb1", "not_text"),
    (gzip.compress(PLAIN.encode() * 100, mtime=0)[:-20], "broken_gzip"), (b"\x1f\x8b rubbish", "broken_gzip"),
    (",".join(["a"] * 3_000).encode(), "too_many_columns"), (b'a,"b\nc,d\n', "no_header"),
], ids=["nothing", "blanks", "a mark", "nothing zipped", "binary", "zip", "old office", "cut gzip", "no gzip",
"wide", "quote"])
def test_what_is_no_file_of_rows_is_refused_with_the_reason(data, code):
    with pytest.raises(Rejected) as refused:
        list(opened(data).rows)
    assert (refused.value.code, refused.value.field) == (code, "file")


def test_a_header_alone_is_a_file_without_rows():
    assert read("a,b\n") == (["a", "b"], [])


def test_rows_that_cannot_be_read_are_rejects_and_all_others_come_out():
    data = (b'a,b\n1,2\n3\n4,5,6\n"7,8\n9,10\n11,"x"y\n"12\n13",14\n15,16\n')
    found = read(data)[1]
    assert [(row.number, row.code) for row in found if isinstance(row, Reject)] == [
        (3, "ragged_row"), (4, "ragged_row"), (5, "bad_quotes"), (7, "bad_quotes")]
    assert [row for row in found if isinstance(row, Row)] == [
        Row(2, ["1", "2"]), Row(6, ["9", "10"]), Row(8, ["12\n13", "14"]), Row(10, ["15", "16"])]


def test_a_quote_that_never_closes_costs_its_own_row_alone():
    many = "".join(f"{number},x\n" for number in range(40_000))
    found = read('a,b\n1,"open\n' + many)[1]
    assert (found[0].number, found[0].code, found[0].cells) == (2, "bad_quotes", ['1,"open'])
    assert found[1:] == [Row(number + 3, [str(number), "x"]) for number in range(40_000)]


def test_lines_are_counted_as_an_editor_counts_them():
    assert [row.number for row in read('a,b\n"1\n2\n3",4\n5,"6\r\n7"\n8,9\n')[1]] == [2, 5, 7]


def test_a_row_in_another_encoding_is_a_reject_that_can_be_read():
    found = read("a,b\nZoë,1\n".encode() + b"x,y\n" * 100_000 + "Köln,2\n".encode("cp1252") + b"c,3\n")[1]
    rejects = [row for row in found if isinstance(row, Reject)]
    assert [(row.number, row.code, row.cells) for row in rejects] == [(100_003, "bad_encoding", ["Köln", "2"])]
    assert found[-1] == Row(100_004, ["c", "3"])


def test_a_line_without_end_is_a_reject_and_never_whole_in_memory():
    found = read("a,b\n1,2\n" + "x" * (3 * MAX_LINE) + "\n3,4\n")[1]
    assert [(row.number, getattr(row, "code", "")) for row in found] == [(2, ""), (3, "too_large"), (4, "")]
    assert len(found[1].cells[0]) == 1_000


def test_a_file_is_streamed_a_little_at_a_time():
    stream = Trickle(b"a,b\n" + b"1,2\n" * 200_000)
    rows = open_rows(stream, "x.csv", Format()).rows
    assert next(rows) == Row(2, ["1", "2"])
    assert sum(1 for _ in rows) == 199_999
    assert stream.largest <= 1 << 18


def test_formulas_are_texts():
    assert read("a,b\n=1+1,@SUM(A1)\n-2+3,+4\n")[1] == [Row(2, ["=1+1", "@SUM(A1)"]), Row(3, ["-2+3", "+4"])]


def test_inner_objects_are_columns_with_a_path():
    data = '{"id": 1, "at": {"city": "Köln", "geo": {"lat": 1.5}}, "tags": ["x"]}\n\n{"id": 2, "name": null}\n'
    assert read(data, "x.ndjson") == (["id", "at.city", "at.geo.lat", "tags", "name"],
                                      [Row(1, [1, "Köln", 1.5, ["x"], None]), Row(3, [2, None, None, None, None])])


def test_lines_that_are_no_objects_are_rejects():
    found = read('{"a": 1}\n{"a": \n[1]\n"x"\nnull\n{"a": 2}\n' + "[" * 100_000 + "\n", "x.jsonl")[1]
    assert [(row.number, getattr(row, "code", "")) for row in found] == [
        (1, ""), (2, "bad_json"), (3, "bad_json"), (4, "bad_json"), (5, "bad_json"), (6, ""), (7, "bad_json")]


@pytest.mark.parametrize("data", ['[{"a": 1}]', "a,b\n1,2\n", "{\n\n", ""], ids=["array", "csv", "open", "nothing"])
def test_what_holds_no_object_is_not_ndjson(data):
    with pytest.raises(Rejected) as refused:
        read(data, "x.ndjson")
    assert refused.value.code in ("not_ndjson", "empty_file")


@pytest.mark.parametrize(("name", "options", "expected"), [
    ("a.csv", {}, False), ("a.XLSX", {}, True), ("a.parquet", {}, True), ("a.csv.gz", {}, False), ("a", {}, False),
    ("a.dat", {"type": "xlsx"}, True), ("rejects.csv", {"type": "parquet"}, False),
])
def test_the_name_or_the_mapping_says_what_a_file_is(name, options, expected):
    assert needs_path(name, Format(**options)) is expected


def test_a_name_that_says_nothing_known_is_refused():
    with pytest.raises(Rejected) as refused:
        opened("a,b\n", "x.docx")
    assert (refused.value.code, refused.value.field) == ("unknown_format", "format.type")


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=6),
min_size=3,
max_size=3),
                max_size=8),
       st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.sampled_from(["\n", "\r\n"]))
def test_what_a_program_writes_as_csv_comes_back(table, delimiter, encoding, end):
    import csv

    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerows([["a", "b", "c"], *table])
    cells = [row.cells for row in read(out.getvalue().encode(encoding), delimiter=delimiter)[1]]
    assert cells == [row for row in table if any(row)]


@given(st.binary(max_size=2_000))
def test_any_bytes_are_rows_or_refused(data):
    try:
        columns, rows = read(data)
    except Rejected:
        return
    assert all(isinstance(row, Reject) or len(row.cells) == len(columns) for row in rows)


def test_json_has_as_many_columns_as_a_table_and_those_that_are_named_in_whatever_case():
    line = b"{" + b", ".join(b'"f%d": 1' % number for number in range(2_500)) + b', "USER": "u"}\n'
    file = open_rows(io.BytesIO(line), "rows.ndjson", Format(), ["User", "city"])
    assert (len(file.columns), file.columns[-2:]) == (2_002, ["USER", "city"])
    assert "2501 different fields" in file.notes[-1]
    (row,) = file.rows
    assert row.cells[-2:] == ["u", None]


def test_a_header_of_one_name_over_and_over_is_read_at_once():
    columns, _ = read(b"x," * 1_999 + b"x\n")
    assert (len(set(columns)), columns[1], columns[-1]) == (2_000, "x (2)", "x (2000)")
