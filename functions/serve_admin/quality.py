"""/api/quality and /api/profiles/<id>/quality: how good the data is, what to fix first, and cleaning up.

No postponed annotations here: the resolver reads the signatures, and one parameter is a model of the domain.
"""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import BaseModel, ConfigDict, Field

from socle.clock import now
from socle.ids import new_id
from socle.quality.cleanup import CleanupRule
from socle.quality.service import Asked

from . import collaborators
from .profiles import Id
from .shapes import RunName, RunState, Time, answers, new_router

router = new_router()

Share = Annotated[float | None, Field(description="0 to 1; null when there is nothing to measure")]
Points = Annotated[float, Field(description="of a score from 0 to 100")]


class Reason(BaseModel):
    """What costs a profile points."""

    field: str | None
    code: str = Field(description="missing, invalid, stale, ageing, conflict or duplicate")
    points: Points
    message: str


class ProfileQuality(BaseModel):
    """How good one profile is."""

    id: str
    score: Points
    reasons: list[Reason] = Field(description="what to fix first comes first")
    fields: dict[str, Any] = Field(description="field → trait, present, valid, flag, age_days, freshness, conflict, and sources: "
                                   "source → the newest value that it sent, its time, and why it is not valid")
    sources: dict[str, Any] = Field(description="source → how many of the fields it has said something about, and how many of "
                                    "these values are valid")
    duplicates: int | None = Field(description="open near-duplicates; null when nobody has looked")


class QualityOverview(BaseModel):
    """The newest survey, with the trend."""

    model_config = ConfigDict(extra="allow")

    at: Time
    people: int = Field(description="who could be asked: known by more than a browser or a device")
    anonymous: int = Field(description="the other profiles; they are not part of any score")
    score: float | None = Field(description="mean of all profiles, 0 to 100")
    completeness: Share
    validity: Share
    freshness: Share
    duplicates: int | None
    fields: dict[str, Any]
    sources: dict[str, Any] = Field(description="by what was received from each, ever")
    worst_fields: list[str]
    worst_sources: list[str]
    fix_first: list[dict[str, Any]] = Field(description="what would raise the score most, and for how many people")
    trend: list[dict[str, Any]] = Field(description="one row for each day with a survey, the oldest first")


class QualityRun(RunState):
    """A survey, a clean-up, or the undoing of one."""

    result: dict[str, Any] | None = Field(description="once it has succeeded: a survey, or of a clean-up people, profiles and "
                                          "traits changed, and a sample")


class CleanupRequest(BaseModel):
    """What to clean up."""

    model_config = ConfigDict(extra="forbid")

    rule: CleanupRule
    dry_run: bool = Field(default=True, description="false changes profiles; true only counts, and shows a sample")


@router.get("/api/profiles/<id>/quality", summary="How good one profile is", operation_id="read_profile_quality",
            tags=["quality"], responses=answers(200, ProfileQuality, "score, reasons, fields, sources"))
def read_profile_quality(id: Id) -> dict[str, Any]:
    """By its whole history."""
    return collaborators.get().profile_quality.read(id, now())


@router.get("/api/quality", summary="How good the data is", operation_id="read_quality", tags=["quality"],
            responses=answers(200, QualityOverview, "the newest survey and the trend"))
def read_quality(days: Annotated[int, Query(ge=1, le=400, description="days of the trend")] = 90) -> dict[str, Any]:
    """Profiles are surveyed every night, and by POST /api/quality/run."""
    return collaborators.get().quality.overview(days)


@router.post("/api/quality/run", summary="Survey all profiles now", operation_id="run_quality", tags=["quality"],
             responses=answers(200, QualityRun, "started"))
def run_quality() -> dict[str, Any]:
    """GET /api/quality/runs/<run> says when it is done."""
    return collaborators.get().quality.start(new_id(), Asked())


@router.post("/api/quality/cleanup", summary="Clean up, or see what that would do", operation_id="cleanup_quality",
             tags=["quality"], responses=answers(200, QualityRun, "started"))
def cleanup_quality(request: Annotated[CleanupRequest, Body()]) -> dict[str, Any]:
    """GET /api/quality/runs/<run> has counts and a sample, before and after."""
    return collaborators.get().quality.start(new_id(), Asked(cleanup=request.rule, dry_run=request.dry_run))


@router.get("/api/quality/runs/<run>", summary="A survey or clean-up", operation_id="read_quality_run", tags=["quality"],
            responses=answers(200, QualityRun, "its state, and what it came to"))
def read_quality_run(run: RunName) -> dict[str, Any]:
    """The result is there once the state is succeeded."""
    return collaborators.get().quality.read(run)


@router.post("/api/quality/runs/<run>/undo", summary="Take a clean-up back", operation_id="undo_cleanup", tags=["quality"],
             responses=answers(200, QualityRun, "started"))
def undo_cleanup(run: RunName) -> dict[str, Any]:
    """Every trait is again what it would be if the clean-up had never been."""
    return collaborators.get().quality.start(new_id(), Asked(undo=run, dry_run=False))
