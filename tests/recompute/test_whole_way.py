"""From events to members and back: consumer, raw objects, the lake, a recompute, its ticks, the consumer again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from moto import mock_aws

from socle.clock import DAY
from socle.consumer.batch import Rules
from socle.definitions.model import Definition
from socle.errors import Unavailable
from socle.events.group import Record
from socle.events.stream import encode_ticks
from socle.journeys.dates import dated_by
from socle.journeys.model.release import Release
from socle.lake.local import compact_local, read_manifest
from socle.lake.manifest import Manifest
from socle.recompute.service import Recompute
from socle.recompute.store import RUNS_PREFIX, RecomputeStore
from socle.segments.document import Segment
from tests.people import T0, event
from tests.world import World

BUCKETS, MEMORY_MB = 3, 200
BUYERS = {"when": {"type": "event", "event": "Order Completed"}}
RECENT = {"when": {"type": "event", "event": "Order Completed", "window": {"within": "5d"}}}


class House:
    """Everything together, over a lake in a directory and a bucket of moto's."""

    def __init__(self, disk: Path) -> None:
        self.world, self.disk, self.seen, self.runs = World(), disk, 0, 0
        for folder in ("raw", "lake"):
            (disk / folder).mkdir()
        self.definitions: dict[str, Definition] = {}
        self.ticks, self.down = 0, False
        self.store = RecomputeStore(boto3.client("s3"), "bucket")
        self.releases: list[Release] = []
        self.recompute = Recompute(self.store, self, self.current, self,  # type: ignore[arg-type]
                                   dated=lambda: dated_by(self.releases))

    def current(self, kind: str) -> list[Definition]:
        return [one for one in self.definitions.values() if one.kind == kind]

    def manifest(self) -> Manifest | None:
        return read_manifest(self.disk / "lake")

    def fetch_all(self, keys: list[str], directory: Path) -> list[Path]:
        return [self.disk / "lake" / key for key in keys]

    def put(self, records: list[Record]) -> None:
        if self.down:
            raise Unavailable("stream_unavailable", "the stream is down")
        self.ticks += len(records)
        self.world.consumer.apply([self.world.record(record.data) for record in records])

    def define(self, name: str, document: dict[str, Any], version: int = 1) -> None:
        """Save a segment; the consumer knows it at once."""
        stored = Segment.model_validate(document).model_dump(mode="json")
        self.definitions[name] = Definition("segments", name, version, stored, 0, 0)
        self.world.rules = Rules.of(self.current)

    def compact(self) -> None:
        objects = list(self.world.raw.objects.values())
        new = [self.disk / f"raw/{number}.ndjson.gz" for number in range(self.seen, len(objects))]
        for file, data in zip(new, objects[self.seen:], strict=True):
            file.write_bytes(data)
        self.seen = len(objects)
        compact_local(new, self.disk / "lake", BUCKETS)

    def run(self, now: int) -> dict[str, Any]:
        """A recompute of what the lake knows."""
        self.runs += 1
        self.world.now = now
        run, work = f"r{self.runs}", self.disk / f"work-{self.runs}"
        work.mkdir(exist_ok=True)
        for buckets in self.recompute.plan(run, now)["parts"]:
            self.recompute.part(run, buckets, work, MEMORY_MB)
        return self.recompute.finish(run, now)

    def live(self, segment: str) -> list[str]:
        """The users who are in a segment by their profiles."""
        store = self.world.profiles
        profiles = store.load([name for name, kind in store.items if kind == "A"]).values()
        return sorted(user for one in profiles if segment in one.segments for user in one.snapshot.identifiers.get("user_id", ()))


@pytest.fixture
def house(tmp_path: Path) -> Any:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="bucket")
        yield House(tmp_path)


def bought(number: int, user: str, day: int) -> Any:
    return event(number, ("user_id", user), name="Order Completed", ts=T0 + day * DAY,
                 properties={"order_id": f"o{number}", "revenue": 10})


def test_a_new_segment_fills_itself_and_the_next_recompute_tells_nobody(house):
    house.world.now = T0 + 10 * DAY
    house.world.deliver(*[bought(number, f"u{number}", number) for number in range(9)])
    house.world.deliver(event(20, ("user_id", "looker")))
    house.define("recent", RECENT)
    house.compact()
    first = house.run(T0 + 10 * DAY)
    assert (first["segments"], first["profiles"], first["ticks"], first["drift"]) == ({"recent": 3}, 10, 3, 0)
    assert house.live("recent") == ["u6", "u7", "u8"]
    house.compact()
    second = house.run(T0 + 10 * DAY + 1)
    assert (second["segments"], second["ticks"], second["drift"]) == ({"recent": 3}, 0, 0)
    assert house.store.latest() == second


def test_a_segment_that_means_something_else_now_is_no_drift(house):
    house.define("buyers", BUYERS)
    house.world.now = T0 + 10 * DAY
    house.world.deliver(bought(1, "u1", 1), bought(2, "u2", 8))
    house.compact()
    house.run(T0 + 10 * DAY)
    assert house.live("buyers") == ["u1", "u2"]
    house.define("buyers", RECENT, version=2)
    found = house.run(T0 + 10 * DAY)
    assert (found["segments"], found["ticks"] > 0, found["drift"]) == ({"buyers": 1}, True, 0)
    assert house.live("buyers") == ["u2"]


