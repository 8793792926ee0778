"""The table and the bucket keep their contract, on moto and in memory alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from socle.errors import Conflict, NotFound
from socle.exports.model.run import FAILED, RUNNING, Run
from socle.exports.store import ExportFiles, RunStore
from tests.exports.memory import MemoryFiles, MemoryRuns


@pytest.fixture(scope="module")
def account() -> Iterator[tuple[Any, Any]]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        dynamodb, s3 = boto3.client("dynamodb", region_name="us-east-1"), boto3.client("s3", region_name="us-east-1")
        dynamodb.create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}, {"AttributeName": "SK", "AttributeType": "S"}])
        s3.create_bucket(Bucket="bucket")
        yield dynamodb, s3


@pytest.fixture(params=["moto", "memory"])
def runs(request: pytest.FixtureRequest, account: tuple[Any, Any]) -> Any:
    return RunStore(account[0], "definitions") if request.param == "moto" else MemoryRuns()


@pytest.fixture(params=["moto", "memory"])
def files(request: pytest.FixtureRequest, account: tuple[Any, Any]) -> Any:
    return ExportFiles(account[1], "bucket") if request.param == "moto" else MemoryFiles()


def test_a_run_is_written_over_the_version_before_it_and_no_other(runs: Any) -> None:
    run = Run("20260101t000000-00000001", "versions", RUNNING, "hand", 1, version=1)
    runs.save(run)
    with pytest.raises(Conflict):
        runs.save(run)
    ended = run.next(state=FAILED, ended=2, failure={"code": "x", "message": "y"})
    runs.save(ended)
    with pytest.raises(Conflict):
        runs.save(run.next(state=FAILED))
    assert runs.load("versions", run.id) == ended
    with pytest.raises(NotFound):
        runs.load("versions", "20260101t000000-00000002")


def test_runs_are_listed_newest_first_and_by_pages(runs: Any) -> None:
    ids = [f"20260101t000000-0000000{number}" for number in range(5)]
    for id_ in ids:
        runs.save(Run(id_, "listed", RUNNING, "hand", 1, version=1))
    assert [run.id for run in runs.page("listed", 2, None)] == [ids[4], ids[3]]
    assert [run.id for run in runs.page("listed", 9, ids[3])] == [ids[2], ids[1], ids[0]]
    assert runs.page("nothing", 9, None) == []


def test_a_turn_is_taken_once_and_ended_by_its_owner(runs: Any) -> None:
    runs.take_turn("turns", "a", None)
    with pytest.raises(Conflict):
        runs.take_turn("turns", "b", None)
    runs.end_turn("turns", "b")
    assert runs.turn("turns") == "a"
    runs.take_turn("turns", "b", "a")
    with pytest.raises(Conflict):
        runs.take_turn("turns", "c", "a")
    runs.end_turn("turns", "b")
    runs.end_turn("turns", "b")
    assert runs.turn("turns") is None


def test_a_due_time_is_written_over_the_one_that_was_read(runs: Any) -> None:
    assert runs.due("dues") is None
    runs.set_due("dues", "rate(1 day)", 5, None)
    with pytest.raises(Conflict):
        runs.set_due("dues", "rate(1 day)", 6, None)
    runs.set_due("dues", "rate(2 days)", 7, 5)
    assert runs.due("dues") == ("rate(2 days)", 7)


def test_files_come_back_as_they_were_written_until_they_are_deleted(files: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"[1, 2]")
    files.upload(tmp_path / "a", "exports/x/a", "application/json")
    files.write("exports/x/b", b"b")
    assert (files.read("exports/x/b"), files.read_json("exports/x/a"), files.read("exports/x/c")) == (b"b", [1, 2], None)
    assert files.download("exports/x/b", tmp_path / "deep/b").read_bytes() == b"b"
    files.delete(["exports/x/b", "exports/x/c"])
    assert files.read("exports/x/b") is None
    assert "exports/x/a" in files.download_link("exports/x/a")
    with pytest.raises(NotFound):
        files.download("exports/x/b", tmp_path / "gone")
