"""/api/campaigns: launch, pause, resume and the other commands; runs and what became of their people. The documents are
definitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from pydantic import BaseModel, Field

from socle import clock
from socle.ids import new_id
from socle.paging import from_cursor, to_cursor

from . import collaborators
from .messages import Sent
from .profiles import key_of
from .shapes import Cursor, Limit, Name, Next, Time, answers, new_router

router = new_router()
Route = TypeVar("Route", bound=Callable[..., Any])

ID = r"^f?[0-9]{8}t[0-9]{6}-[0-9a-z]{8}$"
RunId = Annotated[str, Path(pattern=ID, description="the id of a run")]
Profile = Annotated[str, Path(max_length=64, description="the profile's id")]
RunIdAsked = Annotated[str | None, Query(pattern=ID, description="the id of a run; the newest if left out")]
Outcome = Annotated[Literal["sent", "unknown", "failed", "held", "skipped", "would_send"] | None, Query(
    description="only these; who was held comes again, and shows as such only when asked for")]
Reason = Annotated[str | None, Query(max_length=100, description="only with this reason, such as unsubscribed")]


class StateChange(BaseModel):
    """A line of a run's history."""

    state: str
    at: Time
    by: str = Field(description="hand, schedule, guard (too many bounces or complaints) or workflow")
    reason: str | None


class CampaignRun(BaseModel):
    """One run."""

    id: str
    campaign: str
    kind: str = Field(description="launch, resend, follow_up or forecast")
    state: str = Field(description="running, paused, deciding (a test without a winner), finished, cancelled or failed")
    by: str = Field(description="hand or schedule")
    started: Time
    begins: Time = Field(description="when the audience is frozen")
    ended: Time | None
    of: str | None = Field(description="the run that it follows")
    template: str | None = Field(description="of a follow-up")
    audience: int | None = Field(description="people; null until it is frozen")
    winner: str | None = Field(description="the variant that the rest gets")
    decide_by: Time | None = Field(description="when a test without a winner is decided by who is ahead")
    history: list[StateChange]
    failure: dict[str, Any] | None = Field(default=None, description="code and message; left out when it did not fail")


class CampaignRunItem(CampaignRun):
    """One run of a list."""

    outcomes: dict[str, int] | None = Field(description="outcome → people; null until it has ended")


class CampaignRunPage(BaseModel):
    """Newest first."""

    items: list[CampaignRunItem]
    next: Next


class VariantState(BaseModel):
    """How a variant stands."""

    outcomes: dict[str, int]
    live: dict[str, int]


class CampaignRunState(CampaignRun):
    """One run with what became of its people; of chunks under way as of their last round."""

    outcomes: dict[str, int] = Field(description="sent, unknown (perhaps), failed (surely not), skipped, would_send → people")
    reasons: dict[str, dict[str, int]] = Field(description="outcome → reason → people: why somebody was skipped")
    waiting: int = Field(description="people who are still to come")
    live: dict[str, int] = Field(description="what is known so far: delivered, bounced, complained, opened, clicked …; the "
                                             "report is exact")
    variants: dict[str, VariantState]


class RunPerson(BaseModel):
    """What became of somebody."""

    profile: str
    outcome: str
    reason: str | None = Field(description="such as no_consent, unsubscribed, suppressed, frequency_cap, quiet_hours, holdout")
    detail: str | None
    variant: str | None
    at: Time | None = Field(description="when it was sent")
    until: Time | None = Field(description="of somebody who is held")
    parts: int | None = Field(description="SMS segments")
    bytes: int | None = Field(description="of the e-mail, or what a forecast measured")


class RunPeople(BaseModel):
    """In the order of the audience; a page may have fewer than asked for, even none, before the last."""

    items: list[RunPerson]
    next: Next


class PersonInRun(BaseModel):
    """What became of one person."""

    profile: str
    run: str
    state: str = Field(description="of the run")
    outcome: str | None = Field(description="as of a run's people, or waiting; null: not in the audience")
    reason: str | None
    detail: str | None
    until: Time | None
    message: Sent | None


class Resend(BaseModel):
    """To whom again."""

    run: str = Field(pattern=ID, description="those whom this run surely failed for")


class FollowUp(BaseModel):
    """To whom what."""

    run: str = Field(pattern=ID, description="those of this run who have neither opened nor clicked")
    template: str = Field(min_length=1, max_length=63, description="what they get; each at most once")


class Winner(BaseModel):
    """The decision of a test."""

    variant: str = Field(min_length=1, max_length=63)