def test_who_is_in_without_a_reason_is_drift_and_is_put_right(house):
    house.define("buyers", BUYERS)
    house.world.deliver(bought(1, "u1", 1), event(2, ("user_id", "u2")))
    house.compact()
    house.run(T0 + 10 * DAY)
    connection = duckdb.connect()
    for file in (house.disk / "lake").glob("*/profiles-*.parquet"):
        connection.execute(f"CREATE OR REPLACE TABLE t AS SELECT * REPLACE ('{{\"buyers\": 1}}' AS segments) FROM '{file}'")
        connection.execute(f"COPY t TO '{file}' (FORMAT parquet)")
    found = house.run(T0 + 10 * DAY)
    assert (found["drift"], found["drift_by_segment"], len(found["drifted"])) == (1, {"buyers": 1}, 1)
    assert house.live("buyers") == ["u1"]


def test_whoever_is_overdue_is_told_and_is_no_drift(house):
    house.define("recent", RECENT)
    house.world.now = T0 + 2 * DAY
    house.world.deliver(bought(1, "u1", 1))
    house.compact()
    assert house.live("recent") == ["u1"]
    found = house.run(T0 + 30 * DAY)
    assert (found["segments"], found["ticks"], found["drift"], house.live("recent")) == ({"recent": 0}, 1, 0, [])


def test_a_part_that_broke_off_is_done_again_to_the_same_end(house):
    house.world.now = T0 + 10 * DAY
    house.world.deliver(*[bought(number, f"u{number}", number) for number in range(9)])
    house.define("buyers", BUYERS)
    house.compact()
    (buckets,) = house.recompute.plan("r", T0 + 10 * DAY)["parts"]
    house.down = True
    with pytest.raises(Unavailable):
        house.recompute.part("r", buckets, house.disk, MEMORY_MB)
    house.down = False
    house.recompute.part("r", buckets, house.disk, MEMORY_MB)
    house.recompute.part("r", buckets, house.disk, MEMORY_MB)
    assert (house.recompute.finish("r", 0)["segments"], len(house.live("buyers"))) == ({"buyers": 9}, 9)


def test_members_are_kept_by_bucket_as_rows_of_profile_and_segment(house):
    house.define("buyers", BUYERS)
    house.world.deliver(*[bought(number, f"u{number}", number) for number in range(9)], event(30, ("user_id", "x")))
    house.compact()
    house.run(T0 + 10 * DAY)
    s3 = boto3.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="bucket", Prefix=f"{RUNS_PREFIX}r1/bucket=")["Contents"]]
    rows = []
    for key in keys:
        (house.disk / "one.parquet").write_bytes(s3.get_object(Bucket="bucket", Key=key)["Body"].read())
        rows += duckdb.execute(f"SELECT profile, segment FROM '{house.disk}/one.parquet'").fetchall()
    assert len(rows) == len(set(rows)) == 9
    assert {segment for _, segment in rows} == {"buyers"}


def test_without_a_lake_or_definitions_there_is_an_empty_report(house):
    assert house.run(T0)["profiles"] == 0
    house.world.deliver(bought(1, "u1", 1))
    house.compact()
    assert (house.run(T0)["segments"], house.run(T0)["profiles"]) == ({}, 1)


def test_who_differs_only_later_knows_when(house):
    """In by both definitions now, out earlier by the new one; and not yet in, but by time alone soon."""
    house.define("recent", RECENT)
    house.world.now = T0 + 2 * DAY
    house.world.deliver(bought(1, "u1", 1))
    house.compact()
    assert house.live("recent") == ["u1"]
    house.define("recent", {"when": {**RECENT["when"], "window": {"within": "3d"}}}, version=2)
    house.define("quiet", {"when": {"type": "not", "of": {**RECENT["when"], "window": {"within": "4d"}}}})
    found = house.run(T0 + 2 * DAY)
    assert (found["ticks"], found["drift"]) == (1, 0)
    for moment, recent, quiet in ((4 * DAY - 1, ["u1"], []), (4 * DAY, [], []), (5 * DAY, [], ["u1"])):
        house.world.now = T0 + moment
        due = house.world.profiles.due(house.world.now, 10)
        house.world.consumer.apply([house.world.record(encode_ticks(due))])
        assert (house.live("recent"), house.live("quiet")) == (recent, quiet), moment
    house.compact()
    assert house.run(T0 + 5 * DAY)["ticks"] == 0


def test_a_storm_of_ticks_leaves_room_for_events_and_the_next_run_tells_the_rest(house, monkeypatch):
    monkeypatch.setattr("socle.recompute.service.PER_CALL", 4)
    monkeypatch.setattr("socle.recompute.service.MOST", 8)
    calls: list[int | str] = []
    put = house.put
    house.put = lambda records: (calls.append(len(records)), put(records))
    house.recompute = Recompute(house.store, house, house.current, house, lambda milliseconds: calls.append("pause"))
    house.world.now = T0 + 10 * DAY
    house.world.deliver(*[bought(number, f"u{number}", number) for number in range(9)])
    house.define("buyers", BUYERS)
    house.compact()
    assert house.run(T0 + 10 * DAY)["ticks"] == 8
    assert calls == [4, "pause", 4]
    assert len(house.live("buyers")) == 8
    house.compact()
    assert house.run(T0 + 10 * DAY + 1)["ticks"] == 1
    assert len(house.live("buyers")) == 9


def test_who_was_in_a_segment_before_it_was_deleted_enters_the_one_written_again(house):
    house.define("buyers", BUYERS)
    house.world.now = T0 + 2 * DAY
    house.world.deliver(bought(1, "u1", 1))
    house.define("buyers", BUYERS, version=3)
    house.definitions["buyers"] = house.definitions["buyers"]._replace(created=T0 + 3 * DAY)
    house.world.rules = Rules.of(house.current)
    house.compact()
    found = house.run(T0 + 4 * DAY)
    assert (found["ticks"], found["drift"], house.live("buyers")) == (1, 0, ["u1"])
    entered = [effect.key for effect in house.world.queue.sent if effect.name == "buyers"]
    assert entered == [f"+{T0 + 2 * DAY}", f"+{T0 + 4 * DAY}"]
