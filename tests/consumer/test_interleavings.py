"""Consumers that meet on the same people, cut off anywhere: a seeded scheduler switches between them at every call of a store.

Each consumer is a thread that runs only when the scheduler lets it, from one call to the next; reads of many items are torn
into one call each, as BatchGetItem is no snapshot. A call may be the last of its batch, before or after its effect; then
the batch is delivered again. In the end everything is there once.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from socle.consumer.service import Consumer
from socle.errors import Conflict, NotFound, Unavailable
from socle.events.model import Event
from socle.events.stream import encode_events
from socle.profiles import seal
from socle.profiles.fold import refold
from socle.profiles.service import Profiles
from tests.memory import World
from tests.people import T0, event

TRIALS = 1_000 if os.environ.get("HYPOTHESIS_PROFILE") == "trials" else 40
"""Seeds of each parameter; `make trials` runs many more."""

ANN, BOB = ("user_id", "ann"), ("user_id", "bob")
KIOSK, PHONE, MAIL = ("anonymous_id", "kiosk"), ("anonymous_id", "phone"), ("email", "ann@example.com")
ONE_PERSON = [(ANN,), (KIOSK,), (PHONE,), (ANN, KIOSK), (ANN, PHONE), (MAIL, PHONE), (ANN, MAIL)]
TWO_PEOPLE = [*ONE_PERSON, (BOB,), (BOB, KIOSK), (BOB, PHONE)]


class Scheduler:
    """Lets one thread run at a time, chosen by `chance`, from one `step` to the next."""

    def __init__(self, chance: random.Random, crashes: float) -> None:
        self.chance = chance
        self._crashes = crashes
        self._turns: dict[threading.Thread, threading.Semaphore] = {}
        self._back = threading.Semaphore(0)
        self.errors: list[BaseException] = []

    def step(self) -> None:
        """A point at which another thread may go on, or this one's batch ends."""
        turn = self._turns.get(threading.current_thread())
        if turn is None:
            return
        self._back.release()
        turn.acquire()
        if self.chance.random() < self._crashes:
            raise Unavailable("cut_off", "the function was stopped")

    def run(self, jobs: list[Callable[[], None]]) -> None:
        live = [threading.Thread(target=self._job, args=(job,), daemon=True) for job in jobs]
        self._turns = {thread: threading.Semaphore(0) for thread in live}
        for thread in live:
            thread.start()
        while live:
            thread = self.chance.choice(live)
            self._turns[thread].release()
            self._back.acquire()
            live = [thread for thread in live if thread in self._turns]

    def _job(self, job: Callable[[], None]) -> None:
        me = threading.current_thread()
        self._turns[me].acquire()
        try:
            job()
        except BaseException as error:
            self.errors.append(error)
        finally:
            del self._turns[me]
            self._back.release()


class Stepped:
    """A store whose every call is two steps, one before and one after its effect; reads of many are torn apart."""

    TORN = ("load", "load_pages", "owners", "erased")

    def __init__(self, store: Any, scheduler: Scheduler) -> None:
        self._store, self._scheduler = store, scheduler

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._store, name)

        def stepped(*asked: Any) -> Any:
            if name in self.TORN:
                found: dict[Any, Any] = {}
                for one in self._scheduler.chance.sample(list(dict.fromkeys(asked[0])), len(list(dict.fromkeys(asked[0])))):
                    self._scheduler.step()
                    found |= call([one])
                return found
            self._scheduler.step()
            answer = call(*asked)
            self._scheduler.step()
            return answer

        return stepped


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


