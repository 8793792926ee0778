"""Two profiles become one: the survivor holds the fold of all their events, the other one points to it. Pure."""

from __future__ import annotations

from socle.effects.model import MEMBERS, SEGMENT, Effect
from socle.errors import Rejected
from socle.identity.model import Evidence
from socle.journeys.follow import joined
from socle.profiles.decide import events_of
from socle.profiles.fold import HistoryNeeded, join, refold
from socle.profiles.model import Aggregate, History, Member, Needs, Snapshot, Trackers


def merge(survivor: Aggregate, loser: Aggregate, history: History, evidence: Evidence) -> tuple[Aggregate, Aggregate] | Needs:
    """Both after a merge: the survivor holds the fold of all their events, the loser a pointer and its own events.

    Traits go by their latest writers: where other survivorship rules are in force, who reads or writes it next folds it again.
    Outbox and due time move; events stay where they are, so that an unmerge can tell them apart. The survivor's segments are
    evaluated anew by the next decision, and the loser is in none; the accounts of the loser have other people now. Who is in one
    journey twice goes on once.
    Raises Rejected(`kept_apart`) for two of whom somebody said that they are two.
    """
    if survivor.parts & loser.apart or loser.parts & survivor.apart:
        raise Rejected("kept_apart", "somebody said that these are two people: they stay two", status=409)
    for part in (survivor, loser):
        needs = history.wanted(part)
        if needs:
            return needs
    dues = [due for due in (survivor.due, loser.due) if due is not None]
    snapshot = _together(survivor, loser, history)
    journeys, outs = joined(survivor.journeys, loser.journeys, evidence.at)
    gone = loser.next(snapshot=Snapshot(), reserved=frozenset(), merged_into=survivor.id, outbox=(), due=None, segments={},
                      evaluated=0, trackers=Trackers(), given={}, journeys=())
    left = [Effect(SEGMENT, name, loser.id, f"-{evidence.at}", gone.version) for name in sorted(loser.segments)]
    counted = [Effect(MEMBERS, group, survivor.id, "", survivor.version + 1) for group in sorted(loser.snapshot.accounts)]
    merged = survivor.next(
        snapshot=snapshot,
        reserved=(survivor.owned() | loser.owned()) - snapshot.pairs(),
        members={**survivor.members, **loser.members, loser.id: Member(survivor.id, ceiling(gone), gone.version, evidence)},
        apart=survivor.apart | loser.apart,
        outbox=(*survivor.outbox, *loser.outbox, *left, *counted, *outs),
        due=min(dues, default=None),
        evaluated=0, trackers=Trackers(), given={**loser.given, **survivor.given}, journeys=journeys,
    )
    return merged, gone


def _together(one: Aggregate, other: Aggregate, history: History) -> Snapshot:
    """What both histories add up to. They are folded again only where something in one changes what counts in the other."""
    keys = {entry.key for entry in history.entries(one)}
    try:
        if any(entry.key in keys for entry in history.entries(other)):
            raise HistoryNeeded
        return join(one.snapshot, other.snapshot)
    except HistoryNeeded:
        events = {(event.key, event.revision): event for part in (one, other) for event in events_of(part, history)}
        return refold(list(events.values()))


def ceiling(part: Aggregate) -> str:
    """The greatest key of its own events, or a little more; "" without events."""
    return max([part.horizon, *(entry.key for entry in part.tail)])
