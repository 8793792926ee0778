"""The conditions of the definition language: one class per `type`, joined in `Condition`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictBool, model_validator

from socle.segments.parts import Count, Currency, EventNames, Measure, Name, Wheres, Window, fits, fits_function
from socle.segments.predicate import (
    DatePredicate,
    Document,
    Duration,
    Number,
    NumberPredicate,
    Path,
    Predicate,
    Text,
    WherePredicate,
)
from socle.segments.values import is_list

MAX_CONDITIONS = 200
"""Conditions in one definition, groups included."""


class All(Document):
    """Every one of the conditions holds."""

    type: Literal["all"]
    of: list[Condition] = Field(min_length=1, max_length=MAX_CONDITIONS)


class AnyOf(Document):
    """At least one of the conditions holds."""

    type: Literal["any"]
    of: list[Condition] = Field(min_length=1, max_length=MAX_CONDITIONS)


class AtLeast(Document):
    """At least `count` of the conditions hold."""

    type: Literal["at_least"]
    count: int = Field(ge=1, le=MAX_CONDITIONS)
    of: list[Condition] = Field(min_length=1, max_length=MAX_CONDITIONS)

    @model_validator(mode="after")
    def _possible(self) -> AtLeast:
        if self.count > len(self.of):
            raise ValueError(f"count is {self.count}, and there are {len(self.of)} conditions: nobody would ever be in")
        return self


class Not(Document):
    """The condition does not hold."""

    type: Literal["not"]
    of: Condition


class Everyone(Document):
    """Everybody."""

    type: Literal["everyone"]


class Trait(Document):
    """A trait, and what is asked of it."""

    type: Literal["trait"]
    trait: Path
    test: Predicate

    @model_validator(mode="after")
    def _of_lists(self) -> Trait:
        return fits(self, self.trait, self.test)


class Changed(Document):
    """Identify calls changed the trait within the last D: one says another value than the one before it did."""

    type: Literal["changed"]
    trait: Path
    within: Duration
    was: Number | Text | StrictBool | None = Field(default=None, description="the value before")
    becomes: Number | Text | StrictBool | None = Field(default=None, description="the value after")

    @model_validator(mode="after")
    def _single(self) -> Changed:
        if is_list(self.trait):
            raise ValueError("trait is one value: leave [] out")
        return self


class Event(Document):
    """The person performed an event, so often, in that time; `{"op": "eq", "value": 0}` or `not` for not performed."""

    type: Literal["event"]
    event: EventNames | None = Field(default=None, description="one name, or several of which any counts; any event if left out")
    where: Wheres = Field(default_factory=list)
    count: Count = Count()
    window: Window = Window()


class EventTime(Document):
    """The first or the last time that the person performed an event."""

    type: Literal["event_time"]
    which: Literal["first", "last"]
    event: EventNames | None = None
    where: Wheres = Field(default_factory=list)
    test: DatePredicate


class Aggregate(Measure):
    """An aggregate, and what is asked of it. It is nobody's value where no event has one (a sum is then 0, distinct too)."""

    type: Literal["aggregate"]
    test: WherePredicate

    @model_validator(mode="after")
    def _typed(self) -> Aggregate:
        fits_function(self.function, self.test)
        return self


class Step(Document):
    """One event of a sequence; `within`: at most so long after the step before it."""

    event: EventNames
    where: Wheres = Field(default_factory=list)
    within: Duration | None = None


class Without(Document):
    """The event that does not follow, within D after the last step; until D is over nobody is in for it."""

    event: EventNames
    where: Wheres = Field(default_factory=list)
    within: Duration


class Sequence(Document):
    """Events one after the other, each strictly later than the one before it; all of them in `window`.

    same  a property that has the same value in all of them (and in the one that must not follow)
    """

    type: Literal["sequence"]
    steps: list[Step] = Field(min_length=1, max_length=4)
    without: Without | None = None
    same: Path | None = None
    window: Window = Window()

    @model_validator(mode="after")
    def _sense(self) -> Sequence:
        if len(self.steps) == 1 and self.without is None:
            raise ValueError("has one step and nothing that does not follow: use an event condition")
        if self.steps[0].within is not None:
            raise ValueError("steps.0.within: nothing is before the first step; set the window")
        if self.same is not None and is_list(self.same):
            raise ValueError("same is one value of an event: leave [] out")
        return self


