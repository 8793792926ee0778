"""What must hold when every batch has been applied, whatever went wrong on the way.

`inspect` looks at a world: nothing is stranded, nothing is there twice, nothing dangles. It answers what a reader can
see of each person (ids of profiles, versions, page cuts and numbers of raw objects aside), to be compared with a run without a
fault; `compare_with_fold` holds the same against the fold of what was sent.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from socle.events.model import Event, Identifier
from socle.lake.raw import decode_raw
from socle.profiles.codec import decode_aggregate, decode_entries, entry_of, event_of
from socle.profiles.decide import effects
from socle.profiles.fold import highest_revisions, refold
from socle.profiles.merge import ceiling
from socle.profiles.model import Aggregate, Entry, Snapshot
from tests.faults.workloads import Workload
from tests.world import World

Key = tuple[str, int]
"""Key and revision of an event."""


class Broken(AssertionError):
    """A promise that was not kept."""


Place = tuple[str, Entry]
"""A partition, and an event as it is stored there."""


class Seen(NamedTuple):
    """One person: identifiers, events as stored, what they add up to, and when time alone may change something."""

    identifiers: frozenset[Identifier]
    entries: tuple[Entry, ...]
    snapshot: Snapshot
    due: int | None


def check(held: bool, promise: str, *about: Any) -> None:
    if not held:
        raise Broken(" ".join([promise, *(repr(one) for one in about)]))


def inspect(world: World, workload: Workload, by_hand: bool = False) -> dict[frozenset[Identifier], Seen]:
    """Raises Broken. Answers the people of the world by their identifiers.

    by_hand  somebody merged and unmerged: then a person may have two user ids, and events may have moved since their effects
             and raw rows named their partition (tests/faults/story_promises.py looks whether these still find them)
    """
    items = world.profiles.items
    aggregates = {profile: _aggregate(profile, item) for (profile, kind), item in items.items() if kind == "A"}
    roots = {profile: _root(profile, aggregates) for profile in aggregates}
    rows: dict[str, set[Identifier]] = defaultdict(set)
    for (kind, name), item in items.items():
        if kind == "I":
            check(item[0] in roots, "an identifier leads to a profile that is not there:", name)
            rows[roots[item[0]]].add(_identifier(name))
    holds: dict[Key, Place] = {}
    people: dict[frozenset[Identifier], Seen] = {}
    stored: dict[str, list[Entry]] = defaultdict(list)
    for profile, aggregate in aggregates.items():
        check(not aggregate.outbox, "an effect is stranded in an outbox:", aggregate.outbox)
        for entry in _entries(aggregate, items):
            key = entry.key, entry.revision
            check(key not in holds, "an event is stored twice:", key, profile, holds.get(key))
            holds[key] = profile, entry
            stored[roots[profile]].append(entry)
        if aggregate.merged_into is not None:
            check(not aggregate.owned() and aggregate.due is None and not aggregate.snapshot.events,
                  "a merged profile kept what is its survivor's:", profile)
            check(profile in aggregates[roots[profile]].members, "a survivor does not know its member:", profile)
    for profile, aggregate in aggregates.items():
        if aggregate.merged_into is None:
            _check_members(aggregate, aggregates, roots)
            owned = aggregate.owned()
            check(rows[profile] == owned, "identifiers and their profile disagree:", rows[profile], owned)
            check(bool(owned), "a profile has no identifier:", profile)
            check(by_hand or sum(kind == "user_id" for kind, _ in owned) <= 1, "two users became one:", owned)
            entries = tuple(sorted(stored[profile]))
            people[frozenset(owned)] = Seen(frozenset(owned), entries, aggregate.snapshot, aggregate.due)
    check(set(holds) == set(workload.copies()), "events are lost, or nobody sent them:", set(holds) ^ set(workload.copies()))
    _check_leftovers(items, aggregates, holds, by_hand)
    _check_effects(world, workload, holds, by_hand)
    _check_raw(world, holds, by_hand)
    _check_quarantine(world, workload)
    return people


def compare_with_fold(people: Mapping[frozenset[Identifier], Seen], workload: Workload) -> None:
    """Every profile is the fold of its events; and those that no order can change hold the events of their identifiers."""
    for seen in people.values():
        check(seen.snapshot == refold([event_of(entry) for entry in seen.entries]), "a profile is not the fold of its events:",
              seen)
    copies = workload.copies()
    for group in workload.people():
        check(frozenset(group) in people, "a person is not one profile:", group, list(people))
        seen = people[frozenset(group)]
        theirs = {key for key, events in copies.items() if set(events[0].ids) <= group}
        check({(entry.key, entry.revision) for entry in seen.entries} == theirs, "a person lacks events, or has others':", seen)
        for entry in seen.entries:
            check(entry in [entry_of(one) for one in copies[entry.key, entry.revision]], "an event was changed:", entry)


def _check_members(root: Aggregate, aggregates: Mapping[str, Aggregate], roots: Mapping[str, str]) -> None:
    """A survivor knows its members as they are, and who is kept apart from it is somebody else."""
    theirs = {profile for profile, above in roots.items() if above == root.id and profile != root.id}
    check(set(root.members) == theirs, "a survivor and its members disagree:", root.id, set(root.members) ^ theirs)
    for name, member in root.members.items():
        part = aggregates[name]
        check((member.into, member.version) == (part.merged_into, part.version), "a member is not as it is known:", name, member)
        check(ceiling(part) <= member.ceiling, "a member holds an event above its ceiling:", name, member)
    for name in root.apart:
        check(roots[name] != root.id, "somebody who was to be kept apart is not:", root.id, name)


def _check_leftovers(items: Mapping[tuple[str, str], tuple], aggregates: Mapping[str, Aggregate],
                     holds: Mapping[Key, Place], by_hand: bool) -> None:
    """A page that a seal left behind when it broke off is nobody's: it holds nothing but what its profile holds, or held."""
    listed = {(profile, "E#" + lower) for profile, aggregate in aggregates.items() for lower in aggregate.pages}
    for key in items.keys() - listed:
        if key[1].startswith("E#"):
            for entry in _page(items[key][1]):
                found = holds.get((entry.key, entry.revision))
                held = found == (key[0], entry) or (by_hand and found is not None)
                check(held, "a page that nobody lists holds an event:", key)


