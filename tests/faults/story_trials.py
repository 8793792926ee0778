"""Trials of one story: without a fault, with every single one, with pairs, and with consumers and somebody who race.

Trial `7.31` of seed 1 is the 31st of story 7. Whatever broke off is asked again, as it was, by the stream or by the person.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from socle.consumer.batch import Record
from socle.errors import Unavailable
from socle.events.stream import encode_ticks
from tests.faults.calls import Crash, FaultyCalls, kinds
from tests.faults.promises import Broken, check
from tests.faults.races import DELIVERIES, RacingCalls, consumer
from tests.faults.schedule import Scheduler
from tests.faults.stories import NOON, Action, Call, Story, ask, graph_of, looked_up, story
from tests.faults.story_promises import inspect_story
from tests.faults.trials import Faults, Moment, limits, restore, saved
from tests.faults.workloads import ARRIVAL
from tests.world import World

PAIRS = 60
RACES = 50
_TRIES = 60


@dataclass
class Told:
    """A story without a fault: its requests, the world before each step, what each action came to, the people in the end."""

    story: Story
    moments: list[Moment] = field(default_factory=list)
    log: list[tuple[str, int, bool]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    people: dict = field(default_factory=dict)


def told(seed: int, number: int) -> Told:
    """The reference; it must keep all promises itself."""
    one = Told(story(f"{seed}.{number} story"))
    calls = FaultyCalls()
    world = World(one.story.load.hooks, calls)
    with limits(one.story.load):
        for step in one.story.steps:
            one.moments.append(Moment(len(calls.log), saved(world)))
            one.answers += do(world, step)
        one.log = list(calls.log)
        again(world, one.story.batches)
        one.people = inspect_story(world, one.story)
    return one


def enumerate_faults(seed: int, number: int, one: Told) -> Iterator[Faults]:
    """Every single fault, then pairs, then races; the same for the same seed and number."""
    chance = random.Random(f"{seed}.{number} story pairs")
    singles = [{at: kind} for at, call in enumerate(one.log) for kind in kinds(*call)]
    pairs = []
    for _ in range(PAIRS):
        [(at, kind)] = chance.choice(singles).items()
        second = at + chance.randrange(1, 12)
        pairs.append({at: kind, second: chance.choice(kinds(*one.log[min(second, len(one.log) - 1)]))})
    for index, faults in enumerate([*singles, *pairs, *[None] * RACES]):
        yield Faults(index, faults)


def attempt(seed: int, number: int, one: Told, faults: Faults) -> None:
    """One trial. Raises Broken, or whatever was raised that is no outage."""
    chance = random.Random(f"{seed}.{number}.{faults.index} story")
    with limits(one.story.load):
        if faults.at is None:
            world = race(chance, one.story)
            again(world, one.story.batches)
            inspect_story(world, one.story)
            return
        place = max(index for index, moment in enumerate(one.moments) if moment.requests <= min(faults.at))
        moment = one.moments[place]
        calls = FaultyCalls({at - moment.requests: kind for at, kind in faults.at.items()})
        world = World(one.story.load.hooks, calls)
        restore(world, moment.state)
        answers = [answer for step in one.story.steps[place:] for answer in do(world, step)]
        calls.faults.clear()
        calls.arrive()
        again(world, one.story.batches)
        people = inspect_story(world, one.story)
    wanted = one.answers[len(one.answers) - len(answers):]
    check(answers == wanted, "an answer is another than without a fault:", answers, wanted)
    for identifiers, seen in one.people.items():
        check(people.get(identifiers) == seen, "a person is another than without a fault:", people.get(identifiers), seen)
    check(len(people) == len(one.people), "there are people who should not be:", set(people) - set(one.people))


def do(world: World, step: list[Record] | Action) -> list[str]:
    """A step of the story until it is through; answers what an action came to."""
    call: Any = looked_up(world, step) if isinstance(step, Action) else None
    for _ in range(_TRIES):
        try:
            if call is not None:
                return [ask(graph_of(world), call)]
            world.consumer.apply(step)  # type: ignore[arg-type]
            return []
        except (Crash, Unavailable):
            continue
    raise Broken("the step never came through")


def again(world: World, batches: list[list[Record]]) -> None:
    """Who is due gets a tick; then the whole stream is read again, and nothing is applied that was. (Identifiers that somebody
    else had when their event came first may be free to link people now.)"""
    sweep(world)
    for batch in batches:
        outcome = world.consumer.apply(batch)
        check(outcome.applied == outcome.effects == 0, "what was delivered again was applied again:", outcome)


def sweep(world: World) -> None:
    for tick in world.profiles.due(NOON * 2, 1_000):
        name = f"9{tick.due}{world.profiles.items[tick.profile, 'A'][0]:06d}{tick.profile[1:]}"
        world.consumer.apply([Record("shard-0", name, ARRIVAL, encode_ticks([tick]))])
    check(not world.profiles.due(NOON * 2, 1_000), "a profile stays due")


def race(chance: random.Random, one: Story) -> World:
    """Two consumers share the stream, some of it in both; somebody acts meanwhile. Answers what is left."""
    scheduler = Scheduler(chance)
    calls = RacingCalls(scheduler, chance.choice([0, 0, 0.02, 0.05]))
    world = World(one.load.hooks, calls)
    shares: list[list[Record]] = [[], []]
    for record in one.load.records:
        for share in chance.sample(shares, 2 if chance.random() < 0.3 else 1):
            share.append(record)
    actions = [step for step in one.steps if isinstance(step, Action)]
    actions += chance.choices(actions, k=2)
    scheduler.run([*(consumer(world, scheduler, share) for share in shares), _somebody(world, scheduler, actions)])
    calls.end()
    return world


def _somebody(world: World, scheduler: Scheduler, actions: list[Action]) -> Any:
    def job() -> None:
        for action in actions:
            for _ in range(scheduler.chance.randrange(60)):
                scheduler.step()
            call: Call = looked_up(world, action)
            for _ in range(DELIVERIES):
                try:
                    ask(graph_of(world), call)
                    break
                except (Crash, Unavailable):
                    scheduler.step()
            else:
                raise Broken("what was asked for is never done")

    return job
