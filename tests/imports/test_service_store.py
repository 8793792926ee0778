"""The stores of imports on moto: large objects in parts, ranges of one version, turns, and writes over what was read."""

from __future__ import annotations

import boto3
import pytest
from moto import mock_aws

from socle.errors import Conflict, NotFound, Rejected
from socle.imports import store
from socle.imports.runs import CREATED, Count, Run
from socle.imports.store import ImportFiles, RunStore


@pytest.fixture
def aws(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        yield


@pytest.fixture
def files(aws):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    return ImportFiles(s3, "bucket")


@pytest.fixture
def runs(aws):
    dynamodb = boto3.client("dynamodb")
    dynamodb.create_table(
        TableName="definitions", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")])
    return RunStore(dynamodb, "definitions")


def run(id_: str = "r1") -> Run:
    return Run(id_, "a.csv", "uploads/r1/a.csv", None, False, CREATED, 1).next()


@pytest.mark.parametrize("size", [0, 10, 6 * 1024**2, 13 * 1024**2])
def test_a_stream_of_any_size_becomes_one_object(files, size, monkeypatch):
    monkeypatch.setattr(store, "PART", 5 * 1024**2)
    chunk = bytes(range(256)) * 4_096
    data = (chunk * 14)[:size]
    files.write_stream("k", (data[start:start + 1_000_000] for start in range(0, size, 1_000_000)), "text/csv")
    assert files.read("k") == data


def test_a_file_is_read_by_ranges_anywhere(files, monkeypatch):
    monkeypatch.setattr(store, "RANGE", 1_000)
    data = bytes(range(256)) * 20
    files.write("k", data)
    size, etag = files.look("k")
    with files.open("k", size, etag) as stream:
        assert stream.read() == data
        stream.seek(2_500)
        assert stream.read(700) == data[2_500:3_200]
        assert stream.seek(-3, 2) == size - 3
        assert stream.read() == data[-3:]
    assert files.look("missing") is None
    assert files.read("missing") is None


def test_another_content_under_the_key_is_another_file(files):
    files.write("k", b"first")
    size, etag = files.look("k")
    files.write("k", b"other")
    with pytest.raises(Rejected) as fault:
        files.open("k", size, etag).read()
    assert fault.value.code == "file_changed"


def test_a_state_is_written_over_the_version_that_was_read_only(files):
    files.replace("k", b"1", None)
    with pytest.raises(Conflict):
        files.replace("k", b"2", None)
    _, etag = files.read_version("k")
    files.replace("k", b"2", etag)
    with pytest.raises(Conflict):
        files.replace("k", b"3", etag)
    assert files.read("k") == b"2"


def test_a_run_is_written_over_the_version_before_it_only(runs):
    runs.save(run())
    with pytest.raises(Conflict):
        runs.save(run())
    runs.save(runs.load("r1").next(state="running"))
    with pytest.raises(Conflict):
        runs.save(run().next(state="cancelled"))
    assert runs.load("r1").state == "running"
    with pytest.raises(NotFound):
        runs.load("r2")


def test_runs_are_listed_newest_first(runs):
    for id_ in ("20260101t000000-a", "20260102t000000-a", "20260103t000000-a"):
        runs.save(run(id_))
    first = runs.page(2, None)
    assert [one.id[:8] for one in first] == ["20260103", "20260102"]
    assert [one.id[:8] for one in runs.page(2, first[-1].id)] == ["20260101"]


def test_a_mapping_is_one_runs_at_a_time_until_it_ends_or_its_time_is_over(runs):
    runs.take_turn("m", "r1", now=1_000, until=5_000)
    runs.take_turn("m", "r1", now=2_000, until=6_000)
    with pytest.raises(Conflict):
        runs.take_turn("m", "r2", now=6_000, until=9_000)
    runs.end_turn("m", "r2")
    with pytest.raises(Conflict):
        runs.take_turn("m", "r2", now=6_000, until=9_000)
    runs.take_turn("m", "r2", now=6_001, until=9_000)
    runs.end_turn("m", "r2")
    runs.take_turn("m", "r3", now=6_002, until=9_000)


def test_notes_of_a_part_are_written_over(runs):
    runs.note("r1", "bucket#01", Count(new=1), 1_000)
    runs.note("r1", "bucket#01", Count(new=2), 1_000)
    runs.note("r1", "split", Count(rows=7), 1_000)
    total = Count.total(runs.notes("r1").values())
    assert (total.new, total.rows) == (2, 7)