def race(seed: int, pool: list[tuple[tuple[str, str], ...]], crashes: float,
         erased: tuple[str, str] | None = None) -> tuple[World, list[Event]]:
    """Two consumers share the deliveries of a history, half of them repeated; perhaps somebody is erased meanwhile."""
    chance = random.Random(seed)
    world, scheduler = World(), Scheduler(chance, crashes)
    events = history(chance, pool)
    deliveries = events + chance.choices(events, k=len(events) // 2)
    chance.shuffle(deliveries)
    jobs = [consumer(world, scheduler, deliveries[share::2]) for share in range(2)]
    if erased is not None:
        jobs.append(eraser(world, scheduler, erased))
    small = {"BUDGET": chance.choice([0, 300, 900]), "MIN_ENTRIES": chance.randrange(1, 4), "PER_PAGE": 0,
             "PAGE_BYTES": chance.choice([200, 1_000, 50_000]), "KEPT_BYTES": chance.choice([0, 300, 8_000]),
             "MAX_LATE_PAGES": chance.randrange(1, 4)}
    with patch.multiple(seal, **small):
        scheduler.run(jobs)
    assert scheduler.errors == []
    assert not world.quarantine.rows
    return world, events


def consumer(world: World, scheduler: Scheduler, deliveries: list[Event]) -> Callable[[], None]:
    stepped = Consumer(Stepped(world.profiles, scheduler), Stepped(world.raw, scheduler), world.quarantine,  # type: ignore
                       Stepped(world.queue, scheduler), lambda: {"Order Completed": ["crm"]}, world.consumer._new_id)

    def job() -> None:
        left = deliveries
        while left:
            size = scheduler.chance.randrange(1, 6)
            batch, left = [world.record(encode_events(left[:size]))], left[size:]
            while True:
                try:
                    stepped.apply(batch)
                    break
                except Unavailable:
                    continue

    return job


def eraser(world: World, scheduler: Scheduler, identifier: tuple[str, str]) -> Callable[[], None]:
    profiles = Profiles(Stepped(world.profiles, scheduler))  # type: ignore[arg-type]

    def job() -> None:
        for _ in range(scheduler.chance.randrange(60)):
            try:
                scheduler.step()
            except Unavailable:
                continue
        profile = None
        while True:
            try:
                profile = profile or profiles.find(*identifier)
                profiles.erase(profile, T0 + 60_000)
                return
            except NotFound:
                return
            except (Conflict, Unavailable):
                continue

    return job


def living(world: World) -> list[Any]:
    found = [world.profiles.load([profile])[profile] for profile, kind in world.profiles.items if kind == "A"]
    return [aggregate for aggregate in found if aggregate.merged_into is None and aggregate.erased is None]


@pytest.mark.parametrize("crashes", [0, 0.01])
@pytest.mark.parametrize("pool", [ONE_PERSON, TWO_PEOPLE], ids=["one person", "two people"])
def test_every_event_is_applied_once_whatever_meets(pool, crashes):
    for seed in range(TRIALS):
        world, events = race(seed, pool, crashes)
        profiles = Profiles(world.profiles)
        times: Counter[tuple[str, int]] = Counter()
        for aggregate in living(world):
            own = profiles._events(aggregate)
            times.update((one.key, one.revision) for one in own)
            assert refold(own) == aggregate.snapshot, seed
            assert len([kind for kind, _ in aggregate.owned() if kind == "user_id"]) <= 1, seed
        assert times == Counter((one.key, one.revision) for one in events), seed
        assert not [profile for profile, kind in world.profiles.items
                    if kind == "A" and world.profiles.load([profile])[profile].outbox], seed
        assert {row["messageId"] for row in world.raw.rows() if row["row"] == "event"} == {one.message_id for one in events}


@pytest.mark.parametrize("crashes", [0, 0.01])
def test_an_erasure_leaves_nothing_and_nothing_comes_back(crashes):
    for seed in range(TRIALS):
        world, _ = race(seed, ONE_PERSON, crashes, erased=ANN)
        gone = {profile for (profile, kind), item in world.profiles.items.items() if kind == "A" and item[3] is not None}
        left = [key for key, item in world.profiles.items.items()
                if (key[0] == "I" and item[0] in gone) or (key[1].startswith("E#") and key[0] in gone)]
        assert left == [], seed
        if gone:
            with pytest.raises(NotFound):
                Profiles(world.profiles).find(*ANN)
