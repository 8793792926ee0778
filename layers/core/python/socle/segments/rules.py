"""What the consumer knows of all segments: their nodes, what they look at, and which of them a change concerns. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from socle.definitions.model import Definition
from socle.segments.facts import Watch
from socle.segments.nodes import (
    AccountMembersTest,
    AccountTest,
    ChangedTest,
    ConsentTest,
    CountTest,
    FieldTest,
    GivenTest,
    IdentifierTest,
    MeasureTest,
    Node,
    OrdersTest,
    Selector,
    SequenceTest,
    TimeTest,
    TraitTest,
)
from socle.segments.plan import Plans
from socle.segments.watches import leaves, watches

SEGMENTS, COMPUTED_TRAITS = "segments", "computed-traits"


def set_number(definitions: Iterable[Definition]) -> int:
    """What a set of definitions is called, each at its version: CRC-32 of their names; 0 for none."""
    names = sorted(f"{one.kind}/{one.name}/{one.version}" for one in definitions)
    return (zlib.crc32("\n".join(names).encode()) or 1) if names else 0


@dataclass(frozen=True)
class LiveRules:
    """All segments as the consumer follows them.

    number    of the set of definitions, 0 when there are no segments
    segments  name → node
    watches   where they look, in an order of their own
    tracked   number of the list of watches: who remembers by another list has to be read anew
    by_event  event name → the places of the watches that may want it; "" for any other name
    places    selector → place of its watch
    created   name → when a segment of that name was written first, or first again after it was deleted, epoch ms
    readers   what changed → the segments that look at it: ("watch", place), ("trait", name), ("consent",), ("orders",)…
    """

    number: int = 0
    segments: Mapping[str, Node] = field(default_factory=dict)
    watches: tuple[Watch, ...] = ()
    tracked: int = 0
    by_event: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    readers: Mapping[tuple[object, ...], frozenset[str]] = field(default_factory=dict)
    places: Mapping[Selector, int] = field(default_factory=dict)
    created: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, segments: Iterable[Definition], computed: Iterable[Definition] = ()) -> LiveRules:
        """The rules that the current definitions make."""
        segments, computed = list(segments), list(computed)
        if not segments:
            return cls()
        plans = Plans({one.name: one.document for one in segments}, {one.name: one.document for one in computed})
        nodes = {one.name: plans.segment(one.name) for one in segments}
        found = tuple(one for _, one in sorted(watches(nodes.values()).items(), key=lambda pair: repr(pair[0])))
        places = {watch.selector: place for place, watch in enumerate(found)}
        readers: dict[tuple[object, ...], set[str]] = {}
        for name, node in nodes.items():
            for leaf in leaves([node]):
                for what in _looks_at(leaf, places):
                    readers.setdefault(what, set()).add(name)
        return cls(set_number([*segments, *computed]), nodes, found, zlib.crc32(repr(found).encode()) or 1 if found else 0,
                   _by_event(found), {what: frozenset(names) for what, names in readers.items()}, places,
                   {one.name: one.created for one in segments})


NO_SEGMENTS = LiveRules()


def _by_event(found: tuple[Watch, ...]) -> dict[str, tuple[int, ...]]:
    names = {name for watch in found for name in watch.selector.names}
    return {name: tuple(place for place, watch in enumerate(found) if not watch.selector.names or name in watch.selector.names)
            for name in (*names, "")}


def _looks_at(leaf: Node, places: Mapping[Selector, int]) -> list[tuple[object, ...]]:
    """What a condition rests on, as the keys of `readers`."""
    if isinstance(leaf, CountTest | TimeTest | ChangedTest):
        return [("watch", places[leaf.selector])]
    if isinstance(leaf, MeasureTest):
        return [("watch", places[leaf.measure.selector])]
    if isinstance(leaf, SequenceTest):
        steps = [*leaf.steps, *([leaf.without] if leaf.without else [])]
        return [("watch", places[step.selector]) for step in steps]
    if isinstance(leaf, TraitTest):
        return [("trait", leaf.path.partition(".")[0].removesuffix("[]"))]
    if isinstance(leaf, FieldTest):
        return [("context", leaf.field) if leaf.field in ("locale", "timezone") else ("seen",)]
    if isinstance(leaf, AccountTest | AccountMembersTest):
        return [("accounts",), ("given",)]
    kinds = {OrdersTest: "orders", ConsentTest: "consent", GivenTest: "given", IdentifierTest: "identifiers"}
    return [(kinds[leaf.__class__],)] if leaf.__class__ in kinds else []
