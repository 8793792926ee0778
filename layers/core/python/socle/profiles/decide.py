"""decide(aggregate, events, …) -> the next aggregate: the one decision of the writer path. Pure.

It may need more than the aggregate: the page that tells whether a late event is a duplicate, or the whole history when
a snapshot cannot be added to. Then it answers Needs, the caller reads that into `history`, and asks again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from socle.accounts.link import group_of
from socle.consent.events import asks_to_confirm
from socle.effects.model import ACCOUNT, CONFIRM, MEMBERS, SEGMENT, WEBHOOK, Effect
from socle.errors import Rejected
from socle.events.model import RECHECK, Event, Tick
from socle.journeys.follow import Followed
from socle.journeys.follow import follow as follow_journeys
from socle.journeys.rules import NO_JOURNEYS, LiveJourneys
from socle.profiles.codec import encode_aggregate, entry_of, event_of
from socle.profiles.fold import CONSENT_UPDATED, HistoryNeeded, fold, highest_revisions, refold
from socle.profiles.model import Aggregate, Entry, History, Needs, Page, Snapshot
from socle.profiles.seal import seal, size_limit
from socle.profiles.survivorship import LATEST, Survivorship
from socle.segments.live import Live, by_definition, follow
from socle.segments.rules import NO_SEGMENTS, LiveRules

MAX_REVISIONS_BYTES = 96 * 1024
"""Text of all revisions of one event: they share a page, and a page is one item."""
HARD_LIMIT = 256 * 1024
"""Bytes of an aggregate above which it is sealed even without news (an item may have 400 KB)."""

Webhooks = Mapping[str, Sequence[str]]
"""event name → names of the webhooks that want it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write: the aggregate's next version (or the same one: nothing), its bytes, and pages: new ones are written
    before it, others together with it.

    applied  the events that were new
    known    those that were not, each as it is stored and with the partition that holds it
    broken   segments that can't be evaluated
    """

    aggregate: Aggregate
    data: bytes
    pages: tuple[Page, ...]
    applied: tuple[Event, ...]
    known: tuple[tuple[str, Event], ...]
    broken: tuple[str, ...] = ()


def decide(aggregate: Aggregate, events: Sequence[Event], webhooks: Webhooks | None, history: History,
           tick: Tick | None = None, max_revisions: float = MAX_REVISIONS_BYTES, rules: Survivorship = LATEST,
           segments: LiveRules = NO_SEGMENTS, now: int = 0, journeys: LiveJourneys = NO_JOURNEYS) -> Decision | Needs:
    """Apply `events` and, if `tick` is for what the aggregate is still due at, the passing of that time; traits by `rules`,
    `segments` and `journeys` as they are at `now` (epoch ms).

    An aggregate that nothing changes comes back as it is, and is not to be written. Who applies again what was applied
    once, perhaps in another order, sets no limit to revisions, and gives no `webhooks` (None): nothing is to be done again.
    """
    sorted_out = drop_duplicates(aggregate, events, history, max_revisions)
    if isinstance(sorted_out, Needs):
        return sorted_out
    new, known, revised = sorted_out
    ticked = tick is not None and tick.due in (aggregate.due, RECHECK)
    given = _given(aggregate, tick)
    # All of them were claimed, also by an event whose revision names others, or that is known with others.
    owned = aggregate.owned()
    claimed = {identifier for event in events for identifier in event.ids if identifier not in event.unlinked}
    # Merged or unmerged since: who is in which segment is open until it is looked at.
    open_ = segments.number != 0 and aggregate.evaluated == 0 and aggregate.snapshot.events > 0
    changed = bool(new) or ticked or open_ or not claimed <= owned
    unchanged = Decision(aggregate, b"", (), (), known)
    if not changed and len(encode_aggregate(aggregate)) <= HARD_LIMIT:
        return unchanged
    snapshot = _added(aggregate.snapshot, new, rules) if not revised else None
    by = _By(segments, journeys, now, ticked)
    followed = None if snapshot is None else _followed(aggregate, snapshot, given, new, by)
    if snapshot is None or followed is None:
        needs = history.wanted(aggregate)
        if needs:
            return needs
        whole = highest_revisions([*events_of(aggregate, history), *new])
        snapshot = snapshot or refold(whole, rules)
        followed = _follow(aggregate, snapshot, given, new, by, whole)
    live, courses = followed
    tail = (*aggregate.tail, *(entry_of(event) for event in new))
    caused = () if webhooks is None else (
        *effects(aggregate.id, new, webhooks, aggregate.snapshot.accounts), *partings(aggregate, snapshot))
    after = aggregate.next(
        snapshot=snapshot,
        reserved=(owned | claimed) - snapshot.pairs(),
        tail=tuple(sorted(tail, key=lambda entry: (entry.key, entry.revision))),
        outbox=(*aggregate.outbox, *caused, *moves(aggregate.id, aggregate.version + 1, live, now), *courses.effects),
        due=min((due for due in (live.due, courses.due) if due is not None), default=None),
        segments=live.segments, evaluated=live.evaluated, trackers=live.trackers, given=courses.given, journeys=courses.journeys,
    )
    data = encode_aggregate(after)
    pages: tuple[Page, ...] = ()
    if len(data) > size_limit(after):
        sealed = seal(after, aggregate.tail, history)
        if isinstance(sealed, Needs):
            return sealed
        if sealed is not None:
            after, pages = sealed
            data = encode_aggregate(after)
    if not changed and not pages:
        return unchanged
    return Decision(after, data, pages, tuple(new), known, live.broken)


def _added(snapshot: Snapshot, new: Sequence[Event], rules: Survivorship) -> Snapshot | None:
    """The snapshot with new events; None when only the history can tell."""
    try:
        return fold(snapshot, new, rules)
    except HistoryNeeded:
        return None


class _By(NamedTuple):
    """What is followed at `now`; `ticked`: time has passed, too."""

    segments: LiveRules
    journeys: LiveJourneys
    now: int
    ticked: bool


def _follow(aggregate: Aggregate, snapshot: Snapshot, given: Mapping[str, Any], new: Sequence[Event], by: _By,
            whole: Sequence[Event] | None = None) -> tuple[Live, Followed]:
    """The segments, and the journeys, of which some begin or end with a move between segments. Raises HistoryNeeded."""
    live = follow(aggregate, snapshot, given, new, by.segments, by.now, ticked=by.ticked, whole=whole)
    moved = [*((name, "left") for name in live.left), *((name, "entered") for name in live.entered)]
    lets_in = [move for move in moved if move in by.journeys.moved]
    defined = by_definition(aggregate, new, by.segments, by.now, whole, lets_in) if lets_in else ()
    return live, follow_journeys(aggregate.id, aggregate.journeys, snapshot, given, new, moved, by.journeys, by.now, whole,
                                 aggregate.snapshot.last_seen, aggregate.parts, defined)


def _followed(aggregate: Aggregate, snapshot: Snapshot, given: Mapping[str, Any], new: Sequence[Event],
              by: _By) -> tuple[Live, Followed] | None:
    """Both by what is remembered; None when only the history can tell."""
    try:
        return _follow(aggregate, snapshot, given, new, by)
    except HistoryNeeded:
        return None


def _given(aggregate: Aggregate, tick: Tick | None) -> Mapping[str, Any]:
    """The values given to the profile, with those that a tick brings; None takes one away."""
    if tick is None or not tick.given:
        return aggregate.given
    return {name: value for name, value in {**aggregate.given, **tick.given}.items() if value is not None}


class Sorted(NamedTuple):
    """new: the events to apply; known: duplicates as they are stored, with the partition that holds them; revised: whether
    any of the new ones shares its key with a known one."""

    new: list[Event]
    known: tuple[tuple[str, Event], ...]
    revised: bool


def drop_duplicates(aggregate: Aggregate, events: Sequence[Event], history: History,
                    max_revisions: float = MAX_REVISIONS_BYTES) -> Sorted | Needs:
    """Tell the events that are new to the profile from those that are not.

    An event is known when its key and revision are in the tail, or in the page whose range covers the key, of the
    aggregate or of one of its members. Raises Rejected(`too_many_revisions`).
    """
    tail = _by_key(aggregate.tail)
    aggregates: set[str] = set()
    pages: set[tuple[str, str]] = set()
    new: list[Event] = []
    known: dict[tuple[str, int], tuple[str, Entry]] = {}
    met: set[tuple[str, int]] = set()
    revised = False
    for event in events:
        key = event.key
        stored = [(aggregate.id, entry) for entry in tail.get(key, ())]
        for part in _parts(aggregate, key, history, aggregates):
            if part is not aggregate:
                stored += [(part.id, entry) for entry in part.tail if entry.key == key]
            lower = part.page_of(key)
            if lower is not None:
                page = history.pages.get((part.id, lower))
                if page is None:
                    pages.add((part.id, lower))
                else:
                    stored += [(part.id, entry) for entry in page.entries if entry.key == key]
        same = [place for place in stored if place[1].revision == event.revision]
        if same:
            known[key, event.revision] = same[0]
            continue
        if (key, event.revision) in met:
            continue
        if stored:
            revised = True
            if sum(len(entry.row) for _, entry in stored) > max_revisions:
                raise Rejected("too_many_revisions", "this event was corrected too often: send what is right as a new event",
                               "revision")
        met.add((key, event.revision))
        new.append(event)
    if aggregates or pages:
        return Needs(tuple(sorted(aggregates)), tuple(sorted(pages)))
    return Sorted(new, tuple((part, event_of(entry)) for part, entry in known.values()), revised)


def _parts(aggregate: Aggregate, key: str, history: History, missing: set[str]) -> Iterable[Aggregate]:
    """The partitions that may hold `key`; members not read yet are added to `missing`."""
    yield aggregate
    for member, one in aggregate.members.items():
        if key <= one.ceiling:
            if member in history.aggregates:
                yield history.aggregates[member]
            else:
                missing.add(member)


def _by_key(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.key, []).append(entry)
    return found


def events_of(aggregate: Aggregate, history: History) -> list[Event]:
    """Every event of the profile, once; the history must have been read."""
    entries = {(entry.key, entry.revision): entry for entry in history.entries(aggregate)}
    return [event_of(entry) for entry in entries.values()]


def moves(profile: str, version: int, live: Live, now: int) -> list[Effect]:
    """The effects of entering and leaving segments."""
    return [Effect(SEGMENT, name, profile, f"{sign}{now}", version)
            for sign, names in (("+", live.entered), ("-", live.left)) for name in names]


def partings(aggregate: Aggregate, snapshot: Snapshot) -> list[Effect]:
    """The effects of belonging to accounts no more: a correction named another one, or newer ones took their place."""
    return [Effect(MEMBERS, group, aggregate.id, "", aggregate.version + 1)
            for group in aggregate.snapshot.accounts if group not in snapshot.accounts]


def effects(profile: str, events: Iterable[Event], webhooks: Webhooks, accounts: Collection[str] = ()) -> list[Effect]:
    """The effects that new events call for.

    A group call says something of its account, each of its revisions, for an account is no fold of highest revisions; any other
    event that names one matters when its person was not linked to it before: `accounts` are those of which that is known.
    """
    events = list(events)
    found = [Effect(WEBHOOK, name, profile, event.key, event.revision)
             for event in highest_revisions(events) for name in webhooks.get(event.name, ())]
    linked = set(accounts)
    for event in events:
        group = group_of(event)
        if group and (event.type == "group" or group not in linked):
            linked.add(group)
            found.append(Effect(ACCOUNT, group, profile, event.key, event.revision))
        if event.name == CONSENT_UPDATED and (topic := asks_to_confirm(event)):
            found.append(Effect(CONFIRM, topic, profile, event.key, event.revision))
    return found
