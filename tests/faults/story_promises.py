"""What must hold beside tests.faults.promises when people were merged and unmerged on somebody's word.

Every event is in one profile, which is the fold of its events. An effect still finds its event, wherever that went. The raw
objects say where every event is: the row of a place that it was moved out of has a row that says so.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from socle.effects.service import EffectRunner
from socle.events.model import Event
from socle.lake.raw import decode_raw
from socle.profiles.codec import entry_of, event_of
from socle.profiles.fold import refold
from tests.faults.promises import Seen, check, inspect, raw_rows
from tests.faults.stories import Story
from tests.world import World


def inspect_story(world: World, told: Story) -> dict[frozenset, Seen]:
    """Raises Broken. Answers the people of the world by their identifiers."""
    people = inspect(world, told.load, by_hand=True)
    for seen in people.values():
        folded = refold([event_of(entry) for entry in seen.entries])
        check(seen.snapshot == folded, "a profile is not the fold of its events:", seen)
    places = {(entry.key, entry.revision): entry for seen in people.values() for entry in seen.entries}
    _check_effects(world, places)
    _check_moves(world, places)
    return people


def _check_effects(world: World, places: dict[tuple[str, int], Any]) -> None:
    runner = EffectRunner(world.profiles, *[None] * 4)  # type: ignore[arg-type]
    for effect in world.queue.sent:
        found = runner._find(effect)
        there = found is not None and entry_of(found[1]) == places[effect.key, effect.revision]
        check(there, "an effect lost its event:", effect)


def _check_moves(world: World, places: dict[tuple[str, int], Any]) -> None:
    said, moved = defaultdict(set), defaultdict(set)
    for data in world.raw.objects.values():
        for profile, entry in raw_rows(data):
            said[entry.key, entry.revision].add(profile)
        for row in decode_raw(data):
            if row["row"] == "moved":
                one = Event.from_json(row)
                moved[one.key, one.revision].add((row["from"], row["profile"]))
    holds = {}
    for profile, kind in world.profiles.items:
        if kind == "A":
            aggregate = world.profiles.load([profile])[profile]
            pages = world.profiles.load_pages((profile, lower) for lower in aggregate.pages)
            for entry in [*aggregate.tail, *(entry for page in pages.values() for entry in page.entries)]:
                holds[entry.key, entry.revision] = profile
    for key, profile in holds.items():
        left = {source for source, target in moved[key] if source != target}
        check(said[key] - left == {profile}, "the raw objects say something else about where an event is:", key, profile,
              said[key], moved[key])
