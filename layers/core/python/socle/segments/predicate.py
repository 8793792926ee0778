"""What a definition may ask of one value: the predicates of traits, event properties, accounts and computed traits.

Every predicate looks at one kind of value (socle.segments.values): a text predicate is false for a number, a date predicate
for what is no date. `not` in front of a condition, not a predicate, says the opposite.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from socle.segments.durations import milliseconds
from socle.segments.values import civil_or_instant, pattern

MAX_TEXT = 1_000
"""Characters of a text to compare with."""
MAX_VALUES = 1_000
"""Values of one `in`."""
_NUMBER_LIMIT = 1e12
_NAME = r"[^.\[\]\"\\\x00-\x1f\ud800-\udfff]+"
_PATH = re.compile(rf"{_NAME}(\.{_NAME})*(\[\](\.{_NAME})*)?")


def _duration(text: str) -> str:
    milliseconds(text)  # raises ValueError that says what is wrong
    return text


def _path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise ValueError("is names separated by dots, with [] after at most one that holds a list: plan, address.city, "
                         "products[].product_id")
    return text


def _moment(text: str) -> str:
    if civil_or_instant(text) is None:
        raise ValueError("is a date or time in ISO 8601, such as 2026-01-31, 2026-01-31T09:00 (in the segment's timezone) or "
                         "2026-01-31T09:00:00Z")
    return text


def _re2(text: str) -> str:
    pattern(text)  # raises ValueError that says what is wrong
    return text


def _number(value: int | float) -> int | float:
    if not -_NUMBER_LIMIT < value < _NUMBER_LIMIT:
        raise ValueError("is a number between -1e12 and 1e12")
    return value


def _whole(text: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("holds half a character (a lone surrogate): write it anew")
    return text


Duration = Annotated[str, AfterValidator(_duration)]
Path = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_path)]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]
Number = Annotated[StrictInt | StrictFloat, AfterValidator(_number)]
Text = Annotated[StrictStr, Field(max_length=MAX_TEXT), AfterValidator(_whole)]
Scalar = StrictBool | Number | Text


class Document(BaseModel):
    """A part of a definition: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid")


class Exists(Document):
    """The value is there, and not null."""

    op: Literal["exists"]


class Equals(Document):
    """The value is this text, number or boolean."""

    op: Literal["eq"]
    value: Scalar


class In(Document):
    """The value is one of these, which are all texts or all numbers."""

    op: Literal["in"]
    values: list[Number] | list[Text] = Field(min_length=1, max_length=MAX_VALUES)


class TextTest(Document):
    """The text contains, starts with or ends with this one; upper and lower case differ (`matches` with (?i) sees no case)."""

    op: Literal["contains", "starts_with", "ends_with"]
    value: Text = Field(min_length=1)


class Matches(Document):
    """Some part of the text matches a regular expression (RE2 syntax: no look-around, no back references, linear time)."""

    op: Literal["matches"]
    pattern: Annotated[Text, AfterValidator(_re2)] = Field(min_length=1, max_length=500)


class Compare(Document):
    """The number is greater (or equal), or less (or equal)."""

    op: Literal["gt", "gte", "lt", "lte"]
    value: Number


class Between(Document):
    """The number is between two, both included."""

    op: Literal["between"]
    min: Number
    max: Number

    @model_validator(mode="after")
    def _in_order(self) -> Between:
        if self.min > self.max:
            raise ValueError("min is greater than max: nothing is between them")
        return self


class ArrayContains(Document):
    """The list holds this text or number; the same as `eq` at the path with [] at its end."""

    op: Literal["array_contains"]
    value: Number | Text


class DateBound(Document):
    """The date is before this moment, or at it or after."""

    op: Literal["before", "after"]
    value: Moment


class DateWithin(Document):
    """The date lies within the last D (up to now), more than D ago, or within the next D."""

    op: Literal["within_last", "more_than_ago", "within_next"]
    duration: Duration


class Anniversary(Document):
    """Month and day of the date fall on today, in this week (Monday to Sunday) or in this month, or on today or one of the
    next days: `{"op": "anniversary", "period": "week"}` or `{"op": "anniversary", "days": 7}`. 29 February is 28 February in
    other years."""

    op: Literal["anniversary"]
    period: Literal["day", "week", "month"] | None = None
    days: int | None = Field(default=None, ge=1, le=60, description="today and the days after it, so many together")

    @model_validator(mode="after")
    def _one_of_both(self) -> Anniversary:
        if (self.period is None) == (self.days is None):
            raise ValueError("takes either period or days")
        return self


DatePredicate = Annotated[DateBound | DateWithin | Anniversary, Field(discriminator="op")]
NumberPredicate = Annotated[Compare | Between | Equals, Field(discriminator="op")]
WherePredicate = Annotated[Exists | Equals | In | TextTest | Matches | Compare | Between | ArrayContains | DateBound,
                           Field(discriminator="op")]
"""Of a property in `where`: nothing in it moves with time."""
Predicate = Annotated[Exists | Equals | In | TextTest | Matches | Compare | Between | ArrayContains | DateBound | DateWithin
                      | Anniversary, Field(discriminator="op")]
