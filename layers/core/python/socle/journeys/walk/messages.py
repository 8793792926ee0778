"""A message on the walk: the one gate decides, by what was known then and what the walk has sent so far. Pure."""

from __future__ import annotations

from typing import NamedTuple

from socle.events.model import Event
from socle.journeys.model.entry import Entry
from socle.journeys.model.steps import Send as SendStep
from socle.journeys.told import event_id
from socle.journeys.walk.model import Score
from socle.journeys.walk.past import Past
from socle.messages.caps import Counts, counted
from socle.messages.events import SOURCE, event_name
from socle.messages.gate import (
    INVALID_ADDRESS,
    NO_ADDRESS,
    NO_CONSENT,
    NOT_CONFIRMED,
    SUPPRESSED,
    UNSUBSCRIBED,
    Hold,
    Person,
    Send,
    Skip,
    decide,
)
from socle.messages.model import WEBHOOK, Address, message_key
from socle.messages.quiet import day_of, zone_of
from socle.messages.rules import Ask
from socle.segments.facts import properties_of

OUT_OF_REACH = frozenset((NO_ADDRESS, INVALID_ADDRESS, NO_CONSENT, UNSUBSCRIBED, NOT_CONFIRMED, SUPPRESSED))
"""Why the next template of `best_of` is tried: they can't be written to over this channel, or do not allow it."""


class Tried(NamedTuple):
    """What became of a message: the template that was decided on, and how."""

    template: str
    verdict: Send | Hold | Skip


class Letters:
    """What one person has been sent, by the journey and by everything else."""

    def __init__(self, score: Score, past: Past) -> None:
        self._score = score
        self._past = past
        self._counts: Counts = {}

    def note(self, event: Event) -> None:
        """A message of the history, which counts for caps. Not those of this journey: the walk sends its own."""
        if event.source != SOURCE or event.name not in _SENT:
            return
        properties = properties_of(event)
        if (properties.get("campaign") or properties.get("topic")) and properties.get("campaign") != self._score.name:
            zone = zone_of(self._past.snapshot(), self._score.sending.timezone)
            self._counts = counted(self._counts, _SENT[event.name], str(properties.get("topic") or ""), day_of(zone, event.at))

    def send(self, step: SendStep, entry: Entry, round_: int, now: int) -> Tried:
        """Whether the message of a step goes out at `now` (epoch ms); one that does is counted."""
        root, score = self._past.root(), self._score
        person = Person(root.id, root, (), {root.id: self._counts})
        tried = Tried("", Skip(NO_ADDRESS))
        for template in step.templates:
            channel = score.channels[template]
            ask = Ask(message_key(f"journey/{score.name}/{step.name}", f"{entry.id}/{round_}"), channel, step.purpose,
                      step.topic or score.document.topic or "", score.name, entry.id, quiet=step.quiet_hours or "")
            where = Address(WEBHOOK, f"#{root.id}") if channel == WEBHOOK else None
            verdict = decide(person, self._past.standing(channel, now), ask, score.sending, now, where)
            if isinstance(verdict, Send | Hold | Skip):
                tried = Tried(template, verdict)
            if not (isinstance(verdict, Skip) and verdict.reason in OUT_OF_REACH):
                break
        if isinstance(tried.verdict, Send) and tried.verdict.counts is not None:
            self._counts = tried.verdict.counts
        return tried


def sent(score: Score, step: SendStep, entry: Entry, round_: int, template: str, at: int) -> Event:
    """That it was sent, as the person's history has it."""
    channel, topic = score.channels[template], step.topic or score.document.topic or ""
    return Event(at, f"{event_id(entry, step.name, round_)}.sent", 0, at, at, SOURCE, "track", event_name(channel, "sent"), (), {
        "properties": {"channel": channel, "campaign": score.name, "run": entry.id, "topic": topic, "variant": step.name}})


_SENT = {event_name(channel, "sent"): channel for channel in ("email", "sms", "push", "webhook")}
