"""One batch of the stream under way: its records, the profiles that it works on, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from socle.definitions.identifiers import KIND as IDENTIFIERS
from socle.definitions.identifiers import rules_of as identity_of
from socle.definitions.model import Definition
from socle.definitions.survivorship import SURVIVORSHIP
from socle.definitions.survivorship import rules_of as survivorship_of
from socle.definitions.webhooks import wanted_by
from socle.drafts.model import Draft
from socle.events.model import Event, Quarantined
from socle.identity.rules import STANDARD, IdentityRules
from socle.journeys.model.release import Release
from socle.journeys.rules import GEOFENCES, NO_JOURNEYS, LiveJourneys
from socle.profiles.decide import Webhooks
from socle.profiles.model import Aggregate
from socle.profiles.survivorship import LATEST, Survivorship
from socle.segments.plan import Plans
from socle.segments.rules import COMPUTED_TRAITS, NO_SEGMENTS, SEGMENTS, LiveRules


class Record(NamedTuple):
    """A record of the stream: shard id, sequence number, approximate arrival in epoch ms, and its bytes."""

    shard: str
    sequence: str
    arrival: int
    data: bytes


class Rules(NamedTuple):
    """What people have defined, as far as the consumer obeys it.

    webhooks      event name → names of the webhooks that want it
    survivorship  which value of a trait counts
    identifiers   what the types of identifiers are worth
    segments      who is in which segment
    journeys      what follows when somebody does something
    """

    webhooks: Webhooks = MappingProxyType({})
    survivorship: Survivorship = LATEST
    identifiers: IdentityRules = STANDARD
    segments: LiveRules = NO_SEGMENTS
    journeys: LiveJourneys = NO_JOURNEYS

    @classmethod
    def of(cls, current: Callable[[str], list[Definition]], releases: Iterable[Release] = ()) -> Rules:
        """The rules that the current definitions and the published journeys make; `current` lists definitions of a kind."""
        segments, computed = current(SEGMENTS), current(COMPUTED_TRAITS)
        plans = Plans({one.name: one.document for one in segments}, {one.name: one.document for one in computed})
        releases = list(releases)
        geofences = {one.name: one.document for one in current(GEOFENCES)} if releases else {}
        return cls(wanted_by(current("webhooks")), survivorship_of(current(SURVIVORSHIP)), identity_of(current(IDENTIFIERS)),
                   LiveRules.of(segments, computed), LiveJourneys.of(releases, plans, geofences))


@dataclass
class Outcome:
    """What a batch came to: events applied, duplicates, events of erased people, those that could not be applied, and
    effects queued."""

    applied: int = 0
    duplicates: int = 0
    erased: int = 0
    poisoned: int = 0
    effects: int = 0


@dataclass
class Batch:
    """One batch under way at `now` (epoch ms): the events by profile as they were applied, and the profiles as they are now;
    `is_anew`: whether its rules were read again since it began."""

    rules: Rules
    now: int
    outcome: Outcome = field(default_factory=Outcome)
    groups: dict[str, list[Event]] = field(default_factory=dict)
    touched: dict[str, Aggregate] = field(default_factory=dict)
    poisoned: list[Quarantined] = field(default_factory=list)
    is_anew: bool = False


@dataclass
class Work(Draft):
    """One profile of a batch under way, and what became of its events.

    events  how many events were looked at: applied, or known already
    """

    batch: Batch = field(kw_only=True)
    events: int = 0
    applied: list[Event] = field(default_factory=list)
    known: dict[tuple[str, int], tuple[str, Event]] = field(default_factory=dict)
    poisoned: list[Quarantined] = field(default_factory=list)

    def done(self) -> None:
        """All of it is written: the batch may say so."""
        batch = self.batch
        batch.touched[self.aggregate.id] = self.aggregate
        batch.poisoned += self.poisoned
        batch.outcome.applied += len(self.applied)
        batch.outcome.duplicates += self.events - len(self.applied)
        if self.applied:
            batch.groups.setdefault(self.aggregate.id, []).extend(self.applied)
        # What was applied in one part of the batch is known in the next.
        new = {(event.key, event.revision) for event in self.applied} if self.known else ()
        for place, (part, event) in self.known.items():
            if place not in new:
                batch.groups.setdefault(part, []).append(event)
