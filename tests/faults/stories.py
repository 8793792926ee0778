"""Small seeded stories: batches of events, and between them somebody who merges people, takes them apart, and keeps them apart.

All that happens to a person has a time of its own, so that it does not depend on a drawn id who survives a merge: the story
without a fault is the reference for the same story with one.
"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from socle.consumer.batch import Record
from socle.errors import Rejected
from socle.events.model import Event, Identifier
from socle.events.stream import encode_events
from socle.identity.model import MANUAL, Evidence
from socle.identity.service.graph import IdentityGraph
from socle.identity.service.join import load_roots
from socle.lake.raw import encode_moved
from tests.faults.workloads import ANN, ARRIVAL, BOB, HOOKS, KIOSK, LAPTOP, MAIL, OTHER_MAIL, PHONE, Ids, Workload, drawn_limits
from tests.memory import MemoryProfiles
from tests.people import T0, event
from tests.world import World

MERGE, UNMERGE, APART = "merge", "unmerge", "keep apart"
NOON = T0 + 500_000
"""When somebody does the first of these; each takes a second."""

PEOPLE: dict[str, list[Ids]] = {
    "two who never meet": [(ANN,), (ANN, PHONE), (PHONE,), (BOB,), (BOB, LAPTOP), (LAPTOP,)],
    "two who share a device": [(ANN,), (ANN, KIOSK), (KIOSK,), (BOB,), (BOB, KIOSK), (BOB, OTHER_MAIL)],
    "devices of one": [(ANN,), (KIOSK,), (PHONE,), (LAPTOP,), (KIOSK, PHONE), (ANN, LAPTOP), (MAIL, PHONE)],
    "visitors": [(KIOSK,), (PHONE,), (LAPTOP,), (MAIL,), (MAIL, PHONE), (LAPTOP, KIOSK)],
}


class Action(NamedTuple):
    """What somebody does, people by an identifier each; `which` of the members when one is taken out."""

    kind: str
    one: Identifier
    other: Identifier
    which: int
    now: int


class Call(NamedTuple):
    """An action with the ids of profiles: what is asked again when no answer came. None: there is nobody to ask it of."""

    kind: str
    profile: str | None
    other: str | None
    now: int


class Story(NamedTuple):
    """Batches and actions in order; `load` says what was sent, and under which limits."""

    steps: list[list[Record] | Action]
    load: Workload

    @property
    def batches(self) -> list[list[Record]]:
        return [step for step in self.steps if not isinstance(step, Action)]


def story(seed: str) -> Story:
    """The story of a seed: 7 to 12 events in batches of one to three, and 2 to 4 actions."""
    chance = random.Random(seed)
    pool = PEOPLE[chance.choice(list(PEOPLE))]
    events = _events(chance, pool, chance.randrange(7, 13))
    if chance.random() < 0.7:
        events.sort(key=lambda one: len(one.ids) + chance.random() * 1.5)
    # Two shards do not keep the order in which requests were answered, but about so.
    events = [one._replace(received=T0 + 200_000 + 10 * place + chance.randrange(25)) for place, one in enumerate(events)]
    steps: list[Any] = []
    left = list(events)
    while left:
        size = chance.randrange(1, 4)
        steps.append(left[:size])
        left = left[size:]
    for number in range(chance.randrange(2, 5)):
        steps.insert(chance.randrange(1, len(steps) + 1), number)
    steps = [_action(chance, step, steps[:place]) if isinstance(step, int) else _records(step)
             for place, step in enumerate(steps)]
    records = [record for step in steps if not isinstance(step, Action) for record in step]
    return Story(steps, Workload(records, [], events, set(), {one.ids for one in events}, chance.choice(HOOKS), False,
                                 drawn_limits(chance)))


def _events(chance: random.Random, pool: list[Ids], size: int) -> list[Event]:
    """Events each with its time, late or not; some correct another one."""
    found: list[Event] = []
    times = chance.sample(range(100), size)
    for number in range(size):
        more: dict[str, Any] = chance.choice([
            {}, {"properties": {"noise": "n" * 200}},
            {"name": "Order Completed", "properties": {"order_id": chance.choice("ab"), "revenue": chance.randrange(9)}},
            {"name": "$identify", "type": "identify", "traits": {chance.choice("xy"): chance.randrange(9)}}])
        one = event(number, *chance.choice(pool), ts=T0 + times[number] * 1_000, received=T0 + 200_000 + number, **more)
        if found and chance.random() < 0.15:
            earlier = chance.choice(found)
            one = one._replace(ts=earlier.ts, message_id=earlier.message_id, revision=number)
        found.append(one)
    return found


def _action(chance: random.Random, number: int, before: list[Any]) -> Action:
    known = sorted({one for step in before if isinstance(step, list) for event in step for one in event.ids})
    one, other = (chance.choice(known) for _ in range(2))
    return Action(chance.choice([MERGE, MERGE, UNMERGE, UNMERGE, UNMERGE, APART]), one, other, chance.randrange(3),
                  NOON + number * 1_000)


def _records(events: list[Event]) -> list[Record]:
    return [Record("shard-0", f"{one.received:020d}{one.message_id}-{one.revision}", ARRIVAL, encode_events([one]))
            for one in events]


def graph_of(world: World) -> IdentityGraph:
    """The graph over the stores of a world: what an unmerge moves is kept beside the batches."""
    def moved(name: str, now: int, rows: Any) -> None:
        world.raw.save(name, now, encode_moved(rows, name, now))

    return IdentityGraph(world.profiles, moved=moved)  # type: ignore[arg-type]


def looked_up(world: World, action: Action) -> Call:
    """What somebody asks who sees the world as it is. Members are told apart by why they were merged, not by their ids."""
    quiet = MemoryProfiles()
    quiet.items = world.profiles.items
    rows = quiet.owners([action.one, action.other])
    aggregates, roots = load_roots(quiet, {row.profile for row in rows.values()})  # type: ignore[arg-type]
    one, other = (roots[rows[name].profile] if name in rows else None for name in (action.one, action.other))
    if action.kind == UNMERGE and one is not None:
        members = sorted(aggregates[one].members, key=lambda name: repr(aggregates[one].members[name].evidence))
        other = members[action.which % len(members)] if members else None
    return Call(action.kind, one, other, action.now)


def ask(graph: IdentityGraph, call: Call) -> str:
    """Do it once; answers "done", or the code with which it was refused."""
    if call.profile is None or call.other is None:
        return "nobody"
    try:
        if call.kind == MERGE:
            graph.merge(call.profile, call.other, Evidence(MANUAL, call.now, detail="somebody"), call.now)
        elif call.kind == UNMERGE:
            graph.unmerge(call.profile, call.other, call.now)
        else:
            graph.keep_apart(call.profile, call.other, call.now)
    except Rejected as error:
        return error.code
    return "done"
