"""What segments ask of accounts, and what an account says to that: its facts, which each of its people is given. Pure.

Facts are `{"traits": {name: value}, "segments": {segment: [members in it, members]}}`, of what definitions name and nothing else.
A profile is given them as `account:<group id>`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from socle.definitions.model import Definition
from socle.segments.nodes import AccountMembersTest, AccountTest, Node
from socle.segments.plan import Plans
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS
from socle.segments.watches import leaves

PREFIX = "account:"
"""Of the names under which profiles are given the facts of accounts."""
EXACT = 25
"""Members up to whom the numbers are kept exact; of more people, only what the numbers answer is."""

Facts = Mapping[str, Any]
Current = Callable[[str], list[Definition]]
"""Lists the current definitions of a kind."""
_canonical = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, sort_keys=True).encode


class Asked(NamedTuple):
    """Names of the traits of accounts, and of the segments of their members, that definitions look at."""

    traits: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()

    @property
    def nothing(self) -> bool:
        """Whether no definition looks at accounts."""
        return not self.traits and not self.segments


def asked_by(nodes: Iterable[Node]) -> Asked:
    """What these conditions look at."""
    found = list(leaves(nodes))
    return Asked(frozenset(_root(one.path) for one in found if isinstance(one, AccountTest)),
                 frozenset(one.segment for one in found if isinstance(one, AccountMembersTest)))


def asked(current: Current) -> Asked:
    """What the segments of a workspace look at, by themselves and through what they refer to."""
    segments = {one.name: one.document for one in current(SEGMENTS)}
    if not segments:
        return Asked()
    plans = Plans(segments, {one.name: one.document for one in current(COMPUTED_TRAITS)})
    return asked_by(plans.segment(name) for name in segments)


def looks_at_accounts(current: Current, written: Definition) -> bool:
    """Whether a segment or computed trait that was just written asks something of accounts, or refers to what does."""
    documents = {kind: {one.name: one.document for one in current(kind)} for kind in (SEGMENTS, COMPUTED_TRAITS)}
    documents[written.kind][written.name] = written.document
    plans = Plans(documents[SEGMENTS], documents[COMPUTED_TRAITS])
    made = plans.segment if written.kind == SEGMENTS else lambda name: plans.computed_test(name, {"op": "exists"}, "UTC")
    return not asked_by([made(written.name)]).nothing


def given_name(group: str) -> str:
    """Under which name profiles are given the facts of an account."""
    return PREFIX + group


def groups_given(given: Mapping[str, Any]) -> list[str]:
    """Group ids of the accounts whose facts are among the given values."""
    return sorted(name.removeprefix(PREFIX) for name in given if name.startswith(PREFIX))


def facts_of(traits: Mapping[str, Any], members: Collection[Collection[str]], wanted: Asked) -> dict[str, Any] | None:
    """The facts of an account; None when there is nothing to say.

    traits   name → value, of which None is no value
    members  for each of its people the segments that they are in
    """
    said = {name: traits[name] for name in sorted(wanted.traits & traits.keys()) if traits[name] is not None}
    counts = {segment: [sum(segment in one for one in members), len(members)] for segment in sorted(wanted.segments)}
    return {"traits": said, "segments": counts} if said or counts else None


def is_same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same text: 1 is not true."""
    return _canonical(one) == _canonical(other)


def still_says(before: Facts | None, facts: Facts | None) -> bool:
    """Whether the facts before answer every condition as these do, and are exact where they have to be (EXACT)."""
    if before is None or facts is None:
        return before is facts
    if not is_same(before["traits"], facts["traits"]) or before["segments"].keys() != facts["segments"].keys():
        return False
    return all(_still(was, facts["segments"][segment]) for segment, was in before["segments"].items())


def _still(was: list[int], now: list[int]) -> bool:
    return was == now or (min(was[1], now[1]) > EXACT and _answers(*was) == _answers(*now))


def _answers(inside: int, members: int) -> tuple[bool, bool]:
    return inside > 0, 0 < inside == members


def _root(path: str) -> str:
    return path.partition(".")[0].removesuffix("[]")
