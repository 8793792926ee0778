"""/api/segments: who is in a segment, and what a segment may be made of. The documents are written by definitions.py."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, Field

from socle.segments.document import ComputedTrait, Segment
from socle.segments.ready import READY

from . import collaborators
from .profiles import AsOf, Clock, Id, key_of, moment_of
from .shapes import Cursor, Limit, Name, Next, Time, answers, new_router

router = new_router()

SegmentName = Annotated[str, Path(max_length=63, description="name of the segment")]


class SegmentMember(BaseModel):
    """One person."""

    id: str = Field(description="the profile's id")
    since: Time


class SegmentMembers(BaseModel):
    """In no order that means something."""

    items: list[SegmentMember]
    next: Next


class ExplainedEvent(BaseModel):
    """An event that a condition rests on."""

    messageId: str
    event: str
    timestamp: Time | None


class ExplainedCondition(BaseModel):
    """One condition, and why it holds or does not."""

    type: str
    says: str = Field(description="the condition as a sentence, and what time alone did to it or will do")
    true: bool
    value: Any = Field(description="what was compared, if it is one value: a trait, a count, a sum (money in the major unit)")
    events: list[ExplainedEvent] = Field(description="the newest events that it rests on, at most 10")
    more: int = Field(description="how many more there are")
    flips_at: Time | None = Field(description="before it time alone changes nothing; null: never")
    of: list[ExplainedCondition]


class Explanation(BaseModel):
    """Why somebody is in a segment, or is not."""

    segment: str
    profile: str
    member: bool
    since: Time | None = Field(description="when the person entered, as far as it is recorded already; null for the past")
    says: str
    as_of: Time
    clock: str
    flips_at: Time | None
    because: ExplainedCondition
    note: str | None = Field(default=None, description="what can't be known of the past")


class Part(BaseModel):
    """Some of the members."""

    members: int
    share: float = Field(description="of the members, 0 to 1")


class OfCountry(Part):
    """By the trait country, or address.country."""

    country: str


class OfGroup(Part):
    """By RFM group; none: not scored."""

    group: str


class WhoHas(Part):
    """What could be used of them."""

    has: str = Field(description="user_id, email, phone, email_subscribed, sms_subscribed, push_subscribed or country")


class Overlap(BaseModel):
    """With a segment that there is already."""

    segment: str
    both: int
    share: float = Field(description="of the members, 0 to 1")


class SampleMember(BaseModel):
    """One of the members."""

    id: str = Field(description="the profile's id")
    traits: dict[str, Any] = Field(description="some of them")


class BucketsRead(BaseModel):
    """How much of the lake there was time for."""

    read: int
    of: int


class SegmentPreview(BaseModel):
    """Who would be in a segment."""

    size: int
    share: float = Field(description="of everybody, 0 to 1")
    of: int = Field(description="everybody in the lake")
    estimated: bool = Field(description="true: some buckets, each a random sample, stand for all")
    interval: list[int] = Field(min_length=2, max_length=2, description="in which the size lies, in 95 of 100 cases")
    sample: list[SampleMember]
    by_country: list[OfCountry]
    by_rfm: list[OfGroup]
    by_quality: list[WhoHas]
    overlap: list[Overlap]
    buckets: BucketsRead
    lake: Time = Field(description="when the lake was made that was read")
    warnings: list[dict[str, str]] = Field(description="as of writing the segment")


class SegmentSchemas(BaseModel):
    """What documents may be, as JSON Schema 2020-12."""

    segment: dict[str, Any]
    computed_trait: dict[str, Any]


class ReadyMadeSegment(BaseModel):
    """A segment that most companies want."""

    name: str
    title: str
    document: dict[str, Any] = Field(description="as PUT /api/segments/<name> takes it")
    fill: dict[str, str] = Field(description="place in the document (JSON Pointer) → what to write there instead of the example")


class ReadyMadeSegments(BaseModel):
    """All of them."""

    items: list[ReadyMadeSegment]
    next: Next


@router.get("/api/segments/schema", summary="The definition language", operation_id="read_segment_schema", tags=["segments"],
            responses=answers(200, SegmentSchemas, "two schemas"))
def read_segment_schema() -> dict[str, Any]:
    """For editors and for programs that write segments. What a schema can't say is said when a document is written."""
    return _schemas()


@router.get("/api/segments/ready-made", summary="Segments to begin with", operation_id="list_ready_made_segments",
            tags=["segments"], responses=answers(200, ReadyMadeSegments, "all of them"))
def list_ready_made_segments() -> dict[str, Any]:
    """Copy a document, fill in what it can't know, and write it under a name of your own."""
    return {"items": [{"name": name, **one._asdict()} for name, one in READY.items()], "next": None}


@router.get("/api/segments/<name>/members", summary="Who is in a segment", operation_id="list_segment_members",
            tags=["segments"], responses=answers(200, SegmentMembers, "a page of members"))
def list_segment_members(name: Name, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """Up to date within seconds. A page may have fewer members than `limit` and still a `next`."""
    return collaborators.get().memberships.page(name, limit, cursor)


@router.get("/api/profiles/<id>/segments/<segment>/explanation", summary="Why somebody is in a segment",
            operation_id="explain_segment", tags=["segments"],
            responses=answers(200, Explanation, "the tree of its conditions"))
def explain_segment(id: Id, segment: SegmentName, as_of: AsOf = None, clock: Clock = "happened") -> dict[str, Any]:
    """From the person's whole history, now or at a past time."""
    services = collaborators.get()
    return services.explanations.explain(services.profiles, key_of(id), segment, moment_of(as_of), clock)


@router.post("/api/segments/preview", summary="Who would be in a segment", operation_id="preview_segment", tags=["segments"],
             responses=answers(200, SegmentPreview, "its size, a sample, parts of it, and how it overlaps with others"))
def preview_segment(document: Annotated[Segment, Body()]) -> dict[str, Any]:
    """By the lake as the last compaction left it, within some ten seconds. Nothing is written."""
    services, content = collaborators.get(), document.model_dump(mode="json")
    warnings = services.checks.check_draft(content)
    return {**services.segment_previews.preview(content), "warnings": warnings}


@cache
def _schemas() -> dict[str, Any]:
    return {"segment": Segment.model_json_schema(), "computed_trait": ComputedTrait.model_json_schema()}
