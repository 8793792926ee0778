"""Consumers that meet on the same people, delayed between any two calls, and cut off anywhere.

The records are shared between two consumers, some go to both (as when a function that was given up for dead goes on).
Reads of many items and batches of statements are torn into their parts: neither is a snapshot or a transaction.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from socle.consumer.batch import Record
from socle.errors import Unavailable
from tests.faults.calls import DIVISIBLE, Crash, FaultyCalls, kinds
from tests.faults.promises import Broken
from tests.faults.schedule import Scheduler
from tests.faults.workloads import Workload, recut
from tests.world import World

DELIVERIES = 100
"""Of one batch: what did not get through by then never will."""
STALE = 0.3
"""Of the reads that may be stale, so many are."""


class RacingCalls(FaultyCalls):
    """Calls between and within which others go on; each goes wrong with a probability of `faults`."""

    def __init__(self, scheduler: Scheduler, rate: float) -> None:
        super().__init__()
        self._scheduler, self._rate, self._stale = scheduler, rate, STALE

    def fault(self, number: int, name: str, parts: int, fresh: bool) -> str | None:
        chance = self._scheduler.chance
        if not fresh and chance.random() < self._stale:
            return "stale"
        return chance.choice(kinds(name, parts, fresh)) if chance.random() < self._rate else None

    def end(self) -> None:
        """What is asked from now on succeeds."""
        self._rate = self._stale = 0.0
        self.arrive()

    def do(self, name: str, effect: Callable[..., Any], parts: list[Any]) -> Any:
        self._scheduler.step()
        if name not in DIVISIBLE or len(parts) < 2:
            answer = effect(parts)
        else:
            order = sorted(parts, key=repr)
            self._scheduler.chance.shuffle(order)
            answer = effect(order[:1])
            for part in order[1:]:
                self._scheduler.step()
                more = effect([part])
                answer = answer if more is None else answer | more
        self._scheduler.step()
        return answer


def race(chance: random.Random, load: Workload, begin: Callable[[Workload, FaultyCalls], World]) -> World:
    """Two consumers, or three, deliver the stream of a workload; answers what is left."""
    scheduler = Scheduler(chance)
    calls = RacingCalls(scheduler, chance.choice([0, 0, 0.02, 0.05]))
    world = begin(load, calls)
    shares: list[list[Record]] = [[] for _ in range(chance.choice([2, 2, 2, 3]))]
    for record in load.records:
        for share in chance.sample(shares, 2 if chance.random() < 0.3 else 1):
            share.append(record)
    scheduler.run([consumer(world, scheduler, share) for share in shares])
    calls.end()
    return world


def consumer(world: World, scheduler: Scheduler, records: list[Record]) -> Callable[[], None]:
    """A job that delivers these records, again and again until they are through."""
    chance = scheduler.chance
    batches = recut(chance, records)

    def job() -> None:
        for batch in batches:
            for _ in range(DELIVERIES):
                try:
                    world.consumer.apply(batch)
                    break
                except (Crash, Unavailable):
                    scheduler.step()
            else:
                raise Broken("a batch never gets through")

    return job
