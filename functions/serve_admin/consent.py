"""/api/profiles/<id>/consent: what a person allowed, with its proof; /api/suppressions: whom nothing is sent to."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from socle.clock import now
from socle.consent.imported import MAX_LINES
from socle.consent.model import REASONS
from socle.errors import Rejected

from . import collaborators
from .profiles import Id, TimelineItem, key_of
from .shapes import Cursor, Limit, Next, Time, answers, new_router, no_content

router = new_router()

Channel = Annotated[str, Path(max_length=20, description="email, sms, push, or domain")]
Address = Annotated[str, Path(max_length=2_100, description="the address, or the domain; URL-encoded")]
Text = Annotated[str, Field(max_length=256)]


class ConsentItem(BaseModel):
    """One channel, or one topic on it."""

    channel: str
    topic: str | None = Field(description="null for the channel as a whole")
    state: str = Field(description="subscribed, unsubscribed, pending (asked to confirm), or none (never said anything)")
    at: Time | None = Field(description="when it was said")
    source: str | None
    text_version: str | None
    address: str | None = Field(description="by which the person is reached on the channel now")


class Withdrawn(BaseModel):
    """What an address does not want, until a newer consent."""

    topic: str | None
    at: Time


class AddressItem(BaseModel):
    """One address of the person."""

    channel: str
    address: str
    suppressed: str | None = Field(description="the reason, null when messages may be sent")
    withdrawn: list[Withdrawn]


class Consent(BaseModel):
    """What holds, and the events that prove it, the last received first."""

    profile: str
    items: list[ConsentItem]
    addresses: list[AddressItem]
    proof: list[TimelineItem]


class Said(BaseModel):
    """What a person told you."""

    model_config = ConfigDict(extra="forbid")

    channel: Literal["email", "sms", "push", "webhook"]
    topic: str = Field(default="", max_length=63, description="left out: the channel as a whole")
    state: Literal["subscribed", "unsubscribed"]
    source: Annotated[str, Field(min_length=1, max_length=256)] = Field(description="where it was said", examples=["telephone"])
    text_version: Text = Field(default="", description="of the words that were agreed to; the topic's if left out")


class Recorded(BaseModel):
    """What becomes of it."""

    state: str = Field(description="pending where the topic wants double opt-in: a mail asks to confirm")


class Suppression(BaseModel):
    """One address, or domain."""

    model_config = ConfigDict(extra="allow")

    channel: str
    address: str
    reason: str = Field(description=f"one of {', '.join(REASONS)}")
    at: Time


class SuppressionPage(BaseModel):
    """By channel and address. A page may be short, even empty, and still have a next: `reason` is looked at while reading."""

    items: list[Suppression]
    next: Next


class Why(BaseModel):
    """What whoever reads the list later should know."""

    model_config = ConfigDict(extra="forbid")

    source: Text = Field(default="api", description="who asked for it, or where", examples=["telephone"])


class Import(BaseModel):
    """A list as text."""

    model_config = ConfigDict(extra="forbid")

    content: str = Field(min_length=1, max_length=900_000, description="CSV with a column `address`, or of one column, "
                         f"or NDJSON; `channel` and `reason` may be columns too; at most {MAX_LINES:,} lines",
                         examples=["address,reason\nann@example.com,complaint\n"])
    channel: Literal["email", "sms", "push", "domain"] = Field(default="email", description="of lines that name none")
    source: Text = Field(default="import", description="what the list is, for whoever reads it later")


class Reject(BaseModel):
    """A line that could not be taken."""

    line: int
    code: str
    message: str


class Imported(BaseModel):
    """What became of the lines."""

    imported: int
    unchanged: int = Field(description="they were suppressed before")
    rejected: int
    rejects: list[Reject] = Field(description="the first 500 of them")


@router.get("/api/profiles/<id>/consent", summary="What a person allowed, with its proof", operation_id="read_consent",
            tags=["consent"], responses=answers(200, Consent, "state of each channel and topic, addresses, and the events"))
def read_consent(id: Id) -> dict[str, Any]:
    """As pages and sending see it now."""
    return collaborators.get().consent.read(key_of(id))


@router.post("/api/profiles/<id>/consent", summary="Write down what a person told you", operation_id="record_consent",
             tags=["consent"], responses=answers(200, Recorded, "what it becomes"))
def record_consent(id: Id, said: Annotated[Said, Body()]) -> dict[str, Any]:
    """A withdrawal holds when this is answered; everything else when the event is folded, a moment later."""
    state = collaborators.get().consent.record(key_of(id), said.channel, said.topic, said.state, said.source, said.text_version,
                                               now())
    return {"state": state}


@router.get("/api/suppressions", summary="Whom nothing is sent to", operation_id="list_suppressions", tags=["consent"],
            responses=answers(200, SuppressionPage, "a page, by channel and address"))
def list_suppressions(limit: Limit = 100, cursor: Cursor = None,
                      channel: Annotated[str, Query(max_length=20, description="email, sms, push or domain")] = "",
                      reason: Annotated[str, Query(max_length=20, description=f"one of {', '.join(REASONS)}")] = "",
                      ) -> dict[str, Any]:
    """Addresses of people who were erased are not listed, and stay suppressed."""
    if reason and reason not in REASONS:
        raise Rejected("invalid", f"reason must be one of {', '.join(REASONS)}", "reason")
    return collaborators.get().suppressions.page(limit, channel, reason, cursor)


@router.post("/api/suppressions/import", summary="Suppress a list of addresses", operation_id="import_suppressions",
             tags=["consent"], responses=answers(200, Imported, "what became of each line"))
def import_suppressions(list_: Annotated[Import, Body()]) -> dict[str, Any]:
    """Importing it again changes nothing; lines at fault are listed and hold up no other."""
    return collaborators.get().suppressions.take(list_.content, list_.channel, list_.source, now())


@router.get("/api/suppressions/<channel>/<address>", summary="Whether one address is suppressed", tags=["consent"],
            operation_id="read_suppression", responses=answers(200, Suppression, "since when, and why"))
def read_suppression(channel: Channel, address: Address) -> dict[str, Any]:
    """404 when it is not."""
    return collaborators.get().suppressions.read(channel, unquote(address))


@router.put("/api/suppressions/<channel>/<address>", summary="Suppress one address, or a domain", tags=["consent"],
            operation_id="suppress", responses=answers(200, Suppression, "as it is now"))
def suppress(channel: Channel, address: Address, why: Annotated[Why, Body()]) -> dict[str, Any]:
    """Holds when this is answered. A stronger reason that is there already stays."""
    return collaborators.get().suppressions.add(channel, unquote(address), why.source, now())


@router.delete("/api/suppressions/<channel>/<address>", summary="Let messages through again", tags=["consent"],
               operation_id="release_suppression", responses=answers(204, None, "released"))
def release_suppression(channel: Channel, address: Address) -> Response[str]:
    """Only for an address that is known to be good, and whose owner asked for it: consent that was withdrawn stays withdrawn."""
    collaborators.get().suppressions.take_back(channel, unquote(address), now())
    return no_content()
