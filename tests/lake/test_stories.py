"""The lake holds what the profiles hold: random stories with merges, unmerges, corrections and what was taken back, their raw
objects compacted in any order and as many runs as come."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import duckdb
import pytest

from socle.lake.local import compact_local
from socle.lake.manifest import Manifest, local_bucket
from socle.lake.query import open_bucket
from socle.profiles.decide import events_of
from socle.profiles.fold import highest_revisions
from socle.profiles.model import History, Needs
from socle.profiles.orders import standing
from socle.profiles.view import profile_view
from tests.faults.stories import story
from tests.faults.story_trials import do, sweep
from tests.faults.trials import limits
from tests.faults.workloads import ANN, BOB, KIOSK, PHONE
from tests.people import T0, event
from tests.world import World

SEED = 5
STORIES = range(8)


def told(number: int) -> World:
    """A story, with orders in between that are corrected and taken back."""
    chance, one = random.Random(f"{SEED}.{number} lake"), story(f"{SEED}.{number} lake")
    world = World(one.load.hooks)
    with limits(one.load):
        for step in one.steps:
            do(world, step)
            if chance.random() < 0.4:
                ids = chance.sample([ANN, BOB, KIOSK, PHONE], chance.choice([1, 1, 2]))
                number, revision = 900 + chance.randrange(4), chance.randrange(4)
                order = event(number, *ids, name="Order Completed", ts=T0 + 99_000, received=T0 + 300_000,
                              properties={"order_id": "o", "revenue": 5, "voided": revision % 2 == number % 2})
                world.deliver(order._replace(revision=revision))
            if chance.random() < 0.3:
                sweep(world)
        sweep(world)
    return world


def held(world: World) -> tuple[set[tuple[Any, ...]], dict[str, Any]]:
    """The events that count and the profiles, as the store has them."""
    events, profiles = set(), {}
    for (profile, kind) in world.profiles.items:
        if kind != "A":
            continue
        aggregate = world.profiles.load([profile])[profile]
        if aggregate.merged_into is not None or aggregate.version == 0:
            continue
        history = History(world.profiles.load(aggregate.members))
        while needs := history.wanted(aggregate):
            assert isinstance(needs, Needs)
            history.pages.update(world.profiles.load_pages(needs.pages))
        for one in standing(highest_revisions(events_of(aggregate, history))):
            events.add((profile, one.ts, one.message_id, one.revision, one.at, one.received, one.type, one.name))
        view = profile_view(profile, aggregate.snapshot, aggregate.members)
        profiles[profile] = (view["event_count"], view["traits"], view["events"], view["identifiers"])
    return events, profiles


def found(manifest: Manifest, directory: Path) -> tuple[list[tuple[Any, ...]], dict[str, Any]]:
    """The same, as the lake has them."""
    events: list[tuple[Any, ...]] = []
    profiles = {}
    with duckdb.connect(config={"threads": 1}) as connection:
        for number in manifest.buckets:
            files = local_bucket(manifest, number, directory)
            events += connection.execute(
                f"SELECT profile, ts, message_id, revision, epoch_ms(\"at\"), epoch_ms(received), type, name "
                f"FROM read_parquet('{files.events}')").fetchall()
            open_bucket(connection, files, ())
            for profile, count, *documents in connection.execute(
                    "SELECT profile, event_count, traits, events, identifiers FROM profiles").fetchall():
                assert profile not in profiles
                profiles[profile] = (count, *map(json.loads, documents))
    return events, profiles


def compacted(world: World, directory: Path, chance: random.Random) -> Manifest:
    """All raw objects in any order and portions, some twice, into a lake of few buckets."""
    directory.mkdir()
    files = []
    for number, data in enumerate(world.raw.objects.values()):
        files.append(directory / f"{number}.ndjson.gz")
        files[-1].write_bytes(gzip.compress(data))  # stories leave that out
    if chance.random() < 0.7:
        chance.shuffle(files)
    cuts = sorted(chance.choices(range(len(files) + 1), k=chance.randrange(3)))
    manifest = None
    for first, last in zip([0, *cuts], [*cuts, len(files)], strict=True):
        again = chance.sample(files[:first], min(first, chance.randrange(2)))
        manifest = compact_local([*files[first:last], *again], directory / "lake", buckets=2)
    assert manifest is not None
    return manifest


@pytest.mark.parametrize("numbers", [STORIES[part::4] for part in range(4)], ids="abcd")
def test_the_lake_holds_the_events_and_profiles_of_everybody(tmp_path: Path, numbers: range) -> None:
    for number in numbers:
        world, chance = told(number), random.Random(f"{SEED}.{number} order")
        events, profiles = held(world)
        lake_events, lake_profiles = found(compacted(world, tmp_path / str(number), chance), tmp_path / str(number) / "lake")
        assert len(lake_events) == len(set(lake_events)), number
        assert set(lake_events) == events, number
        assert lake_profiles == profiles, number
