"""The document of a campaign: what is sent to whom, when, how fast, what is tried out, and what counts as success."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from socle.clock import DAY, HOUR
from socle.definitions.model import NAME
from socle.schedule import checked
from socle.segments.durations import milliseconds

KIND = "campaigns"
ONLY = ""
"""The variant of a campaign that has one template."""
MAX_VARIANTS = 10
LONGEST_TEST = 14 * DAY


def _name(text: str) -> str:
    if not NAME.fullmatch(text):
        raise ValueError("is the name of a definition: 1 to 63 characters a-z, 0-9, _ or -")
    return text


def _at(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("is a date and time in ISO 8601, such as 2026-12-01T09:00 or 2026-12-01T09:00:00Z") from error
    return text


def _duration(text: str) -> str:
    if not HOUR // 60 <= milliseconds(text) <= LONGEST_TEST:
        raise ValueError("is at least 1m and at most 14d")
    return text


Name = Annotated[str, AfterValidator(_name)]
Duration = Annotated[str, Field(max_length=20), AfterValidator(_duration)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Variant(_Document):
    """One of several messages that are tried against each other."""

    name: Name = Field(examples=["short-subject"])
    template: Name
    share: float = Field(gt=0, lt=100, description="per cent of the people who get one of the variants; all shares are 100")


class Now(_Document):
    """When somebody launches it."""

    type: Literal["now"] = "now"


class At(_Document):
    """Once, at a time."""

    type: Literal["at"]
    at: Annotated[str, Field(max_length=40), AfterValidator(_at)] = Field(
        description="ISO 8601; without an offset in the time zone of the sending rules", examples=["2026-12-01T09:00"])
    local: bool = Field(default=False, description="true: when it is that time of day where each person is")

    @model_validator(mode="after")
    def _of_no_zone(self) -> Self:
        if self.local and datetime.fromisoformat(self.at).tzinfo is not None:
            raise ValueError("at has an offset, but local means each person's own zone: write it as 2026-12-01T09:00")
        return self


class Every(_Document):
    """Again and again; each time to the audience of that moment."""

    type: Literal["every"]
    every: Annotated[str, Field(max_length=300), AfterValidator(checked)] = Field(
        description="rate(7 days), or cron(0 9 ? * MON *) in the time zone of the sending rules")


class Test(_Document):
    """A part of the audience gets all variants; the rest gets the one that did best."""

    __test__ = False  # no test of pytest's

    share: float = Field(gt=0, lt=100, description="per cent of the audience that the variants are tried on")
    metric: Literal["opened", "clicked", "converted"] = Field(default="clicked", description="what the best one has most of, "
                                                              "by people, not by machines")
    wait: Duration = Field(default="4h", description="from when the test was sent until it is decided")
    winner: Literal["automatic", "manual"] = Field(
        default="automatic", description="automatic: the best one, if the difference to the others is significant; else, and for "
                                         "manual, somebody decides: POST /api/campaigns/<name>/winner")
    significance: float = Field(default=0.95, ge=0.5, lt=1)
    fallback: Duration = Field(default="2d", description="when nobody has decided by then, the rest gets the one that is ahead")

    @model_validator(mode="after")
    def _countable(self) -> Self:
        if self.metric == "converted" and self.winner == "automatic":
            raise ValueError("winner is manual when the metric is converted: the report counts conversions, some hours later")
        return self


class Throttle(_Document):
    """Not faster than this, to spare the site that the links lead to."""

    per_minute: int = Field(ge=60, le=1_000_000, description="in portions of some ten minutes")


class WarmUp(_Document):
    """More every day, until mailbox providers know the sender."""

    first_day: int = Field(ge=50, le=10_000_000, description="people on the first day")
    growth: float = Field(default=1.5, ge=1, le=10, description="each day that many times the day before")


class Utm(_Document):
    """Parameters that links get which have none of that name."""

    source: str = Field(default="", max_length=200)
    medium: str = Field(default="", max_length=200)
    campaign: str = Field(default="", max_length=200, description="the campaign's name if nothing of utm is said")
    term: str = Field(default="", max_length=200)
    content: str = Field(default="", max_length=200)


class Conversion(_Document):
    """What the campaign is for."""

    event: str = Field(min_length=1, max_length=200, examples=["Order Completed"])
    days: int = Field(default=7, ge=1, le=90, description="after a click, at most")
    revenue: bool = Field(default=True, description="whether orders of that time count as its revenue")


class Cost(_Document):
    """What it costs beside what is paid to AWS: for the return on it."""

    fixed: int = Field(ge=0, le=10**15, description="minor units (cents)")
    currency: str = Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])


class CampaignDocument(_Document):
    """One message to a segment, once or again and again."""

    description: str = Field(default="", max_length=1_000)
    template: Name | None = Field(default=None, description="or else `variants`", examples=["autumn-letter"])
    variants: tuple[Variant, ...] = Field(default=(), max_length=MAX_VARIANTS)
    topic: Name | None = Field(default=None, description="whoever is subscribed to it gets it; left out: to the whole channel")
    purpose: Literal["marketing", "transactional"] = Field(
        default="marketing", description="transactional: what people must get, whether they subscribed to anything or not")
    segment: Name = Field(examples=["newsletter-readers"])
    exclude: tuple[Name, ...] = Field(default=(), max_length=20, description="segments whose members get nothing")
    schedule: Now | At | Every = Field(default_factory=Now, discriminator="type")
    enabled: bool = Field(default=True, description="false stops the schedule")
    quiet_hours: Literal["hold", "skip", "ignore"] | None = Field(default=None, description="left out: as the sending rules say")
    holdout: float = Field(default=0, ge=0, le=50, description="per cent of the audience that get nothing: for the lift")
    test: Test | None = None
    throttle: Throttle | None = None
    warm_up: WarmUp | None = None
    utm: Utm = Field(default_factory=Utm)
    conversion: Conversion | None = None
    cost: Cost | None = None

    @model_validator(mode="after")
    def _can_run(self) -> Self:
        if (self.template is None) == (not self.variants):
            raise ValueError("has one template, or variants: give one of the two")
        if self.variants:
            if len(self.variants) < 2:
                raise ValueError("variants are at least two: for one message, name its template in `template`")
            if len({variant.name for variant in self.variants}) < len(self.variants):
                raise ValueError("variants have different names")
            if abs(sum(variant.share for variant in self.variants) - 100) > 0.01:
                raise ValueError(f"the shares of the variants are {sum(variant.share for variant in self.variants):g} in all: "
                                 "make them 100")
        if self.segment in self.exclude:
            raise ValueError("exclude has the segment itself: nobody would be left")
        if self.test is not None:
            self._test_alone()
        return self

    def _test_alone(self) -> None:
        if not self.variants:
            raise ValueError("test needs variants: name at least two")
        local = isinstance(self.schedule, At) and self.schedule.local
        for field, is_set in (("warm_up", self.warm_up is not None), ("schedule.local", local)):
            if is_set:
                raise ValueError(f"test and {field} are not possible together: a test is decided at one moment for all")

    @property
    def templates(self) -> dict[str, str]:
        """Variant → template."""
        return {one.name: one.template for one in self.variants} if self.variants else {ONLY: str(self.template)}
