"""A cart's journey as the consumer follows it, and somebody who is decided upon event by event."""

from __future__ import annotations

from typing import Any

from socle.events.model import Event, Tick
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.entry import Entry
from socle.journeys.model.release import LIVE, Release
from socle.journeys.rules import LiveJourneys
from socle.profiles.decide import Decision, decide
from socle.profiles.model import Aggregate, History
from socle.segments.plan import Plans
from socle.segments.rules import NO_SEGMENTS, LiveRules
from tests.people import T0, event

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
CART: dict[str, Any] = {
    "trigger": {"type": "event", "event": "Product Added"}, "entry": {"again": "per_key", "key": "cart_id"},
    "steps": [
        {"type": "hold", "name": "Left alone", "timeout": "1h", "next": "Remind",
         "until": [{"event": "Order Completed", "match": "cart_id", "next": "end"},
                   {"event": "Checkout Started", "match": "cart_id", "next": "Offer"}],
         "reset_on": [{"event": "Product Added", "match": "cart_id"}]},
        {"type": "send", "name": "Remind", "template": "reminder"},
        {"type": "send", "name": "Offer", "template": "offer"}],
    "exits": [{"name": "cleared", "event": "Cart Cleared", "match": "cart_id"}],
    "goal": {"event": "Order Completed", "within": "3d"}}


def release(document: dict[str, Any] = CART, name: str = "cart", version: int = 1, **changes: Any) -> Release:
    """A live release, as the store has it."""
    stored = JourneyDocument.model_validate(document).model_dump(mode="json")
    return Release(name, version, stored, "arn", T0, True, LIVE)._replace(**changes)


def rules_of(*releases: Release, segments: dict[str, Any] | None = None,
             geofences: dict[str, dict[str, Any]] | None = None) -> LiveJourneys:
    """What the consumer follows."""
    return LiveJourneys.of(releases or [release()], Plans(segments or {}, {}), geofences or {})


def did(number: int, name: str, *, at: int | None = None, source: str = "shop", **properties: Any) -> Event:
    """Event `number`, `number` seconds after T0."""
    return event(number, name=name, at=at, properties=properties)._replace(source=source)


class Somebody:
    """A person whose events are decided upon one batch after the other; nothing is stored but in here."""

    def __init__(self, rules: LiveJourneys | None = None, segments: LiveRules = NO_SEGMENTS, name: str = "p") -> None:
        self.aggregate, self.rules, self.segments = Aggregate(name), rules or rules_of(), segments

    def does(self, *events: Event, now: int | None = None, tick: int | None = None, history: History | None = None) -> Somebody:
        """One batch; `now` is when it is decided upon, by default with the last of the events."""
        now = max((one.received for one in events), default=T0) if now is None else now
        passing = None if tick is None else Tick(self.aggregate.id, tick)
        decision = decide(self.aggregate, events, {}, history or History(), passing, segments=self.segments, now=now,
                          journeys=self.rules)
        assert isinstance(decision, Decision)
        self.aggregate = decision.aggregate
        return self

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.aggregate.journeys

    @property
    def effects(self) -> list[str]:
        """The kinds of all effects in the outbox, in their order."""
        return [one.kind for one in self.aggregate.outbox]
