"""/api/profiles/<id>/identity: why a person is one, and what people say about it: merge, unmerge, keep apart."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field

from socle.clock import now
from socle.identity.model import MANUAL, MAX_LENGTH, Evidence

from . import collaborators
from .profiles import Id, key_of
from .shapes import Time, answers, new_router

router = new_router()

Other = Annotated[str, Field(min_length=1, max_length=64, description="the id of the other profile")]


class Identifier(BaseModel):
    """One way in which somebody is known."""

    model_config = ConfigDict(extra="allow")

    type: str
    value: str


class Merge(BaseModel):
    """Why a profile is part of this one."""

    profile: str = Field(description="the profile that was merged away")
    into: str = Field(description="into which one: this one, or one that was merged away later")
    rule: str = Field(examples=["identifier", "manual", "near_duplicate"])
    at: Time
    identifier: Identifier | None = Field(description="that of the one merged away which the event named")
    event: dict[str, str] | None = Field(description="the event that named identifiers of both")
    detail: str | None


class Graph(BaseModel):
    """Who one person is, and why."""

    id: str
    identifiers: list[dict[str, Any]] = Field(description="with the events that named each: how many, from where, first and last")
    links: list[dict[str, Any]] = Field(description="two identifiers that events named together")
    more_links: int = Field(description="how many links are not shown")
    merges: list[Merge]
    apart: list[str] = Field(description="profiles that this person is not, for ever")
    unlinked: list[dict[str, Any]] = Field(description="identifiers that its events came with and that are not its own")


class WithOther(BaseModel):
    """Another profile."""

    model_config = ConfigDict(extra="forbid")

    other: Other
    reason: str = Field(default="", max_length=MAX_LENGTH, description="kept with the merge")


class WithMember(BaseModel):
    """A profile that was merged into this one."""

    model_config = ConfigDict(extra="forbid")

    member: str = Field(min_length=1, max_length=64, description="one of `merges[].profile`")


class Merged(BaseModel):
    """One person."""

    id: str = Field(description="the profile that holds everything now")


class Two(BaseModel):
    """Two people."""

    profile: str
    other: str


@router.get("/api/profiles/<id>/identity", summary="Why this is one person", operation_id="read_identity", tags=["identity"],
            responses=answers(200, Graph, "identifiers, links, merges with their evidence"))
def read_identity(id: Id) -> dict[str, Any]:
    """The identity graph of a person."""
    return collaborators.get().identity.read(key_of(id))


@router.post("/api/profiles/<id>/merge", summary="Make one person of two", operation_id="merge_profiles", tags=["identity"],
             responses=answers(200, Merged, "one person; also when they were one already"))
def merge_profiles(id: Id, body: Annotated[WithOther, Body()]) -> dict[str, Any]:
    """Both histories count together; the one with a user id survives, else the one seen first."""
    moment = now()
    evidence = Evidence(MANUAL, moment, detail=body.reason)
    return {"id": collaborators.get().identity.merge(key_of(id), key_of(body.other, "other"), evidence, moment)}


@router.post("/api/profiles/<id>/unmerge", summary="Make two people again of one", operation_id="unmerge_profile",
             tags=["identity"], responses=answers(200, Two, "two people, kept apart from now on"))
def unmerge_profile(id: Id, body: Annotated[WithMember, Body()]) -> dict[str, Any]:
    """What came after the merge goes to whom its identifiers belong."""
    profile, other = collaborators.get().identity.unmerge(key_of(id), key_of(body.member, "member"), now())
    return {"profile": profile, "other": other}


@router.post("/api/profiles/<id>/keep-apart", summary="Say that two profiles are two people", operation_id="keep_apart",
             tags=["identity"], responses=answers(200, Two, "they are never merged, neither by events nor by hand"))
def keep_apart(id: Id, body: Annotated[WithOther, Body()]) -> dict[str, Any]:
    """For ever, also when one of them is merged with somebody else."""
    collaborators.get().identity.keep_apart(key_of(id), key_of(body.other, "other"), now())
    return {"profile": id, "other": body.other}
