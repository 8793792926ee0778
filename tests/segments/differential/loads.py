"""One load: a few hundred random people, brought in by the real consumer, as a lake and as folded histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from socle.events.model import Event
from socle.lake.local import compact_local
from socle.lake.manifest import Manifest
from socle.lake.raw import decode_raw
from socle.profiles.decide import events_of
from socle.profiles.fold import highest_revisions
from socle.profiles.model import Aggregate, History
from socle.profiles.orders import standing
from socle.segments.evaluate import evaluate
from socle.segments.facts import person_of
from socle.segments.nodes import Node
from socle.segments.plan import Plans
from socle.segments.watches import watches
from tests.segments.differential.documents import Definitions, definitions
from tests.segments.differential.histories import given, history
from tests.segments.differential.predicates import Document
from tests.segments.differential.words import Moments, moments
from tests.world import World


@dataclass(frozen=True)
class Someone:
    """A person as they are: their aggregate, their events that count, and what was computed of them elsewhere."""

    aggregate: Aggregate
    events: Sequence[Event]
    given: dict[str, Any]


@dataclass(frozen=True)
class Load:
    """What both sides are asked about; `histories` are those of the world."""

    seed: str
    moments: Moments
    histories: Sequence[Sequence[Event]]
    world: World
    people: Mapping[str, Someone]
    definitions: Definitions

    def nodes(self) -> dict[str, Node]:
        """The segments as they are executed."""
        plans = Plans(self.definitions.segments, self.definitions.computed)
        return {name: plans.segment(name) for name in self.definitions.segments}


def load(seed: str, people: int, groups: int = 42) -> Load:
    """The same for the same seed: histories of `people`, shuffled among each other and cut into batches."""
    chance = Random(seed)
    about = moments(chance)
    histories = [history(chance, about, person) for person in range(people)]
    world = world_of(cut([one for each in histories for one in each], chance))
    known = everybody(world, seed)
    few = dict(chance.sample(sorted(known.items()), min(24, len(known))))
    made = definitions(chance, about, lambda made, one: telling(made, one, few, about.now), groups)
    return Load(seed, about, histories, world, known, made)


def telling(made: Definitions, document: Document, people: Mapping[str, Someone], now: int) -> float:
    """How much a segment tells of people: 1 where a tenth is in and a tenth is not, and somebody's millisecond has come."""
    node = Plans({**made.segments, "": document}, made.computed).segment("")
    found = watches([node])
    inside, edges, tenth = 0, 0, max(1, len(people) // 10)
    for profile, one in people.items():
        person = person_of(profile, one.aggregate.snapshot, one.given, found, one.events)
        before, after = evaluate(node, person, now).true, evaluate(node, person, now + 1).true
        inside += before
        edges += before != after
    return 0.8 * min(inside, len(people) - inside, tenth) / tenth + (0.2 if edges or not moves(node) else 0.0)


def moves(node: Node) -> bool:
    """Whether time alone may change who is in: something in it is relative to now."""
    return "Edge(relative=True" in repr(node) or "every=" in repr(node) or "Anniversary" in repr(node)


def cut(events: Sequence[Event], chance: Random) -> list[list[Event]]:
    """Events in a random order and in batches of random sizes."""
    events = chance.sample(list(events), len(events))
    batches = []
    while events:
        size = chance.choice((1, 7, 40, 100))
        batches.append(events[:size])
        events = events[size:]
    return batches


def world_of(batches: Sequence[Sequence[Event]]) -> World:
    """A world that was told these batches."""
    world = World()
    for batch in batches:
        world.deliver(*batch)
    return world


def everybody(world: World, seed: str) -> dict[str, Someone]:
    """Profile id → who is somebody of their own now."""
    found = {}
    profiles = [profile for profile, kind in world.profiles.items if kind == "A"]
    aggregates = world.profiles.load(profiles)
    for profile, aggregate in aggregates.items():
        if aggregate.merged_into is None and aggregate.snapshot.events:
            found[profile] = Someone(aggregate, events_that_count(world, aggregate), given_to(profile, seed))
    return found


def events_that_count(world: World, aggregate: Aggregate) -> list[Event]:
    """The whole history: the highest revisions, and of the events of one order those that stand."""
    history = History(world.profiles.load([aggregate.id, *aggregate.members]))
    history.pages = world.profiles.load_pages(history.wanted(aggregate).pages)
    return standing(highest_revisions(events_of(aggregate, history)))


def given_to(profile: str, seed: str) -> dict[str, Any]:
    """What was computed of a profile elsewhere: a pure function of both."""
    chance = Random(f"{seed} {profile}")
    return given(chance, moments(Random(seed)), ("fans", "others"))


def lake_of(world: World, seed: str, directory: Path, columns: Sequence[Any] = (), buckets: int = 1) -> Manifest:
    """A lake of everything in the world's raw objects, compacted in two steps; given values as they would be written."""
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for number, data in enumerate(world.raw.objects.values()):
        rows = decode_raw(data)
        for row in rows:
            if row["row"] == "profile":
                row["given"] = given_to(row["profile"], seed)
        files.append(directory / f"{number}.ndjson.gz")
        files[-1].write_bytes(packed(rows))
    half = len(files) // 2
    compact_local(files[:half], directory / "lake", buckets)
    return compact_local(files[half:], directory / "lake", buckets, columns)


def packed(rows: Sequence[dict[str, Any]]) -> bytes:
    """Rows as a raw object."""
    import gzip
    import json

    return gzip.compress("\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode(), 1)
