"""/api/journeys/<name>/state, /people, /parked and /diagram.svg: how a journey stands, and where somebody is in it and why."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, Field

from socle import clock
from socle.journeys.results import to_csv
from socle.paging import from_cursor, to_cursor

from . import collaborators
from .profiles import key_of
from .shapes import MAX_VERSION, Cursor, Limit, Name, Next, Time, answers, new_router

router = new_router()

Profile = Annotated[str, Path(max_length=64, description="the profile's id")]
Version = Annotated[int | None, Query(ge=1, le=MAX_VERSION, description="of the journey; the current one if left out")]
Step = Annotated[str | None, Query(max_length=60, description="only those in this step")]
State = Annotated[Literal["waiting", "holding", "held", "parked", "due"] | None, Query(
    description="only those who wait, are in a hold, are held by quiet hours, stopped, or are about to do the step")]


Messages = Annotated[bool, Query(description="also what became of the messages of each step, by the lake: takes some seconds")]
Format = Annotated[Literal["json", "csv"], Query(description="csv: a row for the whole and one for each step that sends")]


class PassedStep(BaseModel):
    """A step of somebody's path."""

    step: str
    round: int = Field(description="how often they had gone round by then")
    at: Time
    outcome: str = Field(description="sent, skipped, failed, unknown, way, timed out, done, waited, left (during a wait), out")
    detail: str | None = Field(description="of a skip the reason, of a way its name")
    says: str


class Here(BaseModel):
    """Where somebody is."""

    step: str
    type: str
    round: int
    since: Time
    state: str = Field(description="waiting, holding, held (quiet hours), parked (an operator must let them go on), due (at any "
                                   "moment), ending (it was their last step)")
    detail: str | None
    until: Time | None = Field(description="when they go on by themselves")
    ways: dict[str, str] = Field(description="way → the step that follows; `next` is the only way of a step, `end` the end")
    says: str


class JourneyEntry(BaseModel):
    """One time that somebody entered."""

    entry: str
    journey: str
    version: int
    key: str = Field(description="the occasion, such as a cart's id")
    entered: Time
    state: str = Field(description="inside, ended or held_out")
    ended: Time | None
    reason: str | None
    goal: Time | None = Field(description="when the goal was reached")
    says: str
    at: Here | None
    path: list[PassedStep]


class EntryCheck(BaseModel):
    """A rule of entering."""

    rule: str = Field(description="open, entry, audience or holdout")
    holds: bool
    says: str
    because: dict[str, Any] | None = Field(description="of the audience: its conditions, each with its truth")


class LastTrigger(BaseModel):
    """The last event that could have let somebody enter."""

    event: str | None
    at: Time | None
    key: str | None
    entry: str | None = Field(description="the entry that it made")
    reason: str | None = Field(description="why it made none")
    says: str


class Entering(BaseModel):
    """Whether somebody would enter."""

    would_enter: bool
    reason: str | None = Field(description="the first rule that does not hold")
    says: str
    checks: list[EntryCheck]
    last: LastTrigger | None = Field(description="null: the journey is not entered by events")


class PersonInJourney(BaseModel):
    """One person and a journey."""

    profile: str = Field(description="the one that they are in by now")
    journey: str
    state: str
    version: int
    entries: list[JourneyEntry] = Field(description="every time that they entered, newest first")
    enters: Entering


class StepState(BaseModel):
    """How a step stands; null is what the counters cannot tell."""

    step: str
    type: str
    came: int | None = Field(description="times that somebody came to it")
    share: float | None = Field(description="of those who entered")
    inside: int | None
    went: dict[str, int | None] = Field(description="way → times")
    left: int | None = Field(description="times that somebody left the journey here")
    skipped: dict[str, int] = Field(description="reason → messages that were not sent")
    outcomes: dict[str, int] = Field(description="as counted")


class Totals(BaseModel):
    """What a version comes to."""

    entered: int
    inside: int
    held_out: int
    ended: dict[str, int] = Field(description="reason → times")
    goal: int


class VersionState(Totals):
    """A release."""

    version: int
    published: Time
    current: bool


class JourneyState(Totals):
    """How a journey stands."""

    journey: str
    state: str = Field(description="live, paused, held or stopped")
    version: int
    published: Time
    as_of: Time
    inside_is_exact: bool = Field(description="false: who is inside each step is reckoned from a random part of the people")
    looked_at: int = Field(description="people whose places were looked at")
    steps: list[StepState]
    versions: list[VersionState]


class PersonInside(BaseModel):
    """Somebody inside."""

    profile: str = Field(description="under which they entered")
    entry: str
    version: int
    entered: Time
    step: str
    state: str
    since: Time
    until: Time | None
    says: str


class PeopleInside(BaseModel):
    """A page may have fewer than asked for, even none, before the last."""

    items: list[PersonInside]
    next: Next


class PersonParked(BaseModel):
    """Somebody who stopped."""

    profile: str
    entry: str
    version: int
    step: str
    round: int
    why: str = Field(description="paused or failed")
    code: str | None = Field(description="of a failure")
    at: Time
    says: str


