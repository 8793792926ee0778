"""From events to what profiles know and back: consumer, raw objects, the lake, a run, ticks, the consumer again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from socle.clock import DAY
from socle.events.group import Record
from socle.lake.local import compact_local, read_manifest
from socle.lake.manifest import Manifest
from socle.rfm.groups import GROUPS
from socle.rfm.model import RfmRules
from socle.rfm.service.people import LakePeople
from socle.rfm.service.run import RfmRun
from socle.rfm.store import RfmStore
from tests.people import T0, event, identify
from tests.world import World

BUCKETS = 3


class LocalLake:
    """The lake in a directory; its files may be read once and deleted."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def manifest(self) -> Manifest | None:
        return read_manifest(self.directory)

    def fetch(self, key: str, directory: Path) -> Path:
        path = directory / key.replace("/", "-")
        path.write_bytes((self.directory / key).read_bytes())
        return path


class House:
    """Everything together; `people` is user → what is known of them about RFM."""

    def __init__(self, disk: Path) -> None:
        self.world, self.disk, self.seen = World(), disk, 0
        for folder in ("raw", "lake", "work"):
            (disk / folder).mkdir()
        self.rfm = RfmRun(RfmStore(boto3.client("s3"), "bucket"), LakePeople(LocalLake(disk / "lake")), self, RfmRules,
                          lambda _: None)

    def put(self, records: list[Record]) -> None:
        self.world.consumer.apply([self.world.record(record.data) for record in records])

    def compact(self) -> None:
        objects = list(self.world.raw.objects.values())
        new = [self.disk / f"raw/{number}.ndjson.gz" for number in range(self.seen, len(objects))]
        for file, data in zip(new, objects[self.seen:], strict=True):
            file.write_bytes(data)
        self.seen = len(objects)
        compact_local(new, self.disk / "lake", BUCKETS)

    def run(self, run: str, now: int) -> int:
        done = self.rfm.compute(run, now, self.disk / "work", 200)
        if done["from"] is not None:
            self.rfm.tell(run, 0, self.disk / "work")
        return int(done["changed"])

    def known(self) -> dict[str, Any]:
        store, found = self.world.profiles, {}
        for profile in store.load([name for name, kind in store.items if kind == "A"]).values():
            for user in profile.snapshot.identifiers.get("user_id", ()):
                found[user] = profile.given.get("rfm")
        return found


@pytest.fixture
def house(tmp_path: Path) -> Any:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="bucket")
        yield House(tmp_path)


def bought(number: int, user: str, day: int, revenue: float) -> Any:
    return event(number, ("user_id", user), name="Order Completed", ts=T0 + day * DAY,
                 properties={"order_id": f"o{number}", "currency": "EUR", "revenue": revenue})


def test_what_profiles_are_told_arrives_in_the_lake_and_is_told_once(house):
    for number in range(10):
        house.world.deliver(bought(number, f"u{number}", number, 10 * number + 1))
    house.world.deliver(identify(99, ("user_id", "nobody"), traits={"a": 1}))
    house.compact()
    assert house.run("r1", T0 + 20 * DAY) == 10
    known = house.known()
    assert known["nobody"] is None
    assert {user: given["recency"] for user, given in known.items() if given} == {f"u{n}": 1 + n // 2 for n in range(10)}
    assert {given["group"] for given in known.values() if given} <= set(GROUPS)
    house.compact()
    assert house.run("r2", T0 + 20 * DAY + 1) == 0
    house.world.deliver(bought(50, "u0", 19, 500))
    house.compact()
    assert house.run("r3", T0 + 20 * DAY + 2) > 0
    assert (house.known()["u0"]["recency"], house.known()["u0"]["monetary"]) == (5, 5)


def test_two_who_became_one_are_one_customer(house):
    house.world.deliver(bought(1, "u1", 1, 10))
    house.world.deliver(event(2, ("anonymous_id", "a"), name="Order Completed", ts=T0 + DAY,
                              properties={"order_id": "o2", "currency": "EUR", "revenue": 5}))
    house.compact()
    assert house.run("r1", T0 + 20 * DAY) == 2
    house.world.deliver(identify(3, ("user_id", "u1"), ("anonymous_id", "a"), traits={}))
    house.compact()
    house.run("r2", T0 + 20 * DAY + 1)
    assert house.rfm._store.latest()["customers"] == 1
    assert house.known()["u1"]["group"] in GROUPS
