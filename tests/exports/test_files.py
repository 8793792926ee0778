"""Files: members of the segment and nobody else, each as its form has it, read back by DuckDB."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path

import pytest

from socle.errors import Rejected
from tests.exports.lake import Way, consent

FIELDS = ["id", "identifiers.email", {"path": "traits.name", "name": "Name"},
          {"path": "traits.age", "type": "integer", "name": "age"},
          "traits.address.city", "orders.EUR.revenue", "last_seen", "given.rfm.group",
          {"path": "identifiers.email[]", "name": "all"}]
PEOPLE = {
    f"p{number}": {
        "traits": {"name": f"Zoë \"{number}\", née\nX", "age": number, "address": {"city": "Köln"}},
        "identifiers": {"email": [f"a{number}@x.example", f"b{number}@x.example"]},
        "orders": {"EUR": {"count": 1, "revenue": number * 100}}, "given": {"rfm": {"group": "Champions"}}}
    for number in range(20)}
EARLIER, LATER = "2025-12-31T00:00:00.000Z", "2026-01-02T00:00:00.000Z"
OTHERS = {f"q{number}": {"segments": {"other": 1}} for number in range(5)}


@pytest.fixture
def way(tmp_path: Path) -> Way:
    found = Way(tmp_path)
    found.lake.write({**PEOPLE, **OTHERS})
    return found


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_an_export_read_back_is_the_members_of_the_segment(way: Way, form: str) -> None:
    way.define(fields=FIELDS, format=form)
    manifest = way.run()
    rows = way.rows(manifest)
    assert [row["id"] for row in rows] == sorted(PEOPLE)
    five = next(row for row in rows if row["id"] == "p5")
    assert (five["identifiers.email"], five["Name"], five["traits.address.city"]) == ("a5@x.example", 'Zoë "5", née\nX', "Köln")
    assert (int(five["age"]), int(five["orders.EUR.revenue"]), five["given.rfm.group"]) == (5, 500, "Champions")
    at = "2026-02-01T12:30:00.250Z"
    assert five["last_seen"] == (datetime.fromisoformat(at.removesuffix("Z")) if form == "parquet" else at)
    assert json.loads(json.dumps(five["all"]) if form == "ndjson" else five["all"]) == ["a5@x.example", "b5@x.example"]


def test_parquet_is_typed(way: Way) -> None:
    way.define(fields=FIELDS, format="parquet")
    five = way.rows(way.run())[-1]
    assert [type(five[name]) for name in ("age", "orders.EUR.revenue", "last_seen", "Name")] == [int, int, datetime, str]


def test_the_manifest_says_rows_bytes_and_the_checksum_of_each_file(way: Way) -> None:
    way.define(fields=["id"])
    manifest = way.run()
    (file,) = manifest["files"]
    data = way.files.objects[file["key"]]
    assert (file["rows"], file["bytes"], file["sha256"]) == (20, len(data), hashlib.sha256(data).hexdigest())
    assert manifest["counts"] == {"members": 20, "rows": 20, "left_out": {"consent": 0, "address": 0}, "bytes": len(data)}
    assert manifest["schema"] == [{"name": "id", "type": "text"}]
    latest = json.loads(way.files.objects["exports/out/latest.json"])
    assert latest["run"] == manifest["run"]


def test_csv_is_rfc_4180_and_runs_nothing_in_a_spreadsheet(way: Way) -> None:
    way.lake.write({"a": {"traits": {"note": "=1+1", "tel": "+33 1", "list": [1, {"b": "c"}], "flag": True, "say": 'a "b"'}}})
    way.define(fields=["traits.note", "traits.tel", "traits.list", "traits.flag", "traits.say", "traits.none"])
    text = way.bytes_of(way.run()).decode()
    assert text == ('traits.note,traits.tel,traits.list,traits.flag,traits.say,traits.none\r\n'
                    '\'=1+1,+33 1,"[1,{""b"":""c""}]",true,"a ""b""",\r\n')


def test_ndjson_keeps_values_as_they_are(way: Way) -> None:
    way.lake.write({"a": {"traits": {"list": [1, {"b": None}], "n": 1.5, "s": "1.5", "null": None}}})
    way.define(fields=["traits.list", "traits.n", "traits.s", "traits.null"], format="ndjson")
    assert json.loads(way.bytes_of(way.run())) == {
        "traits.list": [1, {"b": None}], "traits.n": 1.5, "traits.s": "1.5", "traits.null": None}


@pytest.mark.parametrize(("type_", "expected"), [
    ("integer", [12, None, None, None]), ("number", [12.0, None, None, None]), ("boolean", [None, None, True, None]),
    ("text", ["12", "NaN", "true", None])])
def test_what_is_of_another_type_is_left_empty(way: Way, type_: str, expected: list[object]) -> None:
    way.lake.write({f"p{at}": {"traits": {"v": value}} for at, value in enumerate(("12", "NaN", True, None))})
    way.define(fields=["id", {"path": "traits.v", "type": type_, "name": "v"}], format="parquet")
    assert [row["v"] for row in way.rows(way.run())] == expected


