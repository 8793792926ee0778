"""Trials of one workload: without a fault, with every single one, with pairs, and with consumers that race.

Trial `7.31` of seed 1 is the 31st of workload 7, whatever ran before it. A trial begins where the batch with its first
fault begins: up to there it would repeat the run without a fault.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from socle.consumer import service
from socle.consumer.batch import Record
from socle.errors import Unavailable
from socle.events.stream import decode, encode_ticks
from socle.lake import raw
from socle.profiles.codec import encode_aggregate
from socle.profiles.model import Aggregate
from socle.profiles.store import Owner
from tests.faults.calls import Crash, FaultyCalls, kinds
from tests.faults.promises import Broken, check, compare_with_fold, inspect
from tests.faults.races import race
from tests.faults.workloads import ARRIVAL, DUE, TESS, TIMER, Workload, recut, workload
from tests.memory import MemoryProfiles
from tests.world import World

PAIRS = 120
RACES = 50
"""Trials of each workload, beside one for each call and kind of fault."""
_DELIVERIES = 60


class Faults(NamedTuple):
    """One trial: request number → what goes wrong with it; None for a race."""

    index: int
    at: dict[int, str] | None

    @property
    def kind(self) -> str:
        return "races" if self.at is None else ("singles", "pairs")[len(self.at) - 1]


@dataclass
class Moment:
    """A world between two batches of the run without a fault, and how many requests it had made."""

    requests: int
    state: tuple


@dataclass
class Run:
    """A workload without a fault: its requests, the world before each batch, and what readers saw in the end."""

    workload: Workload
    batches: list[list[Record]]
    moments: list[Moment] = field(default_factory=list)
    log: list[tuple[str, int, bool]] = field(default_factory=list)
    people: dict = field(default_factory=dict)


def fault_free(seed: int, number: int) -> Run:
    """The reference; it must keep all promises itself, and be the fold of what was sent."""
    load = workload(f"{seed}.{number}")
    left = iter(load.records)
    run = Run(load, [[next(left) for _ in range(size)] for size in load.cuts])
    calls = FaultyCalls()
    world = begin(load, calls)
    with limits(load):
        for batch in run.batches:
            run.moments.append(Moment(len(calls.log), saved(world)))
            world.consumer.apply(batch)
        run.log = calls.log
        run.people = inspect(world, load)
    compare_with_fold(run.people, load)
    return run


def enumerate_faults(seed: int, number: int, run: Run) -> Iterator[Faults]:
    """Every single fault, then pairs, then races; the same for the same seed and number."""
    chance = random.Random(f"{seed}.{number} pairs")
    singles = [{at: kind} for at, call in enumerate(run.log) for kind in kinds(*call)]
    pairs = []
    for _ in range(PAIRS):
        first, second = chance.choice(singles), chance.randrange(1, 12)
        [(at, kind)] = first.items()
        call = run.log[min(at + second, len(run.log) - 1)]
        pairs.append({at: kind, at + second: chance.choice(kinds(*call))})
    for index, faults in enumerate([*singles, *pairs, *[None] * RACES]):
        yield Faults(index, faults)


def attempt(seed: int, number: int, run: Run, faults: Faults) -> None:
    """One trial. Raises Broken, or whatever the consumer raised that is no outage."""
    chance = random.Random(f"{seed}.{number}.{faults.index}")
    with limits(run.workload):
        if faults.at is None:
            world = race(chance, run.workload, begin)
            sweep(run.workload, world.consumer, world.profiles)
            compare_with_fold(inspect(world, run.workload), run.workload)
            return
        people = inspect(_after(run, faults.at, chance), run.workload)
    for identifiers, seen in run.people.items():
        check(people.get(identifiers) == seen, "a person is another than without a fault:", people.get(identifiers), seen)
    check(len(people) == len(run.people), "there are people who should not be:", set(people) - set(run.people))


def _after(run: Run, faults: dict[int, str], chance: random.Random) -> World:
    """The world when everything was delivered, in spite of these faults."""
    place = max(index for index, moment in enumerate(run.moments) if moment.requests <= min(faults))
    moment = run.moments[place]
    calls = FaultyCalls({at - moment.requests: kind for at, kind in faults.items()})
    world = World(run.workload.hooks, calls)
    restore(world, moment.state)
    deliver(world, run.batches[place:], chance)
    calls.faults.clear()
    if chance.random() < 0.2:
        # The stream is read again from somewhere: everything was there.
        start = chance.randrange(len(run.workload.records))
        for batch in recut(chance, run.workload.records[start:]):
            outcome = world.consumer.apply(batch)
            check(outcome.applied == outcome.effects == 0, "what was delivered again was applied again:", outcome)
    calls.arrive()
    sweep(run.workload, world.consumer, world.profiles)
    return world


def deliver(world: World, batches: list[list[Record]], chance: random.Random) -> None:
    """Deliver as Lambda does: a batch that failed comes again, as it was, in halves, or with the rest of the stream cut anew."""
    left = list(batches)
    for _ in range(_DELIVERIES):
        if not left:
            return
        batch = left[0]
        try:
            world.consumer.apply(batch)
            del left[0]
        except (Crash, Unavailable):
            how = chance.choice(["again", "in halves", "cut anew"])
            if how == "in halves" and len(batch) > 1:
                left[:1] = [batch[:len(batch) // 2], batch[len(batch) // 2:]]
            elif how == "cut anew":
                left = recut(chance, [record for one in left for record in one])
    raise Broken("the batch never came through")


def sweep(load: Workload, consumer: service.Consumer, profiles: Any) -> None:
    """Who is still due gets another tick: one that lost a race was dropped."""
    for tick in profiles.due(DUE, 100) if load.timer else ():
        consumer.apply([Record("shard-0", "9" * 20, ARRIVAL, encode_ticks([tick]))])


def begin(load: Workload, calls: FaultyCalls) -> World:
    """A world with, perhaps, a profile in it that is due."""
    world = World(load.hooks, calls)
    if load.timer:
        due = Aggregate(TIMER, 1, reserved=frozenset([TESS]), due=DUE)
        known = MemoryProfiles()
        known.bind(due, encode_aggregate(due), TESS, Owner(TIMER, 0))
        world.profiles.items |= known.items
    return world


def saved(world: World) -> tuple:
    return (dict(world.profiles.items), dict(world.profiles.past), dict(world.raw.objects), dict(world.quarantine.rows),
            list(world.queue.sent), world.drawn)


def restore(world: World, state: tuple) -> None:
    items, past, objects, rows, sent, drawn = state
    world.profiles.items, world.profiles.past = dict(items), dict(past)
    world.raw.objects, world.quarantine.rows = dict(objects), dict(rows)
    world.queue.sent, world.drawn = list(sent), drawn


@contextmanager
def limits(load: Workload) -> Iterator[None]:
    """The workload's limits of sealing and draining; and what costs time and is none of the matter is spared: unpacking a
    record again, packing raw objects."""
    wanted = [(*place, value) for place, value in load.limits.items() if hasattr(*place)]
    wanted += [(service, "decode", _decode), (raw, "gzip", _Unpacked)]
    before = [(module, name, getattr(module, name)) for module, name, _ in wanted]
    try:
        for module, name, value in wanted:
            setattr(module, name, value)
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


_decode = lru_cache(4_096)(decode)


class _Unpacked:
    """gzip that leaves everything as it is."""

    @staticmethod
    def compress(data: bytes, **_: int) -> bytes:
        return data

    @staticmethod
    def decompress(data: bytes) -> bytes:
        return data
