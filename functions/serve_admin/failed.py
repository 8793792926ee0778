"""/api/failed: batches of records that Lambda gave up before apply_events could take them, and their replay."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field

from socle import clock
from socle.errors import Rejected
from socle.failed.service import MAX_BATCHES, MAX_BYTES, MAX_RECORDS

from . import collaborators
from .shapes import Cursor, Limit, Next, Time, answers, new_router

router = new_router()

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/-]{1,300}$")]


class FailedBatch(BaseModel):
    """One batch. All but `id` is null where the object is not what Lambda writes."""

    id: str = Field(description="the name of its object in the bucket, after aws/lambda/")
    givenUp: Time | None
    shard: str | None
    records: int | None
    condition: str | None = Field(description="why, in Lambda's words", examples=["RetryAttemptsExhausted"])
    oldest: Time | None
    age: int | None = Field(description="seconds since the oldest record arrived on the stream, roughly")


class FailedPage(BaseModel):
    """By shard, oldest first."""

    items: list[FailedBatch]
    next: Next


class FailedReplayRequest(BaseModel):
    """These batches by `ids`, or `{}` for all."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Id] | None = Field(default=None, min_length=1, max_length=MAX_BATCHES)
    cursor: str | None = Field(default=None, max_length=1_000, description="`next` of the previous answer; not with `ids`")


class FailedReplayFailure(BaseModel):
    """A batch that stays where it is."""

    id: str
    code: str = Field(description="`unreadable`, `not_there`, or `not_reached`: this call had replayed enough")
    message: str


class FailedReplayAnswer(BaseModel):
    """What a replay did."""

    replayed: int = Field(description="records that are on the stream again")
    batches: int = Field(description="batches that held them, deleted")
    failures: list[FailedReplayFailure]
    next: Next


@router.get("/api/failed", summary="Batches that were given up", operation_id="list_failed", tags=["failed"],
            responses=answers(200, FailedPage, f"a page by shard, oldest batch first, {MAX_BATCHES} at most"))
def list_failed(limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """What apply_events could not take in time, as Lambda filed it in S3."""
    page = collaborators.get().failed.page(limit, cursor)
    now = clock.now()
    return {"items": [batch.to_json(now) for batch in page.items], "next": page.next}


@router.post("/api/failed/replay", summary="Put the records of given-up batches back on the stream",
             operation_id="replay_failed", tags=["failed"],
             description=f"These, or all with `{{}}`: up to {MAX_BATCHES} batches a call, and none after {MAX_RECORDS:,} records "
                         f"or {MAX_BYTES // 1_000_000} MB; then go on with `next`. Safe to repeat: an event is applied once.",
             responses=answers(200, FailedReplayAnswer, "what went back and what did not"))
def replay_failed(which: Annotated[FailedReplayRequest, Body()]) -> dict[str, Any]:
    """Stream first, then the batch is deleted; one that cannot be read stays and is named."""
    if which.ids is not None and which.cursor is not None:
        raise Rejected("bad_choice", "either ids, or cursor to go on with all", "cursor")
    failed = collaborators.get().failed
    return (failed.replay_all(which.cursor) if which.ids is None else failed.replay(which.ids)).to_json()
