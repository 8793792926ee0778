"""Live membership: what a change of a profile, or the passing of time, does to its segments. Pure.

Only segments that look at what changed are evaluated. What they need of older events, trackers remember: per watch totals and the
newest facts, in the profile's own item; when those do not reach back far enough, HistoryNeeded asks for the whole history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import is_
from typing import Any, NamedTuple

from socle.errors import POISON
from socle.events.model import Event
from socle.profiles.fold import HistoryNeeded, highest_revisions
from socle.profiles.model import Aggregate, Register, Snapshot, Trackers
from socle.profiles.orders import standing
from socle.segments.evaluate import evaluate
from socle.segments.facts import Person, Seen, person_of, selects
from socle.segments.nodes import Node, Selector
from socle.segments.rules import LiveRules
from socle.segments.trackers import add, from_row, row_of


class Live(NamedTuple):
    """What the segments of a profile are after a change (see Aggregate for the fields), with what was entered and left; `broken`
    are those that can't be evaluated, which is our fault: they stay as they are, and hold up nobody's events."""

    segments: Mapping[str, int]
    evaluated: int
    trackers: Trackers
    due: int | None
    entered: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()


def follow(before: Aggregate, snapshot: Snapshot, given: Mapping[str, Any], new: Sequence[Event], rules: LiveRules, now: int, *,
           ticked: bool = False, whole: Sequence[Event] | None = None) -> Live:
    """The segments of `before` once it has become `snapshot` and `given` by the `new` events, at `now` (epoch ms).

    ticked  time has passed, or somebody asks to look at everything again
    whole   every event of the profile, the new ones too, highest revisions; None as long as nobody needed it
    Raises HistoryNeeded when only `whole` can tell.
    """
    if not rules.number:
        return Live({}, 0, Trackers(), None if ticked else before.due)
    if whole is None and before.snapshot.events == 0:
        whole = highest_revisions(new)
    if whole is not None:
        whole = standing(whole)
    trackers, seen = _track(before, new, rules, whole)
    everything = ticked or before.evaluated != rules.number or before.trackers.number != rules.tracked
    # Who reads everything may find that an event became another one which no row remembers: a correction of an old order.
    touched = seen.keys() if whole is None else {*seen, *before.trackers.rows}
    concerned = rules.segments.keys() if everything else _concerned(before, snapshot, given, new, touched, rules)
    person = _person(before.id, snapshot, given, rules, trackers, seen, whole)
    # Of a definition that was deleted and written again since, nobody is in yet: its rows are gone.
    segments = {name: since for name, since in before.segments.items()
                if name in rules.segments and not (everything and since < rules.created[name])}
    flips: list[int] = []
    entered, left, broken = [], [], []
    for name in sorted(concerned):
        try:
            verdict = evaluate(rules.segments[name], person, now)
        except POISON:
            broken.append(name)
            continue
        if verdict.flips is not None:
            flips.append(verdict.flips)
        if verdict.true and name not in segments:
            segments[name] = now
            entered.append(name)
        elif not verdict.true and segments.pop(name, None) is not None:
            left.append(name)
    # An earlier time stays: looking again too early costs a tick once in a while, moving it costs with every event.
    if not everything and before.due is not None:
        flips.append(before.due)
    return Live(segments, rules.number, trackers, min(flips, default=None), tuple(entered), tuple(left),
                tuple(broken))


def by_definition(before: Aggregate, new: Sequence[Event], rules: LiveRules, now: int, whole: Sequence[Event] | None,
                  moves: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the `moves` between segments, (name, "entered" | "left"), that were so already by what was known of `before`: a
    definition was written, and nothing happened to the person. The other arguments are those of `follow`."""
    if before.evaluated == rules.number or not before.snapshot.events or (before.members and not before.evaluated):
        return set()  # the last: two who become one were never asked about as one
    keys = {event.key for event in new}
    known = None if whole is None else standing([event for event in whole if event.key not in keys])
    person = _person(before.id, before.snapshot, before.given, rules, before.trackers, {}, known)
    # What time alone does was not so yet: nothing changes before `due`.
    at = min(now, before.due - 1) if before.due else now
    return {(name, change) for name, change in moves if _is_so(rules.segments[name], person, at) == (change == "entered")}


def _is_so(segment: Node, person: Person, at: int) -> bool:
    try:
        return evaluate(segment, person, at).true
    except POISON:
        return False


def _track(before: Aggregate, new: Sequence[Event], rules: LiveRules,
           whole: Sequence[Event] | None) -> tuple[Trackers, dict[int, Seen]]:
    """The trackers with the new events in them, and by its place what each of those has seen that they changed."""
    if whole is None and before.trackers.number != rules.tracked:
        raise HistoryNeeded
    old: Mapping[int, Sequence[Any]] = before.trackers.rows if whole is None else {}
    seen = {place: add(from_row(rules.watches[place], old.get(place)), found)
            for place, found in _selected(standing(new) if whole is None else whole, rules).items()}
    return Trackers(rules.tracked, {**old, **{place: row_of(one) for place, one in seen.items()}}), seen


def _selected(events: Iterable[Event], rules: LiveRules) -> dict[int, list[Event]]:
    """The events that each watch wants, by its place."""
    found: dict[int, list[Event]] = {}
    other = rules.by_event[""]
    for event in events:
        for place in rules.by_event.get(event.name, other):
            if selects(rules.watches[place].selector, event):
                found.setdefault(place, []).append(event)
    return found


def _concerned(before: Aggregate, snapshot: Snapshot, given: Mapping[str, Any], new: Sequence[Event], touched: Iterable[int],
               rules: LiveRules) -> set[str]:
    """The segments that look at something that is not what it was."""
    readers, old = rules.readers, before.snapshot
    changes: list[tuple[object, ...]] = [("watch", place) for place in touched]
    if new:
        changes.append(("seen",))
    for what, was, now in (("orders", old.orders, snapshot.orders), ("consent", old.consent, snapshot.consent),
                           ("identifiers", old.identifiers, snapshot.identifiers),
                           ("accounts", old.accounts.keys(), snapshot.accounts.keys()),
                           ("given", before.given, given)):
        if (what,) in readers and was != now:
            changes.append((what,))
    changes += [("trait", name) for name in _rewritten(old.traits, snapshot.traits)]
    changes += [("context", name) for name in _rewritten(old.context, snapshot.context)]
    return {name for change in changes if change in readers for name in readers[change]}


def _rewritten(old: Mapping[str, Register], new: Mapping[str, Register]) -> list[str]:
    """Names under which there is another value: one that was only written once more is none."""
    if len(old) == len(new) and all(map(is_, old.values(), new.values())):
        return []
    return [name for name in {*old, *new} if not _is_same(old.get(name), new.get(name))]


def _is_same(old: Register | None, new: Register | None) -> bool:
    """1, 1.0 and true are three values; lists and objects, which may hold them, are taken for the same only if nobody wrote."""
    if old is None or new is None or not isinstance(new.value, str | int | float | None):
        return old is new
    return old.value.__class__ is new.value.__class__ and bool(old.value == new.value)


def _person(profile: str, snapshot: Snapshot, given: Mapping[str, Any], rules: LiveRules, trackers: Trackers,
            seen: dict[int, Seen], whole: Sequence[Event] | None) -> Person:
    if whole is not None:
        return person_of(profile, snapshot, given, {watch.selector: watch for watch in rules.watches}, whole)

    def look(selector: Selector) -> Seen:
        place = rules.places[selector]
        if place not in seen:
            seen[place] = from_row(rules.watches[place], trackers.rows.get(place))
        return seen[place]

    return Person(profile, snapshot, given, look)
