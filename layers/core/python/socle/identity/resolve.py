"""Whose event is it? The rule by which identifiers lead to a profile. Pure.

The owners of an event's identifiers are asked in the order of trust. All that can be the same person are. They cannot when
they would have more identifiers of a type together than a person has (two user ids), when somebody said that they are two
people, or when they would outgrow one profile: then the less trusted identifier is dropped from the event, which says so
(`unlinked`), and the others are matched without it. The survivor is the one with a user id, else the one seen first, else
the smaller id; the others are merged into it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from socle.events.model import Identifier
from socle.identity.model import IDENTIFIER, MAX_IDENTIFIERS, MAX_MERGES, USER_ID, Evidence
from socle.identity.rules import STANDARD, IdentityRules

Pair = frozenset[str]
"""Two profiles that can't be one item, whoever they are."""


class Person(NamedTuple):
    """What the rule looks at in a profile.

    counts      type → how many identifiers of it are its own
    first_seen  epoch ms, 0 = never
    merges      how many profiles were merged into it
    parts       its partitions: itself and those
    apart       profiles that are other people
    """

    counts: Mapping[str, int] = MappingProxyType({})
    first_seen: int = 0
    merges: int = 0
    parts: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()

    @property
    def identifiers(self) -> int:
        """How many identifiers are its own."""
        return sum(self.counts.values())

    def joined(self, other: Person) -> Person:
        """Both as one."""
        firsts = [seen for seen in (self.first_seen, other.first_seen) if seen]
        counts = {kind: self.counts.get(kind, 0) + other.counts.get(kind, 0) for kind in {*self.counts, *other.counts}}
        return Person(counts, min(firsts, default=0), self.merges + other.merges + 1, self.parts | other.parts,
                      self.apart | other.apart)

    def with_one(self, kind: str) -> Person:
        """With one more identifier of a type."""
        return self._replace(counts={**self.counts, kind: self.counts.get(kind, 0) + 1})

    def fits(self, other: Person, rules: IdentityRules) -> bool:
        """Whether both can be one person. Who has too many already, because people said so, may still be joined by others."""
        return (self.parts.isdisjoint(other.apart) and other.parts.isdisjoint(self.apart)
                and self.merges + other.merges < MAX_MERGES
                and self.identifiers + other.identifiers <= MAX_IDENTIFIERS
                and not any(count and kind in self.counts and self.counts[kind] + count > rules.of(kind).limit
                            for kind, count in other.counts.items()))


class Link(NamedTuple):
    """A profile to merge into the event's own, and the identifier that led to it."""

    loser: str
    identifier: Identifier


class Merge(NamedTuple):
    """Two profiles to make one of, and why."""

    survivor: str
    loser: str
    evidence: Evidence


class Resolution(NamedTuple):
    """profile: the event's own, None = a new one; merged: profiles to merge into it; claims: identifiers that become
    its own; unlinked: identifiers that do not."""

    profile: str | None
    merged: tuple[Link, ...]
    claims: tuple[Identifier, ...]
    unlinked: tuple[Identifier, ...]


def resolve(ids: Iterable[Identifier], owners: Mapping[Identifier, str], people: Mapping[str, Person],
            rules: IdentityRules = STANDARD, impossible: Collection[Pair] = ()) -> Resolution:
    """Apply the rule to one event's identifiers, most trusted first. `impossible`: pairs that turned out to be too much
    for one item."""
    whole = Person(merges=-1)  # the first profile is not merged into another
    same: dict[str, Identifier] = {}
    claims: list[Identifier] = []
    unlinked: list[Identifier] = []
    for identifier in ids:
        kind, owner = identifier[0], owners.get(identifier)
        if owner in same:
            continue
        if owner is None and whole.counts.get(kind, 0) < rules.of(kind).limit and whole.identifiers < MAX_IDENTIFIERS:
            claims.append(identifier)
            whole = whole.with_one(kind)
        elif owner is not None and whole.fits(people[owner], rules) \
                and not any(frozenset((owner, one)) in impossible for one in same):
            same[owner] = identifier
            whole = whole.joined(people[owner])
        else:
            unlinked.append(identifier)
    order = sorted(same, key=lambda profile: first_of(profile, people[profile]))
    return Resolution(order[0] if order else None, tuple(Link(loser, same[loser]) for loser in order[1:]), tuple(claims),
                      tuple(unlinked))


def first_of(profile: str, person: Person) -> tuple[bool, int, str]:
    """Sorts the profiles that are one person: the first one survives."""
    return USER_ID not in person.counts, person.first_seen or 1 << 62, profile


@dataclass
class Plan:
    """What a batch of events makes of the identifiers known so far.

    owners      identifier → profile, merges followed
    people      profile → Person
    rules       what the types of identifiers are worth
    impossible  pairs that can't be one item
    claims      identifiers to claim → profile, in the order of the events
    merges      survivor, loser, and the evidence, in order; a survivor may lose later
    """

    owners: dict[Identifier, str]
    people: dict[str, Person]
    rules: IdentityRules = STANDARD
    impossible: Collection[Pair] = ()
    claims: dict[Identifier, str] = field(default_factory=dict)
    merges: list[Merge] = field(default_factory=list)
    _resolved: dict[tuple[Identifier, ...], tuple[str, tuple[Identifier, ...]]] = field(default_factory=dict)

    def place(self, ids: tuple[Identifier, ...], new_id: str, event: str = "", received: int = 0) -> None:
        """Find the profile for the identifiers of an event, given with its key; `new_id` is for a person not met before."""
        found = resolve(ids, self.owners, self.people, self.rules, self.impossible)
        profile = found.profile or new_id
        person = self.people.get(profile) or Person(parts=frozenset((profile,)))
        for loser, identifier in found.merged:
            self.merges.append(Merge(profile, loser, Evidence(IDENTIFIER, received, identifier, event)))
            person = person.joined(self.people.pop(loser))
            self.owners.update({identifier: profile for identifier, owner in self.owners.items() if owner == loser})
        for identifier in found.claims:
            person = person.with_one(identifier[0])
            self.owners[identifier] = profile
            self.claims[identifier] = profile
        self.people[profile] = person
        self._resolved[ids] = (profile, found.unlinked)

    def profile_of(self, ids: tuple[Identifier, ...]) -> tuple[str, tuple[Identifier, ...]]:
        """(profile, unlinked identifiers) after the whole plan."""
        profile, unlinked = self._resolved[ids]
        gone = {merge.loser: merge.survivor for merge in self.merges}
        while profile in gone:
            profile = gone[profile]
        return profile, unlinked
