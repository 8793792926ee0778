"""One profile becomes two again: which partition and which event belongs to whom. Pure.

A merge leaves events where they are, so those from before it are told apart by their partitions. Those from after it lie
with whoever was the survivor, and go to whom the identifiers that they carry belong: they are gone through in the order in
which they were received, as if the two had been kept apart from the beginning. A profile that was merged later, because an
event named an identifier of it together with one of the two, goes with that one; who was merged by hand stays where
somebody put them.

An unmerge is done in steps. As long as both are one person it makes no difference in which of its partitions an event
lies: `relocate` moves some at a time. `split` then makes two of one, in one transaction on both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from socle.effects.model import Effect
from socle.events.model import Event, Identifier
from socle.identity.model import IDENTIFIER
from socle.identity.rules import IdentityRules
from socle.journeys.model.entry import Entry as JourneyEntry
from socle.profiles.codec import encode_aggregate, entry_of, event_of
from socle.profiles.decide import effects, events_of
from socle.profiles.fold import refold
from socle.profiles.groups import Groups
from socle.profiles.merge import ceiling
from socle.profiles.model import Aggregate, Entry, History, Member, Needs, Page, Trackers
from socle.profiles.seal import seal, size_limit

STEP_PAGES = 20
STEP_BYTES = 64 * 1024
"""What one step takes from its pages: it rewrites as many of the other partition, in a transaction of 100 actions and 4 MB."""


class Move(NamedTuple):
    """An event that belongs into another partition, or that stays and has more identifiers that are not its person's."""

    source: str
    old: Entry
    target: str
    new: Entry


class Division(NamedTuple):
    """How one profile is two.

    head    the partition that becomes the other profile
    away    the partitions that go with it, itself included
    pair    one of those and one of those that stay: the two of whom somebody says that they are two
    moves   the events that lie on the wrong side
    theirs  identifiers that the events of the other profile name; those named by nobody are not in either
    ours    identifiers that the events of the one that stays name
    """

    head: str
    away: frozenset[str]
    pair: tuple[str, str]
    moves: tuple[Move, ...]
    theirs: frozenset[Identifier]
    ours: frozenset[Identifier]

    def leaving(self, root: Aggregate, rows: Mapping[Identifier, str]) -> frozenset[Identifier]:
        """All identifiers that go; whose those are that no event names, the partition says that their row names."""
        return self.theirs | {one for one in root.owned() - self.ours if rows.get(one) in self.away}


def divide(root: Aggregate, member: str, history: History, rules: IdentityRules,
           rows: Mapping[Identifier, str] = MappingProxyType({})) -> Division | Needs:
    """Tell a member, with all that belongs to it, from the profile that it was merged into.

    rows  identifier → the partition that its row names: whoever claimed it first and was merged away later is its owner, also
          when events that name it came in the same batch as the merge, and so lie with the survivor
    """
    needs = history.wanted(root)
    if needs:
        return needs
    anchor = root.members[member].into
    path = [anchor]
    while path[-1] in root.members:
        path.append(root.members[path[-1]].into)
    groups = Groups(root.parts, member, anchor)
    edges = {one: known.into for one, known in root.members.items() if one != member}
    for one, into in edges.items():
        if into not in path or root.members[one].evidence.rule != IDENTIFIER:
            groups.join(one, into)
    below = root.parts.difference(path)
    owners: dict[Identifier, str] = {each: part for each, part in sorted(rows.items()) if part in below}
    for part in sorted(below):
        for _, event in _events(part, root, history):
            for identifier in _own(event):
                owners.setdefault(identifier, part)
    for identifier in _met_there(root, member, path, history):
        owners.setdefault(identifier, anchor)
    homes = _walk(path, root, history, rules, groups, owners)
    _settle_rest(edges, groups, (member, anchor))
    stays = groups.of(root.id)
    head = anchor if groups.of(member) == stays else member
    away = frozenset(part for part in root.parts if groups.of(part) != stays)
    moves = []
    for part, entry, home, foreign in homes:
        side = home in away
        target = part if side == (part in away) else head if side else root.id
        if target != part or foreign:
            event = event_of(entry)
            unlinked = tuple(one for one in event.ids if one in foreign or one in event.unlinked)
            moves.append(Move(part, entry, target, entry_of(event._replace(unlinked=unlinked))))
    theirs = frozenset(one for one, part in owners.items() if part in away)
    return Division(head, away, (head, member if head == anchor else anchor), tuple(moves), theirs, frozenset(owners) - theirs)


