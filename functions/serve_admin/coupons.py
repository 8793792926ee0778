"""/api/coupons/<name>/codes: the codes of a pool, uploaded and counted. The pools are definitions."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field

from socle.coupons.model import MAX_UPLOAD
from socle.coupons.service import codes_in
from socle.errors import Rejected

from . import collaborators
from .shapes import Name, answers, new_router

router = new_router()


class CodesUpload(BaseModel):
    """Codes as a list, or as the text of a CSV file: its column `code`, else its first."""

    model_config = ConfigDict(extra="forbid")

    codes: list[str] | None = Field(default=None, examples=[["SPRING-7F3K", "SPRING-9X2M"]])
    csv: str | None = None


class CodesAdded(BaseModel):
    """What became of an upload."""

    added: int
    known: int = Field(description="in the pool before, given out or not, or twice in the upload: left alone")


class CodeCounts(BaseModel):
    """Codes of a pool."""

    uploaded: int
    given: int
    left: int


@router.post("/api/coupons/<name>/codes", summary="Upload coupon codes", operation_id="upload_coupon_codes", tags=["coupons"],
             responses=answers(200, CodesAdded, "they are in the pool"))
def upload_codes(name: Name, body: Annotated[CodesUpload, Body()]) -> dict[str, Any]:
    """Sending the same again is safe: a code is never given out twice."""
    if (body.codes is None) == (body.csv is None):
        raise Rejected("invalid", f"give codes or csv, up to {MAX_UPLOAD:,} at once", "codes")
    codes = body.codes if body.codes is not None else codes_in(body.csv or "")
    return collaborators.get().coupons.upload(name, codes)


@router.get("/api/coupons/<name>/codes", summary="How many codes there are", operation_id="count_coupon_codes", tags=["coupons"],
            responses=answers(200, CodeCounts, "the counts"))
def count_codes(name: Name) -> dict[str, Any]:
    """Of one pool, counted now."""
    counts = collaborators.get().coupons.counts(name)
    return {**counts._asdict(), "left": counts.left}
