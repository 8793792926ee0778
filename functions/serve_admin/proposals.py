"""/api/plan: many definitions looked at together, as a team keeps them in files. Nothing is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from socle.clock import now
from socle.definitions.kinds import model_of
from socle.definitions.service import Proposal, Written, plan
from socle.errors import Rejected

from . import collaborators
from .definitions import Change, Warned
from .errors import first_fault
from .shapes import answers, new_router

router = new_router()

MAX_DEFINITIONS = 1_000


class Proposed(BaseModel):
    """A definition as it is to be."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=63, examples=["segments"])
    name: str = Field(max_length=63, examples=["readers"])
    document: dict[str, Any] | None = Field(description="as in a PUT; null: it is to be deleted")


class Proposals(BaseModel):
    """All that is to be as it says; whatever is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    definitions: list[Proposed] = Field(max_length=MAX_DEFINITIONS)


class PlannedStep(BaseModel):
    """One request that has to be made."""

    kind: str
    name: str
    op: Literal["create", "update", "delete", "keep"]
    if_match: int = Field(description="the version that is there now, for If-Match; 0: none")
    diff: list[Change]
    warnings: list[Warned]


class RefusedProposal(BaseModel):
    """One that can't be, in whatever order."""

    kind: str
    name: str
    code: str
    message: str
    field: str | None = None


class Plan(BaseModel):
    """What would happen."""

    steps: list[PlannedStep] = Field(description="in an order in which each can be done")
    refused: list[RefusedProposal] = Field(description="empty: all of it can be")


@router.post("/api/plan", summary="What many definitions would change", operation_id="plan_definitions", tags=["definitions"],
             responses=answers(200, Plan, "nothing is written: make the requests that it names"))
def plan_definitions(body: Annotated[Proposals, Body()]) -> dict[str, Any]:
    """Each is checked among all the others, so that one may need another that is new too."""
    refused: list[tuple[str, str, Rejected]] = []
    proposals = []
    for one in body.definitions:
        try:
            proposals.append(_proposal(one))
        except Rejected as error:
            refused.append((one.kind, one.name, error))
    planned = plan(collaborators.get().proposing().definitions, proposals, now())
    refused += [(one.kind, one.name, error) for one, error in planned.refused]
    return {"steps": [_shown(before, written) for before, written in planned.steps],
            "refused": [{"kind": kind, "name": name, **error.to_json()["error"]} for kind, name, error in refused]}


def _proposal(one: Proposed) -> Proposal:
    model = model_of(one.kind)
    if one.document is None:
        return Proposal(one.kind, one.name, None)
    try:
        return Proposal(one.kind, one.name, model.model_validate(one.document))
    except ValidationError as error:
        raise first_fault([{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()], one.document) from error


def _shown(before: int, written: Written) -> dict[str, Any]:
    after = written.definition
    op = "delete" if after.deleted else "keep" if not written.changed else "update" if before else "create"
    return {"kind": after.kind, "name": after.name, "op": op, "if_match": before, "diff": written.diff,
            "warnings": written.warnings}
