"""/api/journeys/<name>/backtest: what a journey would have come to, over what people really did."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field

from socle import clock
from socle.errors import Rejected
from socle.iso import from_iso
from socle.journeys.model.document import KIND, JourneyDocument
from socle.journeys.service.backtest import check_period

from . import collaborators
from .shapes import Name, Time, answers, new_router

router = new_router()


class Rehearsal(BaseModel):
    """A period of the past, and what is rehearsed."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    begin: str = Field(alias="from", max_length=40, examples=["2026-06-01T00:00:00Z"], description="whoever enters from then on")
    until: str = Field(max_length=40, examples=["2026-09-01T00:00:00Z"], description="and before then; how they go on is told as "
                       "far as the lake reaches")
    document: JourneyDocument | None = Field(default=None, description="left out: the journey as it is saved")


class Period(BaseModel):
    """When people entered."""

    begin: Time = Field(alias="from")
    until: Time


class RehearsedPath(BaseModel):
    """A way that some went."""

    path: list[str] = Field(description="`<step>: <way, or what became of it>`")
    entries: int


class Reached(BaseModel):
    """The goal."""

    reached: int
    median_hours: float | None
    revenue: dict[str, int] = Field(description="of all orders within the goal's time, minor units by currency")


class RehearsedGoal(Reached):
    """What was reached although nothing was sent: it would have come without the journey."""

    before_first_message: int = Field(description="reached before a message would have gone, or without one")
    holdout: Reached


class RehearsedCost(BaseModel):
    """What AWS would bill, list prices."""

    transitions: int
    usd: float
    services: dict[str, float]


class RehearsalReport(BaseModel):
    """Numbers of entries, for all people."""

    journey: str
    period: Period
    as_of: Time = Field(description="when the lake was made that was walked")
    sampled: float = Field(description="the part of the lake that was walked: a random part of everybody; numbers are scaled up")
    walked: int = Field(description="people who were looked at one by one")
    profiles: int = Field(description="in the lake")
    people: int = Field(description="who would have entered, or been held out")
    entries: int
    holdout: int
    inside: int = Field(description="still inside at the end")
    refused: dict[str, int] = Field(description="reason → how often somebody did not enter who met the trigger")
    ended: dict[str, int] = Field(description="reason → entries")
    paths: list[RehearsedPath] = Field(description="the 50 commonest")
    steps: dict[str, dict[str, int]] = Field(description="step → `entered`, and each outcome or way")
    sends: dict[str, int] = Field(description="channel → messages")
    skips: dict[str, int] = Field(description="reason → messages that would not have gone")
    holds: dict[str, dict[str, int]] = Field(description="hold → way, `timed out` or `holding`")
    goal: RehearsedGoal | None
    cost: RehearsedCost
    warnings: list[dict[str, str]] = Field(description="of the document that was sent along")


@router.post("/api/journeys/<name>/backtest", summary="What a journey would have come to", operation_id="backtest_journey",
             tags=["journeys"], responses=answers(200, RehearsalReport, "entries, ways, messages, goal, cost"))
def backtest_journey(name: Name, body: Annotated[Rehearsal, Body()]) -> dict[str, Any]:
    """By the decisions that journeys run by, over the lake as the last compaction left it, within some twenty seconds. Nothing is
    written or sent."""
    services = collaborators.get()
    begin, until = _time(body.begin, "from"), _time(body.until, "until")
    check_period(begin, until, clock.now())
    document, warnings = None, []
    if body.document is not None:
        document = body.document.model_dump(mode="json")
        try:
            warnings = services.journey_checks.check(KIND, name, document)
        except Rejected as error:
            field = f"document.{error.field}" if error.field else "document"
            raise Rejected(error.code, error.message, field, status=error.status) from error
    asked = {"journey": name, "from": begin, "until": until, **({"document": document} if document is not None else {})}
    return {**services.journey_backtests.ask(asked), "warnings": warnings}


def _time(text: str, field: str) -> int:
    try:
        return from_iso(text)
    except ValueError as error:
        raise Rejected("bad_time", f"{field} is an ISO 8601 time such as 2026-06-01T00:00:00Z", field) from error
