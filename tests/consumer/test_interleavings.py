"""Consumers that meet on the same people, cut off anywhere: a seeded scheduler switches between them at every AWS call.

Each consumer runs only when the scheduler lets it, from one call to the next; reads of many items and batches of
statements are torn into their parts, as neither is a snapshot or a transaction, and first reads are stale at times. A
call may go wrong in any of the ways of tests/faults/calls.py; then the batch is delivered again. In the end everything
is there once, or, where the person was erased meanwhile, nothing.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from socle.consumer.batch import Record
from socle.errors import Conflict, NotFound, Unavailable
from socle.events.model import Event
from socle.events.stream import encode_events, encode_ticks
from socle.profiles import seal
from socle.profiles.fold import refold
from socle.profiles.service import Profiles
from socle.profiles.store import PAGES_AGAIN
from tests.faults.calls import Crash
from tests.faults.races import RacingCalls, consumer
from tests.faults.schedule import Scheduler
from tests.people import T0, event
from tests.world import World

TRIALS = 2_000 if os.environ.get("HYPOTHESIS_PROFILE") == "trials" else 100
"""Seeds of each parameter; `make trials` runs many more."""
ERASED = T0 + 60_000

ANN, BOB = ("user_id", "ann"), ("user_id", "bob")
KIOSK, PHONE, MAIL = ("anonymous_id", "kiosk"), ("anonymous_id", "phone"), ("email", "ann@example.com")
ONE_PERSON = [(ANN,), (KIOSK,), (PHONE,), (ANN, KIOSK), (ANN, PHONE), (MAIL, PHONE), (ANN, MAIL)]
TWO_PEOPLE = [*ONE_PERSON, (BOB,), (BOB, KIOSK), (BOB, PHONE)]


def history(chance: random.Random, pool: list[tuple[tuple[str, str], ...]]) -> list[Event]:
    """14 events of few times and orders, some of them revisions of others; no two of one key and revision."""
    found: dict[tuple[str, int], Event] = {}
    for number in range(14):
        revision = chance.choice([0, 0, 0, 1])
        kind = chance.choice(["view", "order", "identify"])
        more: dict[str, Any] = {
            "view": {},
            "order": {"name": "Order Completed", "properties": {"order_id": chance.choice("ab"), "revenue": chance.randrange(9)}},
            "identify": {"name": "$identify", "type": "identify", "traits": {chance.choice("xy"): chance.randrange(9)}},
        }[kind]
        one = event(number if not revision else chance.randrange(number + 1), *chance.choice(pool), revision=revision,
                    ts=T0 + chance.randrange(10) * 1_000, received=T0 + 30_000, **more)
        found.setdefault((one.key, one.revision), one)
    return list(found.values())


def race(seed: int, pool: list[tuple[tuple[str, str], ...]], faults: float,
         erased: tuple[str, str] | None = None) -> tuple[World, list[Event]]:
    """Two consumers share the deliveries of a history, half of them repeated; perhaps somebody is erased meanwhile."""
    chance = random.Random(seed)
    scheduler = Scheduler(chance)
    calls = RacingCalls(scheduler, faults)
    world = World({"Order Completed": ["crm"]}, calls)
    events = history(chance, pool)
    deliveries = events + chance.choices(events, k=len(events) // 2)
    chance.shuffle(deliveries)
    jobs = [consumer(world, scheduler, records(world, deliveries[share::2])) for share in range(2)]
    if erased is not None:
        jobs.append(eraser(world, scheduler, erased))
    small = {"BUDGET": chance.choice([0, 300, 900]), "MIN_ENTRIES": chance.randrange(1, 4), "PER_PAGE": 0,
             "PAGE_BYTES": chance.choice([200, 1_000, 50_000]), "KEPT_BYTES": chance.choice([0, 300, 8_000]),
             "KEPT_ENTRIES": chance.randrange(3), "MAX_LATE_PAGES": chance.randrange(1, 4)}
    with patch.multiple(seal, **small):
        scheduler.run(jobs)
        calls.end()
        for tick in world.profiles.due(ERASED + PAGES_AGAIN, 1_000):
            world.consumer.apply([world.record(encode_ticks([tick]))])
    assert not world.quarantine.rows
    return world, events


def records(world: World, deliveries: list[Event]) -> list[Record]:
    """One event a record: batches are cut anywhere."""
    return [world.record(encode_events([one])) for one in deliveries]


def eraser(world: World, scheduler: Scheduler, identifier: tuple[str, str]) -> Callable[[], None]:
    profiles = Profiles(world.profiles)  # type: ignore[arg-type]

    def job() -> None:
        for _ in range(scheduler.chance.randrange(100)):
            scheduler.step()
        profile = None
        while True:
            try:
                profile = profile or profiles.find(*identifier)
                profiles.erase(profile, ERASED)
                return
            except NotFound:
                return
            except (Conflict, Unavailable, Crash):
                continue

    return job


def living(world: World) -> list[Any]:
    found = [world.profiles.load([profile])[profile] for profile, kind in world.profiles.items if kind == "A"]
    return [aggregate for aggregate in found if aggregate.merged_into is None and aggregate.erased is None]


@pytest.mark.parametrize("faults", [0, 0.02])
@pytest.mark.parametrize("pool", [ONE_PERSON, TWO_PEOPLE], ids=["one person", "two people"])
def test_every_event_is_applied_once_whatever_meets(pool, faults):
    for seed in range(TRIALS):
        world, events = race(seed, pool, faults)
        profiles = Profiles(world.profiles)
        times: Counter[tuple[str, int]] = Counter()
        for aggregate in living(world):
            own = profiles.history(aggregate)
            times.update((one.key, one.revision) for one in own)
            assert refold(own) == aggregate.snapshot, seed
            assert len([kind for kind, _ in aggregate.owned() if kind == "user_id"]) <= 1, seed
        assert times == Counter((one.key, one.revision) for one in events), seed
        assert not [profile for profile, kind in world.profiles.items
                    if kind == "A" and world.profiles.load([profile])[profile].outbox], seed
        assert {row["messageId"] for row in world.raw.rows() if row["row"] == "event"} == {one.message_id for one in events}


@pytest.mark.parametrize("faults", [0, 0.02])
def test_an_erasure_leaves_nothing_and_nothing_comes_back(faults):
    for seed in range(TRIALS):
        world, _ = race(seed, ONE_PERSON, faults, erased=ANN)
        world.consumer.apply([world.record(encode_ticks(world.profiles.due(T0 + 60_000 + PAGES_AGAIN, 100)))])
        gone = {profile for (profile, kind), item in world.profiles.items.items() if kind == "A" and item[3] is not None}
        left = [key for key, item in world.profiles.items.items()
                if (key[0] == "I" and item[0] in gone) or (key[1].startswith("E#") and key[0] in gone)]
        assert left == [], seed
        if gone:
            with pytest.raises(NotFound):
                Profiles(world.profiles).find(*ANN)
