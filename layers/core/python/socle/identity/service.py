"""Place a batch of events: look up identifiers, claim the new ones, merge the people who turn out to be one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from socle.errors import Conflict, Unavailable
from socle.events.model import Event, Identifier
from socle.identity.resolve import Person, Plan
from socle.profiles.codec import encode_aggregate
from socle.profiles.decide import merge
from socle.profiles.model import Aggregate, History, Needs
from socle.profiles.store import Owner, ProfileStore

_ATTEMPTS = 25


class Placed(NamedTuple):
    """groups: profile → its events of the batch; aggregates: as just read; erased: how many events were dropped."""

    groups: dict[str, list[Event]]
    aggregates: dict[str, Aggregate]
    erased: int


def place(store: ProfileStore, events: Sequence[Event], new_id: Callable[[], str]) -> Placed:
    """Assign every event to a profile. Identifiers are claimed and profiles merged when it returns.

    An identifier changes profile only by a merge, so a batch that comes again is placed where it already is. Events
    received before one of their identifiers was erased are dropped.
    """
    identifiers = list(dict.fromkeys(identifier for event in events for identifier in event.ids))
    for _ in range(_ATTEMPTS):
        owners = store.owners(identifiers)
        erased = {identifier: owner.erased for identifier, owner in owners.items() if owner.erased}
        unknown = [identifier for identifier in identifiers if identifier not in owners]
        if unknown:
            erased |= store.erased(unknown)
        aggregates, roots = load_roots(store, {owner.profile for owner in owners.values()})
        stale = _stale(owners, aggregates, roots)
        for identifier, gone in stale.items():
            owners.pop(identifier)
            erased[identifier] = aggregates[roots[gone]].erased or 0
        kept = [event for event in events if not _is_erased(event, erased)]
        plan = Plan({identifier: roots[owner.profile] for identifier, owner in owners.items()},
                    {root: _person(aggregates[root]) for root in set(roots.values())})
        for ids in dict.fromkeys(event.ids for event in kept):
            plan.place(ids, new_id())
        if not _claim(store, plan, erased, stale):
            continue
        try:
            for survivor, loser in plan.merges:
                merge_profiles(store, survivor, loser, aggregates)
        except Conflict:
            continue
        groups: dict[str, list[Event]] = {}
        for event in kept:
            profile, unlinked = plan.profile_of(event.ids)
            groups.setdefault(profile, []).append(event._replace(unlinked=unlinked) if unlinked else event)
        for profile in groups:
            aggregates.setdefault(profile, Aggregate(profile))
        return Placed(groups, aggregates, len(events) - len(kept))
    raise Unavailable("contended", "other writers kept changing the same identifiers: try again later")


def load_roots(store: ProfileStore, profiles: set[str]) -> tuple[dict[str, Aggregate], dict[str, str]]:
    """The aggregates, and for each profile asked for the one it was merged into in the end, itself if none."""
    aggregates = store.load(profiles) if profiles else {}
    while True:
        further = {aggregate.merged_into for aggregate in aggregates.values() if aggregate.merged_into} - set(aggregates)
        if not further:
            break
        aggregates |= store.load(further)
    roots: dict[str, str] = {}
    for profile in profiles:
        root = profile
        while (survivor := aggregates[root].merged_into) is not None:
            root = survivor
        roots[profile] = root
    return aggregates, roots


def merge_profiles(store: ProfileStore, survivor: str, loser: str, aggregates: dict[str, Aggregate]) -> None:
    """Merge `loser` into `survivor` in one transaction; `aggregates` holds both afterwards. Raises Conflict."""
    history = History()
    history.aggregates.update(aggregates)
    while True:
        one = aggregates.get(survivor) or Aggregate(survivor)
        other = aggregates.get(loser) or Aggregate(loser)
        merged = merge(one, other, history)
        if not isinstance(merged, Needs):
            break
        read(store, history, merged)
    store.save_together([(aggregate, encode_aggregate(aggregate)) for aggregate in merged])
    aggregates[survivor], aggregates[loser] = merged


def read(store: ProfileStore, history: History, needs: Needs) -> None:
    """Read what a decision needs into `history`."""
    if needs.aggregates:
        history.aggregates |= store.load(needs.aggregates)
    if needs.pages:
        found = store.load_pages(needs.pages)
        if len(found) < len(needs.pages):
            # A page can only be missing when the profile was erased after its aggregate was read.
            raise Conflict("conflict", "the profile changed meanwhile: reload it and try again")
        history.pages |= found


def _stale(owners: dict[Identifier, Owner], aggregates: dict[str, Aggregate],
           roots: dict[str, str]) -> dict[Identifier, str]:
    """Identifiers that still point to an erased profile (its erasure is under way, or broke off) → that profile."""
    return {identifier: owner.profile for identifier, owner in owners.items()
            if aggregates[roots[owner.profile]].erased is not None}


def _claim(store: ProfileStore, plan: Plan, erased: dict[Identifier, int], stale: dict[Identifier, str]) -> bool:
    """Claim all identifiers of the plan; False when another writer had one of them first."""
    for identifier, profile in plan.claims.items():
        owner = Owner(profile, erased.get(identifier, 0))
        if store.claim(identifier, owner, stale.get(identifier)).profile != profile:
            return False
    return True


def _person(aggregate: Aggregate) -> Person:
    return Person(frozenset(aggregate.snapshot.user_ids()), aggregate.snapshot.first_seen)


def _is_erased(event: Event, erased: dict[Identifier, int]) -> bool:
    return any(event.received <= erased.get(identifier, -1) for identifier in event.ids) if erased else False
