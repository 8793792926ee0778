"""Give people the facts of their accounts that segments ask for: computed from what is, pushed by ticks, until all have them.

Nothing is counted up or down: whatever happened, the account and its people are read as they are now. So triggers may come twice,
late, and in any order. Two of them at once are told apart by the version of what was pushed last (`refresh`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from socle.accounts.fold import value_of
from socle.accounts.model import Account, MemberPage, Pushed
from socle.cached import Cached
from socle.clock import SECOND
from socle.effects.model import ACCOUNTS, Effect
from socle.errors import Conflict
from socle.events.group import Record
from socle.events.model import RECHECK, Tick
from socle.events.stream import encode_ticks
from socle.identity.service.join import load_roots
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore
from socle.segments.accounts import Asked, facts_of, given_name, groups_given, is_same, still_says

MAX_MEMBERS = 1_000
"""Membership rows of an account that are looked at: the first by profile id. Whoever a change comes from is looked at too."""
LIFETIME = 30 * SECOND
"""How long a process goes by the definitions that it has read."""
LATER = 60
"""Seconds after which a walk is made once more: by then nobody goes by definitions from before the first one."""
STEP = 20
"""Accounts that one step of a walk looks at."""
_ATTEMPTS = 5


class Store(Protocol):
    """What accounts are kept in: AccountStore says what each does."""

    def load(self, groups: list[str]) -> dict[str, Account]: ...
    def members(self, group: str, limit: int, after: str = "", fresh: bool = False) -> MemberPage: ...
    def listed(self, limit: int, after: str = "") -> list[str]: ...
    def pushed(self, group: str) -> Pushed: ...
    def save_pushed(self, group: str, pushed: Pushed) -> None: ...


class Stream(Protocol):
    """Takes records for good; Unavailable when it cannot."""

    def put(self, records: Sequence[Record]) -> None: ...


class Queue(Protocol):
    """Takes effects; Unavailable when it cannot."""

    def send(self, effects: Sequence[Effect], delay: int = 0) -> None: ...


class _Look(NamedTuple):
    """An account as it is. people: those of its rows, and who was asked for beside; facts: by the rows alone."""

    people: dict[str, Aggregate]
    members: set[str]
    facts: dict[str, Any] | None


class AccountFacts:
    """Keeps what profiles are given of their accounts true. Raises Conflict or Unavailable: then call it again.

    `asked` reads the definitions, `too_large` hears of accounts with more than MAX_MEMBERS rows, walks need the `queue`.
    """

    def __init__(self, store: Store, profiles: ProfileStore, stream: Stream, asked: Callable[[], Asked],
                 clock: Callable[[], int], queue: Queue | None = None, too_large: Callable[[str], None] = lambda _: None) -> None:
        self._store = store
        self._profiles = profiles
        self._stream = stream
        self._read = asked
        self._asked = Cached(asked, LIFETIME, clock)
        self._clock = clock
        self._queue = queue
        self._too_large = too_large

    def linked(self, group: str, profile: str) -> None:
        """An event of this profile named the account: it may have left others by that (a correction, or their limit)."""
        if self._asked().nothing:
            return
        root = self._root(profile)
        for one in sorted({group, *(set(groups_given(root.given)) - root.snapshot.accounts.keys())}):
            self.refresh(one, (profile,))

    def moved(self, segment: str, profile: str) -> None:
        """This profile entered or left a segment."""
        if segment in self._asked().segments:
            for group in self._root(profile).snapshot.accounts:
                self.refresh(group, (profile,))

    def refresh(self, group: str, also: Collection[str] = (), gone: bool = False) -> None:
        """Look at the account and give its people, and the profiles `also` if they are its people, what they lack.

        gone  it was deleted: whatever definitions ask, what was given is taken back
        """
        wanted = self._asked()
        forced = False
        for _ in range(_ATTEMPTS):
            if wanted.nothing and not gone:
                return
            before = self._store.pushed(group)
            look = self._look(group, also, wanted)
            news = forced or not still_says(before.facts, look.facts)
            facts = look.facts if news else before.facts
            name = given_name(group)
            ticks = [Tick(one, RECHECK, {name: mine}) for one, person in look.people.items()
                     for mine in [facts if one in look.members else None]
                     if (news and (mine is not None or name in person.given)) or not is_same(person.given.get(name), mine)]
            if not ticks and not news:
                return
            now = before.after(facts) if news else before
            try:
                if news:
                    self._store.save_pushed(group, now)
            except Conflict:
                continue
            self._put(ticks)
            # Whoever pushed something else meanwhile may have been overtaken by these ticks: then all is said once more.
            if self._store.pushed(group).version == now.version:
                return
            forced = True
        raise Conflict("contended", "the account's people are moving all the time: try again later")

    def accounts_of(self, profile: str) -> list[str]:
        """The accounts to refresh once this profile has been erased."""
        return [] if self._asked().nothing else sorted(self._root(profile).snapshot.accounts)

    def announce(self) -> None:
        """Definitions look at accounts in another way than before: all accounts are walked through, now and once more later."""
        if self._queue is not None:
            walk = [Effect(ACCOUNTS, "", "", "", 0)]
            self._queue.send(walk)
            self._queue.send(walk, LATER)

    def walk(self, after: str) -> None:
        """One step: refresh some accounts that come after this group id, and queue the next step."""
        if not after:
            self._asked = Cached(self._read, LIFETIME, self._clock)
        groups = [] if self._asked().nothing else self._store.listed(STEP, after)
        for group in groups:
            self.refresh(group)
        if len(groups) == STEP and self._queue is not None:
            self._queue.send([Effect(ACCOUNTS, groups[-1], "", "", 0)])

    def _look(self, group: str, also: Iterable[str], wanted: Asked) -> _Look:
        account = self._store.load([group])[group]
        page = self._store.members(group, MAX_MEMBERS, fresh=True)
        if page.more:
            self._too_large(group)
        aggregates, roots = load_roots(self._profiles, {*page.profiles, *also})
        people = {root: aggregates[root] for root in roots.values() if aggregates[root].erased is None}
        theirs = {name for name, one in people.items() if group in one.snapshot.accounts and account.exists}
        counted = [one for one in {roots[row] for row in page.profiles} if one in theirs]
        facts = facts_of({name: value_of(write) for name, write in account.traits.items() if name in wanted.traits},
                         [people[one].segments for one in counted], wanted) if account.exists else None
        return _Look(people, theirs, facts)

    def _root(self, profile: str) -> Aggregate:
        aggregates, roots = load_roots(self._profiles, {profile})
        return aggregates[roots[profile]]

    def _put(self, ticks: Sequence[Tick]) -> None:
        # To the shard of the profile's own events, so that the two do not race.
        self._stream.put([Record(tick.profile, encode_ticks([tick])) for tick in ticks])
