"""Previews: exact when there was time for every bucket, honest estimates when there was not."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import count, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from socle.errors import Rejected
from socle.lake.local import compact_local
from socle.lake.manifest import Manifest
from socle.segments.preview import batches, interval
from socle.segments.service.previews import BUDGET, Previews
from tests.people import T0, event, identify
from tests.world import World

PEOPLE = 120
BUCKETS = 8


class LocalLake:
    """A lake below a directory, as the store of one in S3."""

    def __init__(self, directory: Path, manifest: Manifest | None) -> None:
        self._directory = directory
        self._manifest = manifest
        self.fetched: list[str] = []

    def manifest(self) -> Manifest | None:
        return self._manifest

    def fetch_all(self, keys: list[str], directory: Path) -> None:
        for key in keys:
            (directory / key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._directory / key, directory / key)
            self.fetched.append(key)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> LocalLake:
    """People 0 to 119: each third has bought, half are French, every tenth has an address."""
    world, directory = World(), tmp_path_factory.mktemp("lake")
    for number in range(PEOPLE):
        who = ("user_id", f"u{number}")
        ids = [who, *([("email", f"u{number}@example.com")] if number % 10 == 0 else [])]
        traits = {"country": " fr" if number % 2 else "DE", "name": f"n{number}", "list": [1]}
        events = [identify(2 * number, *ids, traits=traits)]
        if number % 3 == 0:
            events.append(event(2 * number + 1, who, name="Order Completed", properties={"order_id": str(number)}))
        world.deliver(*events)
    files = []
    for number, data in enumerate(world.raw.objects.values()):
        (directory / f"{number}.ndjson.gz").write_bytes(data)
        files.append(directory / f"{number}.ndjson.gz")
    return LocalLake(directory, compact_local(files, directory, BUCKETS))


def previewed(lake: LocalLake, tmp_path: Path, document: dict[str, Any], timer: Iterator[int], **saved: Any) -> dict[str, Any]:
    definitions = SimpleNamespace(list_current=lambda kind: [
        SimpleNamespace(name=name, document={"when": when}) for name, when in saved.items() if kind == "segments"])
    previews = Previews(lake, definitions, duckdb.connect, lambda: next(timer))  # type: ignore[arg-type]
    return previews.preview(document, T0 * 2, tmp_path)


BUYERS = {"when": {"type": "event", "event": "Order Completed"}}
EVERYBODY = {"when": {"type": "everyone"}}


def test_with_time_for_all_buckets_everything_is_exact(lake, tmp_path):
    found = previewed(lake, tmp_path, BUYERS, repeat(0))
    assert (found["size"], found["of"], found["share"], found["estimated"]) == (40, PEOPLE, 0.3333, False)
    assert found["interval"] == [40, 40]
    assert {one["country"]: one["members"] for one in found["by_country"]} == {"FR": 20, "DE": 20}
    has = {one["has"]: one["members"] for one in found["by_quality"]}
    assert (has["user_id"], has["email"], has["phone"], has["country"]) == (40, 4, 0, 40)
    assert found["by_rfm"] == [{"group": "none", "members": 40, "share": 1.0}]
    assert len(found["sample"]) == 10
    assert all(set(one["traits"]) == {"country", "name"} and int(one["traits"]["name"][1:]) % 3 == 0 for one in found["sample"])
    assert found["buckets"]["read"] == found["buckets"]["of"]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def large_buckets(monkeypatch):
    monkeypatch.setattr("socle.segments.preview.TOGETHER", 1)


def test_when_time_is_up_the_rest_is_estimated_and_said_to_be(lake, tmp_path, large_buckets):
    found = previewed(lake, tmp_path, BUYERS, count(0, BUDGET // 2))
    assert (found["estimated"], found["buckets"]["read"], found["of"]) == (True, 2, PEOPLE)
    low, high = found["interval"]
    assert low <= found["size"] <= high
    assert low <= 40 <= high
    assert low < high


def test_one_bucket_is_read_however_late_it_is(lake, tmp_path, large_buckets):
    assert previewed(lake, tmp_path, EVERYBODY, count(0, 10 * BUDGET))["buckets"]["read"] == 1


def test_other_segments_can_be_referred_to(lake, tmp_path):
    found = previewed(lake, tmp_path, {"when": {"type": "not", "of": {"type": "segment", "segment": "buyers"}}}, repeat(0),
                      buyers=BUYERS["when"])
    assert found["size"] == PEOPLE - 40


def test_small_buckets_are_asked_together_and_large_ones_alone():
    million = 1_000_000
    assert batches({1: million, 2: million, 5: million}) == [[1, 2, 5]]
    assert batches({1: 20 * million, 2: 20 * million, 3: million, 4: 100 * million, 5: million}) == [[1], [2, 3], [4], [5]]
    assert batches({}) == []


def test_nobody_in_is_no_fault(lake, tmp_path):
    found = previewed(lake, tmp_path, {"when": {"type": "event", "event": "Never"}}, repeat(0))
    assert (found["size"], found["share"], found["sample"], found["by_country"]) == (0, 0.0, [], [])


def test_before_the_first_compaction_the_reason_says_what_to_do(tmp_path):
    with pytest.raises(Rejected) as refused:
        previewed(LocalLake(tmp_path, None), tmp_path, BUYERS, repeat(0))
    assert (refused.value.code, refused.value.status) == ("no_lake", 409)


def test_the_interval_holds_the_truth_in_some_95_of_100_samples():
    chance, everybody, inside = random.Random(5), 2_000, Counter[bool]()
    for members in (20, 400, 1_000):
        population = [number < members for number in range(everybody)]
        for _ in range(300):
            sample = chance.sample(population, 500)
            low, high = interval(sum(sample), len(sample), everybody)
            inside[low <= members <= high] += 1
    assert inside[True] / inside.total() > 0.93


@pytest.mark.parametrize(("members", "people", "everybody", "expected"), [
    (5, 10, 10, (5, 5)), (0, 0, 100, (0, 100)), (0, 0, 0, (0, 0))])
def test_the_interval_at_its_edges(members, people, everybody, expected):
    assert interval(members, people, everybody) == expected


def test_an_interval_never_says_less_than_was_seen_or_more_than_there_are():
    for members in range(0, 51):
        low, high = interval(members, 50, 60)
        assert members <= low <= high <= 10 + members
