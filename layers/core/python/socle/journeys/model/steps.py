"""The steps of a journey: one class per `type`, joined in `Step`. What each does is in socle.journeys' README."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, JsonValue, model_validator

from socle.definitions.webhooks import Url
from socle.journeys.model.triggers import Document, Duration, EventMatch, EventName, Name, SegmentChange
from socle.messages.rules import Clock
from socle.segments.conditions import Condition
from socle.segments.parts import Wheres
from socle.segments.predicate import Path

END = "end"
"""Where a journey ends: `next` of a last step."""
_STEP = re.compile(r"[\w][\w .,:?!%()'&/+-]{0,59}")


def _step(text: str) -> str:
    if not _STEP.fullmatch(text) or text != text.strip():
        raise ValueError("is the name of a step: 1 to 60 letters, digits, spaces and . , : ? ! % ( ) ' & / + -")
    return text


StepName = Annotated[str, AfterValidator(_step)]
"""A state of the state machine is called so."""
Next = Annotated[StepName | None, Field(description="the step that follows; left out: the next one in the list; `end`: none")]
Quiet = Literal["hold", "skip", "ignore"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class _Step(Document):
    name: StepName
    next: Next = None


class Send(_Step):
    """A message. Who may not get it is skipped, and goes on; whom quiet hours hold waits for their end."""

    type: Literal["send"]
    template: Name | None = Field(default=None, description="or else `best_of`")
    best_of: tuple[Name, ...] = Field(default=(), max_length=4, description="templates of several channels, tried in this order: "
                                      "the first by which the person can be reached and allows to be")
    topic: Name | None = Field(default=None, description="whoever is subscribed to it gets it; left out: the journey's")
    purpose: Literal["marketing", "transactional"] = "marketing"
    quiet_hours: Quiet | None = Field(default=None, description="left out: as the sending rules say")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.template is None) == (len(self.best_of) < 2):
            raise ValueError("has one template, or best_of with at least two: give one of the two")
        return self

    @property
    def templates(self) -> tuple[str, ...]:
        """In the order in which they are tried."""
        return (self.template,) if self.template else self.best_of


class Wait(_Step):
    """A while."""

    type: Literal["wait"]
    duration: Duration = Field(alias="for", examples=["1h"])

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class WaitUntilTime(_Step):
    """Until the person's own clock is between two times, on one of these days; at once when it is."""

    type: Literal["wait_until_time"]
    begin: Clock = Field(default="09:00")
    end: Clock = Field(default="20:00", description="equal to `begin`: at that minute exactly")
    days: tuple[Day, ...] = Field(default=(), max_length=7, description="left out: every day")


class WaitUntilDate(_Step):
    """Until a date that a trait holds."""

    type: Literal["wait_until_date"]
    trait: Path = Field(examples=["trial_ends"])
    before: Duration | None = Field(default=None, description="so long before it")
    otherwise: Next = Field(default=None, description="where somebody goes on, at once, whose date is missing, past or more than "
                                                      "a year ahead; left out: as if it had come")


class _Way(Document):
    next: Next = None


class UntilEvent(EventMatch, _Way):
    """An event that ends the hold."""

    name: StepName | None = Field(default=None, description="left out: the event's name")


class UntilSegment(SegmentChange, _Way):
    """A change of a segment that ends the hold; whoever is in (or out) already ends it at once."""

    name: StepName | None = None


class Hold(_Step):
    """Until one of these happens, or the time is over (then `next`)."""

    type: Literal["hold"]
    until: tuple[UntilEvent | UntilSegment, ...] = Field(min_length=1, max_length=10)
    timeout: Duration = Field(examples=["23h"])
    reset_on: tuple[EventMatch, ...] = Field(default=(), max_length=5, description="events after which the time begins anew; who "
                                          "is in it 800 times as long as the timeout is out")

    def ways(self) -> dict[str, UntilEvent | UntilSegment]:
        """Name → what ends it."""
        return {way_name(one): one for one in self.until}

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        names = [way_name(one) for one in self.until]
        if len(set(names)) < len(names) or TIMED_OUT in names:
            raise ValueError(f"each of `until` needs a name of its own, other than {TIMED_OUT}: give them a `name`")
        return self


