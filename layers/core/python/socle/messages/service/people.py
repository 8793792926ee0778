"""Who somebody is by now, as the gate wants to see them: merges followed, and what the ledger knows of all their partitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from socle.events.model import Identifier
from socle.identity.model import rank
from socle.messages.gate import Person
from socle.messages.store import Found
from socle.profiles.model import Aggregate


class Ledger(Protocol):
    """Where it is read (socle.messages.store)."""

    def look(self, profiles: Iterable[str], key: str) -> Found: ...


def look(ledger: Ledger, profiles: Sequence[str], key: str) -> dict[str, Person]:
    """Profile → the person that it is now, with the ledger's rows of a message key.

    One that was read half-way through a merge or an unmerge is left out: look again. Raises Unavailable.
    """
    found = Found({}, {}, {})
    aggregates = found.aggregates
    wanted = list(dict.fromkeys(profiles))
    while wanted:
        more = ledger.look(wanted, key)
        found.rows.update(more.rows)
        found.counts.update(more.counts)
        aggregates.update({one: more.aggregates.get(one, Aggregate(one)) for one in wanted})
        wanted = list(dict.fromkeys(
            part for one in more.aggregates.values() for part in ([one.merged_into] if one.merged_into else sorted(one.members))
            if part not in aggregates))
    people = {}
    for profile in profiles:
        root = _root(profile, aggregates)
        if root is None:
            continue
        parts = sorted(root.parts)
        people[profile] = Person(
            profile, root, [found.rows[part] for part in parts if part in found.rows],
            {part: found.counts[part][1] for part in parts if part in found.counts},
            found.counts[root.id][0] if root.id in found.counts else 0)
    return people


def known_by(root: Aggregate) -> Identifier | None:
    """The most trusted identifier: by it events find the person, wherever they are by then."""
    return min(root.snapshot.pairs() or root.reserved, key=lambda pair: (rank(pair[0]), pair), default=None)


def _root(profile: str, aggregates: Mapping[str, Aggregate]) -> Aggregate | None:
    """The survivor of a profile; None when what was read does not fit together."""
    met = {profile}
    one = aggregates[profile]
    while one.merged_into is not None:
        if one.merged_into in met or one.merged_into not in aggregates:
            return None
        met.add(one.merged_into)
        one = aggregates[one.merged_into]
    return one if one.id == profile or profile in one.members else None