def _met_there(root: Aggregate, member: str, path: Sequence[str], history: History) -> Iterator[Identifier]:
    """The identifiers by which an event met whom the member was merged into: never the member's, whatever was received first."""
    evidence = root.members[member].evidence
    for part in path if evidence.rule == IDENTIFIER else ():
        for _, event in _events(part, root, history):
            if event.key == evidence.event:
                yield from (one for one in _own(event) if one != evidence.identifier)


def _walk(path: Sequence[str], root: Aggregate, history: History, rules: IdentityRules, groups: Groups,
          owners: dict[Identifier, str]) -> list[tuple[str, Entry, str, set[Identifier]]]:
    """Go through the events of the partitions that were survivors: (partition, entry, whose it is, foreign identifiers)."""
    found = [(event.received, *entry[:2], part, entry, event) for part in path for entry, event in _events(part, root, history)]
    homes = []
    for _, _, _, part, entry, event in sorted(found, key=lambda row: row[:3]):
        ids = rules.ranked(_own(event)) or _own(event)
        home = next((owners[one] for one in ids if one in owners), part)
        foreign = {one for one in ids if not groups.join(home, owners.setdefault(one, home))}
        homes.append((part, entry, home, foreign))
    return homes


def _settle_rest(edges: Mapping[str, str], groups: Groups, two: tuple[str, str]) -> None:
    """Who is with neither of the two, for want of an event that says so, goes with whom they were merged."""
    for _ in edges:
        sides = {groups.of(one) for one in two}
        for one, into in edges.items():
            if (groups.of(one) in sides) != (groups.of(into) in sides):
                groups.join(one, into)


def _own(event: Event) -> tuple[Identifier, ...]:
    return tuple(one for one in event.ids if one not in event.unlinked)


def _events(part: str, root: Aggregate, history: History) -> Iterator[tuple[Entry, Event]]:
    """The events that lie in one partition."""
    aggregate = _part(part, root, history)
    for lower in aggregate.pages:
        for entry in history.pages[part, lower].entries:
            yield entry, event_of(entry)
    for entry in aggregate.tail:
        yield entry, event_of(entry)


def _part(part: str, root: Aggregate, history: History) -> Aggregate:
    return root if part == root.id else history.aggregates[part]


def steps(moves: Iterable[Move], root: Aggregate, history: History) -> Iterator[list[Move]]:
    """The moves, as many at a time as one transaction may take, those of one step from one partition to one other."""
    def way(move: Move) -> tuple[str, str]:
        return move.source, move.target

    for (source, _), group in groupby(sorted(moves, key=way), way):
        taken: list[Move] = []
        pages: set[str | None] = set()
        size = 0
        for move in group:
            page = _part(source, root, history).page_of(move.old.key)
            if taken and (len(pages | {page}) > STEP_PAGES or size + len(move.new.row) > STEP_BYTES):
                yield taken
                taken, pages, size = [], set(), 0
            taken.append(move)
            pages.add(page)
            size += len(move.new.row)
        yield taken


def relocate(root: Aggregate, moves: Sequence[Move], history: History) -> tuple[list[Aggregate], list[Page]]:
    """Move events from one partition of a profile to another: the next versions of the root and of both, and of the pages.

    The profile is the same before and after it. `moves` is one of `steps`.
    """
    source, target = moves[0].source, moves[0].target
    new = {(move.old.key, move.old.revision): move.new for move in moves} if source == target else {}
    gone = {(move.old.key, move.old.revision) for move in moves}
    parts = {one: _part(one, root, history) for one in (root.id, source, target)}
    pages = [replace(page, version=page.version + 1, entries=tuple(_without(page.entries, gone, new)))
             for page in (history.pages[source, lower] for lower in parts[source].pages)
             if any((entry.key, entry.revision) in gone for entry in page.entries)]
    parts[source] = replace(parts[source], tail=tuple(_without(parts[source].tail, gone, new)))
    if source != target:
        known = {(entry.key, entry.revision) for entry, _ in _events(target, root, history)}
        added = [move.new for move in moves if (move.new.key, move.new.revision) not in known]
        tail = sorted((*parts[target].tail, *added), key=lambda entry: (entry.key, entry.revision))
        parts[target], sealed = _sealed(replace(parts[target], tail=tuple(tail)), history)
        pages += sealed
    members = dict(parts[root.id].members)
    for one in {source, target} - {root.id}:
        parts[one] = parts[one].next()
        members[one] = members[one]._replace(ceiling=ceiling(parts[one]), version=parts[one].version)
    parts[root.id] = parts[root.id].next(members=members)
    return list(parts.values()), pages


