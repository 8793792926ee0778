"""Stories of segments as they are followed live: events late and in any order, ticks early or late, people merged and taken
apart, segments defined, edited and deleted, values from elsewhere; and beside it what a look at everything would say."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from random import Random

from socle.clock import DAY
from socle.definitions.model import Definition
from socle.errors import NotFound, Rejected
from socle.events.model import RECHECK, Tick
from socle.events.stream import encode_ticks
from socle.segments.evaluate import evaluate
from socle.segments.facts import person_of
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS, LiveRules
from tests.faults.stories import graph_of
from tests.segments.differential.documents import Definitions
from tests.segments.differential.histories import history
from tests.segments.differential.loads import everybody, given_to
from tests.segments.differential.words import DURATIONS, Moments
from tests.world import World

FOLLOWED = 14
"""Segments at a time."""


class Story:
    """One world whose clock goes on; `step` lets something happen, `looks` compares."""

    def __init__(self, seed: str, moments: Moments, pool: Definitions) -> None:
        self.chance = Random(seed)
        self.seed, self.moments, self.pool = seed, moments, pool
        self.world = World()
        self.world.now = moments.now - 100 * DAY
        self.version = 0
        self.cases = self.flips = 0
        events = [one for person in range(5) for one in history(self.chance, moments, person)]
        self.left = sorted((one._replace(received=max(one.at, one.received)) for one in events), key=lambda one: one.received)
        self.segments: dict[str, Definition] = {}
        self.computed = [Definition(COMPUTED_TRAITS, name, 1, one, 0, 0) for name, one in pool.computed.items()]
        if self.chance.random() < 0.7:
            self.define()

    def define(self) -> None:
        """Some segments are deleted, some written anew, some new."""
        self.version += 1
        for name in self.chance.sample(sorted(self.segments), len(self.segments) // 4):
            del self.segments[name]
        while len(self.segments) < FOLLOWED:
            place = f"n{self.chance.randrange(3 * FOLLOWED)}"
            document = self.pool.segments[self.chance.choice(list(self.pool.segments))]
            self.segments[place] = Definition(SEGMENTS, place, self.version, document, 0, 0)
        self.world.rules = self.world.rules._replace(segments=LiveRules.of(self.segments.values(), self.computed))

    def step(self) -> None:
        """Time goes on, often to the edge of a window; then something happens."""
        chance, world = self.chance, self.world
        self.wait(self._later())
        what = chance.random()
        if what < 0.6:
            self.deliver()
        elif what < 0.7:
            self.define()
        elif what < 0.85:
            profile = self._somebody()
            if profile:
                values = given_to(profile, self.seed + str(self.version))
                self.tick([Tick(profile, RECHECK, {name: chance.choice((value, value, None)) for name, value in values.items()})])
        elif what < 0.93:
            profile = self._somebody()
            members = sorted(world.profiles.load([profile])[profile].members) if profile else []
            if members:
                with suppress(Rejected, NotFound):
                    graph_of(world).unmerge(str(profile), chance.choice(members), world.now)

    def deliver(self) -> None:
        """Some of the events that are known by now, the older ones not always first."""
        known = [one for one in self.left if one.received <= self.world.now]
        some = self.chance.sample(known, min(len(known), self.chance.choice((1, 3, 10, 30))))
        self.left = [one for one in self.left if not any(one is other for other in some)]
        if some:
            self.world.deliver(*some)

    def wait(self, until: int) -> None:
        """Ticks are sent when they are due, or at some time after it; at `until` all of them have been."""
        world = self.world
        for _ in range(200):
            due = sorted(world.profiles.due(until, 100), key=lambda tick: tick.due)
            if not due:
                break
            world.now = max(world.now, min(until, due[0].due + self.chance.choice((0, 0, 1, 60_000))))
            self.tick([tick for tick in due if tick.due <= world.now])
        else:
            raise AssertionError(f"{self.seed}: due again and again")
        world.now = until

    def tick(self, ticks: Sequence[Tick]) -> None:
        self.world.consumer.apply([self.world.record(encode_ticks(ticks))])

    def recompute(self) -> None:
        """The scheduled recompute looks for whoever was evaluated under other definitions."""
        number = self.world.rules.segments.number
        behind = [name for name, one in everybody(self.world, self.seed).items() if one.aggregate.evaluated != number]
        if behind:
            self.tick([Tick(name, RECHECK) for name in behind])
        self.wait(self.world.now)

    def looks(self) -> list[str]:
        """Where live membership is not what the whole history says, or would change before it is said to."""
        world, rules, now = self.world, self.world.rules.segments, self.world.now
        found = []
        for profile, one in everybody(world, self.seed).items():
            watched = {watch.selector: watch for watch in rules.watches}
            person = person_of(profile, one.aggregate.snapshot, one.aggregate.given, watched, one.events)
            for name, node in rules.segments.items():
                verdict = evaluate(node, person, now)
                self.cases += 1
                if verdict.true != (name in one.aggregate.segments):
                    found.append(f"{self.seed} {name} {profile} at {now}: live {name in one.aggregate.segments}")
                end = verdict.flips or now + 40 * DAY
                if end <= now:
                    found.append(f"{self.seed} {name} {profile} at {now}: flips in the past")
                for moment in {end - 1, self.chance.randrange(now, end)} if end > now else ():
                    self.flips += 1
                    if evaluate(node, person, moment).true != verdict.true:
                        found.append(f"{self.seed} {name} {profile} at {now}: flips by {moment}, said {verdict.flips}")
        return found

    def _later(self) -> int:
        chance, now = self.chance, self.world.now
        if self.left and chance.random() < 0.5:
            return max(now, self.left[min(len(self.left) - 1, chance.choice((0, 2, 8)))].received)
        edges = [self.moments.now, *(now + length for length in tuple(DURATIONS.values())[:6])]
        return max(now, chance.choice(edges) + chance.choice((-1, 0, 1)))

    def _somebody(self) -> str | None:
        people = sorted(everybody(self.world, self.seed))
        return self.chance.choice(people) if people else None
