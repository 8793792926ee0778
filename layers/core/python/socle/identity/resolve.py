"""Whose event is it? The plain rule by which identifiers lead to a profile. Pure.

The owners of an event's identifiers are asked in the order of trust (user_id, email, phone, anonymous_id). All that can be
the same person are: two profiles with different user ids never are. The survivor is the one with a user id, else the
one seen first, else the smaller id; the others are merged into it. Identifiers of somebody who can't be the same person
stay theirs, and the event says so (`unlinked`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from socle.events.model import Identifier
from socle.identity.model import USER_ID


class Person(NamedTuple):
    """What the rule looks at in a profile: its user ids, and when it was first seen (epoch ms, 0 = never)."""

    user_ids: frozenset[str] = frozenset()
    first_seen: int = 0


class Resolution(NamedTuple):
    """profile: the event's own, None = a new one; merged: profiles to merge into it; claims: identifiers that become
    its own; unlinked: identifiers that stay somebody else's."""

    profile: str | None
    merged: tuple[str, ...]
    claims: tuple[Identifier, ...]
    unlinked: tuple[Identifier, ...]


def resolve(ids: Iterable[Identifier], owners: Mapping[Identifier, str], people: Mapping[str, Person]) -> Resolution:
    """Apply the rule to one event's identifiers, most trusted first."""
    ids = tuple(ids)
    users = {value for kind, value in ids if kind == USER_ID}
    same: list[str] = []
    others: set[str] = set()
    for identifier in ids:
        owner = owners.get(identifier)
        if owner is None or owner in same or owner in others:
            continue
        theirs = people[owner].user_ids
        if len(users | theirs) > max(1, len(theirs)):
            others.add(owner)
        else:
            users |= theirs
            same.append(owner)
    same.sort(key=lambda profile: (not people[profile].user_ids, people[profile].first_seen or 1 << 62, profile))
    return Resolution(
        same[0] if same else None, tuple(same[1:]),
        tuple(identifier for identifier in ids if identifier not in owners),
        tuple(identifier for identifier in ids if owners.get(identifier) in others),
    )


@dataclass
class Plan:
    """What a batch of events makes of the identifiers known so far.

    owners   identifier → profile, merges followed
    people   profile → Person
    claims   identifiers to claim → profile, in the order of the events
    merges   (survivor, loser), in order; a survivor may lose later
    """

    owners: dict[Identifier, str]
    people: dict[str, Person]
    claims: dict[Identifier, str] = field(default_factory=dict)
    merges: list[tuple[str, str]] = field(default_factory=list)
    _resolved: dict[tuple[Identifier, ...], tuple[str, tuple[Identifier, ...]]] = field(default_factory=dict)

    def place(self, ids: tuple[Identifier, ...], new_id: str) -> None:
        """Find the profile for a set of identifiers; `new_id` is for a person not met before."""
        found = resolve(ids, self.owners, self.people)
        profile = found.profile or new_id
        person = self.people.get(profile, Person())
        for loser in found.merged:
            self.merges.append((profile, loser))
            gone = self.people.pop(loser)
            firsts = [seen for seen in (person.first_seen, gone.first_seen) if seen]
            person = Person(person.user_ids | gone.user_ids, min(firsts, default=0))
            self.owners.update({identifier: profile for identifier, owner in self.owners.items() if owner == loser})
        users = {value for kind, value in ids if kind == USER_ID}
        self.people[profile] = Person(person.user_ids | users, person.first_seen)
        for identifier in found.claims:
            self.owners[identifier] = profile
            self.claims[identifier] = profile
        self._resolved[ids] = (profile, found.unlinked)

    def profile_of(self, ids: tuple[Identifier, ...]) -> tuple[str, tuple[Identifier, ...]]:
        """(profile, unlinked identifiers) after the whole plan."""
        profile, unlinked = self._resolved[ids]
        gone = {loser: survivor for survivor, loser in self.merges}
        while profile in gone:
            profile = gone[profile]
        return profile, unlinked
