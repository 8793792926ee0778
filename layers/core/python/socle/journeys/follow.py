"""What new events, moves between segments, and time do to the journeys of a profile: enter, note, leave, reach the goal. Pure.

It is a part of the consumer's one decision: entries and effects are stored by the write that stores the event, or not at all.
Events are taken in the order in which they happened; what an entry asks of the person is asked of them after the whole batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from socle.effects.model import GOAL as GOAL_EFFECT
from socle.effects.model import JOURNEY, OUT, RESUME, Effect
from socle.errors import POISON
from socle.events.model import Event
from socle.journeys.dates import occurrences
from socle.journeys.entering import AUDIENCE, as_key, entered, key_of, refusal, triggers
from socle.journeys.entering import kept as kept_of
from socle.journeys.holds import RESET as RESETS
from socle.journeys.holds import note
from socle.journeys.model.entry import ENTERED, HOLDOUT, MERGED, OVER, STOPPED, Entry, Hit, Moment
from socle.journeys.restore import restored
from socle.journeys.rules import EXIT, GOAL, HOLD, RESET, Course, LiveJourneys, Note
from socle.messages.quiet import zone_of
from socle.profiles.fold import HistoryNeeded, highest_revisions
from socle.profiles.model import Snapshot
from socle.profiles.orders import standing
from socle.segments.evaluate import evaluate, share
from socle.segments.facts import Person, Seen, person_of, properties_of, selects
from socle.segments.nodes import Selector
from socle.segments.values import at_path

UNHEARD = "\0unheard"
"""Among the hits of an entry: a merge brought events that it was not told of."""
Moves = Sequence[tuple[str, str]]
"""(segment, "entered" | "left")."""


class Followed(NamedTuple):
    """The journeys of a profile after a change, what is to be done about it, when a date lets somebody enter (epoch ms), and the
    values given to the profile, with the place that it is in; `refused`: (journey, reason) of those that it did not enter."""

    journeys: tuple[Entry, ...]
    effects: tuple[Effect, ...] = ()
    due: int | None = None
    given: Mapping[str, Any] = {}
    refused: tuple[tuple[str, str], ...] = ()


def follow(profile: str, journeys: Sequence[Entry], snapshot: Snapshot, given: Mapping[str, Any], new: Sequence[Event],
           moves: Moves, rules: LiveJourneys, now: int, whole: Sequence[Event] | None = None, seen: int = 0,
           parts: Collection[str] = (), defined: Collection[tuple[str, str]] = ()) -> Followed:
    """The journeys of a profile that has become `snapshot` by the `new` events and moved between segments, at `now` (epoch ms).

    parts  profile ids that it is made of: if it knows of no entry, and events tell of some, it was rebuilt from these, and knows
           what they tell
    seen   the latest event before those, epoch ms: what lets somebody enter late may have been followed already by what ends it
    whole  every event of it, the new ones too, highest revisions; None as long as nobody needed it
    defined  those of the moves that only say that a segment was defined otherwise: they let nobody enter
    Raises HistoryNeeded when only `whole` can tell.
    """
    if not rules.number:
        return Followed(tuple(journeys), given=given)
    is_rebuilt = not journeys and parts and ENTERED in snapshot.counts
    if not (journeys or is_rebuilt or moves or rules.dated or any(event.name in rules.opened for event in new)):
        return Followed((), given=given)
    if whole is None and snapshot.events == len(new):
        whole = highest_revisions(new)
    if is_rebuilt:
        if whole is None:
            raise HistoryNeeded
        journeys = restored(whole, parts)
    one = _Journeys(profile, list(journeys), snapshot, dict(given), rules, now, _Past(whole, seen, {event.key for event in new}))
    one.hear()
    for event in sorted(new, key=lambda event: (event.at, event.key)):
        one.take(event)
    for move in moves:
        one.move(*move, lets_in=move not in defined)
    due = one.days()
    if not one.changed and not one.effects:
        return Followed(tuple(journeys), (), due, one.given, tuple(one.refused))
    return Followed(kept_of(one.entries, rules, now), tuple(one.effects), due, one.given, tuple(one.refused))


class _Past(NamedTuple):
    """What was before: see `follow`; `new` are the keys of the new events."""

    whole: Sequence[Event] | None
    seen: int
    new: frozenset[str] | set[str]

    def since(self, moment: Moment) -> list[Event]:
        """The events after a moment that were there before the new ones. Raises HistoryNeeded."""
        if self.seen < moment[0]:
            return []
        if self.whole is None:
            raise HistoryNeeded
        return sorted((event for event in self.whole if (event.at, event.key) > moment and event.key not in self.new),
                      key=lambda event: (event.at, event.key))


class _Journeys:
    """The journeys of one profile under way."""

    def __init__(self, profile: str, entries: list[Entry], snapshot: Snapshot, given: dict[str, Any], rules: LiveJourneys,
                 now: int, past: _Past) -> None:
        self.profile, self.entries, self.given = profile, entries, given
        self.effects: list[Effect] = []
        self.refused: list[tuple[str, str]] = []
        self.changed = False
        self._snapshot, self._rules, self._now, self._past = snapshot, rules, now, past

    def take(self, event: Event) -> None:
        """An event: what it means to those inside, then whether it lets the person enter."""
        moment = (event.at, event.key)
        for place in range(len(self.entries)):
            self._tell(place, event)
        # A correction says that something was otherwise, not that it happens again.
        for course in self._rules.opened.get(event.name, ()) if event.revision == 0 else ():
            if triggers(course, event):
                key = self._place(course, event) if course.places is not None else key_of(course, event)
                if key is not None:
                    self._enter(course, key, moment, event.key)

    def hear(self) -> None:
        """Whoever became one with somebody else hears what that one has done since: it may be what they wait for."""
        for place, entry in enumerate(self.entries):
            if UNHEARD in entry.hits:
                known = {name: hit for name, hit in entry.hits.items() if name != UNHEARD}
                self._set(place, entry._replace(hits=known))
                for event in self._past.since((entry.at, entry.event)):
                    self._tell(place, event)

    def _tell(self, place: int, event: Event) -> None:
        entry = self.entries[place]
        course = self._rules.courses.get((entry.journey, entry.version))
        for one in course.by_event.get(event.name, ()) if course is not None else ():
            if self._means(one, entry, event):
                self._note(place, course, one, (event.at, event.key), event.key)

    def move(self, segment: str, change: str, lets_in: bool) -> None:
        """Somebody has entered or left a segment; `lets_in`: journeys, too."""
        moment = (self._now, f"{segment} {change}")
        for place, entry in enumerate(self.entries):
            course = self._rules.courses.get((entry.journey, entry.version))
            for one in course.by_segment.get((segment, change), ()) if course is not None else ():
                self._note(place, course, one, moment, "")
        for course in self._rules.moved.get((segment, change), ()) if lets_in else ():
            self._enter(course, "", moment, "")

    def days(self) -> int | None:
        """Enter by the dates that have come; when the next one comes."""
        dues = []
        for course in self._rules.dated:
            zone = zone_of(self._snapshot, "UTC")
            for at, day in occurrences(course.trigger, self._snapshot, zone, self._now):
                if at > self._now:
                    dues.append(at)
                else:
                    self._enter(course, day, (at, day), "")
        return min(dues, default=None)

    def _means(self, one: Note, entry: Entry, event: Event) -> bool:
        if one.selector is None or not selects(one.selector, event):
            return False
        return not one.match or any(_same(value, entry.key) for value in at_path(properties_of(event), one.match))

    def _note(self, place: int, course: Course | None, one: Note, moment: Moment, event: str) -> None:
        entry = self.entries[place]
        if course is None or moment <= (entry.at, entry.event) or entry.reason == MERGED:
            return
        if one.kind == GOAL:
            if moment[0] < entry.at + course.within:
                self._set(place, entry._replace(goal=entry.goal or moment[0]))
                self._add(GOAL_EFFECT, entry, f"{entry.id}\0{event}")
        elif not entry.active:
            return
        elif one.kind == EXIT:
            self._set(place, entry._replace(ended=moment[0], reason=f"exit:{one.name}"))
            self._add(OUT, entry, entry.id)
        elif one.kind == RESET:
            self._set(place, note(entry, one.name + RESETS, "", moment, one.timeout))
        elif one.kind == HOLD:
            after = note(entry, one.name, one.way, moment)
            hold = after.hold
            if hold is not None and hold != entry.hold:
                reason = course.ends.get((one.name, one.way))
                after = after if reason is None else after._replace(ended=moment[0], reason=reason)
                self._add(RESUME, entry, f"{entry.id}\0{hold.step}\0{hold.round}")
            self._set(place, after)

    def _enter(self, course: Course, key: str, moment: Moment, event: str) -> None:
        self._release(course)
        refused = refusal(course, self.entries, key, moment[0], self._now)
        if not refused and not self._is_audience(course):
            refused = AUDIENCE
        if refused:
            self.refused.append((course.name, refused))
            return
        is_held_out = share(f"holdout/journey/{course.name}", self.profile) < course.holdout * 100
        entry = entered(course, self.profile, key, moment, event, is_held_out, HOLDOUT)
        if any(known.id == entry.id for known in self.entries):
            return
        self.entries.append(entry)
        self.changed = True
        self._add(JOURNEY, entry, entry.id)
        for late in self._past.since(moment) if event else ():
            self._tell(len(self.entries) - 1, late)

    def _release(self, course: Course) -> None:
        """Who is taken for being inside, and is not, may enter again: their journey was stopped, or has lasted too long."""
        for place, entry in enumerate(self.entries):
            own = self._rules.courses.get((entry.journey, entry.version))
            if not entry.active or entry.journey != course.name or own is None:
                continue  # of a version that is not known here, others may know more
            if entry.at <= own.stopped or entry.at + own.lasts <= self._now:
                self._set(place, entry._replace(ended=self._now, reason=STOPPED if entry.at <= own.stopped else OVER))
                self._add(OUT, entry, entry.id)

    def _place(self, course: Course, event: Event) -> str | None:
        """The place that the person has come to; None for no place, or the one that they were in before."""
        from socle.journeys.places import place_of  # only where there is a geofence

        properties, name = properties_of(event), f"place:{course.name}"
        place = place_of(course.places, properties.get("latitude"), properties.get("longitude"))  # type: ignore[arg-type]
        before = self.given.pop(name, None)
        if place is not None:
            self.given[name] = place
        return place if place != before else None

    def _is_audience(self, course: Course) -> bool:
        if course.audience is None:
            return True
        try:
            return evaluate(course.audience, self._person(course.watches), self._now).true
        except HistoryNeeded:
            raise
        except POISON:
            return False  # a condition that can't be evaluated lets nobody in, and holds up nobody's events

    def _person(self, watches: Mapping[Selector, Any]) -> Person:
        if self._past.whole is not None:
            return person_of(self.profile, self._snapshot, self.given, watches, standing(self._past.whole))
        return Person(self.profile, self._snapshot, self.given, _unknown)

    def _set(self, place: int, entry: Entry) -> None:
        if entry != self.entries[place]:
            self.entries[place] = entry
            self.changed = True

    def _add(self, kind: str, entry: Entry, key: str) -> None:
        self.effects.append(Effect(kind, entry.journey, entry.part, key, entry.version))


def _unknown(_: Selector) -> Seen:
    raise HistoryNeeded


def _same(value: Any, key: str) -> bool:
    return as_key(value) == key


def joined(survivor: Iterable[Entry], loser: Iterable[Entry], at: int) -> tuple[tuple[Entry, ...], tuple[Effect, ...]]:
    """The journeys of two profiles that become one at `at` (epoch ms): of two entries of one journey and key that are both under
    way the first goes on, and the other one ends. Also what is to be done about those that end. Those that go on do not know yet
    what the other of the two has done."""
    entries: list[Entry] = []
    effects: list[Effect] = []
    met: set[tuple[str, str]] = set()
    for entry in sorted((*survivor, *loser), key=lambda one: (one.at, one.id)):
        if entry.active:
            if (entry.journey, entry.key) in met:
                entry = entry._replace(ended=at, reason=MERGED)
                effects.append(Effect(OUT, entry.journey, entry.part, entry.id, entry.version))
            else:
                entry = entry._replace(hits={**entry.hits, UNHEARD: Hit(at, "", "")})
            met.add((entry.journey, entry.key))
        entries.append(entry)
    return tuple(entries), tuple(effects)
