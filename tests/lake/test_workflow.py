"""A run may break off at any call, be repeated, or meet another one: the lake is the old one or the new one, and complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from socle.clock import DAY
from socle.erasures.model import Erasure
from socle.erasures.store import ErasureStore
from socle.identity.model import MANUAL, Evidence
from socle.lake.buckets import bucket_of
from socle.lake.columns import Column
from socle.lake.manifest import Manifest
from socle.lake.store import LakeStore
from tests.faults.stories import graph_of
from tests.faults.story_trials import sweep
from tests.lake.bucket import NOON, Crash, Lake
from tests.people import T0, event
from tests.world import World


def people(world: World, numbers: range) -> None:
    """An event each of four people, told apart by the number of the event."""
    for number in numbers:
        world.deliver(event(number, ("user_id", str(number % 4)), properties={"n": number}))


def save(lake: Lake, world: World) -> None:
    for name, data in world.raw.objects.items():
        lake.raw.save(name, NOON, data)


def ids(count: int) -> list[str]:
    """The messages of the first events."""
    return sorted(f"m-{number}" for number in range(count))


def all_there(lake: Lake) -> None:
    """Whatever reader comes now finds every file that the manifest names."""
    text = lake.s3.objects.get("lake/manifest.json")
    assert text is None or Manifest.from_json(text).keys <= set(lake.s3.objects)


@pytest.fixture(scope="module")
def unchanged() -> Lake:
    """A lake of two buckets, and raw objects of more events and of a merge that no run has taken in."""
    world, lake = World(), Lake()
    people(world, range(6))
    save(lake, world)
    lake.run("first")
    people(world, range(6, 10))
    known = [owner.profile for owner in world.profiles.owners([("user_id", number) for number in "0123"]).values()]
    one, two = (next(name for name in known if bucket_of(name, 2) == bucket) for bucket in range(2))
    graph_of(world).merge(one, two, Evidence(MANUAL, T0), T0)
    sweep(world)
    save(lake, world)
    return lake


@pytest.fixture
def begun(unchanged: Lake) -> Iterator[Lake]:
    """The same, for a test that changes it."""
    start = dict(unchanged.s3.objects)
    yield unchanged
    unchanged.s3.objects, unchanged.s3.now, unchanged.s3.fail = start, NOON, None


def test_a_step_that_broke_off_at_any_call_and_is_repeated_leaves_what_it_leaves_without_a_fault(begun: Lake) -> None:
    steps, broken = begun.steps("second"), 0
    step = next(steps)
    while True:
        before = dict(begun.s3.objects)
        begun.s3.calls.clear()
        answer = step()
        calls, after = list(begun.s3.calls), dict(begun.s3.objects)
        # A call that breaks before it took effect is as good as one before it that broke after its own: but for the first.
        for number, kind in [(1, "before"), *((number, "after") for number, name in enumerate(calls, 1) if name != "get")]:
            begun.s3.objects = dict(before)
            begun.s3.written.update(dict.fromkeys(before, NOON))
            begun.s3.calls.clear()
            begun.s3.fail, begun.s3.after_each = (number, kind), lambda: all_there(begun)
            with pytest.raises(Crash):
                step()
            begun.s3.fail, begun.s3.after_each = None, lambda: None
            assert step() == answer, (number, kind)
            assert begun.s3.objects == after, (number, kind)
            broken += 1
        try:
            step = steps.send(answer)
        except StopIteration:
            break
    assert broken > 25
    assert begun.rows() == ids(10)
    assert len(begun.rows("SELECT profile FROM profiles")) == 3


def test_a_run_that_is_given_up_after_any_step_is_nothing_to_the_next_one(begun: Lake) -> None:
    start = dict(begun.s3.objects)
    for until in (1, 3, 5):
        begun.s3.objects = dict(start)
        begun.run(f"given up after {until}", until)
        assert begun.rows() == ids(6)
        assert begun.run("next")["won"]
        assert begun.rows() == ids(10)


def test_of_two_runs_at_the_same_time_one_wins_and_nothing_is_there_twice(begun: Lake) -> None:
    held = begun.store.manifest()
    assert held is not None
    steps = begun.steps("slow")
    step = next(steps)
    answer = step()  # it has planned, with all that is new
    assert begun.run("fast")["won"]
    while True:
        try:
            step = steps.send(answer)
        except StopIteration:
            break
        answer = step()
    assert (answer["won"], answer["version"]) == (False, held.version + 1)
    assert begun.rows() == ids(10)
    assert held.keys <= set(begun.s3.objects), "a reader of the lake before still reads"


def test_files_go_a_day_after_nobody_can_need_them(begun: Lake) -> None:
    held = begun.store.manifest()
    begun.run("lost", 3)
    begun.run("second")
    begun.s3.now += 2 * DAY
    begun.run("third")
    manifest = begun.store.manifest()
    assert held is not None
    assert manifest is not None
    files = {key for key in begun.s3.objects if key.startswith("lake/") and "/tables/" not in key}
    assert files - manifest.keys - held.keys == {"lake/manifest.json", "lake/runs/third/plan.json"}


def test_symlinks_name_the_files_of_the_lake(begun: Lake) -> None:
    manifest = begun.store.manifest()
    assert manifest is not None
    assert begun.s3.objects["lake/tables/events/symlink.txt"].decode().split("\n") == [
        f"s3://bucket/{files.events}" for files in manifest.buckets.values()]


def test_of_who_was_erased_nothing_stays_and_nothing_comes_back() -> None:
    world, lake = World(), Lake()
    people(world, range(8))
    save(lake, world)
    lake.run("first")
    [gone] = {world.profiles.owners([("user_id", "1")])[("user_id", "1")].profile}
    ErasureStore(lake.s3, "bucket").save(Erasure((gone,), NOON, ()))
    world.raw.objects.clear()
    people(world, range(8, 12))  # some of it was on its way when the person was erased
    save(lake, world)
    lake.run("second")
    assert lake.rows() == [one for one in ids(12) if int(one[2:]) % 4 != 1]
    manifest = lake.store.manifest()
    assert manifest is not None
    assert gone not in lake.rows("SELECT profile FROM profiles")
    assert all(gone.encode() not in lake.s3.objects[key] for files in manifest.buckets.values() for key in files.keys)


def test_an_object_that_cannot_be_read_holds_up_no_other_and_is_tried_again() -> None:
    world, lake = World(), Lake()
    people(world, range(3))
    save(lake, world)
    lake.raw.save("bad", NOON, b"none of ours")
    [key] = [key for key in lake.s3.objects if "bad" in key]
    assert lake.run("first")["unreadable"] == [key]
    assert lake.rows() == ["m-0", "m-1", "m-2"]
    world.raw.objects.clear()
    people(world, range(3, 4))
    lake.s3.objects[key] = next(iter(world.raw.objects.values()))
    assert lake.run("second")["unreadable"] == []
    assert lake.rows() == ["m-0", "m-1", "m-2", "m-3"]


def test_a_column_that_comes_into_use_is_there_at_once_and_in_the_files_a_day_later() -> None:
    column = Column("events", "n", "n")
    world, lake = World(), Lake()
    people(world, range(4))
    save(lake, world)
    lake.run("first")
    lake.columns = [column]
    asked = f"SELECT {column.quoted} FROM events"
    assert lake.rows(asked, [column]) == [0, 1_000_000, 2_000_000, 3_000_000]
    assert lake.run("same day")["version"] == 1
    lake.s3.now += DAY
    assert lake.run("next day")["version"] == 2
    manifest = lake.store.manifest()
    assert manifest is not None
    assert {files.columns for files in manifest.buckets.values()} == {(column,)}
    assert lake.rows(asked, [column]) == [0, 1_000_000, 2_000_000, 3_000_000]


def test_the_manifest_in_s3_is_replaced_only_by_who_knows_the_one_before() -> None:
    def made(run: str) -> Manifest:
        return Manifest(1, run, NOON, {}, 4, {})

    with mock_aws():
        s3: Any = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="bucket")
        store = LakeStore(s3, "bucket")
        assert store.current() == (None, None)
        assert store.publish(made("a"), None)
        assert not store.publish(made("b"), None)
        _, tag = store.current()
        assert store.publish(made("c"), tag)
        assert not store.publish(made("d"), tag)
        assert store.manifest() == made("c")
