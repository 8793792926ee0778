"""What is known of somebody at a moment of the walk: their history so far, folded when somebody looks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from socle.events.model import Event
from socle.journeys.walk.model import Score, Someone
from socle.messages.gate import Standing
from socle.profiles.fold import HistoryNeeded, fold, highest_revisions, refold
from socle.profiles.model import Aggregate, Register, Snapshot
from socle.profiles.orders import standing
from socle.segments.facts import Person, person_of
from socle.segments.live import Live, follow


class Past:
    """The events that have happened by now, in the order in which they did."""

    def __init__(self, score: Score, who: Someone) -> None:
        self._score = score
        self._who = who
        self.events: list[Event] = []
        self._folded = 0
        self._snapshot = Snapshot()
        self._person: Person | None = None
        self._live = Aggregate(who.profile, 1, given=dict(who.given))

    def add(self, event: Event) -> None:
        """It has happened. What nobody looks at is not kept."""
        asks = self._score.asks
        if asks is None or event.name in asks or "context" in event.body or not self.events:
            self.events.append(event)
            self._person = None

    def snapshot(self) -> Snapshot:
        """What their events add up to by now."""
        if self._folded < len(self.events):
            new = self.events[self._folded:]
            try:
                self._snapshot = fold(self._snapshot, new, self._score.traits)
            except HistoryNeeded:
                self._snapshot = refold(highest_revisions(self.events), self._score.traits)
            self._add_what_the_lake_knows_of_today()
            self._folded = len(self.events)
        return self._snapshot

    def _add_what_the_lake_knows_of_today(self) -> None:
        for kind, values in self._who.identifiers.items():
            self._snapshot.identifiers[kind] = {*self._snapshot.identifiers.get(kind, ()), *values}
        if self._who.timezone:
            self._snapshot.context.setdefault("timezone", Register(0, 0, self._who.timezone))

    def person(self) -> Person:
        """What conditions of the journey look at."""
        if self._person is None:
            self._person = person_of(self._who.profile, self.snapshot(), self._who.given, self._score.watches,
                                     standing(highest_revisions(self.events)))
        return self._person

    def standing(self, channel: str, now: int) -> Standing:
        """What their address refuses."""
        found = [one for since, one in self._who.standings.get(channel, ()) if since <= now]
        return found[-1] if found else Standing()

    def root(self) -> Aggregate:
        """As the gate wants to see them."""
        return Aggregate(self._who.profile, 1, self.snapshot(), given=self._who.given)

    @property
    def due(self) -> int | None:
        """When time alone may move them between segments, epoch ms."""
        return self._live.due

    @property
    def inside(self) -> Mapping[str, int]:
        """The segments that they are in, as far as they are followed."""
        return self._live.segments

    def segments(self, new: list[Event], now: int, *, ticked: bool = False) -> Live:
        """Whom the `new` events, which were added before, or the time that has passed bring into which segment."""
        before, snapshot = self._live, self.snapshot()
        try:
            live = follow(before, snapshot, self._who.given, new, self._score.segments, now, ticked=ticked)
        except HistoryNeeded:
            live = follow(before, snapshot, self._who.given, new, self._score.segments, now, ticked=ticked,
                          whole=highest_revisions(self.events))
        self._live = replace(before, snapshot=snapshot, segments=live.segments, evaluated=live.evaluated,
                             trackers=live.trackers, due=live.due)
        return live
