"""/api/webhooks/<name>/secret, /api/journeys/<name>/secret: what a receiver needs to verify that a call came from here."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from socle.journeys.model.task import secret_name

from . import collaborators
from .shapes import Name, answers, new_router

router = new_router()


class WebhookSecret(BaseModel):
    """As the Standard Webhooks specification writes it."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


@router.get("/api/webhooks/<name>/secret", summary="The secret that a webhook's calls are signed with",
            operation_id="read_webhook_secret", tags=["webhooks"],
            responses=answers(200, WebhookSecret, "the secret: keep it as you keep a password"))
def read_webhook_secret(name: Name) -> dict[str, Any]:
    """The same for the life of the webhook's name."""
    services = collaborators.get()
    services.definitions.get("webhooks", name)
    return {"secret": services.webhook_secret(name)}


@router.get("/api/journeys/<name>/secret", summary="The secret that the webhooks of a journey are signed with",
            operation_id="read_journey_secret", tags=["journeys"],
            responses=answers(200, WebhookSecret, "the secret: keep it as you keep a password"))
def read_journey_secret(name: Name) -> dict[str, Any]:
    """One for all webhook steps of a journey, the same for the life of its name."""
    services = collaborators.get()
    services.definitions.get("journeys", name)
    return {"secret": services.webhook_secret(secret_name(name))}
