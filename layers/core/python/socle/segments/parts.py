"""The parts that conditions share: names, windows, counts, properties of events, aggregates of them."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from socle.definitions.model import NAME
from socle.segments.predicate import Document, Duration, Moment, Path, Predicate, Text, WherePredicate
from socle.segments.values import civil_or_instant, is_list

_DATES = ("before", "after", "within_last", "more_than_ago", "within_next", "anniversary")
T = TypeVar("T", bound=Document)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is a time zone of the IANA database, such as Europe/Paris") from error
    return name


def _currency(code: str) -> str:
    return code.upper()


def _definition(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError("is the name of a definition: 1 to 63 characters a-z, 0-9, _ or -")
    return name


Name = Annotated[str, AfterValidator(_definition)]
EventName = Annotated[Text, Field(min_length=1, max_length=200)]
EventNames = EventName | Annotated[list[EventName], Field(min_length=1, max_length=20)]
Currency = Annotated[str, Field(pattern=r"^[A-Za-z]{3}$"), AfterValidator(_currency)]
Timezone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]


class Where(Document):
    """A property of the event (of `$identify`: a trait), and what is asked of it."""

    property: Path
    test: WherePredicate

    @model_validator(mode="after")
    def _of_lists(self) -> Where:
        return fits(self, self.property, self.test)


class Window(Document):
    """When: within the last D, or from one moment to another (the first included, the second not); all of it if left out."""

    within: Duration | None = None
    since: Moment | None = None
    until: Moment | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Window:
        if self.within is not None and (self.since is not None or self.until is not None):
            raise ValueError("takes either within, or since and until")
        if self.since is not None and self.until is not None:
            first, last = civil_or_instant(self.since), civil_or_instant(self.until)
            if first and last and first.civil == last.civil and first.ms >= last.ms:
                raise ValueError("since is not before until: nothing lies between them")
        return self


Wheres = Annotated[list[Where], Field(max_length=10)]


class Count(Document):
    """How often: `{"op": "gte", "value": 3}`."""

    op: Literal["gte", "lte", "eq"] = "gte"
    value: int = Field(default=1, ge=0, le=100_000)


class Measure(Document):
    """A property of events, taken together.

    sum, average, min, max  of its numbers; with `currency` of its money: in whole minor units, only events in that currency.
                            `$amount` is what an order event is worth (revenue, else total, else value, else its products)
    distinct                how many different values
    most_frequent           the value met most often; of several the one met last, then the first in alphabetical order
    first, last             the value of the earliest or the latest event that has one; of several at that moment the greatest
    """

    function: Literal["sum", "average", "min", "max", "distinct", "most_frequent", "first", "last"]
    of: Path
    event: EventNames | None = None
    where: Wheres = Field(default_factory=list)
    window: Window = Window()
    currency: Currency | None = None

    @model_validator(mode="after")
    def _sense(self) -> Measure:
        if self.currency is not None and self.function not in ("sum", "average", "min", "max"):
            raise ValueError("currency goes with sum, average, min and max")
        if self.of == "$amount" and self.currency is None:
            raise ValueError("$amount is money: name a currency")
        if is_list(self.of) and self.function not in ("distinct", "most_frequent"):
            raise ValueError("a list goes with distinct and most_frequent: take one value of an event for the others")
        return self


def fits(one: T, path: str, test: Predicate | WherePredicate) -> T:
    """Refuse what looks at one value of a list. Raises ValueError."""
    if is_list(path) and (test.op in (*_DATES, "array_contains") or isinstance(getattr(test, "value", None), bool)):
        raise ValueError(f"{test.op} looks at one value, and {path} is a list: leave [] out")
    return one


def fits_function(function: str, test: Predicate | WherePredicate) -> None:
    """Refuse a test of another kind than the aggregate is of. Raises ValueError."""
    if test.op in (*_DATES, "array_contains") or isinstance(getattr(test, "value", None), bool):
        raise ValueError(f"{test.op} does not fit an aggregate: compare a number or a text")
    numeric = {"gt": True, "gte": True, "lt": True, "lte": True, "between": True, "exists": None, "eq": None, "in": None}.get(
        test.op, False)
    if test.op == "eq" or test.op == "in":
        value = test.value if test.op == "eq" else test.values[0]
        numeric = not isinstance(value, str)
    if numeric is False and function in ("sum", "average", "min", "max", "distinct"):
        raise ValueError(f"{function} is a number: compare it with gt, gte, lt, lte, between or eq")
    if numeric and function == "most_frequent":
        raise ValueError("most_frequent is compared as a text, also when it is a number: write it in quotes")
