"""Accounts for those who write them (effects, imports, the API) and those who read them."""

from __future__ import annotations

import heapq
import json
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, Protocol

from socle.accounts import fold
from socle.accounts.model import MAX_ID_BYTES, MAX_NAME_BYTES, MAX_TRAIT_BYTES, Account, Change, MemberPage
from socle.accounts.rollup import roll_up
from socle.accounts.view import account_view, member_view, roll_up_view
from socle.errors import Conflict, NotFound, Rejected
from socle.events import check
from socle.events.model import Event
from socle.identity.normalise import id_text
from socle.identity.service.join import load_roots
from socle.paging import from_cursor, to_cursor
from socle.profiles.fold import highest_revisions
from socle.profiles.model import Aggregate
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from socle.profiles.view import event_view

MAX_MEMBERS = 1_000
"""Membership rows that one answer looks at; an account with more says `partial`."""
MAX_HISTORIES = 200
"""Histories that one page of a timeline reads."""
PAGE_CHARACTERS = 4_000_000
"""JSON text after which a page ends: an answer of a function may have 6 MB."""
_AT_A_TIME = 50
"""Accounts, or members, that are held beside those that a page has: each may have 350 KB."""
_ATTEMPTS = 5


class Store(Protocol):
    """What an account is kept in: AccountStore says what each does."""

    def load(self, groups: list[str]) -> dict[str, Account]: ...
    def load_with_member(self, group: str, profile: str) -> tuple[Account, bool]: ...
    def members_of(self, group: str, profiles: list[str]) -> set[str]: ...
    def save(self, account: Account) -> None: ...
    def enlist(self, group: str) -> None: ...
    def add_member(self, group: str, profile: str) -> None: ...
    def members(self, group: str, limit: int, after: str = "") -> MemberPage: ...
    def listed(self, limit: int, after: str = "") -> list[str]: ...
    def delete_members(self, group: str, profiles: list[str]) -> None: ...
    def delist(self, group: str) -> None: ...


class Facts(Protocol):
    """Gives people what segments ask of their accounts; AccountFacts says what each does."""

    def linked(self, group: str, profile: str) -> None: ...
    def refresh(self, group: str, also: Collection[str] = (), gone: bool = False) -> None: ...


class AccountWriter:
    """Writes accounts, and tells their people by `facts`. Everything may be done twice, in any order, and broken off anywhere:
    done again it is as if once."""

    def __init__(self, store: Store, facts: Facts | None = None) -> None:
        self._store = store
        self._facts = facts

    def take(self, group: str, profile: str, event: Event) -> bool:
        """Take in what an event says of an account, and that its profile belongs to it. False when the account was
        deleted after the event was received. Raises Conflict, Unavailable."""
        change = fold.change_of(event)
        account, is_member = self._store.load_with_member(group, profile)
        account = self._write(account, change)
        if account.deleted and change.received <= account.deleted:
            return False
        if not is_member:
            self._store.add_member(group, profile)
        if self._facts is not None:
            self._facts.linked(group, profile)
        return True

    def put(self, group: str, traits: Mapping[str, Any], at: int, source: str, received: int, tie: int = 0,
            revision: int = 0) -> Account:
        """Take in traits that no person's event brought: an import's or somebody's. None removes one; others stay.

        at, received   epoch ms; what was received before the account was deleted is dropped
        tie, revision  of two writes of a trait the later `at` counts, then the greater `tie`, then the higher `revision`
        Raises Rejected naming the field, Conflict, Unavailable.
        """
        group = group_id(group)
        check.traits(dict(traits), "traits")
        for name, value in traits.items():
            if not fold.fits(name, value):
                raise Rejected("trait_too_large", "the trait is too large for an account, counting what JSON escapes twice: at "
                               f"most {MAX_TRAIT_BYTES} bytes, and {MAX_NAME_BYTES} of name", f"traits.{name[:40]}")
        account = self._write(self._store.load([group])[group], Change(at, tie, revision, received, source, traits))
        if self._facts is not None:
            self._facts.refresh(group)
        return account

    def delete(self, group: str, now: int) -> None:
        """Delete an account: traits, members, its place in the list. What was received by `now` does not bring it back.

        Its people and their events stay as they are. Raises NotFound, Conflict. Calling it again finishes what broke off.
        """
        account = self._store.load([group])[group]
        if account.version == 0:
            raise _unknown()
        if not account.gone:
            self._store.save(fold.deleted(account, now))
        if self._facts is not None:
            self._facts.refresh(group, gone=True)  # as long as rows say who its people are
        found = False
        while (page := self._store.members(group, MAX_MEMBERS)).profiles:
            self._store.delete_members(group, page.profiles)
            found = True
        self._store.delist(group)
        if self._store.load([group])[group].exists:
            self._store.enlist(group)  # somebody spoke of it meanwhile
        if account.gone and not found:
            raise _unknown()

    def _write(self, account: Account, change: Change) -> Account:
        for attempt in range(_ATTEMPTS):
            after = fold.fold(account, change)
            if after is account:
                return account
            try:
                if not account.exists:
                    self._store.enlist(account.id)  # first: an account that is stored is on the list
                self._store.save(after)
                return after
            except Conflict:
                if attempt + 1 == _ATTEMPTS:
                    raise
            account = self._store.load([account.id])[account.id]
        raise AssertionError("unreachable")


