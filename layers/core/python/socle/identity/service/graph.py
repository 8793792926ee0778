"""Who is one person and why: shown, merged by hand, taken apart again, and kept apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from socle.errors import Conflict, NotFound, Rejected, Unavailable, poison_is_rejected
from socle.events.model import Event, Identifier
from socle.identity.model import MAX_IDENTIFIERS, MAX_MERGES, Evidence
from socle.identity.resolve import first_of
from socle.identity.rules import STANDARD, IdentityRules
from socle.identity.service.join import load_roots, merge_profiles, read, save_with_pages
from socle.identity.service.place import person_of
from socle.identity.view import graph_view
from socle.profiles.codec import encode_aggregate, event_of
from socle.profiles.items import Owner
from socle.profiles.model import Aggregate, History, Needs
from socle.profiles.store import ProfileStore
from socle.profiles.unmerge import Division, divide, relocate, split, steps

MAX_APART = 500
"""Profiles from which one profile is kept apart."""
_MAX_ACTIONS = 95
"""Of a transaction, which may have 100."""
_ATTEMPTS = 10

T = TypeVar("T")


class Moved(Protocol):
    """Where it is kept which events an unmerge moves: (name, now, [(from, to, event)])."""

    def __call__(self, name: str, now: int, moved: Iterable[tuple[str, str, Event]]) -> None: ...


class IdentityGraph:
    """Merges and unmerges on somebody's word. `moved` keeps what an unmerge moves; a replay of the raw objects needs it.

    A profile that was merged away is its survivor. Every change can be repeated; what broke off half-way is taken up again.
    """

    def __init__(self, store: ProfileStore, rules: Callable[[], IdentityRules] = lambda: STANDARD,
                 moved: Moved | None = None) -> None:
        self._store = store
        self._rules = rules
        self._moved = moved

    def read(self, profile: str) -> dict[str, Any]:
        """The identifiers of a person and what links them, the profiles that they were, those that they are not.

        Raises NotFound.
        """
        for _ in range(_ATTEMPTS):
            root = self._root(profile)
            history = self._history(root)
            rows = self._store.owners(root.owned())
            if self._root(profile).version == root.version:
                return graph_view(root, history, {one: owner.profile for one, owner in rows.items()}, self._rules())
        raise _contended()

    def merge(self, profile: str, other: str, evidence: Evidence, now: int) -> str:
        """Make one of two people; answers the id of the survivor. Once done, doing it again changes nothing.

        Raises NotFound, Rejected(`kept_apart`, `too_much`).
        """
        return self._again(self._merge, profile, other, evidence, now)

    def keep_apart(self, profile: str, other: str, now: int) -> None:
        """Say that two profiles are two people, for ever. Raises NotFound, Rejected(`one_person`, `too_many_apart`)."""
        self._again(self._keep_apart, profile, other, now)

    def unmerge(self, profile: str, member: str, now: int) -> tuple[str, str]:
        """Take `member` out of the profile again, with all that belongs to it, and keep the two apart for ever.

        Answers the ids of both. Raises NotFound, Rejected(`not_merged`, `inseparable`, `too_many_members`).
        """
        return self._again(self._unmerge, profile, member, now)

    def _merge(self, profile: str, other: str, evidence: Evidence, now: int) -> str:
        one, two = self._root(profile), self._root(other, "other")
        if one.id == two.id:
            return one.id
        people = {aggregate.id: person_of(aggregate) for aggregate in (one, two)}
        if sum(person.identifiers for person in people.values()) > MAX_IDENTIFIERS \
                or sum(person.merges for person in people.values()) >= MAX_MERGES:
            raise Rejected("too_much", f"together they would have more than {MAX_IDENTIFIERS:,} identifiers or {MAX_MERGES} "
                           "merges: they stay two", "other", status=409)
        survivor, loser = sorted(people, key=lambda name: first_of(name, people[name]))
        merge_profiles(self._store, survivor, loser, evidence, {one.id: one, two.id: two}, due=now)
        return survivor

    def _keep_apart(self, profile: str, other: str, now: int) -> None:
        one, two = self._root(profile), self._root(other, "other")
        if one.id == two.id:
            raise Rejected("one_person", "they are one person: unmerge them first, which keeps them apart", "other", status=409)
        if two.id in one.apart and one.id in two.apart:
            return
        if max(len(one.apart), len(two.apart)) >= MAX_APART:
            raise Rejected("too_many_apart", f"a profile is kept apart from at most {MAX_APART} others", "profile", status=409)
        both = [part.next(apart=part.apart | {against.id}, due=_soon(part, now)) for part, against in ((one, two), (two, one))]
        self._store.save_together([(part, encode_aggregate(part)) for part in both])

    def _unmerge(self, profile: str, member: str, now: int) -> tuple[str, str]:
        root = self._root(profile)
        if member not in root.members:
            found = self._store.load([member])[member]
            if root.id in found.apart or member in root.apart:
                return root.id, member  # done before: only the answer was lost
            raise Rejected("not_merged", "this profile was not merged into that one: GET …/identity lists those that were",
                           "member", status=409)
        history = self._history(root)
        owners = self._store.owners(root.owned())
        rows = {one: owner.profile for one, owner in owners.items()}
        division = self._divided(root, member, history, rows)
        if division.moves and self._moved is not None:
            # First of all: as long as both are one person, saying that an event lies elsewhere changes nothing.
            self._moved(f"unmerge-{root.id}-{root.version}", now,
                        [(move.source, move.target, event_of(move.new)) for move in division.moves])
        for step in steps(division.moves, root, history):
            aggregates, pages = relocate(root, step, history)
            save_with_pages(self._store, [(part, encode_aggregate(part)) for part in aggregates], pages)
            history.pages.update({(page.profile, page.lower): page for page in pages})
            history.aggregates.update({part.id: part for part in aggregates if part.id != root.id})
            root = next(part for part in aggregates if part.id == root.id)
        root = self._repoint(root, division, owners)
        parts = split(root, division, history, rows, now)
        if len(parts) > _MAX_ACTIONS:
            raise Rejected("too_many_members", f"{len(parts) - 2} other profiles hang on this merge: unmerge some of them first",
                           "member", status=409)
        self._store.save_together([(part, encode_aggregate(part)) for part in parts])
        return root.id, division.head

    def _divided(self, root: Aggregate, member: str, history: History, rows: Mapping[Identifier, str]) -> Division:
        with poison_is_rejected():
            division = divide(root, member, history, self._rules(), rows)
        if isinstance(division, Needs):
            raise Conflict("conflict", "the profile changed meanwhile: reload it and try again")
        theirs = division.leaving(root, rows)
        if not theirs or theirs == root.owned():
            raise Rejected("inseparable", "by the events of this profile, all its identifiers are one person's: nothing would be "
                           "left of one of the two", "member", status=409)
        return division

    def _repoint(self, root: Aggregate, division: Division, rows: Mapping[Identifier, Owner]) -> Aggregate:
        """Let rows name the partition on whose side they will be. Until then either leads to the same person.

        Each together with the root's next version: whoever was erased meanwhile gets no row back. Answers the root.
        """
        for identifiers, head, side in ((division.theirs, division.head, division.away),
                                        (division.ours, root.id, root.parts - division.away)):
            for identifier in sorted(identifiers & rows.keys()):
                owner = rows[identifier]
                if owner.profile in root.parts and owner.profile not in side:
                    root = root.next()
                    self._store.bind(root, encode_aggregate(root), identifier, Owner(head, owner.erased), owner.profile)
        return root

    def _root(self, profile: str, field: str = "profile") -> Aggregate:
        aggregates, roots = load_roots(self._store, {profile})
        root = aggregates[roots[profile]]
        if root.erased is not None or root.snapshot.events == 0:
            raise NotFound("unknown_profile", "there is no such profile; it may have been erased", field)
        return root

    def _history(self, root: Aggregate) -> History:
        """All that is stored of a profile, read after it."""
        history = History()
        while needs := history.wanted(root):
            read(self._store, history, needs)
        return history

    def _again(self, change: Callable[..., T], *given: Any) -> T:
        for _ in range(_ATTEMPTS):
            try:
                return change(*given)
            except Conflict:
                continue
        raise _contended()


def _soon(part: Aggregate, now: int) -> int:
    """The stream is told by a tick: what it writes down is what a replay knows."""
    return min(now, part.due or now)


def _contended() -> Unavailable:
    return Unavailable("contended", "the profile is being written all the time: try again later")
