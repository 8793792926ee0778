"""/api/lake: what the lake holds, and compacting it now."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from socle import clock
from socle.errors import NotFound
from socle.ids import new_id
from socle.iso import to_iso

from . import collaborators
from .shapes import RunName, RunState, Time, answers, new_router

router = new_router()


class LakeState(BaseModel):
    """The lake as the last compaction left it."""

    version: int = Field(description="how often it was replaced")
    made: Time
    age_seconds: int = Field(description="what came since is not in it yet")
    buckets: int
    events: int = Field(description="events that count")
    people: int
    bytes: int


@router.get("/api/lake", summary="What the lake holds", operation_id="read_lake", tags=["lake"],
            responses=answers(200, LakeState, "as the last compaction left it"))
def read_lake() -> dict[str, Any]:
    """It is compacted every hour, and by POST /api/lake/compact."""
    manifest = collaborators.get().lake.manifest()
    if manifest is None:
        raise NotFound("no_lake", "nothing was compacted yet: POST /api/lake/compact, or wait an hour")
    files = manifest.buckets.values()
    return {"version": manifest.version, "made": to_iso(manifest.made),
            "age_seconds": max(clock.now() - manifest.made, 0) // clock.SECOND, "buckets": manifest.bucket_count,
            "events": sum(one.rows[0] for one in files), "people": sum(one.rows[1] for one in files),
            "bytes": sum(one.size for one in files)}


@router.post("/api/lake/compact", summary="Compact the lake now", operation_id="compact_lake", tags=["lake"],
             responses=answers(200, RunState, "started"))
def compact_lake() -> dict[str, Any]:
    """Everything that was received some minutes ago is in the lake when it has succeeded."""
    run = new_id()
    collaborators.get().compactions.start(run, {"run": run})
    return {"run": run, "state": "running"}


@router.get("/api/lake/runs/<run>", summary="A compaction", operation_id="read_compaction", tags=["lake"],
            responses=answers(200, RunState, "its state"))
def read_compaction(run: RunName) -> dict[str, Any]:
    """Whether it has ended."""
    state = collaborators.get().compactions.state(run)
    if state is None:
        raise NotFound("unknown_run", "there is no such run: POST /api/lake/compact starts one", "run")
    return {"run": run, "state": state}
