"""The document of an export: whose data, which of it, in what form, to where, for what purpose, how often."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from socle.definitions.model import NAME
from socle.definitions.webhooks import Url
from socle.events.check import CHANNELS
from socle.exports.model.fields import PATHS, Column, Type, may_be_typed, type_of
from socle.schedule import checked

KIND = "exports"
COLUMNS, GOOGLE, META, POSTAL = "columns", "google_customer_match", "meta_custom_audience", "postal"
AUDIENCES = (GOOGLE, META)
S3, WEBHOOK = "s3", "webhook"
CHANGE = "change"
"""The column in which a delta says what became of a row: `added`, `changed`, `removed`."""
MAX_FIELDS = 200


def _segment(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError("is the name of a segment: 1 to 63 characters a-z, 0-9, _ or -")
    return name


def _path(path: str) -> str:
    type_of(path)
    return path


class ChosenField(BaseModel):
    """One column: where its value comes from, and what it is called."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[str, Field(max_length=1_000), AfterValidator(_path)] = Field(description=f"one of {PATHS}",
                                                                                  examples=["traits.plan"])
    name: str = Field(default="", max_length=128, pattern=r"^[^\x00-\x1f\"\\]*$", validate_default=True,
                      description="of the column; the path if left out")
    type: Literal["text", "integer", "number", "boolean", "json"] | None = Field(
        default=None, description="of traits and given values: what is not of that type is left empty; json (the value as it "
                                  "is) if left out")

    @field_validator("name")
    @classmethod
    def _named(cls, name: str, info: ValidationInfo) -> str:
        if name == CHANGE:
            raise ValueError(f"may not be {CHANGE!r}, where a delta says what became of a row")
        if name == "id" and info.data.get("path") != "id":
            raise ValueError("may not be 'id' for anything but the profile's id")
        return name or str(info.data.get("path", ""))

    @field_validator("type")
    @classmethod
    def _typed(cls, type_: str | None, info: ValidationInfo) -> str | None:
        if type_ and "path" in info.data and not may_be_typed(info.data["path"]):
            raise ValueError(f"is known for {info.data['path']}: leave it out")
        return type_

    @property
    def column(self) -> Column:
        """The column that it becomes."""
        return Column(self.name, Type(self.type) if self.type else type_of(self.path))


def _as_field(value: Any) -> Any:
    return {"path": value} if isinstance(value, str) else value


class Destination(BaseModel):
    """Where the rows go."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["s3", "webhook"] = "s3"
    url: Url | None = Field(default=None, validate_default=True, description="of a webhook", examples=["https://example.com/in"])
    batch_size: int = Field(default=500, ge=1, le=5_000, description="rows of one call of a webhook")

    @field_validator("url")
    @classmethod
    def _addressed(cls, url: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("type")
        if kind == WEBHOOK and url is None:
            raise ValueError("is where the webhook is: name it, as https://example.com/in")
        if kind == S3 and url is not None:
            raise ValueError("belongs to a webhook: leave it out, or say type webhook")
        return url


class Purpose(BaseModel):
    """What the rows are for: only people who consented to it are in."""

    model_config = ConfigDict(extra="forbid")

    channel: Literal[CHANNELS]  # type: ignore[valid-type]  # the channels of Consent Updated, as the edge knows them
    topic: str | None = Field(default=None, min_length=1, max_length=256, description="the whole channel if left out")


class ExportDocument(BaseModel):
    """The members of a segment, as rows."""

    model_config = ConfigDict(extra="forbid")

    segment: Annotated[str, AfterValidator(_segment)] = Field(description="name of the segment", examples=["vip"])
    layout: Literal["columns", "google_customer_match", "meta_custom_audience", "postal"] = Field(
        default="columns", description="columns: the fields as chosen; the others have columns of their own")
    fields: list[Annotated[ChosenField, BeforeValidator(_as_field)]] = Field(
        default_factory=list, max_length=MAX_FIELDS, validate_default=True,
        description="a path, or a path with the column's name and type", examples=[["id", "identifiers.email", "traits.plan"]])
    format: Literal["csv", "ndjson", "parquet"] = Field(default="csv", description="of files; a webhook gets JSON")
    mode: Literal["full", "delta"] = Field(
        default="full", description=f"delta: what was added, changed or removed since the last export (column {CHANGE})")
    destination: Destination = Field(default_factory=Destination)
    purpose: Purpose | None = Field(
        default=None, validate_default=True,
        description="only who is subscribed to it is in; ad audiences need one; without one consent is not asked for")
    schedule: Annotated[str, Field(max_length=300), AfterValidator(checked)] | None = Field(
        default=None, description="rate(6 hours) or cron(0 6 ? * MON-FRI *), UTC; only by hand if left out")
    partition_by: str | None = Field(default=None, max_length=128, validate_default=True,
                                     description="name of a column: files for each of its values (at most 100)")
    sender_country: str | None = Field(
        default=None, pattern=r"^[A-Z]{2}$", validate_default=True, examples=["FR"],
        description="of a postal export: letters within it name no country, and who names none lives there")
    description: str = Field(default="", max_length=1_000)
    enabled: bool = Field(default=True, description="false stops the schedule")

    @field_validator("fields")
    @classmethod
    def _chosen(cls, fields: list[ChosenField], info: ValidationInfo) -> list[ChosenField]:
        layout = info.data.get("layout", COLUMNS)
        if layout == COLUMNS and not fields:
            raise ValueError("names at least one field, such as identifiers.email")
        if layout != COLUMNS and fields:
            raise ValueError(f"is fixed in the layout {layout}: leave it out")
        names = [field.name.casefold() for field in fields]
        for field in fields:
            if names.count(field.name.casefold()) > 1:
                raise ValueError(f"has two columns {field.name!r}: give one of them another name")
        return fields

    @field_validator("format")
    @classmethod
    def _written(cls, format_: str, info: ValidationInfo) -> str:
        if info.data.get("layout", COLUMNS) != COLUMNS and format_ != "csv":
            raise ValueError(f"is csv in the layout {info.data['layout']}")
        return format_

    @field_validator("destination")
    @classmethod
    def _reachable(cls, destination: Destination, info: ValidationInfo) -> Destination:
        if destination.type == WEBHOOK and info.data.get("layout", COLUMNS) != COLUMNS:
            raise ValueError("is s3 in this layout: a webhook gets rows in the layout columns")
        return destination

    @field_validator("purpose")
    @classmethod
    def _consented(cls, purpose: Purpose | None, info: ValidationInfo) -> Purpose | None:
        if purpose is None and info.data.get("layout") in AUDIENCES:
            raise ValueError('says what people consented to, such as {"channel": "email", "topic": "ads"}: an ad platform may '
                             "get nobody else")
        return purpose

    @field_validator("sender_country")
    @classmethod
    def _sent(cls, country: str | None, info: ValidationInfo) -> str | None:
        if country and info.data.get("layout") != POSTAL:
            raise ValueError("is for the layout postal: leave it out")
        return country

    @field_validator("partition_by")
    @classmethod
    def _partitioned(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name is None:
            return None
        if info.data.get("layout", COLUMNS) != COLUMNS or getattr(info.data.get("destination"), "type", S3) != S3:
            raise ValueError("is for files in the layout columns: leave it out")
        if name not in [field.name for field in info.data.get("fields", ())]:
            raise ValueError("is the name of one of the columns in `fields`")
        return name
