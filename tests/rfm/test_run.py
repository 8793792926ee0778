"""Runs end to end: the lake's files and reports in S3, ticks taken by a stream that may fail, workflow steps done twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from moto import mock_aws

from socle.errors import NotFound, Unavailable
from socle.events.stream import decode
from socle.lake.manifest import BucketFiles, Manifest
from socle.rfm.model import RfmRules
from socle.rfm.service import run as module
from socle.rfm.service.people import LakePeople
from socle.rfm.service.requests import Rfm
from socle.rfm.service.run import RfmRun
from socle.rfm.store import RfmStore
from tests.rfm.customers import NOW, orders, scored, show

MEMORY_MB = 200
BASE = {f"p{number}": orders(number, number * 100, last=f"2025-12-{number:02}T00:00:00.000Z") for number in range(1, 8)}


class Lake:
    """A lake of two buckets; `told` is what its profiles know."""

    def __init__(self) -> None:
        self.people: dict[str, Any] | None = dict(BASE)
        self.told: dict[str, Any] = {}

    def manifest(self) -> Manifest | None:
        if self.people is None:
            return None
        files = {number: BucketFiles("e", f"profiles-{number}", "s", "h", (0, 0, 0, 0), 0) for number in range(2)}
        return Manifest(1, "run", NOW - 1, files, 2, {})

    def fetch(self, key: str, directory: Path) -> Path:
        path, connection = directory / key, duckdb.connect()
        show(connection, {name: one for name, one in (self.people or {}).items() if int(name[1:]) % 2 == int(key[-1])}, self.told)
        connection.execute(f"COPY (FROM shown) TO '{path}' (FORMAT parquet)")
        return path


class Stream:
    """Takes what it is given; is down after `allowed` calls."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.allowed = 1_000
        self.told: dict[str, Any] = {}
        self.waits: list[int] = []

    def put(self, records: Any) -> None:
        if len(self.calls) >= self.allowed:
            raise Unavailable("stream_unavailable", "the stream is down")
        self.calls.append(len(records))
        for key, data in records:
            for tick in decode(data).ticks:
                assert (tick.profile, tick.due) == (key, 0)
                assert set(tick.given) == {"rfm"}
                self.told[tick.profile] = tick.given["rfm"]


class House:
    """Everything together; `run` does what the workflow does."""

    def __init__(self, disk: Path) -> None:
        self.lake, self.stream, self.store, self.disk = Lake(), Stream(), RfmStore(boto3.client("s3"), "bucket"), disk
        self.rfm = RfmRun(self.store, LakePeople(self.lake), self.stream, RfmRules, self.stream.waits.append)

    def run(self, run: str, now: int = NOW) -> dict[str, Any]:
        done = self.rfm.compute(run, now, self.disk, MEMORY_MB)
        found: dict[str, Any] = {"from": done["from"]}
        while found["from"] is not None:
            found = self.rfm.tell(run, found["from"], self.disk)
        return done

    def compacted(self) -> None:
        """The lake as it is once the ticks have arrived."""
        self.lake.told = {name: {"rfm": given} for name, given in self.stream.told.items()}
        self.stream.told, self.stream.calls = {}, []


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(module, "CHUNK", 2)
    monkeypatch.setattr(module, "STEP", 4)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="bucket")
        yield House(tmp_path)


def expected(people: dict[str, Any]) -> dict[str, Any]:
    return {name: {"group": one.group, "recency": one.recency, "frequency": one.frequency, "monetary": one.monetary}
            for name, one in scored(people).items()}


def test_everybody_is_told_at_first_and_then_only_those_whose_values_changed(house):
    assert house.run("r1") == {"customers": 7, "changed": 7, "from": 0}
    assert house.stream.told == expected(BASE)
    house.compacted()
    assert house.run("r2", NOW + 1) == {"customers": 7, "changed": 0, "from": None}
    assert house.stream.told == {}
    house.lake.people |= {"p1": orders(50, 100), "p7": {}}
    house.run("r3", NOW + 2)
    now = expected(house.lake.people)
    before = {name: given["rfm"] for name, given in house.lake.told.items()}
    assert house.stream.told == {"p7": None, **{name: given for name, given in now.items() if given != before[name]}}
    assert "p1" in house.stream.told


