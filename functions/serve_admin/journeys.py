"""/api/journeys: publish, pause, resume, stop and redrive, and the language of documents. The documents are definitions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field

from socle import clock
from socle.journeys.model.document import JourneyDocument

from . import collaborators
from .definitions import Warned
from .shapes import Name, Time, answers, new_router

router = new_router()
Route = TypeVar("Route", bound=Callable[..., Any])


class JourneyStanding(BaseModel):
    """How a journey stands after a command."""

    journey: str
    version: int = Field(description="of the definition: the one that people enter")
    state: str = Field(description="live; paused: nobody enters; held: nobody enters or goes on; stopped: and all are out")
    at: Time = Field(description="when that version was published")
    woken: int = Field(description="people who were parked and go on now")
    left: bool = Field(description="more of them are parked: send the request again")
    warnings: list[Warned] = Field(description="of publishing: what may not be meant")


class Pause(BaseModel):
    """How far."""

    model_config = ConfigDict(extra="forbid")

    hold: bool = Field(default=False, description="those who are inside stop at their next step, too, until it is resumed")


class JourneySchema(BaseModel):
    """The language of journeys."""

    json_schema: dict[str, Any] = Field(alias="schema", description="JSON Schema (2020-12) of a document")


def _command(path: str, summary: str) -> Callable[[Route], Route]:
    made: Callable[[Route], Route] = router.post(
        f"/api/journeys/<name>/{path}", summary=summary, operation_id=f"{path}_journey", tags=["journeys"],
        responses=answers(200, JourneyStanding, "how the journey stands"))
    return made


@router.get("/api/journeys/schema", summary="The language of journeys", operation_id="read_journey_schema", tags=["journeys"],
            responses=answers(200, JourneySchema, "what a document may say"))
def read_journey_schema() -> dict[str, Any]:
    """For editors that complete and check while one writes."""
    return {"schema": JourneyDocument.model_json_schema()}


@_command("publish", "Let people enter a journey as it is written now")
def publish_journey(name: Name) -> dict[str, Any]:
    """Its templates are taken as they are now: publish again to send others. A journey that is paused stays so; one that was
    stopped runs again."""
    return collaborators.get().publishing.publish(name, clock.now()).to_json()


@_command("pause", "Let nobody enter for now")
def pause_journey(name: Name, body: Annotated[Pause | None, Body()] = None) -> dict[str, Any]:
    """Those who are inside go on; with `hold` they stop at their next step."""
    return collaborators.get().publishing.pause(name, body is not None and body.hold, clock.now()).to_json()


@_command("resume", "Go on after a pause")
def resume_journey(name: Name) -> dict[str, Any]:
    """Whoever was held goes on."""
    return collaborators.get().publishing.resume(name, clock.now()).to_json()


@_command("stop", "Let nobody enter, and everybody out")
def stop_journey(name: Name) -> dict[str, Any]:
    """Those who are inside are out when they come to their next step, and nothing follows."""
    return collaborators.get().publishing.stop(name, clock.now()).to_json()


@_command("redrive", "Try again the steps that failed")
def redrive_journey(name: Name) -> dict[str, Any]:
    """Of everybody who is parked because a step failed for good: repair the cause first."""
    return collaborators.get().publishing.redrive(name, clock.now()).to_json()
