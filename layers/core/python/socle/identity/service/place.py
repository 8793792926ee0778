"""Place a batch of events: look up identifiers, claim the new ones, merge the people who turn out to be one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from socle.errors import Conflict, Rejected, Unavailable
from socle.events.model import Event, Identifier
from socle.identity.model import USER_ID
from socle.identity.resolve import Pair, Person, Plan
from socle.identity.rules import STANDARD, IdentityRules
from socle.identity.service.join import load_roots, merge_profiles
from socle.profiles.codec import encode_aggregate
from socle.profiles.items import Owner
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore

logger = logging.getLogger(__name__)

_ATTEMPTS = 25


class Placed(NamedTuple):
    """groups: profile → its events of the batch; aggregates: as just read; erased: how many events were dropped;
    nobodies: events all of whose identifiers are blocked."""

    groups: dict[str, list[Event]]
    aggregates: dict[str, Aggregate]
    erased: int
    nobodies: list[Event]


def place(store: ProfileStore, events: Sequence[Event], new_id: Callable[[], str], fresh: bool = False,
          rules: IdentityRules = STANDARD) -> Placed:
    """Assign every event to a profile. Identifiers are claimed and profiles merged when it returns.

    An identifier changes profile only by a merge or an unmerge, so a batch that comes again is placed where it already is. Events
    received before their most trusted identifier was erased are dropped. Two profiles that can't be one item stay two.
    Raises Unavailable, or Rejected when an identifier can't be bound to its profile.

    Unless `fresh`, the first look is at what may be a moment old, for half the price: every write that rests on it is
    conditional, and whoever meets a Conflict looks again, at what is.
    """
    ranked = [(event, rules.ranked(event.ids)) for event in events]
    nobodies = [event for event, ids in ranked if not ids]
    ranked = [(event, ids) for event, ids in ranked if ids]
    identifiers = list(dict.fromkeys(identifier for _, ids in ranked for identifier in ids))
    leading = {ids[0] for _, ids in ranked}
    impossible: set[Pair] = set()
    for _ in range(_ATTEMPTS):
        try:
            known = _look_up(store, identifiers, leading, fresh)
        except Conflict:
            fresh = True
            continue
        kept = [(event, own) for event, ids in ranked if (own := _own_ids(event, ids, known.erased))]
        plan = Plan(known.owners, known.people(), rules, impossible)
        firsts: dict[tuple[Identifier, ...], Event] = {}
        for event, ids in kept:
            firsts.setdefault(ids, event)
        for ids, event in firsts.items():
            plan.place(ids, new_id(), event.key, event.received)
        try:
            _claim(store, plan, known)
            if not _merge(store, plan, known, impossible):
                continue
            _adopt(store, plan, known, {one for _, ids in kept for one in plan.profile_of(ids)[1]})
        except Conflict:
            fresh = True
            continue
        groups: dict[str, list[Event]] = {}
        for event, ids in kept:
            profile, unlinked = plan.profile_of(ids)
            known.aggregates.setdefault(profile, Aggregate(profile))
            groups.setdefault(profile, []).append(_marked(event, {*event.ids} - {*ids} | {*unlinked}))
        return Placed(groups, known.aggregates, len(ranked) - len(kept), nobodies)
    raise Unavailable("contended", "other writers kept changing the same identifiers: try again later")


def _merge(store: ProfileStore, plan: Plan, known: _Known, impossible: set[Pair]) -> bool:
    """Do the merges of the plan; False, and a pair more in `impossible`, when two can't be one item. Raises Conflict."""
    for survivor, loser, evidence in plan.merges:
        try:
            merge_profiles(store, survivor, loser, evidence, known.aggregates)
        except Rejected as error:
            logger.warning("two profiles can't be merged", extra={"code": error.code})
            impossible.add(frozenset((survivor, loser)))
            return False
    return True


def _adopt(store: ProfileStore, plan: Plan, known: _Known, unlinked: Collection[Identifier]) -> None:
    """Tell profiles what their rows say is theirs. Who claimed it did not come to say so, and after an unmerge its event may be
    somebody else's: nobody else will. Raises Conflict."""
    for identifier in unlinked:
        root = known.aggregates.get(plan.owners.get(identifier, ""))
        if root is not None and root.version and identifier not in plan.claims and identifier not in root.owned():
            after = root.next(reserved=root.reserved | {identifier})
            store.save(after, encode_aggregate(after))
            known.aggregates[root.id] = after


