"""Nobody gets a message twice, nobody who may not get it gets it, and nobody is forgotten: whatever goes wrong, wherever.

Every call of a chunk's sending fails in every way, alone and in pairs, while people are merged, erased, suppressed and
unsubscribe before any of the calls; and two workers meet on one chunk.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any
from unittest.mock import patch

import pytest

from socle.errors import Conflict, Unavailable
from socle.messages.store import Ledger
from tests.faults.calls import Crash, FaultyCalls, kinds
from tests.faults.races import RacingCalls
from tests.faults.schedule import Scheduler
from tests.messages.promises import Broken, inspect
from tests.messages.trial import HAPPENINGS, RETRIES, World, work

Trial = tuple[dict[int, str], list[tuple[int, str]]]


@cache
def fault_free() -> list[tuple[str, int, bool]]:
    """The calls of a chunk when nothing goes wrong."""
    world = World(FaultyCalls())
    work(world)
    inspect(world)
    return world.calls.log


def singles() -> Iterator[Trial]:
    """Every fault of every call."""
    for number, (name, parts, fresh) in enumerate(fault_free()):
        for kind in kinds(name, parts, fresh):
            yield {number: kind}, []


def meanwhile() -> Iterator[Trial]:
    """Whatever happens to people before every call, without and with a fault of that call or one nearby."""
    chance = random.Random(6)
    for number, what in product(range(len(fault_free()) + 1), HAPPENINGS):
        yield {}, [(number, what)]
        for _ in range(3):
            at = min(len(fault_free()) - 1, max(0, number + chance.choice((-1, 0, 1, 2))))
            yield {at: chance.choice(kinds(*fault_free()[at]))}, [(number, what)]


def pairs(count: int) -> Iterator[Trial]:
    """Two faults or three, and all that happens to people, anywhere."""
    chance = random.Random(7)
    for _ in range(count):
        last = len(fault_free()) + 6
        faults = {chance.randrange(last): chance.choice(kinds("TransactWriteItems", 2, True))
                  for _ in range(chance.choice((2, 3)))}
        yield faults, [(chance.randrange(last), what) for what in HAPPENINGS if chance.random() < 0.6]


def attempt(trial: Trial) -> World:
    faults, happenings = trial
    world = World(FaultyCalls(faults), happenings)
    work(world)
    world.calls.arrive()
    inspect(world)
    return world


def run(trials: Iterator[Trial]) -> tuple[int, list[str]]:
    count, wrong = 0, []
    for trial in trials:
        count += 1
        try:
            attempt(trial)
        except (Broken, AssertionError) as broken:
            wrong.append(f"{trial}: {broken}")
    return count, wrong


def test_without_faults_everybody_who_may_gets_it_and_the_rest_is_told_why():
    world = attempt(({}, []))
    reasons = {profile: (one.outcome, one.reason) for profile, one in world.outcomes().items()}
    assert reasons.pop("s2") == ("skipped", "address_taken")
    assert set(reasons.values()) == {("sent", "")}


def test_every_fault_of_every_call(record_property):
    count, wrong = run(singles())
    record_property("summary", f"send trials, one fault: {count}, divergences: {len(wrong)}")
    assert count > 100
    assert not wrong, "\n".join(wrong[:10])


def test_whatever_happens_to_people_before_any_call(record_property):
    count, wrong = run(meanwhile())
    record_property("summary", f"send trials, people change meanwhile: {count}, divergences: {len(wrong)}")
    assert not wrong, "\n".join(wrong[:10])


def test_several_faults_and_everything_that_happens_to_people(record_property):
    count, wrong = run(pairs(1_500))
    record_property("summary", f"send trials, several faults: {count}, divergences: {len(wrong)}")
    assert not wrong, "\n".join(wrong[:10])


def race(seed: int) -> World:
    """Two workers or three on one chunk, with everything that happens to people as a job of its own."""
    chance = random.Random(seed)
    scheduler = Scheduler(chance)
    world = World(RacingCalls(scheduler, chance.choice((0, 0, 0.02, 0.05))))
    deliver = world.deliver

    def delivers(*asked: Any) -> Any:
        scheduler.step()
        try:
            return deliver(*asked)
        finally:
            scheduler.step()

    world.deliver = delivers  # type: ignore[method-assign]

    def happening(what: str) -> Any:
        def job() -> None:
            for _ in range(chance.randrange(40)):
                scheduler.step()
            world.happen(what)
        return job

    scheduler.run([*[lambda: work(world, scheduler.step)] * chance.choice((2, 2, 3)),
                   *[happening(what) for what in HAPPENINGS if chance.random() < 0.6]])
    world.calls.end()
    work(world)
    inspect(world)
    return world


def test_workers_that_meet_on_one_chunk(record_property):
    count, wrong = 400, []
    for seed in range(count):
        try:
            race(seed)
        except (Broken, AssertionError) as broken:
            wrong.append(f"race {seed}: {broken}")
    record_property("summary", f"send races: {count}, divergences: {len(wrong)}")
    assert not wrong, "\n".join(wrong[:10])


def test_a_claim_without_its_conditions_is_found_out(monkeypatch):
    """The trials can fail."""
    def careless(self: Ledger, claims: Any) -> None:
        writes = [write for claim in claims for write in self._writes(claim)]
        self._dynamodb.transact_write_items(TransactItems=[
            {verb: {key: value for key, value in one.items() if "Condition" not in key and "Expression" not in key}}
            for write in writes for verb, one in write.items() if verb == "Put"])

    monkeypatch.setattr(Ledger, "claim", careless)
    wrong = []
    for seed in range(60):
        try:
            race(seed)
        except (Broken, AssertionError, Unavailable, Crash) as broken:
            wrong.append(broken)
    assert wrong


def test_who_was_claimed_alone_before_an_outage_is_sent_to():
    """Or nobody would ever know what became of them."""
    world = World(FaultyCalls(), [(0, "suppress")])
    claim, refused, alone = Ledger.claim, [], []

    def failing(self: Ledger, claims: Any) -> None:
        if len(claims) > 1 and not refused:
            refused.append(len(claims))
            raise Conflict("conflict", "somebody changed")
        if len(claims) == 1:
            alone.append(claims[0])
            if len(alone) == 3:
                raise Unavailable("throttled", "later")
        claim(self, claims)

    with patch.object(Ledger, "claim", failing):
        work(world)
    assert refused
    assert {one.outcome for one in world.outcomes().values()} == {"sent", "skipped"}


@pytest.mark.parametrize("what", HAPPENINGS)
def test_whatever_happens_meanwhile_is_seen_to_matter(what):
    """A trial in which it happens before the first call ends otherwise than one in which it does not happen."""
    assert RETRIES > 1
    before, without = attempt(({}, [(0, what)])), attempt(({}, []))
    assert len(before.delivered) == len(without.delivered) - 1
