"""Replay: rebuild every profile from the raw objects alone, in an empty table. The backup that proves the fold.

plan, then the tasks of three passes (forget, apply, merge), then the sum. Every task may be done again, in parallel with the
others of its pass and in any order: an event that is there already changes nothing. So a run that broke off is run again,
and a run over what was replayed before takes in what came meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from math import inf
from typing import Any, TypeVar

from socle.clock import MINUTE
from socle.drafts.service import DraftWriter
from socle.erasures.model import Erasure
from socle.erasures.store import PREFIX as ERASURES
from socle.errors import Conflict, Rejected, Unavailable, poison_is_rejected
from socle.events.model import Event, Identifier
from socle.identity.model import Evidence
from socle.identity.service.graph import IdentityGraph
from socle.identity.service.join import load_roots, merge_profiles, read
from socle.lake.store import PREFIX as RAW
from socle.profiles.codec import encode_aggregate
from socle.profiles.decide import HARD_LIMIT, decide
from socle.profiles.items import Owner
from socle.profiles.model import Aggregate, History, Needs
from socle.profiles.store import ProfileStore
from socle.profiles.unmerge import without
from socle.replay.model import APPLY, COMPARE, COPY, FORGET, MERGE, SHARDS, Count, Moved, Note, Portion, Work
from socle.replay.rows import add_rows, rounds, tasks
from socle.replay.store import NoteStore, ReplayStore

PORTION = 2_000
"""Events that are applied together: the more, the fewer writes a profile needs."""
MAX_FAILURES = 20
"""Failures that the sum names itself; all of them are in the bucket."""
SEGMENTS = 64
"""Tasks of `copy` unless a run is told otherwise: each has 15 minutes, enough for half a million rows."""
IN_FLIGHT = 15 * MINUTE
"""How long before a run an event must have been received to be in a raw object when it begins."""
_ATTEMPTS = 25

T = TypeVar("T")


def plan(store: ReplayStore, run: str, now: int, compare: int = 0, copy: int = 0) -> dict[str, Any]:
    """Cut the work of a run into tasks and keep them. Answers the numbers of the tasks, by pass.

    `copy` and `compare` say into how many tasks that which reads the live table is cut; 0 for none.
    """
    numbers: dict[str, list[int]] = {MERGE: list(range(SHARDS)), COPY: list(range(copy)), COMPARE: list(range(compare))}
    for name, prefix in ((FORGET, ERASURES), (APPLY, RAW)):
        numbers[name] = []
        for number, keys in enumerate(tasks(store.objects(prefix))):
            store.save(run, f"{name}-{number}", keys)
            numbers[name].append(number)
    store.save(run, "plan", {"tasks": numbers, "known_by": now - IN_FLIGHT})
    return numbers


def summary(store: ReplayStore, run: str) -> dict[str, Any]:
    """What all tasks of a run came to; a task that left no result failed."""
    total = Count()
    for name, numbers in store.load(run, "plan")["tasks"].items():
        for number in numbers:
            try:
                total.add(Count(**store.load(run, f"{name}-{number}-done")))
            except Rejected:
                total.failures.append({"task": f"{name}-{number}", "code": "broken_off",
                                       "message": "this task left no result: its function's log says why"})
    document = total.to_json()
    store.save(run, "sum", document)
    return document | {"run": run, "failed": len(total.failures), "failures": total.failures[:MAX_FAILURES]}


class Replay:
    """Does the tasks. `profiles` and `notes` are the table that is filled."""

    def __init__(self, store: ReplayStore, profiles: ProfileStore, notes: NoteStore) -> None:
        self._store = store
        self._profiles = profiles
        self._notes = notes
        self._writer = DraftWriter(profiles)

    def do(self, run: str, name: str, number: int) -> Count:
        """Do one task of a pass and keep what it came to. Raises Unavailable: do it again later."""
        count = Count()
        passes: dict[str, Callable[[str, int, Count], None]] = {FORGET: self._forget, APPLY: self._apply, MERGE: self._merge}
        passes[name](run, number, count)
        self._store.save(run, f"{name}-{number}-done", count.to_json())
        return count

    def _forget(self, run: str, number: int, count: Count) -> None:
        """Leave of every erased person what is left of them in the live table: tombstones.

        Raises Rejected for a marker that can't be read: nothing may be applied as long as anybody could come back.
        """
        for key in self._store.load(run, f"{FORGET}-{number}"):
            try:
                erasure = Erasure.from_json(json.loads(self._store.read(key)))
            except (ValueError, LookupError, TypeError) as error:
                raise Rejected("unreadable", f"{key} is no marker of an erasure: restore an older version of it") from error
            _again(self._forget_one, erasure)
            count.erased += 1

    def _forget_one(self, erasure: Erasure) -> None:
        parts = self._profiles.load(erasure.profiles)
        owned = {identifier for part in parts.values() for identifier in part.owned()}
        # The members first: a run that breaks off in between finds in the survivor what it owns.
        for profile in reversed(erasure.profiles):
            if parts[profile].erased is None:
                self._profiles.forget(parts[profile], owned, erasure.erased)
        self._notes.remember(erasure.identifiers, erasure.erased)

    def _apply(self, run: str, number: int, count: Count) -> None:
        """Fold the events of some raw objects into their profiles."""
        portion = Portion()
        for key in self._store.load(run, f"{APPLY}-{number}"):
            count.objects += 1
            try:
                add_rows(portion, self._store.read(key))
            except Rejected as error:
                count.failed("object", key, error)
            if portion.events >= PORTION:
                self._take_in(portion, count)
                portion = Portion()
        self._take_in(portion, count)

    def _take_in(self, portion: Portion, count: Count) -> None:
        left: Mapping[str, Sequence[Event]] = portion.groups
        for _ in range(_ATTEMPTS):
            if not left:
                break
            left = self._fold(left, count)
        else:
            raise Unavailable("contended", "other tasks kept changing the same profiles: try again later")
        for note in portion.notes.values():
            if note.members or note.reserved or note.apart or note.merged:
                self._notes.save(note)
        for moved in portion.moved:
            self._notes.save_moved(moved)
        count.events += portion.events

    def _fold(self, groups: Mapping[str, Sequence[Event]], count: Count) -> dict[str, Sequence[Event]]:
        """Fold events into the profiles that hold them; answers those of profiles that another task changed first."""
        aggregates, roots = load_roots(self._profiles, set(groups))
        events: dict[str, list[Event]] = {}
        for partition, group in groups.items():
            if aggregates[roots[partition]].erased is None:
                events.setdefault(roots[partition], []).extend(group)
        self._claim({identifier: root for root, group in events.items() for identifier in _own(group)
                     if identifier not in aggregates[root].owned()})
        works = [Work(aggregates[root], History(), events=group) for root, group in events.items()]
        beaten: set[str] = set()
        for work in works:
            try:
                for part in rounds(work.events):
                    self._fold_part(work, part, count)
            except Conflict:
                beaten.add(work.aggregate.id)
        beaten |= self._writer.write_postponed([work for work in works if work.aggregate.id not in beaten])
        for work in works:
            if work.aggregate.id not in beaten:
                count.applied += work.applied
                count.profiles += work.was_new
        return {partition: group for partition, group in groups.items() if roots[partition] in beaten}

    def _fold_part(self, work: Work, events: Sequence[Event], count: Count) -> None:
        """Fold events of one profile. What can't be folded, though it once was, is halved until the culprit is alone."""
        try:
            self._decide(work, events)
        except Rejected as error:
            if len(events) == 1:
                count.failed("profile", work.aggregate.id, error)
                return
            middle = len(events) // 2
            self._fold_part(work, events[:middle], count)
            self._fold_part(work, events[middle:], count)

    def _decide(self, work: Work, events: Sequence[Event]) -> None:
        while True:
            with poison_is_rejected():
                decision = decide(work.aggregate, events, None, work.history, max_revisions=inf)
            if isinstance(decision, Needs):
                self._writer.read(work, decision)
                continue
            self._writer.take(work, decision)
            work.applied += len(decision.applied)
            if len(decision.data) <= HARD_LIMIT:
                return
            events = ()

    def _claim(self, claims: Mapping[Identifier, str]) -> None:
        """Give identifiers to their profiles. One that is somebody's already is that of the same person: nothing but a merge,
        which comes later, brings it from one profile to another."""
        if claims:
            erased = self._profiles.erased(claims)
            self._profiles.claim_each({identifier: Owner(profile, erased.get(identifier, 0))
                                       for identifier, profile in claims.items()})

    def _merge(self, run: str, shard: int, count: Count) -> None:
        """Obey the notes of a shard: take out what went elsewhere, make one of those who were one, tell apart those who are
        not any more, and give them what no event names."""
        for moved in self._notes.moved(shard):
            _again(self._take_out, moved)
            self._notes.delete_moved(moved)
        for note in self._notes.of(shard):
            try:
                if not note.merged:
                    _again(self._tell_apart, note)
                    for member in _deepest_first(note):
                        count.merged += _again(self._merge_one, note.members[member].into, member, note.members[member].evidence)
                    _again(self._reserve, note)
            except Rejected as error:
                count.failed("profile", note.profile, error)
            else:
                self._notes.delete(note)

    def _merge_one(self, survivor: str, member: str, evidence: Evidence) -> bool:
        """Merge, unless it is done: notes of a person who was merged more than once name the same member."""
        aggregates = self._profiles.load([survivor, member])
        if any(part.merged_into is not None or part.erased is not None for part in aggregates.values()):
            return False
        merge_profiles(self._profiles, survivor, member, evidence, aggregates)
        return True

    def _take_out(self, moved: Moved) -> None:
        """Take an event out of the partition that an unmerge moved it from."""
        aggregates, roots = load_roots(self._profiles, {moved.source, moved.target} if moved.target else {moved.source})
        root = aggregates[roots[moved.source]]
        history = History()
        while needs := history.wanted(root):
            read(self._profiles, history, needs)
        if moved.unlinked is None and moved.target in root.parts and not _lies(root, moved, history):
            return  # an earlier run made one person of both, so it was known and not applied again: it moves with the unmerge
        parts, pages = without(root, moved.source, (moved.key, moved.revision), history, moved.unlinked)
        if parts:
            self._profiles.save_together([(part, encode_aggregate(part)) for part in parts], pages)

    def _tell_apart(self, note: Note) -> None:
        """Undo a merge that an earlier run over older objects did."""
        aggregates, roots = load_roots(self._profiles, {note.profile})
        root = aggregates[roots[note.profile]]
        if root.id != note.profile and root.erased is None:
            IdentityGraph(self._profiles).unmerge(root.id, note.profile, 0)

    def _reserve(self, note: Note) -> None:
        aggregates, roots = load_roots(self._profiles, {note.profile})
        root = aggregates[roots[note.profile]]
        if root.erased is None and note.named:
            self._repoint(root, note.named)
        unnamed = note.reserved - root.owned()
        apart = note.apart if root.id == note.profile else root.apart | note.apart
        if root.erased is None and (unnamed or apart != root.apart):
            self._claim(dict.fromkeys(unnamed, root.id))
            owners = self._profiles.owners(unnamed) if unnamed else {}
            ours = {one for one in unnamed if one in owners and owners[one].profile in root.parts}
            after = root.next(reserved=root.reserved | ours, apart=apart)
            self._profiles.save(after, encode_aggregate(after))

    def _repoint(self, root: Aggregate, named: Iterable[Identifier]) -> None:
        """What was claimed for the other one of two, by a row from before they were unmerged, is this one's."""
        for identifier, owner in self._profiles.owners(named).items():
            if owner.profile not in root.parts:
                self._profiles.claim(identifier, Owner(root.id, owner.erased), stale=owner.profile)


def _lies(root: Aggregate, moved: Moved, history: History) -> bool:
    """Whether the event lies where it went."""
    part = root if moved.target == root.id else history.aggregates[moved.target]
    entries = chain(part.tail, *(history.pages[part.id, lower].entries for lower in part.pages))
    return any((entry.key, entry.revision) == (moved.key, moved.revision) for entry in entries)


def _own(events: Iterable[Event]) -> set[Identifier]:
    return {identifier for event in events for identifier in event.ids if identifier not in event.unlinked}


def _deepest_first(note: Note) -> list[str]:
    """Members in the order in which they were merged: before one is merged, all that were merged into it are."""
    def depth(member: str) -> int:
        into = note.members[member].into
        return 1 + depth(into) if into in note.members else 0

    return sorted(note.members, key=lambda member: (-depth(member), note.members[member].evidence.at, member))


def _again(change: Callable[..., T], *given: Any) -> T:
    """Do a change again as long as another task was first."""
    for _ in range(_ATTEMPTS):
        with suppress(Conflict):
            return change(*given)
    raise Unavailable("contended", "other tasks kept changing the same profile: try again later")
