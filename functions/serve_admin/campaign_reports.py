"""/api/campaigns/<name>/report and …/forecasts/<run>: what a run came to, what one would come to. JSON, and reports as CSV."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, Field

from socle.errors import Rejected
from socle.reports.answer import to_csv

from . import collaborators
from .campaigns import ID, RunIdAsked
from .shapes import Name, Time, answers, new_router

router = new_router()

Forecast = Annotated[str, Path(pattern=ID, description="the id of a forecast")]
Format = Annotated[Literal["json", "csv"], Query(description="csv: a row for the whole and one for each part")]
Rates = Annotated[str | None, Query(pattern=r"^[A-Z]{3}:[0-9]{1,9}(\.[0-9]{1,6})?(,[A-Z]{3}:[0-9]{1,9}(\.[0-9]{1,6})?)*$",
                                    description="what a US dollar is worth in the currencies of the orders, such as EUR:0.92: "
                                                "without it there is no return in them")]


class Cost(BaseModel):
    """US dollars, AWS list prices."""

    usd: float
    services: dict[str, float]


class ReportCost(Cost):
    """And what the campaign itself says."""

    other: dict[str, int] = Field(description="currency → the fixed cost that the campaign names, minor units; without a rate "
                                              "for that currency no return is told")


class ForecastCost(Cost):
    """The same before it is spent."""

    usd_per_1000: float | None = Field(description="for 1,000 messages")
    counted: dict[str, Any] = Field(description="the run's own calls, in the units that AWS counts")
    modelled: dict[str, Any] = Field(description="what is estimated: feedback, events, computing")


class CampaignForecast(BaseModel):
    """What a campaign would come to."""

    campaign: str
    run: str
    planned_at: Time
    complete: bool = Field(description="false: the workers are not through yet; poll it")
    blocked: dict[str, str] | None = Field(description="why nothing can be sent just now: code, message")
    audience: int
    would_send: int
    held: int = Field(description="they get it later: quiet hours")
    held_until: list[dict[str, Any]]
    skipped: dict[str, int] = Field(description="reason → people")
    failing: dict[str, int] = Field(description="code → people whose message the channel would refuse")
    messages: list[dict[str, Any]] = Field(description="by channel and variant: messages, SMS parts, bytes of mails")
    not_renderable: dict[str, Any] = Field(description="people whose text can't be made, with examples")
    sending: dict[str, Any] = Field(description="rate (messages a second), seconds, ends, and messages of each day")
    cost: ForecastCost


class CampaignReport(BaseModel):
    """What a run came to."""

    campaign: str
    run: str
    as_of: Time = Field(description="the lake's last compaction: what happened since is not in it")
    complete: bool = Field(description="false: there was no time for all of the lake; counts are of the buckets that were read")
    buckets: dict[str, int]
    recipients: dict[str, Any] = Field(description="people by outcome, skips by reason")
    goal: dict[str, Any] = Field(description="the event that counts as success, within how many days of a click")
    totals: dict[str, Any] = Field(description="messages counted once by what happened to them; *_by_machines are scanners and "
                                   "image proxies; money in minor units by currency")
    by_variant: list[dict[str, Any]]
    by_domain: list[dict[str, Any]]
    by_device: list[dict[str, Any]]
    by_link: list[dict[str, Any]]
    lift: dict[str, Any] | None = Field(description="how much more people converted than those held out; null without a holdout")
    cost: ReportCost
    returns: dict[str, Any] = Field(description="by currency: cost, net revenue, return on investment, cost of a conversion; of "
                                    "variants and domains too")


@router.get("/api/campaigns/<name>/forecasts/<run>", summary="What a campaign would come to", operation_id="read_forecast",
            tags=["campaigns"], responses=answers(200, CampaignForecast, "reach, skips, time, cost"))
def read_forecast(name: Name, run: Forecast) -> dict[str, Any]:
    """POST …/forecast makes one."""
    return collaborators.get().campaign_reports.ask({"what": "forecast", "campaign": name, "run": run})


@router.get("/api/campaigns/<name>/report", summary="What a campaign came to", operation_id="read_campaign_report",
            tags=["campaigns"], responses={200: {"description": "the report of a run", "content": {
                "application/json": {"model": CampaignReport}, "text/csv": {"schema": {"type": "string"}}}}})
def read_campaign_report(name: Name, run: RunIdAsked = None, format: Format = "json", usd: Rates = None) -> Any:
    """Of the newest run, or the one that is named; by the lake, within some ten seconds."""
    services = collaborators.get()
    if run is None:
        newest = services.campaign_answers.page(name, 1, None)
        if not newest:
            raise Rejected("no_run", f"{name} was never launched: POST /api/campaigns/{name}/launch", status=404)
        run = newest[0]["id"]
    rates = {one[:3]: float(one[4:]) for one in usd.split(",")} if usd else {}
    found = services.campaign_reports.ask({"what": "report", "campaign": name, "run": run, "rates": rates})
    if format == "csv":
        return Response(200, "text/csv; charset=utf-8", to_csv(found),
                        {"Content-Disposition": f'attachment; filename="{name}-{run}.csv"'})
    return found
