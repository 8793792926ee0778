"""Whose event is it? The plain rule by which identifiers lead to a profile. Pure.

The owners of an event's identifiers are asked in the order of trust (user_id, email, phone, anonymous_id). All that can be
the same person are: two profiles with different user ids never are, nor two that would outgrow one profile. The survivor
is the one with a user id, else the one seen first, else the smaller id; the others are merged into it. Identifiers of
somebody who can't be the same person stay theirs, and the event says so (`unlinked`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from socle.events.model import Identifier
from socle.identity.model import MAX_IDENTIFIERS, MAX_MERGES, USER_ID


class Person(NamedTuple):
    """What the rule looks at in a profile.

    user_ids     its user ids: at most one unless somebody merged by hand
    first_seen   epoch ms, 0 = never
    identifiers  how many identifiers are its own
    merges       how many profiles were merged into it
    """

    user_ids: frozenset[str] = frozenset()
    first_seen: int = 0
    identifiers: int = 0
    merges: int = 0

    def joined(self, other: Person) -> Person:
        """Both as one."""
        firsts = [seen for seen in (self.first_seen, other.first_seen) if seen]
        return Person(self.user_ids | other.user_ids, min(firsts, default=0), self.identifiers + other.identifiers,
                      self.merges + other.merges + 1)


class Resolution(NamedTuple):
    """profile: the event's own, None = a new one; merged: profiles to merge into it; claims: identifiers that become
    its own; unlinked: identifiers that do not."""

    profile: str | None
    merged: tuple[str, ...]
    claims: tuple[Identifier, ...]
    unlinked: tuple[Identifier, ...]


Pair = frozenset[str]
"""Two profiles that can't be one item, whoever they are."""


def resolve(ids: Iterable[Identifier], owners: Mapping[Identifier, str], people: Mapping[str, Person],
            apart: Collection[Pair] = ()) -> Resolution:
    """Apply the rule to one event's identifiers, most trusted first. `apart`: pairs that must not be merged."""
    ids = tuple(ids)
    users = frozenset(value for kind, value in ids if kind == USER_ID)
    same: list[str] = []
    others: set[str] = set()
    whole = Person(users, merges=-1)  # the first profile is not merged into another
    for identifier in ids:
        owner = owners.get(identifier)
        if owner is None or owner in same or owner in others:
            continue
        theirs = people[owner]
        strangers = whole.user_ids and theirs.user_ids and whole.user_ids.isdisjoint(theirs.user_ids)
        too_many = same and (whole.merges + theirs.merges >= MAX_MERGES
                             or whole.identifiers + theirs.identifiers > MAX_IDENTIFIERS)
        if strangers or too_many or any(frozenset((owner, one)) in apart for one in same):
            others.add(owner)
        else:
            whole = whole.joined(theirs)
            same.append(owner)
    same.sort(key=lambda profile: (not people[profile].user_ids, people[profile].first_seen or 1 << 62, profile))
    unknown = tuple(identifier for identifier in ids if identifier not in owners)
    room = max(0, MAX_IDENTIFIERS - whole.identifiers)
    foreign = {identifier for identifier in ids if owners.get(identifier) in others} | set(unknown[room:])
    return Resolution(same[0] if same else None, tuple(same[1:]), unknown[:room],
                      tuple(identifier for identifier in ids if identifier in foreign))


@dataclass
class Plan:
    """What a batch of events makes of the identifiers known so far.

    owners   identifier → profile, merges followed
    people   profile → Person
    apart    pairs that can't be merged
    claims   identifiers to claim → profile, in the order of the events
    merges   (survivor, loser), in order; a survivor may lose later
    """

    owners: dict[Identifier, str]
    people: dict[str, Person]
    apart: Collection[Pair] = ()
    claims: dict[Identifier, str] = field(default_factory=dict)
    merges: list[tuple[str, str]] = field(default_factory=list)
    _resolved: dict[tuple[Identifier, ...], tuple[str, tuple[Identifier, ...]]] = field(default_factory=dict)

    def place(self, ids: tuple[Identifier, ...], new_id: str) -> None:
        """Find the profile for a set of identifiers; `new_id` is for a person not met before."""
        found = resolve(ids, self.owners, self.people, self.apart)
        profile = found.profile or new_id
        person = self.people.get(profile, Person())
        for loser in found.merged:
            self.merges.append((profile, loser))
            person = person.joined(self.people.pop(loser))
            self.owners.update({identifier: profile for identifier, owner in self.owners.items() if owner == loser})
        users = {value for kind, value in found.claims if kind == USER_ID}
        self.people[profile] = person._replace(user_ids=person.user_ids | users,
                                               identifiers=person.identifiers + len(found.claims))
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