class _People(NamedTuple):
    """Members by root, and whether there are more than were looked at."""

    roots: dict[str, Aggregate]
    partial: bool


_Position = tuple[int, str, str]
"""Of an event in a timeline: effective time, event key, profile."""


class _Newest(NamedTuple):
    """The newest events, newest first; `unread`: when those were last seen whose histories were not read, None if nobody."""

    events: list[tuple[_Position, Event]]
    unread: int | None


class Accounts:
    """Accounts for readers. Who was merged counts once, as the survivor; who is no member any more not at all."""

    def __init__(self, store: Store, profiles: ProfileStore) -> None:
        self._store = store
        self._profiles = profiles
        self._histories = Profiles(profiles)

    def page(self, limit: int, cursor: str | None = None) -> dict[str, Any]:
        """Accounts in the order of their ids, without what their people add up to. Raises Rejected(`bad_cursor`)."""
        groups = self._store.listed(limit + 1, from_cursor("accounts", cursor) if cursor is not None else "")
        items: list[dict[str, Any]] = []
        room, read = PAGE_CHARACTERS, 0
        while room > 0 and read < min(limit, len(groups)):
            accounts = self._store.load(groups[read:min(limit, read + _AT_A_TIME)])
            for account in accounts.values():
                if room > 0:
                    read += 1
                    items += [account_view(account)] if account.exists else []
                    room -= len(json.dumps(items[-1])) if account.exists else 0
        return {"items": items, "next": to_cursor("accounts", groups[read - 1]) if read < len(groups) else None}

    def read(self, group: str, now: int) -> dict[str, Any]:
        """One account with what its people add up to. Raises NotFound."""
        account = self._account(group)
        people = self._people(group)
        rolled = roll_up([root.snapshot for root in people.roots.values()], now)
        return {**account_view(account), **roll_up_view(rolled), "partial": people.partial}

    def members(self, group: str, limit: int, cursor: str | None = None) -> dict[str, Any]:
        """People of an account in the order of their membership rows, each once. Raises NotFound, Rejected."""
        self._account(group)
        listing = f"members {group}"
        after = from_cursor(listing, cursor) if cursor is not None else ""
        items: list[dict[str, Any]] = []
        room = PAGE_CHARACTERS
        for _ in range(_ATTEMPTS + limit // _AT_A_TIME):  # rows that are stale, or somebody's second, leave room
            page = self._store.members(group, min(limit - len(items), _AT_A_TIME), after)
            found = [member_view(root, group) for root in self._first_met(group, page.profiles)]
            items += found
            room -= len(json.dumps(found))
            if not page.more:
                return {"items": items, "next": None}
            after = page.profiles[-1]
            if len(items) == limit or room <= 0:
                break
        return {"items": items, "next": to_cursor(listing, after)}

    def timeline(self, group: str, limit: int, cursor: str | None = None) -> dict[str, Any]:
        """The newest events of all its people before `cursor`, newest first, at most `limit`. Raises NotFound, Rejected.

        `partial` when there are more members than MAX_MEMBERS, or all of MAX_HISTORIES histories have nothing as new as what
        others may have.
        """
        self._account(group)
        listing = f"account timeline {group}"
        before: _Position | None = None
        if cursor is not None:
            moment, profile, key = from_cursor(listing, cursor).split(" ", 2)
            before = int(moment), key, profile
        people = self._people(group)
        found = self._newest(people.roots, limit + 1, before)
        items, more = found.events[:limit], len(found.events) > limit
        sure = [one for one in items if found.unread is None or one[0][0] > found.unread]
        if found.unread is not None:
            # Nobody who was not looked at has an event among these: a shorter page, and the next one goes on from there.
            items, more = sure or items, True
        next_ = None
        if more and items:
            at, key, profile = items[-1][0]
            next_ = to_cursor(listing, f"{at} {profile} {key}")
        return {"items": [{"profile": profile, **event_view(event)} for (_, _, profile), event in items], "next": next_,
                "partial": people.partial or (found.unread is not None and not sure)}

    def _newest(self, roots: Mapping[str, Aggregate], count: int, before: _Position | None) -> _Newest:
        """The newest `count` events of these people, newest first, from no more than MAX_HISTORIES histories."""
        newest: list[tuple[_Position, Event]] = []
        # Who was first seen after the cursor has nothing before it.
        recent = sorted((root for root in roots.values() if before is None or root.snapshot.first_seen <= before[0]),
                        key=lambda root: (root.snapshot.last_seen, root.id), reverse=True)
        for read, person in enumerate(recent):
            last_seen = person.snapshot.last_seen
            if len(newest) == count and last_seen < newest[-1][0][0]:
                break  # nobody from here on has an event that is newer
            if read == MAX_HISTORIES:
                return _Newest(newest, last_seen)
            theirs = (((event.at, event.key, person.id), event)
                      for event in highest_revisions(self._histories.history(person)))
            newest = heapq.nlargest(count, [*newest, *(one for one in theirs if before is None or one[0] < before)],
                                    key=lambda one: one[0])
        return _Newest(newest, None)

    def _account(self, group: str) -> Account:
        account = self._store.load([group])[group]
        if not account.exists:
            raise _unknown()
        return account

    def _people(self, group: str) -> _People:
        page = self._store.members(group, MAX_MEMBERS)
        return _People({root.id: root for root in self._roots(group, page.profiles).values()}, page.more)

    def _roots(self, group: str, profiles: list[str]) -> dict[str, Aggregate]:
        """Row → its person's profile; rows of people who are no members any more, or were erased, are left out."""
        aggregates, roots = load_roots(self._profiles, set(profiles), fresh=False)
        found = {profile: aggregates[roots[profile]] for profile in profiles}
        return {profile: root for profile, root in found.items() if root.erased is None and group in root.snapshot.accounts}

    def _first_met(self, group: str, profiles: list[str]) -> list[Aggregate]:
        """The people of these rows whose first row is among them: the others were on an earlier page."""
        roots = self._roots(group, profiles)
        earlier = {part: profile for profile, root in roots.items() for part in (root.id, *root.members) if part < profile}
        rows = self._store.members_of(group, list(earlier)) if earlier else set()
        return [root for profile, root in roots.items()
                if not any(part in rows for part in (root.id, *root.members) if part < profile)]


def group_id(value: Any) -> str:
    """A group id as it is looked up. Raises Rejected naming `id`."""
    group = id_text(value, "id")
    if group is None:
        raise Rejected("no_group", "this is no group id: blank, or a placeholder such as null or 0", "id")
    if len(group.encode(errors="replace")) > MAX_ID_BYTES:
        raise Rejected("id_too_long", f"a group id may have {MAX_ID_BYTES} bytes of UTF-8", "id")
    return group


def _unknown() -> NotFound:
    return NotFound("unknown_account", "there is no such account: a group call or a PUT makes one, GET /api/accounts lists them",
                    "id")