def _marked(event: Event, foreign: set[Identifier]) -> Event:
    """The event, with those of its identifiers marked that are not its person's."""
    if not foreign:
        return event
    return event._replace(unlinked=tuple(identifier for identifier in event.ids if identifier in foreign))


class _Known(NamedTuple):
    """What is stored about the identifiers of a batch.

    owners      identifier → the profile that it leads to, merges followed
    stale       identifier → the erased profile that it still points to: its erasure is under way, or broke off
    erased      identifier → when an earlier owner was erased, epoch ms
    aggregates  all that were read, roots and losers
    """

    owners: dict[Identifier, str]
    stale: dict[Identifier, str]
    erased: dict[Identifier, int]
    aggregates: dict[str, Aggregate]

    def people(self) -> dict[str, Person]:
        return {root: person_of(self.aggregates[root]) for root in set(self.owners.values())}


def _look_up(store: ProfileStore, identifiers: Sequence[Identifier], leading: Collection[Identifier], fresh: bool) -> _Known:
    """Read what is known of the identifiers. Raises Conflict when one had to be let go, and must be read again.

    `leading` are those that decide whether an event is an erased person's: nothing may be claimed for such an event.
    """
    rows = store.owners(identifiers, fresh)
    missing = [identifier for identifier in identifiers if identifier not in rows]
    if missing and not fresh:
        # It may only not be visible yet. Whoever is claimed together with it for a new profile would stay there: nobody
        # takes a claim back when another one fails.
        rows |= store.owners(missing)
    aggregates, roots = load_roots(store, {row.profile for row in rows.values()}, fresh)
    # An identifier that no event of its profile names was claimed a moment ago, perhaps while its owner was erased. Of
    # those without a row the leading ones are looked up at once, the others when they are claimed: one that turns out to
    # be erased somebody's is let go, and we are here again.
    unsure = [identifier for identifier in identifiers
              if (identifier not in rows and (fresh or identifier in leading))
              or (identifier in rows and not aggregates[roots[rows[identifier].profile]].snapshot.names(identifier))]
    tombstones = store.erased(unsure) if unsure else {}
    _look_again(store, {one: rows[one].profile for one in unsure if one in rows}, aggregates, roots)
    erased = {identifier: row.erased for identifier, row in rows.items() if row.erased} | tombstones
    owners: dict[Identifier, str] = {}
    stale: dict[Identifier, str] = {}
    for identifier, row in rows.items():
        root = aggregates[roots[row.profile]]
        if root.erased is None and tombstones.get(identifier, 0) > row.erased:
            _let_go(store, identifier, row, root, tombstones[identifier])
            raise Conflict("conflict", "the owner of an identifier was erased meanwhile")
        if root.erased is None:
            owners[identifier] = root.id
            if root.version == 0:
                _tell(aggregates, root.id, {identifier, (USER_ID, row.user)} if row.user else {identifier})
        else:
            stale[identifier] = row.profile
            erased[identifier] = root.erased
    return _Known(owners, stale, erased, aggregates)


def _look_again(store: ProfileStore, rows: Mapping[Identifier, str], aggregates: Mapping[str, Aggregate],
                roots: Mapping[str, str]) -> None:
    """Rows are read before the profiles that they lead to, and an unmerge in between gives an identifier to somebody else.
    Who owns it can't be written to any more, should that have happened; as for the others, the row is looked at again. Raises
    Conflict."""
    strange = [identifier for identifier, profile in rows.items() if (root := aggregates[roots[profile]]).version
               and root.erased is None and identifier not in root.reserved]
    found = store.owners(strange) if strange else {}
    if any(one not in found or found[one].profile != rows[one] for one in strange):
        raise Conflict("conflict", "an identifier became somebody else's meanwhile")


def _tell(aggregates: dict[str, Aggregate], profile: str, identifiers: set[Identifier]) -> None:
    """Let a profile that is not written yet know, in memory, what its rows say is its own."""
    aggregate = aggregates.get(profile) or Aggregate(profile)
    aggregates[profile] = replace(aggregate, reserved=aggregate.reserved | identifiers)


