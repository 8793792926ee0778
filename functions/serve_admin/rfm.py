"""/api/rfm: how recently, how often and for how much each customer bought, in fifths and named groups.

No postponed annotations here: the resolver reads the signatures.
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from socle.ids import new_id

from . import collaborators
from .shapes import RunName, RunState, Time, answers, new_router

router = new_router()

Money = Annotated[int, Field(description="in minor units of the currency")]
Days = Annotated[float | None, Field(description="mean of days since the last order; null without customers")]


class RfmGroup(BaseModel):
    """One of the eleven groups."""

    group: str
    customers: int
    share: float = Field(description="of all customers, 0 to 1")
    revenue: Money
    recency_days: Days
    orders: float | None = Field(description="mean")
    monetary: int | None = Field(description="mean, in minor units of the currency")


class RfmCell(BaseModel):
    """One cell of the grid."""

    recency: int = Field(description="1 to 5, 5 is the most recent fifth")
    fm: int = Field(description="1 to 5: mean of frequency and monetary, rounded half up")
    group: str
    customers: int
    revenue: Money


class Fifth(BaseModel):
    """Customers with one score."""

    score: int
    customers: int
    least: int = Field(description="days, orders, or minor units of the currency")
    greatest: int


class RfmReport(BaseModel):
    """The newest report."""

    run: str
    at: Time
    lake: Time | None = Field(description="when the lake was made that was read; null before the first compaction")
    currency: str | None = Field(description="whose orders count; null while nobody has bought")
    recency: str = Field(description="elapsed: days of 24 hours; calendar: midnights of the time zone")
    timezone: str | None = Field(description="of calendar days")
    monetary: str = Field(description="net: revenue minus refunds; revenue: before refunds")
    method: str
    customers: int
    revenue: Money
    changed: int = Field(description="profiles that were told new values")
    groups: list[RfmGroup] = Field(description="all eleven, the best first")
    grid: list[RfmCell] = Field(description="all 25 cells")
    quintiles: dict[str, list[Fifth]] = Field(description="recency, frequency, monetary → the scores that somebody has, 5 first")


class RfmRunState(RunState):
    """A run."""

    result: RfmReport | None = Field(description="once it has succeeded")


@router.get("/api/rfm", summary="Customers by recency, frequency and monetary value", operation_id="read_rfm", tags=["rfm"],
            responses=answers(200, RfmReport, "the newest report"))
def read_rfm() -> dict[str, Any]:
    """Customers are scored every morning, and by POST /api/rfm/run."""
    return collaborators.get().rfm.latest()


@router.post("/api/rfm/run", summary="Score all customers now", operation_id="run_rfm", tags=["rfm"],
             responses=answers(200, RfmRunState, "started"))
def run_rfm() -> dict[str, Any]:
    """By the lake as the last compaction left it. GET /api/rfm/runs/<run> says when it is done."""
    return collaborators.get().rfm.start(new_id())


@router.get("/api/rfm/runs/<run>", summary="A run", operation_id="read_rfm_run", tags=["rfm"],
            responses=answers(200, RfmRunState, "its state, and its report"))
def read_rfm_run(run: RunName) -> dict[str, Any]:
    """It has succeeded when all whose values changed have been told."""
    return collaborators.get().rfm.read(run)
