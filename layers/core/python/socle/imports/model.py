"""What an import is made of: the mapping that people write, rows of a file, and what becomes of them.

    Row ──prepare──> Prepared | Reject ──messages──> Draft ──reconcile──> Send ──accept──> Event
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

BUCKETS = 64
"""Parts of a run, by the CRC-32 of a row's group key."""

Text = Annotated[str, Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
IdentifierType = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_:]{0,39}$")]
Kind = Literal["orders", "people", "events", "accounts", "catalog"]


class Cell(BaseModel):
    """Where a value comes from: a column of the file, or a constant `value`."""

    model_config = ConfigDict(extra="forbid")

    column: Text | None = Field(default=None, description="the column's name in the file's header")
    value: str | int | float | bool | None = Field(default=None, description="the same for every row")
    clean: Literal["integer", "lower", "digits"] | None = Field(
        default=None, description="integer: 17850.0 becomes 17850; lower: lower case; digits: digits alone")
    type: Literal["auto", "text", "number", "date", "boolean"] = Field(
        default="auto", description="auto keeps text as text, and numbers and dates of typed files as they are")

    @model_validator(mode="after")
    def _one_of(self) -> Cell:
        if (self.column is None) == (self.value is None):
            raise ValueError("name a column or a constant value")
        return self


Column = Text | Cell
"""The name of a column, or a Cell."""


class Format(BaseModel):
    """How the file is written; what is left out is found out from the file."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["csv", "ndjson", "parquet", "xlsx"] | None = Field(default=None, description="by the file's content")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(default=None, examples=[";"])
    encoding: str | None = Field(default=None, max_length=40, examples=["cp1252"])
    sheet: str | None = Field(default=None, max_length=100, description="of a workbook; its first one by default")
    decimal: Literal[".", ","] | None = Field(default=None, description="what separates decimals; told by each number")
    day_first: bool | None = Field(default=None, description="whether 03/04/2026 is the third of April; neither: rejected")
    dates: list[Annotated[str, Field(min_length=2, max_length=60)]] = Field(
        default_factory=list, max_length=10, description="formats of strptime, tried first", examples=[["%d.%m.%y"]])
    timezone: str = Field(default="UTC", max_length=60, description="of times that say none", examples=["Europe/Paris"])


    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("is no time zone: write it like Europe/Paris") from error
        return name

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str | None) -> str | None:
        try:
            "".encode(name or "utf-8")
        except LookupError as error:
            raise ValueError("is no encoding: try utf-8, cp1252 or utf-16") from error
        return name


class Cancelled(BaseModel):
    """Which rows of an order file take back: those whose column begins with `prefix`, or holds one of `values`."""

    model_config = ConfigDict(extra="forbid")

    column: Text | None = Field(default=None, description="the column of the order id by default")
    prefix: Text | None = Field(default=None, examples=["C"])
    values: list[Text] = Field(default_factory=list, max_length=50, examples=[["cancelled"]])

    @model_validator(mode="after")
    def _one_of(self) -> Cancelled:
        if (self.prefix is None) == (not self.values):
            raise ValueError("give a prefix or values")
        return self


class OrderFields(BaseModel):
    """What the rows of an order say; a row is a line of it, or the whole order when only `total` is mapped."""

    model_config = ConfigDict(extra="forbid")

    order_id: Column
    price: Column | None = Field(default=None, description="of one piece")
    quantity: Column | None = Field(default=None, description="1 by default")
    total: Column | None = Field(default=None, description="of the whole order; its lines repeat it")
    currency: Column | None = Field(default=None, examples=[{"value": "GBP"}])
    products: dict[Name, Column] = Field(default_factory=dict, max_length=30, description="fields of the line",
                                         examples=[{"sku": "StockCode", "name": "Description"}])
    cancelled: Cancelled | None = None

    @model_validator(mode="after")
    def _worth(self) -> OrderFields:
        if self.price is None and self.total is None:
            raise ValueError("map price (and quantity), or total")
        return self


class ItemFields(BaseModel):
    """What a row of a catalogue is about: `id` within its `type`."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")] = Field(examples=["products", "stores"])
    id: Column


