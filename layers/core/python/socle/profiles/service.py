"""Read profiles: by identifier, now or as of a past time, with their timeline; and erase them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, NamedTuple, Protocol

from socle.consent.addresses import addresses, addresses_among
from socle.erasures.model import Erasure
from socle.errors import Conflict, NotFound, Unavailable
from socle.events.model import Event
from socle.identity.service.join import load_roots, read
from socle.iso import to_iso
from socle.messages.model import Address
from socle.paging import from_cursor, to_cursor
from socle.profiles.codec import encode_aggregate
from socle.profiles.decide import events_of
from socle.profiles.fold import as_of as known_as_of
from socle.profiles.fold import highest_revisions, refold
from socle.profiles.items import erased_key
from socle.profiles.model import Aggregate, History, Snapshot, Trackers
from socle.profiles.provenance import provenance
from socle.profiles.store import ProfileStore
from socle.profiles.survivorship import LATEST, Survivorship
from socle.profiles.view import event_view, profile_view
from socle.segments.membership import ENTERED, LEFT

TRAITS_CHARACTERS = 1024 * 1024
"""JSON text of one page of traits; an answer of a function may have six times as much."""
_ATTEMPTS = 5

Clock = Literal["happened", "known"]


class Markers(Protocol):
    """Where it is kept that somebody was erased."""

    def save(self, erasure: Erasure) -> None: ...


class Memberships(Protocol):
    """Where it is kept which segments somebody entered and left."""

    def moves(self, profiles: Sequence[str]) -> list[tuple[int, str, dict[str, Any]]]: ...

    def forget(self, profiles: Sequence[str]) -> None: ...


class Derived(Protocol):
    """What definitions say of somebody: `{"segments", "computed"}`."""

    def of(self, root: Aggregate, snapshot: Snapshot, events: Callable[[], Sequence[Event]],
           as_of: int | None = None) -> dict[str, Any]: ...


class Known(NamedTuple):
    """What is known of somebody, now or by a past time: `root` is always what is stored now."""

    root: Aggregate
    snapshot: Snapshot
    events: list[Event]


class Listed(Protocol):
    """Where addresses are readable that nothing is sent to."""

    def forget(self, addresses: Iterable[Address]) -> None: ...


class Profiles:
    """Profiles for readers. A profile that was merged away answers as its survivor.

    `markers` is for `erase`; without it an erasure leaves no marker, and a replay of the raw objects would undo it. Traits are
    shown by `rules`: a profile that was stored under others is folded again from its history, and not written. Timelines show
    what `memberships` know, and an erasure deletes it. Segments of the past, and computed traits, are what `derived` says.
    An erasure takes the addresses off what is `listed`.
    """

    def __init__(self, store: ProfileStore, markers: Markers | None = None,
                 rules: Callable[[], Survivorship] = lambda: LATEST, memberships: Memberships | None = None,
                 derived: Derived | None = None, listed: Listed | None = None) -> None:
        self._store = store
        self._markers = markers
        self._rules = rules
        self._memberships = memberships
        self._derived = derived
        self._listed = listed

    def find(self, kind: str, value: str) -> str:
        """The id of the profile that an identifier belongs to. Raises NotFound."""
        owner = self._store.owners([(kind, value)]).get((kind, value))
        if owner is None:
            raise NotFound("unknown_identifier", f"no profile has this {kind}: check its spelling, or send an event with it",
                           "by")
        return self._root(owner.profile).id

    def read(self, profile_id: str, as_of: int | None = None, clock: Clock = "happened") -> dict[str, Any]:
        """The profile, now or as of a past time (epoch ms). Raises NotFound.

        Clock "happened" counts the events whose effective time is not later, "known" those received by then.
        """
        if as_of is not None:
            root, snapshot, events = self.known(profile_id, as_of, clock)
            # Which profiles were one by then is not recorded: `merged` says nothing about the past.
            shown = profile_view(root.id, snapshot) | {"as_of": to_iso(as_of), "clock": clock}
            return shown | (self._derived.of(root, snapshot, lambda: events, as_of) if self._derived else {})
        root, rules = self._root(profile_id), self._rules()
        snapshot = root.snapshot if root.snapshot.rules == rules.number else refold(self.history(root), rules)
        shown = profile_view(root.id, snapshot, root.members, root.segments) | {"rfm": root.given.get("rfm")}
        return shown | (self._derived.of(root, snapshot, lambda: self.history(root)) if self._derived else {})

    def known(self, profile_id: str, as_of: int | None = None, clock: Clock = "happened") -> Known:
        """The person from the whole history, one revision of each event, now or as of a past time. Raises NotFound."""
        root = self._root(profile_id)
        events = highest_revisions(self.history(root) if as_of is None else known_as_of(self.history(root), as_of, clock))
        return Known(root, refold(events, self._rules()), events)

    def traits(self, profile_id: str, limit: int, cursor: str | None = None, as_of: int | None = None,
               clock: Clock = "happened") -> dict[str, Any]:
        """Where its traits come from, now or as of a past time: `limit` of them, by name, after `cursor`.

        A page ends earlier when it has TRAITS_CHARACTERS of JSON. Raises NotFound, Rejected.
        """
        root, rules = self._root(profile_id), self._rules()
        events = self.history(root)
        if as_of is not None:
            events = known_as_of(events, as_of, clock)
        listing = f"traits {profile_id} {as_of} {clock}"
        after = None if cursor is None else from_cursor(listing, cursor)
        names = sorted(name for name in refold(events, rules).traits if after is None or name > after)
        items: list[dict[str, Any]] = []
        room = TRAITS_CHARACTERS
        for entry in provenance(names[:limit], events, rules):
            items.append(entry)
            room -= len(json.dumps(entry))
            if room <= 0:
                break
        more = len(items) < len(names)
        return {"items": items, "next": to_cursor(listing, items[-1]["trait"]) if more else None}

    def timeline(self, profile_id: str, limit: int, cursor: str | None = None, event: str | None = None) -> dict[str, Any]:
        """The newest `limit` events before `cursor`, newest first, all or of one name. Raises NotFound, Rejected.

        Segments entered and left are among them.
        """
        root = self._root(profile_id)
        found: list[tuple[int, str, Event | dict[str, Any]]] = [
            (one.at, one.key, one) for one in highest_revisions(self.history(root)) if event in (None, one.name)]
        if self._memberships is not None and event in (None, ENTERED, LEFT):
            found += [one for one in self._memberships.moves(sorted(root.parts)) if event in (None, one[2]["event"])]
        found.sort(key=lambda one: one[:2], reverse=True)
        listing = f"timeline {profile_id} {event}"
        if cursor is not None:
            at, _, key = from_cursor(listing, cursor).partition(" ")
            after = int(at), key
            found = [one for one in found if one[:2] < after]
        last = found[limit - 1] if len(found) > limit else None
        return {"items": [event_view(one) if isinstance(one, Event) else one for _, _, one in found[:limit]],
                "next": to_cursor(listing, f"{last[0]} {last[1]}") if last else None}

    def erase(self, profile_id: str, now: int) -> None:
        """Erase a person: events, snapshot, pages, ledger and pointers; what was received by `now` can't come back.

        Raises NotFound, Conflict. Calling it again finishes an erasure that broke off.
        """
        for attempt in range(_ATTEMPTS):
            try:
                self._erase(profile_id, now)
                return
            except Conflict:
                if attempt + 1 == _ATTEMPTS:
                    raise
            except NotFound:
                if attempt == 0:
                    raise
                return  # the attempt before was the last one needed: only its answer was lost

    def _erase(self, profile_id: str, now: int) -> None:
        aggregates, roots = load_roots(self._store, {profile_id})
        root = aggregates[roots[profile_id]]
        owned = root.owned()
        if root.version == 0 or (root.erased is not None and not owned):
            raise NotFound("unknown_profile", "there is no such profile; it may have been erased")
        erased = root.erased or now
        if self._markers is not None:
            # Before anything is deleted: the raw objects still hold the events, and a replay must know whose not to take.
            self._markers.save(Erasure((root.id, *sorted(root.members)), erased, tuple(sorted(map(erased_key, owned)))))
        if self._listed is not None:
            # While the traits still say which they are. That nothing is sent to them stays, by rows that name nobody.
            self._listed.forget(dict.fromkeys([*addresses(root.snapshot), *addresses_among(owned)]))
        if root.erased is None:
            # Nobody writes to an erased root or its members any more. It still names what is to be deleted, so that an
            # erasure that breaks off can be taken up again.
            root = root.next(snapshot=Snapshot(), reserved=owned, tail=(), outbox=(), due=None, erased=now,
                             segments={}, evaluated=0, trackers=Trackers(), given={}, journeys=())
            self._store.save(root, encode_aggregate(root))
        for member in root.members:
            part = self._store.load([member])[member]
            if part.erased is None:
                self._store.forget(part, owned, erased)
        if self._memberships is not None:
            self._memberships.forget(sorted(root.parts))
        self._store.forget(root, owned, erased)

    def _root(self, profile_id: str) -> Aggregate:
        aggregates, roots = load_roots(self._store, {profile_id})
        root = aggregates[roots[profile_id]]
        if root.snapshot.events == 0:  # not stored, erased, or claimed by an event that was not applied
            raise NotFound("unknown_profile", "there is no such profile; it may have been erased")
        return root

    def history(self, root: Aggregate) -> list[Event]:
        """Every event of the profile, each revision. Pages that were split while they were read are read again."""
        for _ in range(_ATTEMPTS):
            history = History()
            while needs := history.wanted(root):
                read(self._store, history, needs)
            now = self._store.load([root.id])[root.id]
            if now.version == root.version or [page for page in now.pages if page < root.horizon] == list(root.pages):
                return events_of(root, history)
            root = now
        raise Unavailable("contended", "the profile is being written all the time: try again later")
