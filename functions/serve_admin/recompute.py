"""/api/segments/recompute and /api/segments/sizes: all segments for everybody, now; and what the last time came to."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from socle.errors import NotFound
from socle.ids import new_id

from . import collaborators
from .shapes import RunName, RunState, Time, answers, new_router

router = new_router()


class SegmentSizes(BaseModel):
    """What the last recompute came to."""

    model_config = ConfigDict(extra="allow")

    run: str
    at: Time = Field(description="the time for which everybody was evaluated")
    profiles: int
    segments: dict[str, int] = Field(description="name → members")
    ticks: int = Field(description="profiles that were told to look again")
    drift: int = Field(description="memberships that differ without a reason; anything but 0 is a fault of ours")


@router.get("/api/segments/sizes", summary="How many are in each segment", operation_id="read_segment_sizes", tags=["segments"],
            responses=answers(200, SegmentSizes, "as the last recompute counted"))
def read_segment_sizes() -> dict[str, Any]:
    """Counted every morning, and by POST /api/segments/recompute."""
    found = collaborators.get().recomputes.latest()
    if found is None:
        raise NotFound("no_report", "nothing was recomputed yet: POST /api/segments/recompute, or wait for the next morning")
    return found


@router.post("/api/segments/recompute", summary="Evaluate all segments for everybody now", operation_id="recompute_segments",
             tags=["segments"], responses=answers(200, RunState, "started"))
def recompute_segments() -> dict[str, Any]:
    """By the lake as the last compaction left it. Whoever differs from what their profile says enters or leaves, like a new
    segment fills itself."""
    run = new_id()
    collaborators.get().recompute_runs.start(run, {})
    return {"run": run, "state": "running"}


@router.get("/api/segments/recompute/<run>", summary="A recompute", operation_id="read_recompute", tags=["segments"],
            responses=answers(200, RunState, "its state"))
def read_recompute(run: RunName) -> dict[str, Any]:
    """When it has succeeded, its report is at GET /api/segments/sizes."""
    state = collaborators.get().recompute_runs.state(run)
    if state is None:
        raise NotFound("unknown_run", "there is no such run: POST /api/segments/recompute starts one", "run")
    return {"run": run, "state": state}
