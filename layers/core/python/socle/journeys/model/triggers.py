"""What makes somebody enter a journey, and what is asked of events there: parts of its document."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from socle.clock import DAY, MINUTE
from socle.definitions.model import NAME
from socle.messages.rules import Clock
from socle.schedule import checked
from socle.segments.durations import milliseconds
from socle.segments.parts import Wheres
from socle.segments.predicate import Path

LONGEST = 365 * DAY
"""Ms that anything in a journey may take: an execution of Step Functions lives a year."""


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("is the name of a definition: 1 to 63 characters a-z, 0-9, _ or -")
    return text


def _duration(text: str) -> str:
    if not MINUTE <= milliseconds(text) <= LONGEST:
        raise ValueError("is at least 1m and at most 365d: nothing in a journey lasts longer than a year")
    return text


Name = Annotated[str, AfterValidator(_name)]
Duration = Annotated[str, Field(max_length=20), AfterValidator(_duration)]
EventName = Annotated[str, Field(min_length=1, max_length=200)]


class Document(BaseModel):
    """A part of a journey's document: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EventMatch(Document):
    """An event that somebody does, by its name and properties."""

    event: EventName = Field(examples=["Order Completed"])
    where: Wheres = Field(default_factory=list, description="what its properties must pass, all of it")
    match: Path | None = Field(default=None, examples=["cart_id"],
                               description="a property that must equal the key with which the person entered")


class SegmentChange(Document):
    """Somebody enters or leaves a segment."""

    segment: Name
    change: Literal["entered", "left"] = "entered"


class OnEvent(Document):
    """Whoever does this enters, while they do it: not by events that are more than a day old, such as imported ones."""

    type: Literal["event"]
    event: EventName = Field(examples=["Product Added"])
    where: Wheres = Field(default_factory=list)


class OnSegment(SegmentChange):
    """Whoever enters or leaves a segment."""

    type: Literal["segment"]


class OnDate(Document):
    """Whoever has a date coming: every year on that day (a birthday), or once (the end of a subscription)."""

    type: Literal["date"]
    trait: Path = Field(examples=["birthday", "renews_at"])
    yearly: bool = Field(default=False, description="the day and month of every year; 29 February is 28 February in others")
    before: Duration | None = Field(default=None, description="so long before that day, in whole days", examples=["30d"])
    at: Clock = Field(default="09:00", description="by the person's own clock")


class OnSchedule(Document):
    """Everybody in a segment, again and again."""

    type: Literal["schedule"]
    every: Annotated[str, Field(max_length=300), AfterValidator(checked)] = Field(
        description="rate(7 days), or cron(0 9 ? * MON *) in the time zone of the sending rules")
    segment: Name


class OnRequest(Document):
    """Whom POST /api/journeys/<name>/enter names, or another journey starts it for."""

    type: Literal["request"]


class OnGeofence(Document):
    """Whoever comes to one of the places: the location before was not within it. The key is the name of the place."""

    type: Literal["geofence"]
    geofence: Name = Field(description="PUT /api/geofences/<name> has the places")
    event: EventName = Field(default="Location Updated", description="with `latitude` and `longitude` in degrees (WGS 84)")


Trigger = Annotated[OnEvent | OnSegment | OnDate | OnSchedule | OnRequest | OnGeofence, Field(discriminator="type")]


class EntryRules(Document):
    """Who enters again, and how soon. Nobody is in a journey twice at a time with the same key."""

    again: Literal["never", "always", "per_key"] = Field(
        default="never", description="never: once in a life; per_key: once for each value of `key`")
    key: Path | None = Field(default=None, examples=["cart_id"], description="a property of the triggering event that tells "
                             "one occasion from another; geofences have the place, requests their own key")
    cool_down: Duration | None = Field(default=None, description="since the person entered it last, whatever the key")
    per_day: int = Field(default=5, ge=1, le=50, description="times that one person may enter in 24 hours")