def _let_go(store: ProfileStore, identifier: Identifier, row: Owner, root: Aggregate, erased: int) -> None:
    """Undo a claim that was made on what was known before an erasure."""
    if identifier in root.reserved:
        after = root.next(reserved=root.reserved - {identifier})
        store.save(after, encode_aggregate(after))
    store.free(identifier, row.profile, erased)


def _claim(store: ProfileStore, plan: Plan, known: _Known) -> None:
    """Make the identifiers of the plan their profiles' own. Raises Conflict when another writer had one of them first.

    Nobody must ever meet a profile that has a user id and not know it: two users would become one. A profile that was
    met before is told in the transaction that binds the user id. One whose id was drawn a moment ago can be met by its
    rows alone: its user id is claimed first, and as long as it is not written all its other rows name it.
    """
    new = {profile for profile in plan.claims.values() if profile not in known.aggregates}
    users = {profile: value for profile, aggregate in known.aggregates.items() if aggregate.version == 0
             for kind, value in aggregate.reserved if kind == USER_ID}
    users |= {profile: value for (kind, value), profile in plan.claims.items() if kind == USER_ID and profile in new}
    first: dict[Identifier, Owner] = {}
    then: dict[Identifier, Owner] = {}
    for identifier, profile in plan.claims.items():
        owner, stale = Owner(profile, known.erased.get(identifier, 0)), known.stale.get(identifier)
        if identifier[0] == USER_ID and profile not in new:
            before = known.aggregates[profile]
            after = before.next(reserved=before.reserved | {identifier})
            store.bind(after, encode_aggregate(after), identifier, owner, stale)
            known.aggregates[profile] = after
        elif identifier[0] == USER_ID:
            first[identifier] = owner
        else:
            then[identifier] = owner._replace(user=users.get(profile, ""))
    for claims in (first, then):
        _claim_each(store, claims, known)
    for identifier, profile in plan.claims.items():
        if profile not in known.aggregates or known.aggregates[profile].version == 0:
            _tell(known.aggregates, profile, {identifier})
    # The tombstone of an erased person is written before the identifier is free: who could claim it can see it now.
    if any(erased > known.erased.get(identifier, 0) for identifier, erased in store.erased(plan.claims).items()):
        raise Conflict("conflict", "the owner of an identifier was erased meanwhile")
    for identifier, erased_profile in known.stale.items():
        if identifier not in plan.claims:
            store.free(identifier, erased_profile, known.erased[identifier])


def _claim_each(store: ProfileStore, claims: Mapping[Identifier, Owner], known: _Known) -> None:
    """Claim identifiers that are nobody's, or still an erased profile's. Raises Conflict."""
    free = {identifier: owner for identifier, owner in claims.items() if identifier not in known.stale}
    taken = store.claim_each(free) if free else set()
    found = store.owners(taken) if taken else {}
    found |= {identifier: store.claim(identifier, owner, known.stale[identifier])
              for identifier, owner in claims.items() if identifier in known.stale}
    for identifier in [*taken, *(identifier for identifier in claims if identifier in known.stale)]:
        if identifier not in found or found[identifier].profile != claims[identifier].profile:
            raise Conflict("conflict", "another writer had the identifier first")


def person_of(aggregate: Aggregate) -> Person:
    """What the rule looks at in a profile."""
    counts: dict[str, int] = {}
    for kind, _ in aggregate.owned():
        counts[kind] = counts.get(kind, 0) + 1
    return Person(counts, aggregate.snapshot.first_seen, len(aggregate.members), aggregate.parts, aggregate.apart)


def _own_ids(event: Event, ids: tuple[Identifier, ...], erased: Mapping[Identifier, int]) -> tuple[Identifier, ...]:
    """The event's identifiers without those whose owner was erased since; none when the event was that person's own."""
    if not erased:
        return ids
    gone = [identifier for identifier in ids if event.received <= erased.get(identifier, -1)]
    if ids[0] in gone:
        return ()
    return tuple(identifier for identifier in ids if identifier not in gone)