def without(root: Aggregate, source: str, event: tuple[str, int], history: History,
            unlinked: Iterable[Identifier] | None = None) -> tuple[list[Aggregate], list[Page]]:
    """Take an event, (key, revision), out of a partition, or mark identifiers of it: the next versions of it, of the root and of
    pages; none where there is nothing to do."""
    part = _part(source, root, history)
    found = next(((entry, one) for entry, one in _events(source, root, history) if (entry.key, entry.revision) == event), None)
    new, foreign = {}, frozenset(_own(found[1]) if found and unlinked is None else unlinked or ())
    if found and unlinked is not None:
        new[event] = entry_of(found[1]._replace(unlinked=tuple(
            one for one in found[1].ids if one in foreign or one in found[1].unlinked)))
    pages = [replace(page, version=page.version + 1, entries=tuple(_without(page.entries, {event}, new)))
             for page in (history.pages[source, lower] for lower in part.pages)
             if any((entry.key, entry.revision) == event and new.get(event) != entry for entry in page.entries)]
    tail = tuple(_without(part.tail, {event}, new))
    if not pages and tail == part.tail and root.reserved.isdisjoint(foreign):
        return [], []
    left = History(dict(history.aggregates))
    left.pages = {**history.pages, **{(page.profile, page.lower): page for page in pages}}
    changed = replace(part, tail=tail)
    after = changed.next() if source == root.id else root.next()
    if source != root.id:
        left.aggregates[source] = changed = changed.next()
    after = _refolded(after, root.owned() - foreign, (), left)
    return [after] if source == root.id else [after, changed], pages


def _without(entries: Iterable[Entry], gone: set[tuple[str, int]], new: Mapping[tuple[str, int], Entry]) -> Iterator[Entry]:
    """The entries that are not gone, some of those in a new form."""
    return (new.get((one.key, one.revision), one) for one in entries
            if (one.key, one.revision) not in gone or (one.key, one.revision) in new)


def _sealed(part: Aggregate, history: History) -> tuple[Aggregate, tuple[Page, ...]]:
    if len(encode_aggregate(part)) <= size_limit(part):
        return part, ()
    sealed = seal(part, part.tail, history)
    return (part, ()) if sealed is None or isinstance(sealed, Needs) else sealed  # all of the history was read: no Needs


def split(root: Aggregate, division: Division, history: History, rows: Mapping[Identifier, str], now: int) -> list[Aggregate]:
    """The next versions of both, and of those members that point to another survivor from now on. Nothing is left to move.

    rows  identifier → the partition that its row names: it says whose an identifier is that no event names
    Both are due at once, so that what has become of them is written down with the next batch of the stream.
    """
    head, away = division.head, division.away
    changed: list[Aggregate] = []
    members: dict[bool, dict[str, Member]] = {True: {}, False: {}}
    for one, member in ((one, known) for one, known in root.members.items() if one != head):
        goes, part = one in away, history.aggregates[one]
        if (member.into in away) != goes or one == division.pair[1]:
            # The one of the two that stays remembers it itself: it may be taken out of this profile, too.
            into = (head if goes else root.id) if (member.into in away) != goes else member.into
            part = part.next(merged_into=into, apart=part.apart | {head} if one == division.pair[1] else part.apart)
            member = member._replace(into=into, version=part.version)
            changed.append(part)
        members[goes][one] = member
    owned = root.owned()
    theirs = division.leaving(root, rows)
    leaver, stayer = division.pair
    brought = {one: history.aggregates[one].apart for one in root.members}
    ours = root.next(members=members[False], due=now, journeys=_entered(root, away, False), apart=root.apart.difference(
        *(brought[one] for one in away)).union(*(brought[one] for one in members[False]), {leaver}))
    left = history.aggregates[head].next(members=members[True], merged_into=None, due=now,
                                         journeys=_entered(root, away, True), apart=frozenset({stayer}).union(
        *(brought[one] for one in away)))
    return [_refolded(ours, owned - theirs, (), history),
            _refolded(left, theirs, effects(head, events_of(left, history), {}), history), *changed]


def _entered(root: Aggregate, away: AbstractSet[str], goes: bool) -> tuple[JourneyEntry, ...]:
    """The journeys of those who go, or stay: whoever entered one goes on with it."""
    return tuple(one for one in root.journeys if (one.part in away) == goes)


def _refolded(part: Aggregate, owned: AbstractSet[Identifier], more: Iterable[Effect], history: History) -> Aggregate:
    snapshot = refold(events_of(part, history))
    return replace(part, snapshot=snapshot, reserved=frozenset(owned - snapshot.pairs()), outbox=(*part.outbox, *more),
                   evaluated=0, trackers=Trackers())
