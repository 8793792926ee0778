"""/api/journeys/<name>/enter: ask people into a journey; /standing: whether they would enter."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field, model_validator

from socle.clock import now
from socle.errors import Rejected
from socle.ids import new_id
from socle.journeys.entering import MAX_KEY
from socle.journeys.requests import MAX_DATA_BYTES
from socle.journeys.service.asking import Asked

from . import collaborators
from .profiles import identifier_of, key_of
from .shapes import Name, answers, new_router

router = new_router()

MAX_PEOPLE = 500


class Entrant(BaseModel):
    """Who enters, and by what occasion."""

    model_config = ConfigDict(extra="forbid")

    profile: str | None = Field(default=None, max_length=64, description="the profile's id; or else `by`")
    by: str | None = Field(default=None, max_length=1_100, description="an identifier, `type:value`", examples=["user_id:42"])
    key: str = Field(default="", max_length=MAX_KEY, description="the occasion, such as an order's id: nobody is in a journey "
                     "twice at a time with the same one", examples=["order-4711"])
    data: dict[str, Any] = Field(default_factory=dict, description="what branches and templates see as `event`; at most "
                                 f"{MAX_DATA_BYTES:,} bytes of JSON", examples=[{"plan": "yearly"}])
    idempotency_key: str = Field(default="", max_length=200, description="your own name for this: whoever asks again for the "
                                 "same person with the same one asks for nothing more")


class EntryRequest(Entrant):
    """One person, or `people`."""

    people: list[Entrant] = Field(default_factory=list, max_length=MAX_PEOPLE)

    @model_validator(mode="after")
    def _who(self) -> EntryRequest:
        if self.people and self.model_fields_set - {"people"}:
            raise ValueError("give either one person or people, each with their own key, data and idempotency_key")
        for one in self.people or [self]:
            if (one.profile is None) == (one.by is None):
                raise ValueError("give either profile or by, of everybody")
        return self


class RefusedEntrant(BaseModel):
    """Somebody who can't enter."""

    index: int = Field(description="their place in `people`, from 0")
    code: str
    message: str
    field: str | None = None


class Entering(BaseModel):
    """What becomes of it."""

    journey: str
    version: int = Field(description="that they enter")
    accepted: int = Field(description="people who are asked in; whom the entry rules or the audience keep out do not enter")
    refused: list[RefusedEntrant]


class JourneyState(BaseModel):
    """Whether people enter a journey."""

    journey: str
    version: int = Field(description="of the definition that is published; 0: none is")
    state: str = Field(description="live; paused: nobody enters; held: nobody enters or goes on; stopped: and all are out")


@router.get("/api/journeys/<name>/standing", summary="Whether people enter a journey", operation_id="read_journey_standing",
            tags=["journeys"], responses=answers(200, JourneyState, "how it stands"))
def read_journey_standing(name: Name) -> dict[str, Any]:
    """Also of one that was never published."""
    version, state, *_ = collaborators.get().journey_standing(name)
    return {"journey": name, "version": version, "state": state}


@router.post("/api/journeys/<name>/enter", summary="Let people enter a journey", operation_id="enter_journey", tags=["journeys"],
             status_code=202, responses=answers(202, Entering, "they are on their way"))
def enter_journey(name: Name, body: Annotated[EntryRequest, Body()]) -> dict[str, Any]:
    """Its trigger is `request` or `schedule`. 404 for one person whom nobody knows; of several, they are among the refused."""
    faults: dict[int, Rejected] = {}
    asked: dict[int, Asked] = {}
    for index, one in enumerate(body.people or [body]):
        try:
            asked[index] = _asked(one, f"people.{index}" if body.people else "")
        except Rejected as error:
            faults[index] = error
    answer = collaborators.get().journey_asking.enter(name, list(asked.values()), new_id(), now())
    places = list(asked)
    faults |= {places[index]: error for index, error in answer.refused.items()}
    if faults and not body.people:
        raise faults[0]
    return {"journey": name, "version": answer.version, "accepted": answer.accepted,
            "refused": [{"index": index, **error.to_json()["error"]} for index, error in sorted(faults.items())]}


def _asked(one: Entrant, field: str) -> Asked:
    place = f"{field}.by".lstrip(".") if one.by is not None else f"{field}.profile".lstrip(".")
    return Asked(key_of(one.profile, place) if one.profile is not None else None,
                 identifier_of(one.by, place) if one.by is not None else None,
                 field, one.key, one.data, one.idempotency_key)