def _command(path: str, summary: str, description: str = "the run") -> Callable[[Route], Route]:
    made: Callable[[Route], Route] = router.post(
        f"/api/campaigns/<name>/{path}", summary=summary, operation_id=f"{path.replace('-', '_')}_campaign", tags=["campaigns"],
        status_code=202, responses=answers(202, CampaignRun, description))
    return made


@_command("launch", "Send a campaign", "the run: it is running, or waits for its time")
def launch_campaign(name: Name) -> dict[str, Any]:
    """Now, or at the time that its schedule names. 409 while a run of it is under way."""
    return collaborators.get().campaigns.launch(name, new_id(), clock.now()).to_json()


@_command("forecast", "Find out who would get it and what it would cost")
def forecast_campaign(name: Name) -> dict[str, Any]:
    """As if it were launched now; nothing is sent. GET …/forecasts/<run> has the answer."""
    return collaborators.get().campaigns.forecast(name, new_id(), clock.now()).to_json()


@_command("pause", "Stop sending for now")
def pause_campaign(name: Name) -> dict[str, Any]:
    """The batches that are being sent are the last ones."""
    return collaborators.get().campaigns.pause(name, clock.now()).to_json()


@_command("resume", "Go on after a pause or a failure")
def resume_campaign(name: Name) -> dict[str, Any]:
    """It only completes the run: nobody gets anything twice."""
    return collaborators.get().campaigns.resume(name, clock.now()).to_json()


@_command("cancel", "Send no more")
def cancel_campaign(name: Name) -> dict[str, Any]:
    """For good."""
    return collaborators.get().campaigns.cancel(name, clock.now()).to_json()


@_command("winner", "Decide a test")
def winner_campaign(name: Name, body: Annotated[Winner, Body()]) -> dict[str, Any]:
    """While it runs: taken when the test's wait is over."""
    return collaborators.get().campaigns.choose(name, body.variant, clock.now()).to_json()


@_command("resend", "Try those again whom a run failed for")
def resend_campaign(name: Name, body: Annotated[Resend, Body()]) -> dict[str, Any]:
    """With templates and settings as they are now. Who may have got it is not among them."""
    return collaborators.get().campaigns.resend(name, body.run, new_id(), clock.now()).to_json()


@_command("follow-up", "Write to those who did not open")
def follow_up_campaign(name: Name, body: Annotated[FollowUp, Body()]) -> dict[str, Any]:
    """People of a run who have neither opened nor clicked by now get another template."""
    return collaborators.get().campaigns.follow_up(name, body.run, body.template, new_id(), clock.now()).to_json()


@router.get("/api/campaigns/<name>/runs", summary="The runs of a campaign", operation_id="list_campaign_runs", tags=["campaigns"],
            responses=answers(200, CampaignRunPage, "a page, newest first"))
def list_campaign_runs(name: Name, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """Also of a campaign that was deleted; without forecasts."""
    listing = f"campaign-runs/{name}"
    found = collaborators.get().campaign_answers.page(name, limit + 1, from_cursor(listing, cursor) if cursor else None)
    more = to_cursor(listing, found[limit - 1]["id"]) if len(found) > limit else None
    return {"items": found[:limit], "next": more}


@router.get("/api/campaigns/<name>/runs/<id>", summary="One run", operation_id="read_campaign_run", tags=["campaigns"],
            responses=answers(200, CampaignRunState, "the run"))
def read_campaign_run(name: Name, id: RunId) -> dict[str, Any]:
    """Poll it while it is under way."""
    return collaborators.get().campaign_answers.show(name, id)


@router.get("/api/campaigns/<name>/runs/<id>/people", summary="Who got it, who was skipped and why",
            operation_id="list_campaign_people", tags=["campaigns"], responses=answers(200, RunPeople, "a page"))
def list_campaign_people(name: Name, id: RunId, outcome: Outcome = None, reason: Reason = None, limit: Limit = 100,
                         cursor: Cursor = None) -> dict[str, Any]:
    """Of chunks that have been begun."""
    listing = f"campaign-people/{name}/{id}/{outcome}/{reason}"
    found, more = collaborators.get().campaign_answers.people(
        name, id, outcome, reason, limit, from_cursor(listing, cursor) if cursor else None)
    return {"items": found, "next": to_cursor(listing, more) if more else None}


@router.get("/api/campaigns/<name>/people/<profile>", summary="Why somebody got a campaign, or did not",
            operation_id="read_campaign_person", tags=["campaigns"], responses=answers(200, PersonInRun, "the person in the run"))
def read_campaign_person(name: Name, profile: Profile, run: RunIdAsked = None) -> dict[str, Any]:
    """In the newest run, or the one that is named."""
    return collaborators.get().campaign_answers.person(name, key_of(profile, "profile"), run, clock.now())
