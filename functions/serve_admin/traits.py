"""/api/profiles/<id>/traits: where each value of a person comes from, and what it won against."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from . import collaborators
from .profiles import AsOf, Clock, Id, key_of, moment_of
from .shapes import Cursor, Limit, Next, Time, answers, new_router

router = new_router()

RuleName = Literal["latest", "most_frequent", "source_priority", "verified_first", "never_overwrite"]
Reason = Literal["older", "not_first", "removal_ignored", "less_trusted_source", "unverified", "fewer_events", "before_removal"]


class Span(BaseModel):
    """What one source said of one value."""

    source: str
    count: int = Field(description="how many events; a correction counts as the event that it corrects")
    first: Time
    last: Time


class LosingValue(Span):
    """A value that events wrote and that does not count."""

    value: Any = Field(description="null: the trait was removed")
    verified: bool
    why: Reason


class Origin(BaseModel):
    """The event that decided."""

    type: str
    event: str
    messageId: str
    revision: int | None = Field(default=None, description="of a correction")


class Trait(BaseModel):
    """One trait and where it comes from."""

    trait: str
    value: Any = Field(description="null when it was removed")
    removed: bool = Field(description="the event that decided removed it")
    rule: RuleName = Field(description="the survivorship rule that decided")
    trusted: list[str] | None = Field(default=None, description="the sources of source_priority, most trusted first")
    source: str
    event: Origin
    happened: Time
    received: Time
    verified: bool = Field(description="the event said so: `<trait>_verified: true`")
    raw: dict[str, Any] | None = Field(default=None, description="as it was sent, where it was normalised: by path, for a trait "
                                                                 "may hold others", examples=[{"address.country": "France"}])
    flags: dict[str, str] | None = Field(default=None, description="what could not be normalised: path → why")
    count: int = Field(description="how many events wrote this value")
    sources: list[Span] = Field(description="who wrote this value, the last write first; at most 20")
    losing: list[LosingValue] = Field(description="by value and source, the last write first; at most 20")
    more: int = Field(description="how many losing values are not shown")


class Traits(BaseModel):
    """By name."""

    items: list[Trait]
    next: Next


@router.get("/api/profiles/<id>/traits", summary="Where the values of one person come from", operation_id="read_traits",
            tags=["profiles"], responses=answers(200, Traits, "a page of traits, by name, removed ones included"))
def read_traits(id: Id, limit: Limit = 100, cursor: Cursor = None, as_of: AsOf = None,
                clock: Clock = "happened") -> dict[str, Any]:
    """Every value with the event that gave it, the rule that chose it, and the values that lost; a page may be shorter than
    `limit` when values are long."""
    return collaborators.get().profiles.traits(key_of(id), limit, cursor, moment_of(as_of), clock)