class Mapping(BaseModel):
    """What each row of a file means. Definition kind `mappings`."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    format: Format = Field(default_factory=Format)
    identifiers: dict[IdentifierType, Column] = Field(default_factory=dict, max_length=20,
                                                      examples=[{"user_id": "CustomerID", "email": "E-mail"}])
    traits: dict[Name, Column] = Field(default_factory=dict, max_length=250, examples=[{"city": "City"}])
    event: Name | Cell | None = Field(default=None, description="the events' name, or the column that holds it")
    id: Column | None = Field(default=None, description="of the event: lets a corrected file correct it")
    timestamp: Column | None = Field(default=None, description="when it happened; the time of the import by default")
    properties: dict[Name, Column] = Field(default_factory=dict, max_length=250)
    order: OrderFields | None = None
    account: Column | None = Field(default=None, description="the account's id")
    item: ItemFields | None = None
    source: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")] | None = Field(
        default=None, description="the events' source; `import` by default")
    rest: bool = Field(default=False, description="columns that are not mapped become traits, or properties, by their own name")
    skip_missing: bool = Field(default=False, description="leave out traits and properties whose column the file does not have, "
                               "and identifiers but for one; else a missing column is an error")
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="country of phone numbers without one (ISO 3166)", examples=["FR"])
    description: str = Field(default="", max_length=1_000)

    @model_validator(mode="after")
    def _complete(self) -> Mapping:
        wants = {"orders": ("order", "identifiers"), "people": ("identifiers",), "events": ("event", "identifiers"),
                 "accounts": ("account",), "catalog": ("item",)}[self.kind]
        for field in wants:
            if not getattr(self, field):
                raise ValueError(f"a mapping of {self.kind} needs {field}")
        for field in ("order", "item", "account", "event"):
            if getattr(self, field) and field not in wants:
                raise ValueError(f"a mapping of {self.kind} has no {field}")
        return self


class Row(NamedTuple):
    """A row of a file: `cells` in the order of its columns; `number` is its line in a text file, its row in others, from 1."""

    number: int
    cells: list[Any]


class Reject(NamedTuple):
    """A row that is not imported. `column` is "" when it is about the whole row; `cells` are as read."""

    number: int
    code: str
    column: str
    message: str
    cells: list[Any]


class Rows(NamedTuple):
    """An opened file.

    columns  their names, each once
    rows     the rows in the order of the file; what can't be read as a row is a Reject (read them once)
    notes    what was found out or assumed, for people
    is_open  whether rows may have columns that `columns` does not list (NDJSON)
    """

    columns: list[str]
    rows: Iterator[Row | Reject]
    notes: list[str]
    is_open: bool = False


class Prepared(NamedTuple):
    """A row that was understood: JSON values, to be grouped by `key` (see convert).

    In the pieces between split and conversion `values` is None for a row that was rejected and spoils its order.
    """

    key: str
    number: int
    values: list[Any]


class Draft(NamedTuple):
    """A message as a run makes it, before it is known what earlier runs sent.

    message_id  the same for the same thing in every run
    ts          epoch ms, 0 when the file says no time
    message     in Segment's shape, without messageId; of a catalogue: {"type": "item", …}
    rows        numbers of the rows that it comes from
    parts       of the first message: how many, with this id, `<id>:2`, `<id>:3`…, make up the order (1 but for large
                orders); 0 for the others
    is_void     that the rows say nothing here any more: takes back what an earlier run sent, else it is nothing
    """

    message_id: str
    ts: int
    message: dict[str, Any]
    rows: tuple[int, ...]
    parts: int = 1
    is_void: bool = False


class Sent(NamedTuple):
    """What a bucket remembers of a message that was handed on.

    ts        epoch ms of its key: that of its first version
    hash      of its content
    revision  the last one
    who       of an order, the identifier by which it went to a person, [type, value]: to take it back from there
    """

    ts: int
    hash: str
    revision: int
    who: list[str]


class Send(NamedTuple):
    """A message to hand on: `ts` is the time of its event's key, whatever the message's own timestamp is by now."""

    message: dict[str, Any]
    ts: int
    revision: int
    rows: tuple[int, ...]
