"""/api/templates/<name>/checks and /preview: a template looked at before anybody gets it. The documents are definitions."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body
from pydantic import BaseModel, ConfigDict, Field

from socle.errors import Rejected
from socle.templates.document import TemplateDocument

from . import collaborators
from .profiles import find_id, key_of
from .shapes import MAX_VERSION, Name, answers, new_router

router = new_router()


class TemplateWarning(BaseModel):
    """Something that may not be what was meant."""

    field: str
    message: str


class TemplateWarnings(BaseModel):
    """All of them; none is a good sign."""

    warnings: list[TemplateWarning]


class PreviewRequest(BaseModel):
    """For whom, and of what. Without a person it is made with the template's `sample`."""

    model_config = ConfigDict(extra="forbid")

    profile: str | None = Field(default=None, max_length=64, description="a profile's id")
    by: str | None = Field(default=None, max_length=400, description="or an identifier of theirs, `type:value`",
                           examples=["email:zoe@example.com"])
    version: int | None = Field(default=None, ge=1, le=MAX_VERSION, description="an earlier version of the template")
    event: dict[str, Any] | None = Field(default=None, description="properties of the event that it would be sent for")
    document: TemplateDocument | None = Field(default=None, description="a template that is not saved, in place of the saved one")


class PreviewSender(BaseModel):
    """In whose name; a topic may name another."""

    address: str
    name: str
    reply_to: str


class PreviewProblem(BaseModel):
    """Why this person would get nothing."""

    code: str
    message: str
    field: str | None = None


class PreviewLink(BaseModel):
    """A link that is followed, by its number in reports."""

    number: int
    url: str = Field(description="as the template has it")


class TemplatePreview(BaseModel):
    """The message as that person would get it. Nothing is sent, and no coupon is taken."""

    channel: str
    profile: str | None
    version: int = Field(description="0 for a document that is not saved")
    sender: PreviewSender | None
    parts: dict[str, Any] | None = Field(
        description="subject, html, text…; with gaps where something is undefined; null if there is nothing to show")
    undefined: list[str]
    problem: PreviewProblem | None
    links: list[PreviewLink]
    warnings: list[TemplateWarning]


@router.get("/api/templates/<name>/checks", summary="What is odd about a template", operation_id="check_template",
            tags=["templates"], responses=answers(200, TemplateWarnings, "its warnings"))
def check_template(name: Name) -> dict[str, Any]:
    """The same as writing it answers: no link to unsubscribe, images without alt text, too large, broken links, unknown names."""
    return {"warnings": collaborators.get().template_checks.of(name)}


@router.post("/api/templates/<name>/preview", summary="A template as one person would get it", operation_id="preview_template",
             tags=["templates"], responses=answers(200, TemplatePreview, "the message"))
def preview_template(name: Name, body: Annotated[PreviewRequest, Body()]) -> dict[str, Any]:
    """Also of a template that is not saved yet."""
    from socle.templates.service.previews import Asked
    if body.document is not None and body.version is not None:
        raise Rejected("invalid", "a document has no version: leave one of the two out", "version")
    if body.profile is not None and body.by is not None:
        raise Rejected("invalid", "profile and by both say for whom: leave one of them out", "by")
    profile = find_id(body.by, "by") if body.by is not None else key_of(body.profile) if body.profile is not None else None
    document = body.document.model_dump(mode="json") if body.document is not None else None
    return collaborators.get().previews.show(Asked(name, document, body.version, profile, body.event))