@pytest.mark.parametrize(("purpose", "said", "is_in"), [
    (None, [], True),
    ({"channel": "email"}, [], False),
    ({"channel": "email"}, [consent("subscribed")], True),
    ({"channel": "email"}, [consent("pending")], False),
    ({"channel": "email"}, [consent("unsubscribed")], False),
    ({"channel": "email"}, [consent("subscribed", "news")], False),
    ({"channel": "sms"}, [consent("subscribed")], False),
    ({"channel": "email", "topic": "news"}, [consent("subscribed", "news")], True),
    ({"channel": "email", "topic": "news"}, [consent("subscribed")], False),
    ({"channel": "email", "topic": "news"}, [consent("subscribed", "it's")], False),
    ({"channel": "email", "topic": "it's"}, [consent("subscribed", "it's")], True),
    ({"channel": "email", "topic": "news"}, [consent("subscribed", "news"), consent("unsubscribed", at=LATER)], False),
    ({"channel": "email", "topic": "news"}, [consent("subscribed", "news"), consent("unsubscribed", at=EARLIER)], True),
    ({"channel": "email", "topic": "news"}, [consent("subscribed", "news"), consent("pending", at=LATER)], True),
], ids=range(14))
def test_consent_for_the_purpose_is_asked_of_every_row(way: Way, purpose: object, said: list[object], is_in: bool) -> None:
    way.lake.write({"a": {"consent": said}})
    way.define(fields=["id"], purpose=purpose)
    manifest = way.run()
    assert (manifest["counts"]["rows"], manifest["counts"]["left_out"]["consent"]) == (int(is_in), int(not is_in))


def test_a_partition_has_its_own_files(way: Way) -> None:
    way.lake.write({f"p{number}": {"traits": {"plan": plan}} for number, plan in enumerate(["gold", "gold", "a/b", None])})
    way.define(fields=["id", {"path": "traits.plan", "name": "plan"}], partition_by="plan")
    manifest = way.run()
    assert [(file["file"], file["rows"]) for file in manifest["files"]] == [
        ("plan=a%2Fb/part-000.csv", 1), ("plan=gold/part-000.csv", 2), ("plan=__HIVE_DEFAULT_PARTITION__/part-000.csv", 1)]


def test_no_two_partitions_share_a_file_however_long_their_values(way: Way) -> None:
    values = ["漢" * 200 + "1", "漢" * 200 + "2", "__HIVE_DEFAULT_PARTITION__", None, "", ".."]
    way.lake.write({f"p{number}": {"traits": {"plan": plan}} for number, plan in enumerate(values)})
    way.define(fields=["id", {"path": "traits.plan", "name": "漢" * 128}], partition_by="漢" * 128)
    manifest = way.run()
    assert len({file["key"] for file in manifest["files"]}) == len(values)
    assert sorted(row["id"] for row in way.rows(manifest)) == [f"p{number}" for number in range(len(values))]
    assert max(len(file["file"].partition("/")[0]) for file in manifest["files"]) <= 255


def test_a_column_of_too_many_values_makes_no_partitions(way: Way) -> None:
    way.lake.write({f"p{number}": {} for number in range(101)})
    way.define(fields=["id"], partition_by="id")
    with pytest.raises(Rejected) as caught:
        way.run()
    assert (caught.value.code, caught.value.field) == ("too_many_partitions", "partition_by")


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_a_segment_without_members_is_an_empty_file(way: Way, form: str) -> None:
    way.define(fields=["id"], format=form)
    way.lake.write(OTHERS)
    manifest = way.run()
    assert (len(manifest["files"]), way.rows(manifest)) == (1, [])


def test_odd_names_of_traits_and_columns_are_no_way_into_the_query(way: Way) -> None:
    odd = ["traits.a'b", "traits.x*y/~z", {"path": "traits.$p", "name": "it's; DROP TABLE rows --"}, "events.A 'B'.C"]
    way.lake.write({"a": {"traits": {"a'b": "1", "x*y/~z": "2", "$p": "3"}, "events": {"A 'B'.C": 4}}})
    for form in ("csv", "ndjson", "parquet"):
        way.define(fields=odd, format=form)
        assert [str(value) for value in way.rows(way.run())[0].values()] == ["1", "2", "3", "4"]


def test_large_lakes_are_several_parts(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socle.exports.service.plan.PART_BYTES", 1_000)
    way.define(fields=["id"])
    manifest = way.run()
    assert [file["file"] for file in manifest["files"]] == ["part-000.csv", "part-001.csv"]
    assert sorted(row["id"] for row in way.rows(manifest)) == sorted(PEOPLE)


def test_without_a_lake_there_is_no_export(tmp_path: Path) -> None:
    way = Way(tmp_path)
    way.define(fields=["id"])
    with pytest.raises(Rejected) as caught:
        way.run()
    assert caught.value.code == "no_lake"
