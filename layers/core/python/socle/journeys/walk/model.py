"""What a walk goes by, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from socle.events.model import Event
from socle.journeys.choose import Planned, planned
from socle.journeys.compile.machine import rounds
from socle.journeys.graph import Edges, backward, edges
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.entry import Entry
from socle.journeys.model.release import LIVE, Release
from socle.journeys.model.row import SKIPPED, WAY
from socle.journeys.model.steps import Branch, Hold, Step, Wait
from socle.journeys.rules import NO_JOURNEYS, LiveJourneys
from socle.messages.gate import Standing
from socle.messages.rules import SendingRules
from socle.profiles.fold import CONSENT_UPDATED
from socle.profiles.orders import ORDER_EVENTS
from socle.profiles.survivorship import LATEST, Survivorship
from socle.segments.durations import milliseconds
from socle.segments.facts import Watch
from socle.segments.nodes import IDENTIFY, FieldTest, Node, OrdersTest, Selector
from socle.segments.plan import Plans
from socle.segments.rules import NO_SEGMENTS, LiveRules
from socle.segments.watches import leaves, watches


class Visit(NamedTuple):
    """A step that somebody came to.

    at       when they did, epoch ms
    outcome  as rows of journeys have it (socle.journeys.model.row); `detail`: the way, why a message was skipped, until when
             they wait (epoch ms)
    left     when they went on, epoch ms; 0 while they are in it
    """

    step: str
    round: int
    at: int
    outcome: str
    detail: str = ""
    left: int = 0

    def said(self) -> str:
        """As one line: `Remind: sent`, `Bought?: Order Completed`."""
        if self.outcome == WAY:
            return f"{self.step}: {self.detail}"
        return f"{self.step}: {self.outcome}{f' {self.detail}' if self.outcome == SKIPPED else ''}"


class Sent(NamedTuple):
    """A message that would have gone; at: epoch ms; micro_usd: of a text, what its shortest form costs."""

    step: str
    template: str
    channel: str
    at: int
    micro_usd: int = 0


class Way(NamedTuple):
    """One entry and how it went."""

    entry: Entry
    path: Sequence[Visit]
    sent: Sequence[Sent]


class Walked(NamedTuple):
    """Somebody's ways through a journey; refused: reason → how often they would have entered but for it."""

    ways: Sequence[Way]
    refused: Mapping[str, int]


class Someone(NamedTuple):
    """A person and all that they did.

    events       that count, in order of time
    identifiers  type → values, as they are known today: the lake does not keep since when
    given        values that were computed elsewhere, as of today
    standings    channel → [(since, epoch ms, what the address refuses)], in order of time
    timezone     of their device as of today: that of the time before an event of the history says another
    """

    profile: str
    events: Sequence[Event]
    identifiers: Mapping[str, Sequence[str]] = {}
    given: Mapping[str, Any] = {}
    standings: Mapping[str, Sequence[tuple[int, Standing]]] = {}
    timezone: str = ""


@dataclass(frozen=True)
class Score:
    """A journey made ready to be walked by many.

    document   its release as people would be in it
    plans      of all segments
    channels   template → its channel
    sending    the sending rules; traits: which of several values counts
    segments   those that the journey speaks of, as they are followed
    closed     the same when nobody enters any more
    back       (step, way) that lead round; cases: of each branch; nodes: its conditions, watches: what they look at
    rounds     how often one may go round; lasts, within, durations: ms of the whole, until the goal, of
               waits and holds
    hears      names of the events that mean something to it
    asks       names of the events that tell something of the person at which it, or the gate, looks; None for all
    """

    document: JourneyDocument
    journeys: LiveJourneys
    name: str
    channels: Mapping[str, str]
    sending: SendingRules
    traits: Survivorship = LATEST
    segments: LiveRules = NO_SEGMENTS
    closed: LiveJourneys = NO_JOURNEYS
    edges: Edges = field(default_factory=dict)
    back: frozenset[tuple[str, str]] = frozenset()
    cases: Mapping[str, tuple[Planned, ...]] = field(default_factory=dict)
    nodes: tuple[Node, ...] = ()
    watches: Mapping[Selector, Watch] = field(default_factory=dict)
    steps: Mapping[str, Step] = field(default_factory=dict)
    rounds: int = 0
    hears: frozenset[str] = frozenset()
    asks: frozenset[str] | None = None
    lasts: int = 0
    within: int = 0
    durations: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, document: JourneyDocument, plans: Plans, channels: Mapping[str, str], *,
           geofences: Mapping[str, Mapping[str, Any]] | None = None, sending: SendingRules | None = None,
           traits: Survivorship = LATEST, segments: LiveRules = NO_SEGMENTS) -> Score:
        """The journey as if it were published, in its first version."""
        release = Release(name, 1, document.model_dump(mode="json"), "", 0, True, LIVE)
        journeys = LiveJourneys.of([release], plans, geofences or {})
        ways = edges(document)
        cases = {step.name: planned(step, plans, document.timezone) for step in document.steps if isinstance(step, Branch)}
        course = journeys.courses[name, 1]
        nodes = tuple(one for one in (course.audience, *(case.when for those in cases.values() for case in those))
                      if one is not None)
        hears = frozenset((*journeys.opened, *course.by_event))
        return cls(document, journeys, name, channels, sending or SendingRules(), traits, segments,
                   replace(journeys, opened={}, moved={}, dated=()), ways,
                   frozenset(backward(ways, document.steps[0].name)), cases, nodes, watches(nodes),
                   {step.name: step for step in document.steps}, rounds(document), hears,
                   _asks(nodes, segments), milliseconds(document.lasts),
                   course.within,
                   {step.name: milliseconds(step.timeout if isinstance(step, Hold) else step.duration) for step in document.steps
                    if isinstance(step, Hold | Wait)})


def _asks(nodes: Iterable[Node], segments: LiveRules) -> frozenset[str] | None:
    """Names of the events that conditions, the gate and waits look at; None: all."""
    nodes = [*nodes, *segments.segments.values()]
    selectors = watches(nodes)
    if not all(selector.names for selector in selectors) or any(
            isinstance(leaf, FieldTest) and leaf.field in ("event_count", "first_seen", "last_seen") for leaf in leaves(nodes)):
        return None
    orders = ORDER_EVENTS if any(isinstance(leaf, OrdersTest) for leaf in leaves(nodes)) else frozenset()
    return frozenset((IDENTIFY, CONSENT_UPDATED, *orders, *(
        name for selector in selectors for name in selector.names)))
