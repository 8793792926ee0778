"""/api/quarantine: events that could not be taken in, why, and what to do with them."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from socle.errors import Rejected
from socle.quarantine.service import MAX_REPLAYED

from . import collaborators
from .shapes import Cursor, Limit, Next, Time, answers, new_router, no_content

router = new_router()

Id = Annotated[str, Path(max_length=250, description="the event's id in quarantine")]
Source = Annotated[str | None, Query(max_length=63, description="only events of this source")]
Code = Annotated[str | None, Query(max_length=63, description="only events with this reason")]
Chosen = Annotated[str, Field(min_length=1, max_length=250)]


class QuarantinedEvent(BaseModel):
    """One event, with the reason."""

    id: str
    source: str
    code: str = Field(description="stable name of the reason", examples=["too_large"])
    field: str = Field(description="the field at fault; empty for the event as a whole")
    message: str
    received: Time
    messageId: str | None
    event: Any = Field(description="the event as sent; its text where that is not JSON")


class QuarantinedPage(BaseModel):
    """Newest first. A page may be short, even empty, and still have a next: filters are applied while reading."""

    items: list[QuarantinedEvent]
    next: Next


class QuarantineCount(BaseModel):
    """How many events of one source with one reason."""

    source: str
    code: str
    count: int


class QuarantineSummary(BaseModel):
    """Counts over the newest batches, most first."""

    items: list[QuarantineCount]
    next: None = Field(description="always null: the counts come whole")
    objects: int = Field(description="how many batches were read")
    complete: bool = Field(description="false when there are older batches that were not read")


class ReplayRequest(BaseModel):
    """Either `ids`, or `source` and/or `code`."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Chosen] | None = Field(default=None, min_length=1, max_length=MAX_REPLAYED)
    source: Chosen | None = None
    code: Chosen | None = None
    cursor: str | None = Field(default=None, max_length=1_000, description="`next` of the previous answer")


class ReplayFailure(BaseModel):
    """An event that is still at fault."""

    id: str
    code: str
    field: str
    message: str


class ReplayAnswer(BaseModel):
    """What a replay did."""

    replayed: int = Field(description="events that passed, are on the stream, and no longer in quarantine")
    still: int = Field(description="events that are still at fault and stay")
    failures: list[ReplayFailure]
    next: Next


@router.get("/api/quarantine", summary="Events in quarantine", operation_id="list_quarantine", tags=["quarantine"],
            responses=answers(200, QuarantinedPage, "a page, newest batch first"))
def list_quarantine(source: Source = None, code: Code = None, limit: Limit = 50,
                    cursor: Cursor = None) -> dict[str, Any]:
    """Newest first, optionally of one source or with one reason."""
    page = collaborators.get().quarantine.page(limit, source, code, cursor)
    return {"items": [held.to_json() for held in page.items], "next": page.next}


@router.get("/api/quarantine/summary", summary="How many events are in quarantine, by source and reason",
            operation_id="summarise_quarantine", tags=["quarantine"],
            responses=answers(200, QuarantineSummary, "the counts"))
def summarise_quarantine() -> dict[str, Any]:
    """Counts over the newest batches; says how many were read."""
    summary = collaborators.get().quarantine.summary()
    return {"items": [{"source": source, "code": code, "count": count}
                      for (source, code), count in summary.counts.most_common()],
            "next": None, "objects": summary.objects, "complete": summary.complete}


@router.post("/api/quarantine/replay", summary="Judge events again and let those that pass in",
             operation_id="replay_quarantine", tags=["quarantine"],
             responses=answers(200, ReplayAnswer, "what passed and what did not"))
def replay_quarantine(which: Annotated[ReplayRequest, Body()]) -> dict[str, Any]:
    """By ids, or by source and code. Safe to repeat: an event is applied once."""
    if (which.ids is None) == (which.source is None and which.code is None):
        raise Rejected("bad_choice", "say which events: either ids, or source and/or code", "ids")
    quarantine = collaborators.get().quarantine
    if which.ids is not None:
        return quarantine.replay(which.ids).to_json()
    return quarantine.replay_all(which.source, which.code, which.cursor).to_json()


@router.get("/api/quarantine/<id>", summary="One event in quarantine", operation_id="read_quarantined",
            tags=["quarantine"], responses=answers(200, QuarantinedEvent, "the event"))
def read_quarantined(id: Id) -> dict[str, Any]:
    """One event, with the reason."""
    return collaborators.get().quarantine.get(id).to_json()


@router.delete("/api/quarantine/<id>", summary="Discard one event", operation_id="discard_quarantined",
               tags=["quarantine"], responses=answers(204, None, "discarded"))
def discard_quarantined(id: Id) -> Response[str]:
    """Throw the event away for good."""
    collaborators.get().quarantine.discard(id)
    return no_content()