class PeopleParked(BaseModel):
    """By entry."""

    items: list[PersonParked]
    next: Next


class JourneyReport(BaseModel):
    """What a journey comes to."""

    journey: str
    state: str
    as_of: Time
    versions: list[int]
    goal: dict[str, str] | None = Field(description="the event, and how long after entering it counts")
    entered: int
    inside: int
    ended: dict[str, int] = Field(description="reason → times")
    converted: dict[str, Any] | None = Field(description="of those who entered: entries, converted, rate with its interval "
                                             "(95%), revenue in minor units by currency, revenue_per_entry")
    holdout: dict[str, Any] | None = Field(description="the same of those held out")
    lift: dict[str, Any] | None = Field(description="how much higher the rate is than that of those held out, with its interval "
                                        "(95%, Newcombe) and p; null without a holdout")
    steps: list[dict[str, Any]] = Field(description="that send: sent, failed, unknown, skipped with reasons; messages: what "
                                        "became of them, by the lake")
    cost: dict[str, Any] = Field(description="US dollars so far, by service; transitions follow from the counters, the rest is "
                                 "modelled")
    lake: dict[str, Any] | None = Field(description="its last compaction, and whether all of it was read")


@router.get("/api/journeys/<name>/state", summary="How a journey stands, step by step", operation_id="read_journey_state",
            tags=["journeys"], responses=answers(200, JourneyState, "counts of each step and way"))
def read_journey_state(name: Name, version: Version = None) -> dict[str, Any]:
    """Counts as they come; a crash at the wrong moment may lose one. What it comes to is in the report."""
    return collaborators.get().journey_answers.state(name, version, clock.now())


@router.get("/api/journeys/<name>/people", summary="Who is inside, and where", operation_id="list_journey_people",
            tags=["journeys"], responses=answers(200, PeopleInside, "a page"))
def list_journey_people(name: Name, step: Step = None, state: State = None, limit: Limit = 100,
                        cursor: Cursor = None) -> dict[str, Any]:
    """Each entry counts."""
    listing = f"journey-people/{name}/{step}/{state}"
    found, more = collaborators.get().journey_answers.people(
        name, step, state, limit, from_cursor(listing, cursor) if cursor else None, clock.now())
    return {"items": found, "next": to_cursor(listing, more) if more else None}


@router.get("/api/journeys/<name>/people/<profile>", summary="Where somebody is in a journey, how they came there, what is next",
            operation_id="read_journey_person", tags=["journeys"], responses=answers(200, PersonInJourney, "the person"))
def read_journey_person(name: Name, profile: Profile) -> dict[str, Any]:
    """And why they would enter it now, or would not, and what the last event that could have let them enter came to."""
    return collaborators.get().journey_people.person(name, key_of(profile, "profile"), clock.now())


@router.get("/api/journeys/<name>/parked", summary="Who stopped at a step until an operator lets them go on",
            operation_id="list_journey_parked", tags=["journeys"], responses=answers(200, PeopleParked, "a page"))
def list_journey_parked(name: Name, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """Because the journey was paused (POST …/resume), or because the step failed (POST …/redrive)."""
    listing = f"journey-parked/{name}"
    found, more = collaborators.get().journey_answers.parked(name, limit, from_cursor(listing, cursor) if cursor else None)
    return {"items": found, "next": to_cursor(listing, more) if more else None}


@router.get("/api/journeys/<name>/report", summary="What a journey comes to, against those held out",
            operation_id="read_journey_report", tags=["journeys"], responses={200: {
                "description": "conversion, revenue, lift, messages of each step, cost", "content": {
                    "application/json": {"model": JourneyReport}, "text/csv": {"schema": {"type": "string"}}}}})
def read_journey_report(name: Name, messages: Messages = False, format: Format = "json") -> Any:
    """All versions together, as counted while it runs; who entered lately may still reach the goal."""
    services = collaborators.get()
    services.journey_answers.released(name)
    lake = services.campaign_reports.ask({"what": "journey", "journey": name}) if messages else {}
    found = services.journey_answers.report(name, lake.get("messages", {}), clock.now())
    if format == "csv":
        return Response(200, "text/csv; charset=utf-8", to_csv(found),
                        {"Content-Disposition": f'attachment; filename="{name}.csv"'})
    return {**found, "lake": {"as_of": lake["as_of"], "complete": lake["complete"]} if lake else None}


@router.get("/api/journeys/<name>/diagram.svg", summary="A journey as a picture, with its counts",
            operation_id="draw_journey", tags=["journeys"],
            responses={200: {"description": "SVG, without scripts", "content": {
                "image/svg+xml": {"schema": {"type": "string"}}}}})
def draw_journey(name: Name, version: Version = None) -> Response[str]:
    """A journey that was not published is drawn as it is written."""
    return Response(200, "image/svg+xml", collaborators.get().journey_answers.diagram(name, version, clock.now()),
                    {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})
