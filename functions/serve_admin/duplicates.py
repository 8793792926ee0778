"""/api/duplicates: pairs of profiles that may be one person, for people to accept or reject."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from socle.clock import now
from socle.ids import new_id

from . import collaborators
from .shapes import Cursor, Limit, Next, Time, answers, new_router

router = new_router()

PairId = Annotated[str, Path(pattern=r"^[a-z0-9]{1,64}-[a-z0-9]{1,64}$", description="as the queue names it: the ids of the two "
                                                                                     "profiles, in order")]
State = Annotated[Literal["open", "accepted", "rejected"], Query(description="which candidates")]


class FieldComparison(BaseModel):
    """What one field says."""

    field: str = Field(description="given, surname, birth, email, phone or address")
    level: str = Field(description="how far the two agree; unknown when one of them has no value", examples=["exact"])
    weight: float = Field(description="log2 of how much likelier this is for one person than for two: 10 means 1,024 times")


class DuplicateCandidate(BaseModel):
    """Two profiles that may be one person."""

    id: str
    state: Literal["open", "accepted", "rejected"]
    profiles: list[str] = Field(description="their ids, as they were found: GET /api/profiles/<id> shows them")
    probability: float = Field(description="that they are one person, 0 to 1")
    weight: float = Field(description="log2 of the odds: the sum of the fields' weights and what is known before comparing")
    certain: bool = Field(description="given name or birth date agree and neither differs: no other pair is merged unseen")
    comparison: list[FieldComparison]
    found: Time
    decided: Time | None
    by: str | None = Field(description="review or auto_merge; null while it is open")


class AcceptedCandidate(DuplicateCandidate):
    """A candidate whose profiles are one person now."""

    survivor: str | None = Field(description="the profile that they are now; null when they have been unmerged since")


class DuplicateQueue(BaseModel):
    """Most probable first."""

    items: list[DuplicateCandidate]
    next: Next


class DuplicateRun(BaseModel):
    """A search."""

    run: str


class DuplicateReport(BaseModel):
    """What the last search that was finished came to."""

    model_config = ConfigDict(extra="allow")

    run: str
    started: Time
    finished: Time
    people: int = Field(description="that there was something to compare of")
    pairs: int = Field(description="compared")
    candidates: int = Field(description="open after the search, and merged by it")
    merged: int = Field(description="candidates that were settled by merging unseen")
    closed: int = Field(description="candidates that are none any more")
    too_large: list[int] = Field(description="sizes of groups that look like one person and are too many: nothing in them merges")
    too_frequent: dict[str, int] = Field(description="by rule, how many keys too many people share to compare them all")
    model: dict[str, dict[str, float]] = Field(description="field → level → weight, as learnt from the profiles")


@router.get("/api/duplicates", summary="Candidates, most probable first", operation_id="list_duplicates", tags=["duplicates"],
            responses=answers(200, DuplicateQueue, "a page of the queue"))
def list_duplicates(state: State = "open", limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Found by the search of every Sunday, and by POST /api/duplicates/run."""
    return collaborators.get().duplicates.page(state, limit, cursor)


@router.post("/api/duplicates/run", summary="Search for near-duplicates now", operation_id="run_duplicates", tags=["duplicates"],
             responses=answers(200, DuplicateRun, "started"))
def run_duplicates() -> dict[str, Any]:
    """GET /api/duplicates/run names this run once it is finished."""
    run = new_id()
    collaborators.get().duplicates.start(run)
    return {"run": run}


@router.get("/api/duplicates/run", summary="What the last search came to", operation_id="read_duplicates_run",
            tags=["duplicates"], responses=answers(200, DuplicateReport, "counts, and the model"))
def read_duplicates_run() -> dict[str, Any]:
    """404 before the first one is finished."""
    return collaborators.get().duplicates.report()


@router.get("/api/duplicates/<id>", summary="One candidate", operation_id="read_duplicate", tags=["duplicates"],
            responses=answers(200, DuplicateCandidate, "the candidate"))
def read_duplicate(id: PairId) -> dict[str, Any]:
    """What was compared, and what it says."""
    return collaborators.get().duplicates.read(id)


@router.post("/api/duplicates/<id>/accept", summary="They are one person", operation_id="accept_duplicate", tags=["duplicates"],
             description="Merges the two profiles; an unmerge restores both. Accepting it twice is fine.",
             responses=answers(200, AcceptedCandidate, "merged"))
def accept_duplicate(id: PairId) -> dict[str, Any]:
    """409 when one of them was erased, or is somebody else by now."""
    return collaborators.get().duplicates.accept(id, now())


@router.post("/api/duplicates/<id>/reject", summary="They are two people", operation_id="reject_duplicate", tags=["duplicates"],
             description="Keeps the two apart for ever: they are never proposed again. Rejecting it twice is fine.",
             responses=answers(200, DuplicateCandidate, "kept apart"))
def reject_duplicate(id: PairId) -> dict[str, Any]:
    """409 when they were merged by accepting it."""
    return collaborators.get().duplicates.reject(id, now())