TIMED_OUT = "timed out"
"""The way of a hold whose time is over."""


def way_name(one: UntilEvent | UntilSegment) -> str:
    """What a way out of a hold is called."""
    return one.name or (one.event if isinstance(one, UntilEvent) else f"{one.segment} {one.change}")


class Case(_Way):
    """One way of a branch: everything that it asks holds."""

    name: StepName
    when: Condition | None = Field(default=None, description="as in segments")
    event: Wheres = Field(default_factory=list, description="of the event with which the person entered")
    response: StepName | None = Field(default=None, description="a webhook step before this one")
    passes: Wheres = Field(default_factory=list, description="of what it answered")

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if self.when is None and not self.event and not self.passes:
            raise ValueError("asks nothing: give it `when`, `event`, or `response` with `passes`")
        if bool(self.passes) != (self.response is not None):
            raise ValueError("response and passes go together: which webhook, and what of its answer")
        return self


class Branch(_Step):
    """The first case that holds; if none does, `next`."""

    type: Literal["branch"]
    cases: tuple[Case, ...] = Field(min_length=1, max_length=20)


class Share(_Way):
    """One way of a split."""

    name: StepName
    weight: float = Field(gt=0, le=100, description="per cent; all of a split are 100")


class Winner(Document):
    """The way that brings most people to the goal gets everybody, once that is sure."""

    least: int = Field(default=200, ge=50, le=1_000_000, description="people of each way before anything is decided")
    significance: float = Field(default=0.95, ge=0.5, lt=1)


class Split(_Step):
    """By chance, but each person always the same way."""

    type: Literal["split"]
    ways: tuple[Share, ...] = Field(min_length=2, max_length=10)
    winner: Winner | None = Field(default=None, description="needs a goal")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if abs(sum(way.weight for way in self.ways) - 100) > 0.01:
            raise ValueError(f"the weights are {sum(way.weight for way in self.ways):g} in all: make them 100")
        return self


class Emit(Document):
    """An event that the person is said to have done, with source `socle`."""

    event: EventName
    properties: dict[str, JsonValue] = Field(default_factory=dict, max_length=50)


class Update(_Step):
    """Change what is known of the person."""

    type: Literal["update"]
    traits: dict[str, JsonValue] = Field(default_factory=dict, max_length=50, description="null takes one away")
    add_tags: tuple[str, ...] = Field(default=(), max_length=20, description="into the trait `tags`, a list")
    remove_tags: tuple[str, ...] = Field(default=(), max_length=20)
    points: int = Field(default=0, ge=-1_000_000, le=1_000_000,
                        description="Points Earned or Points Spent, an event with `points`")
    emit: tuple[Emit, ...] = Field(default=(), max_length=5)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.traits or self.add_tags or self.remove_tags or self.points or self.emit):
            raise ValueError("changes nothing: give it traits, add_tags, remove_tags, points or emit")
        return self


class CallWebhook(_Step):
    """A signed POST to a system of yours, with the person and the event. What fails is tried again, with the same webhook-id."""

    type: Literal["webhook"]
    url: Url
    keep: bool = Field(default=False, description="keep the answer (JSON, at most 4 KB) for branches and templates: "
                                                  "journey.responses.<step>")
    on_failure: Next = Field(default=None, description="where somebody goes on for whom it failed for good; left out: `next`")


class StartJourney(_Step):
    """Let the person enter another journey, whose trigger is `request`."""

    type: Literal["start"]
    journey: Name


class Exit(Document):
    """The end, and why."""

    name: StepName
    type: Literal["exit"]
    reason: str = Field(default="completed", min_length=1, max_length=60)


Step = Annotated[Send | Wait | WaitUntilTime | WaitUntilDate | Hold | Branch | Split | Update | CallWebhook | StartJourney | Exit,
                 Field(discriminator="type")]