def test_ticks_go_out_a_few_at_a_time_with_pauses_between(house):
    house.run("r1")
    assert house.stream.calls == [2, 2, 2, 1]
    assert house.stream.waits == [module.PAUSE, module.PAUSE]  # within a step; between steps the workflow takes its time


def test_a_base_that_fills_the_last_step_exactly_comes_to_an_end(house):
    house.lake.people = {name: BASE[name] for name in ("p1", "p2", "p3", "p4")}
    house.run("r1")
    assert set(house.stream.told) == {"p1", "p2", "p3", "p4"}


def test_a_run_that_broke_off_is_finished_when_its_steps_are_done_again(house):
    house.stream.allowed = 1
    with pytest.raises(Unavailable):
        house.run("r1")
    house.lake.people = {}  # the lake has moved on; what was computed stays computed
    house.stream.allowed = 1_000
    assert house.run("r1", NOW + 5)["changed"] == 7
    assert house.stream.told == expected(BASE)


def test_a_crash_before_the_report_is_published_does_not_lose_who_must_be_told(house, monkeypatch):
    house.run("r1")
    house.compacted()
    house.lake.people |= {"p1": orders(50, 100)}
    publish, tried = RfmStore.publish, []

    def down_once(store: RfmStore, report: dict[str, Any]) -> None:
        tried.append(report)
        if len(tried) == 1:
            raise Unavailable("unavailable", "the bucket is down")
        publish(store, report)

    monkeypatch.setattr(RfmStore, "publish", down_once)
    with pytest.raises(Unavailable):
        house.run("r2", NOW + 1)
    assert house.run("r2", NOW + 2)["changed"] == len(house.stream.told) > 0
    assert house.store.latest()["run"] == "r2"


def test_before_the_first_compaction_a_run_comes_to_an_empty_report(house):
    house.lake.people = None
    assert house.run("r1") == {"customers": 0, "changed": 0, "from": None}
    found = house.store.latest()
    assert (found["currency"], found["lake"], found["customers"]) == (None, None, 0)
    assert (len(found["groups"]), len(found["grid"])) == (11, 25)


def test_scores_lie_in_a_file_that_other_tools_read(house, tmp_path):
    house.run("r1")
    data = boto3.client("s3").get_object(Bucket="bucket", Key="reports/rfm/r1.parquet")["Body"].read()
    file = tmp_path / "scores"
    file.write_bytes(data)
    rows = duckdb.connect().execute('SELECT profile, days, orders, worth, recency, frequency, monetary, fm, "group" '
                                    "FROM read_parquet(?)", [str(file)]).fetchall()
    assert {row[0]: tuple(row[1:]) for row in rows} == {name: tuple(one) for name, one in scored(BASE).items()}


def test_nothing_of_a_bucket_stays_on_the_disk(house):
    house.run("r1")
    assert not list(house.disk.glob("profiles-*"))


def test_a_run_that_is_too_long_ago_cannot_go_on(house):
    with pytest.raises(NotFound):
        house.rfm.tell("never", 0, house.disk)


def test_the_report_of_a_run_is_there_once_it_has_succeeded(house):
    states = {}

    class Runs:
        def start(self, name: str, document: dict[str, Any]) -> None:
            states[name] = json.dumps(document)

        def state(self, name: str) -> str | None:
            return None if name not in states else "running" if house.store.report(name) is None else "succeeded"

    asked = Rfm(house.store, Runs())
    assert asked.start("r1") == asked.read("r1") == {"run": "r1", "state": "running", "result": None}
    house.run("r1")
    assert asked.read("r1")["result"] == asked.latest() == house.store.latest()
    with pytest.raises(NotFound):
        asked.read("r2")
