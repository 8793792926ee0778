"""The documents of a segment and of a computed trait: the one definition language (JSON), as people write it.

README.md in this folder explains each condition with an example. What a condition means is in nodes.py and evaluate.py: several
conditions are other ways to say the same.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, model_validator

from socle.segments.conditions import MAX_CONDITIONS, Condition, Event
from socle.segments.parts import Measure, Timezone
from socle.segments.predicate import Document, Duration, Text

KIND = "segments"
COMPUTED = "computed-traits"
MAX_DEPTH = 20
"""Groups within groups."""


class Segment(Document):
    """Who is in: everybody for whom the condition holds."""

    description: str = Field(default="", max_length=1_000)
    timezone: Timezone = Field(default="UTC", description="in which dates without a zone are meant, and days begin",
                               examples=["Europe/Paris"])
    when: Condition

    @model_validator(mode="before")
    @classmethod
    def _limited(cls, data: Any) -> Any:
        check_size(data.get("when") if isinstance(data, dict) else None)
        return data


class Decay(Document):
    """Points lost: `lose` of them for every whole `every` that has passed since the event happened last."""

    every: Duration
    lose: int = Field(ge=1, le=1_000_000)


class Points(Document):
    """Points for a condition that holds. With `decay` the condition is an event condition, and its last time counts."""

    points: int = Field(ge=-1_000_000, le=1_000_000)
    when: Condition
    decay: Decay | None = None

    @model_validator(mode="after")
    def _of_events(self) -> Points:
        if self.decay is not None and (not isinstance(self.when, Event) or self.points <= 0):
            raise ValueError("decay goes with positive points for an event condition: it needs a last time")
        return self


class Threshold(Document):
    """From `least` points on the computed trait is called `label`."""

    least: int
    label: Annotated[Text, Field(min_length=1, max_length=100)]


class AggregateTrait(Measure):
    """The value of an aggregate: a favourite category is `most_frequent` of products[].category."""

    type: Literal["aggregate"]


class Score(Document):
    """A sum of points; with thresholds its label instead (the highest that is reached, or nothing)."""

    type: Literal["score"]
    rules: list[Points] = Field(min_length=1, max_length=50)
    thresholds: list[Threshold] = Field(default_factory=list, max_length=20)


class Persona(Document):
    """The first of the cases whose condition holds, or nothing."""

    type: Literal["persona"]
    cases: list[Case] = Field(min_length=1, max_length=50)


class Case(Document):
    """One persona, and who has it."""

    label: Annotated[Text, Field(min_length=1, max_length=100)]
    when: Condition


class ComputedTrait(Document):
    """A value of a person that is made of what is known of them: aggregates, interests, scores, personas."""

    description: str = Field(default="", max_length=1_000)
    timezone: Timezone = "UTC"
    value: Annotated[AggregateTrait | Score | Persona, Field(discriminator="type")]

    @model_validator(mode="before")
    @classmethod
    def _limited(cls, data: Any) -> Any:
        check_size(data.get("value") if isinstance(data, dict) else None)
        return data


def check_size(data: JsonValue) -> None:
    """Count before anything is built: 200 conditions, 20 levels."""
    count = 0
    waiting: list[tuple[JsonValue, int]] = [(data, 0)]
    while waiting:
        part, depth = waiting.pop()
        if isinstance(part, dict):
            count += "type" in part
            if count > MAX_CONDITIONS:
                raise ValueError(f"has more than {MAX_CONDITIONS} conditions: make segments of parts of it, and use those")
            if depth > MAX_DEPTH * 2:
                raise ValueError(f"has groups in groups, more than {MAX_DEPTH} deep: split it into segments")
            waiting += [(one, depth + 1) for one in part.values()]
        elif isinstance(part, list):
            waiting += [(one, depth + 1) for one in part]


for _model in (Persona, ComputedTrait):
    _model.model_rebuild()
