"""/api/messages: send one message to one person, see what became of it, and of all that a person was sent."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from socle import clock
from socle.channels.store import secret_name
from socle.errors import NotFound, Rejected

from . import collaborators
from .profiles import Id, find_id, key_of
from .shapes import Cursor, Limit, Name, Next, Time, answers, as_json, new_router

router = new_router()

Tag = Annotated[str, Path(max_length=200, description="as the answer that sent it named it")]
_NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"


class To(BaseModel):
    """One of the two."""

    model_config = ConfigDict(extra="forbid")

    profile: str | None = Field(default=None, max_length=64, description="the profile's id")
    by: str | None = Field(default=None, max_length=1_100, description="an identifier, `type:value`",
                           examples=["email:ada@example.com"])

    @model_validator(mode="after")
    def _one(self) -> To:
        if (self.profile is None) == (self.by is None):
            raise ValueError("give either profile or by")
        return self


class MessageRequest(BaseModel):
    """What is sent to whom."""

    model_config = ConfigDict(extra="forbid")

    template: str = Field(pattern=_NAME, description="name of the template; it says the channel")
    to: To
    data: dict[str, Any] | None = Field(default=None, description="what the template sees as `event`: an order, a link…")
    idempotency_key: str = Field(min_length=1, max_length=200, description="your own name for this message to this person: "
                                 "whoever sends the request again with the same one gets to know what became of the first, "
                                 "whatever else the request says", examples=["order-4711"])
    topic: str = Field(default="", pattern=rf"^$|{_NAME}", description="in whose name, and what marketing needs consent to")
    purpose: Literal["transactional", "marketing"] = Field(
        default="transactional", description="transactional: what the person asked for or must know. No consent, cap or quiet "
        "hour holds it up, a suppression does. Marketing in this guise is against the law in many countries")


class Sent(BaseModel):
    """One message."""

    message: str | None = Field(description="null when there is none: it was skipped")
    profile: str = Field(description="under which identity it was sent")
    channel: str | None = None
    state: str = Field(description="claimed (under way), sent, delayed, delivered, bounced, rejected, complained, failed (it "
                       "surely was not sent), unknown (it may have been), closed (that will not be known any more), skipped")
    attempt: int | None = None
    at: Time | None = None
    reason: str | None = Field(description="why it was skipped, failed or bounced")
    topic: str | None = None
    campaign: str | None = None
    run: str | None = None
    variant: str | None = None
    opened_at: Time | None = Field(default=None, description="when a person first opened it, as far as is known")
    clicked_at: Time | None = None


class SentNow(Sent):
    """What became of a request."""

    repeated: bool = Field(description="whether the key was known: then nothing was sent now")
    detail: str | None = Field(default=None, description="more about the reason, for people")
    until: Time | None = Field(default=None, description="until when quiet hours last")


class SentPage(BaseModel):
    """Newest first."""

    items: list[Sent]
    next: Next


class TemplateSecret(BaseModel):
    """As the Standard Webhooks specification writes it."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


@router.post("/api/messages", summary="Send one message to one person", operation_id="send_message", tags=["messages"],
             responses={**answers(200, SentNow, "nothing was sent now: the key is known, or the person may not be written to"),
                        **answers(202, SentNow, "it was sent, or is on its way")})
def send_message(request: Annotated[MessageRequest, Body()]) -> Response[str]:
    """Waits for what becomes of it. 503: the channel takes nothing now; the same request again is right, and sends it once."""
    services = collaborators.get()
    field = "to.by" if request.to.by else "to.profile"
    try:
        profile = find_id(request.to.by, field) if request.to.by else key_of(request.to.profile or "", field)
    except NotFound as error:
        raise NotFound(error.code, f"{error.message}. Send an identify with an address of theirs first", field) from error
    found = services.sender.ask({
        "template": request.template, "profile": profile, "key": request.idempotency_key, "data": request.data,
        "topic": request.topic, "purpose": request.purpose})
    is_old = found["repeated"] or found["state"] in ("skipped", "failed")
    return as_json(200 if is_old else 202, found)


@router.get("/api/messages/<message>", summary="What became of a message", operation_id="read_message", tags=["messages"],
            responses=answers(200, Sent, "the message"))
def read_message(message: Tag) -> dict[str, Any]:
    """As far as SES has reported, and the person opened or clicked."""
    return collaborators.get().messages.read(message, clock.now())


@router.get("/api/profiles/<id>/messages", summary="What one person was sent", operation_id="list_messages", tags=["messages"],
            responses=answers(200, SentPage, "a page, newest first"))
def list_messages(id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Under all their identities."""
    return collaborators.get().messages.of(key_of(id), limit, cursor, clock.now())


@router.get("/api/templates/<name>/secret", summary="The secret that a template's webhook is signed with",
            operation_id="read_template_secret", tags=["messages"],
            responses=answers(200, TemplateSecret, "the secret: keep it as you keep a password"))
def read_template_secret(name: Name) -> dict[str, Any]:
    """The same for the life of the template's name."""
    services = collaborators.get()
    if services.definitions.get("templates", name).document.get("channel") != "webhook":
        raise Rejected("no_webhook", "only templates of channel webhook are signed", "name")
    return {"secret": services.webhook_secret(secret_name(name))}