class Engagement(Document):
    """What became of messages: the same as an event condition on the events of that channel (plan.MESSAGE_EVENTS).

    Opens and clicks by machines are events of other names.
    """

    type: Literal["engagement"]
    channel: Literal["email", "sms", "push"]
    action: Literal["sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed"]
    campaign: Text | None = None
    count: Count = Count()
    window: Window = Window()


class Consent(Document):
    """What the person has said of a channel and topic ("" for the whole channel); `none` if nothing."""

    type: Literal["consent"]
    channel: Annotated[Text, Field(min_length=1, max_length=100)]
    topic: Annotated[Text, Field(max_length=100)] = ""
    state: Literal["subscribed", "unsubscribed", "pending", "none"]


class Rfm(Document):
    """The person is in one of these groups of the last RFM analysis."""

    type: Literal["rfm"]
    groups: list[Literal["Champions", "Loyal", "Potential Loyalists", "New", "Promising", "Need Attention", "About to Sleep",
                         "At Risk", "Can't Lose", "Hibernating", "Lost"]] = Field(min_length=1)


class Computed(Document):
    """A computed trait, and what is asked of it: a score is a number."""

    type: Literal["computed"]
    trait: Name
    test: Predicate


class Lifecycle(Document):
    """The stage of a customer's life: visitor (no order), new (first order within 30 days), active (last within 90), lapsing
    (within 180), lapsed."""

    type: Literal["lifecycle"]
    stages: list[Literal["visitor", "new", "active", "lapsing", "lapsed"]] = Field(min_length=1)


class Orders(Document):
    """What all orders of the person add up to in one currency, each order once.

    count, refunds                       how many
    revenue, refunded, net, average      money: before refunds, refunds, the difference, revenue by order (half up)
    refund_share                         refunded / revenue as a number from 0 (1 where only refunds are known)
    """

    type: Literal["orders"]
    measure: Literal["count", "revenue", "refunds", "refunded", "net", "average", "refund_share"]
    currency: Currency
    test: NumberPredicate


class Account(Document):
    """Any, all or none of the person's accounts have a trait like this. Nobody without account is in for any or all."""

    type: Literal["account"]
    quantifier: Literal["any", "all", "none"]
    trait: Path
    test: WherePredicate


class AccountMembers(Document):
    """Of one of the person's accounts any, all or none of the members are in a segment."""

    type: Literal["account_members"]
    quantifier: Literal["any", "all", "none"]
    segment: Name


class InSegment(Document):
    """The person is in another segment."""

    type: Literal["segment"]
    segment: Name


class Percentage(Document):
    """A stable random part of everybody: from 0 to 10 is a tenth. The same salt cuts everybody the same way."""

    type: Literal["percentage"]
    start: float = Field(default=0, ge=0, le=100)
    end: float = Field(ge=0, le=100)
    salt: Text = ""

    @model_validator(mode="after")
    def _in_order(self) -> Percentage:
        if round(self.start * 100) >= round(self.end * 100):
            raise ValueError("start is not less than end, by a hundredth of a per cent: nobody is between them")
        return self


class Profile(Document):
    """A field of the profile: when it was first or last seen (dates), how many events, locale and timezone (texts)."""

    type: Literal["profile"]
    field: Literal["first_seen", "last_seen", "event_count", "locale", "timezone"]
    test: Predicate


class HasIdentifier(Document):
    """The person has an identifier of this type: email, phone, user_id…"""

    type: Literal["identifier"]
    identifier: Annotated[Text, Field(min_length=1, max_length=100)]


Condition = Annotated[
    All | AnyOf | AtLeast | Not | Everyone | Trait | Changed | Event | EventTime | Aggregate | Sequence | Engagement | Consent
    | Rfm | Computed | Lifecycle | Orders | Account | AccountMembers | InSegment | Percentage | Profile | HasIdentifier,
    Field(discriminator="type")]



for _group in (All, AnyOf, AtLeast, Not):
    _group.model_rebuild()