def _check_effects(world: World, workload: Workload, holds: Mapping[Key, Place], by_hand: bool) -> None:
    """An event that a correction in the same batch had already replaced may have had none."""
    events = [copies[0] for copies in workload.copies().values()]
    sent = {effect.id for effect in world.queue.sent}
    must = {effect.id for effect in effects("", highest_revisions(events), workload.hooks)}
    may = {effect.id for one in events for effect in effects("", [one], workload.hooks)}
    check(must <= sent <= may, "effects are missing, or nobody asked for them:", must - sent, sent - may)
    for effect in world.queue.sent:
        place, _ = holds[effect.key, effect.revision]
        check(by_hand or place == effect.profile, "an effect names a profile without its event:", effect)


def _check_raw(world: World, holds: Mapping[Key, Place], by_hand: bool) -> None:
    """Every event is kept as it is stored, under the partition that holds it: profiles can be made of it again."""
    kept = set()
    for data in world.raw.objects.values():
        for profile, entry in raw_rows(data):
            key = entry.key, entry.revision
            if by_hand and holds.get(key) != (profile, entry):
                continue
            check(holds.get(key) == (profile, entry), "a raw row is not what is stored:", profile, entry, holds.get(key))
            kept.add(key)
    check(kept == set(holds), "no raw object holds these events:", set(holds) - kept)


def _check_quarantine(world: World, workload: Workload) -> None:
    names = [stem.split("-", 1)[1] for stem in world.quarantine.rows]
    check(len(names) == len(set(names)), "a batch has two objects in quarantine:", names)
    for rows in world.quarantine.rows.values():
        check(len(rows) == len({(row.message_id, row.code) for row in rows}), "an object of the quarantine repeats itself:", rows)
    held = {(row.message_id, row.code) for rows in world.quarantine.rows.values() for row in rows}
    check(held == workload.poison, "the quarantine should hold other events:", held ^ workload.poison)


def _root(profile: str, aggregates: Mapping[str, Aggregate]) -> str:
    seen = set()
    while (survivor := aggregates[profile].merged_into) is not None:
        check(survivor in aggregates and survivor not in seen, "a merge leads nowhere:", profile, survivor)
        seen.add(survivor)
        profile = survivor
    return profile


def _entries(aggregate: Aggregate, items: Mapping[tuple[str, str], tuple]) -> Iterator[Entry]:
    """Everything that one partition stores; its pages adjoin and hold what they say."""
    yield from aggregate.tail
    bounds = [*aggregate.pages, aggregate.horizon]
    check(not aggregate.pages or (bounds == sorted(set(bounds)) and bounds[0] == ""), "pages do not adjoin:", bounds)
    for lower, upper in pairwise(bounds):
        item = items.get((aggregate.id, "E#" + lower))
        check(item is not None, "a page is missing:", aggregate.id, lower)
        for entry in _page(item[1]):  # type: ignore[index]  # checked above
            check(lower <= entry.key < upper, "a page holds an event out of its range:", entry.key, lower, upper)
            yield entry


def _aggregate(profile: str, item: tuple) -> Aggregate:
    """A decoded aggregate to look at; what many trials have in common is decoded once."""
    version, data, merged_into, erased, due = item
    return _decoded(profile, version, data, merged_into, erased, due)


@lru_cache(4_096)
def _decoded(profile: str, version: int, data: bytes, merged_into: str | None, erased: int | None, due: int | None) -> Aggregate:
    aggregate = decode_aggregate(profile, version, data)
    aggregate.merged_into, aggregate.erased, aggregate.due = merged_into, erased, due
    return aggregate


@lru_cache(4_096)
def _page(data: bytes) -> tuple[Entry, ...]:
    return decode_entries(data)


@lru_cache(1_024)
def raw_rows(data: bytes) -> list[Place]:
    """The events of a raw object, those that an unmerge moved where they went."""
    return [(row["profile"], entry_of(Event.from_json(row))) for row in decode_raw(data) if row["row"] in ("event", "moved")]


@lru_cache(256)
def _identifier(name: str) -> Identifier:
    kind, value = ast.literal_eval(name)
    return kind, value
