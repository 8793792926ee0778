"""Who is one person, when pairs are put together: the most probable first, and nothing that must not be joined. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from socle.duplicates.model import MAX_CLUSTER, Pair


class Clusters(NamedTuple):
    """groups: profile ids of one person, two or more each; too_large: how many there are whose members are left alone."""

    groups: list[list[str]]
    too_large: list[int]


def cluster(pairs: Iterable[Pair], users: Mapping[str, str], apart: Collection[str] = (), most: int = MAX_CLUSTER) -> Clusters:
    """Join pairs, the most probable first.

    users  profile → user id: a person has one at most
    apart  ids of pairs that are two people: their groups are never joined, whoever else is in them
    most   members that a group may have; what pairs would join into a larger one is not joined at all
    """
    ordered = sorted(pairs, key=lambda pair: (-pair.weight, pair.left, pair.right))
    neighbours: dict[str, set[str]] = {}
    for pair_id in apart:
        one, _, other = pair_id.partition("-")
        neighbours.setdefault(one, set()).add(other)
        neighbours.setdefault(other, set()).add(one)
    whole = _Groups()
    for pair in ordered:
        whole.join(pair.left, pair.right)
    too_large = {root: members for root, members in whole.members.items() if len(members) > most}
    left_alone = {member for members in too_large.values() for member in members}
    groups = _Groups()
    for pair in ordered:
        mine, yours = groups.of(pair.left), groups.of(pair.right)
        if pair.left in left_alone or mine is yours:
            continue
        if len({users[member] for member in (*mine, *yours) if member in users}) > 1:
            continue
        if any(neighbours.get(member, set()) & yours for member in mine):
            continue
        groups.join(pair.left, pair.right)
    return Clusters(sorted(sorted(members) for members in groups.members.values() if len(members) > 1),
                    sorted((len(members) for members in too_large.values()), reverse=True))


class _Groups:
    """Disjoint sets; joining moves the smaller one."""

    def __init__(self) -> None:
        self.members: dict[str, set[str]] = {}
        self._root: dict[str, str] = {}

    def of(self, member: str) -> set[str]:
        root = self._root.setdefault(member, member)
        return self.members.setdefault(root, {member})

    def join(self, one: str, other: str) -> None:
        first, second = self.of(one), self.of(other)
        if first is second:
            return
        small, large = (first, second) if len(first) < len(second) else (second, first)
        root = self._root[next(iter(large))]
        del self.members[self._root[next(iter(small))]]
        for member in small:
            self._root[member] = root
        large |= small
