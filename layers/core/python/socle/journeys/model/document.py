"""The document of a journey: who enters, what follows, when it is over for somebody, and what it is for."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from socle.journeys.model.steps import END, Step
from socle.journeys.model.triggers import Document, Duration, EntryRules, EventMatch, Name, OnDate, SegmentChange, Trigger
from socle.messages.rules import Timezone
from socle.segments.conditions import Condition
from socle.segments.document import check_size

KIND = "journeys"
MAX_STEPS = 100


class ExitOnEvent(EventMatch):
    """Whoever does this leaves the journey, wherever they are in it."""

    name: Name = Field(examples=["bought"])


class ExitOnSegment(SegmentChange):
    """Whoever enters or leaves this segment leaves the journey."""

    name: Name


class Goal(EventMatch):
    """What the journey is for."""

    within: Duration = Field(default="7d", description="since they entered; also when the journey is over for them by then")
    revenue: bool = Field(default=True, description="whether orders of that time count as its revenue")


class JourneyDocument(Document):
    """A journey. A published version is never changed: publishing again makes the next one."""

    description: str = Field(default="", max_length=1_000)
    trigger: Trigger
    entry: EntryRules = Field(default_factory=EntryRules)
    audience: Condition | None = Field(default=None, description="who may enter, as in segments; left out: everybody")
    timezone: Timezone = Field(default="UTC", description="in which dates of conditions are meant")
    steps: tuple[Step, ...] = Field(min_length=1, max_length=MAX_STEPS, description="the first one is where it begins")
    exits: tuple[ExitOnEvent | ExitOnSegment, ...] = Field(default=(), max_length=10)
    goal: Goal | None = None
    holdout: float = Field(default=0, ge=0, le=50, description="per cent of those who enter, for whom nothing follows: for the "
                           "lift")
    topic: Name | None = Field(default=None, description="of all messages that name none")
    in_flight: Literal["stay", "move"] = Field(
        default="stay", description="those who are inside when this version is published stay on theirs, or move to it "
                                    "with their next step, if it has a step of that name")
    lasts: Duration = Field(default="365d", description="whoever is still inside by then is out")

    @model_validator(mode="before")
    @classmethod
    def _limited(cls, data: Any) -> Any:
        check_size(data if isinstance(data, dict) else None)
        return data

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        names = [step.name for step in self.steps]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"steps have different names: there are several called {twice[0]!r}")
        if END in names:
            raise ValueError(f"no step is called {END!r}: that is where a journey ends")
        if len({one.name for one in self.exits}) < len(self.exits):
            raise ValueError("exits have different names")
        if self.entry.again == "per_key" and self.entry.key is None and self.trigger.type in ("event",):
            raise ValueError("entry.again is per_key: name the property in entry.key")
        if isinstance(self.trigger, OnDate) and self.entry.again == "never" and self.trigger.yearly:
            raise ValueError("a yearly date with entry.again never would come once in a life: make it always")
        return self

    def step(self, name: str) -> Step:
        """The step of a name. Raises KeyError."""
        for one in self.steps:
            if one.name == name:
                return one
        raise KeyError(name)
