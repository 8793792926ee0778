"""/api/sources/<name>/…: a source's write keys, and the last events that came with them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from socle.clock import DAY, HOUR, MINUTE, SECOND, now
from socle.errors import Rejected
from socle.ids import new_id, new_write_key
from socle.iso import to_iso
from socle.sources.model import KIND, WriteKey

from . import collaborators
from .shapes import MAX_LIMIT, Name, Time, answers, new_router, no_content

router = new_router()

MAX_GRACE = 30 * DAY
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_DURATION = re.compile(r"([0-9]{1,7})([smhd])")


class Key(BaseModel):
    """A write key without its secret."""

    id: str
    hint: str = Field(description="the key's last four characters")
    created: Time
    expires: Time | None = Field(description="from when on it is refused; null for never")
    revoked: Time | None = Field(description="when it was revoked; null when it was not")


class NewKey(Key):
    """A write key just made."""

    key: str = Field(description="shown this once: only its hash is kept")


class Keys(BaseModel):
    """Oldest first, revoked ones too."""

    items: list[Key]
    next: None = Field(description="always null: a source has few keys")


class Rotation(BaseModel):
    """How long the old keys go on."""

    model_config = ConfigDict(extra="forbid")

    grace: str = Field(default="24h", max_length=10, examples=["24h"],
                       description="a number and s, m, h or d, at most 30d; 0s ends the old keys now")


class TailItem(BaseModel):
    """An event on the stream; `code`, `field` and `message` say why it was quarantined."""

    model_config = ConfigDict(extra="allow")

    state: str = Field(description="`accepted` or `quarantined`")
    received: Time
    messageId: str | None
    event: Any = Field(description="the message as sent; its text where that is not JSON")


class TailPage(BaseModel):
    """Newest first."""

    items: list[TailItem]
    next: None = Field(description="always null: ask again to see newer ones")
    complete: bool = Field(description="false when the stream holds more than a tail may read")


@router.post("/api/sources/<name>/keys", summary="Make a write key", operation_id="issue_key", tags=["sources"],
             status_code=201, responses=answers(201, NewKey, "the key; store it now, it is not shown again"))
def issue_key(name: Name) -> dict[str, Any]:
    """A further key; the others go on."""
    secret = new_write_key()
    return {"key": secret, **_key(collaborators.get().keys.issue(name, _key_id(), secret, now()))}


@router.get("/api/sources/<name>/keys", summary="A source's write keys", operation_id="list_keys", tags=["sources"],
            responses=answers(200, Keys, "the keys, without their secrets"))
def list_keys(name: Name) -> dict[str, Any]:
    """Oldest first."""
    return {"items": [_key(key) for key in collaborators.get().keys.list(name)], "next": None}


@router.post("/api/sources/<name>/keys/rotate", summary="Make a new write key and let the old ones run out",
             operation_id="rotate_keys", tags=["sources"], status_code=201,
             description="Every other key of the source is refused after `grace`, everywhere within a minute.",
             responses=answers(201, NewKey, "the new key; store it now, it is not shown again"))
def rotate_keys(name: Name, rotation: Annotated[Rotation | None, Body()] = None) -> dict[str, Any]:
    """Every other key of the source is refused after `grace`."""
    grace = _milliseconds((rotation or Rotation()).grace)
    secret = new_write_key()
    return {"key": secret, **_key(collaborators.get().keys.rotate(name, _key_id(), secret, now(), grace))}


@router.delete("/api/sources/<name>/keys/<id>", summary="Revoke a write key", operation_id="revoke_key",
               description="For good; it is refused everywhere within a minute. Revoking it twice is fine.",
               tags=["sources"], responses=answers(204, None, "revoked; it is refused within a minute"))
def revoke_key(name: Name, id: Annotated[str, Path(max_length=64)]) -> Response[str]:
    """Revoking it twice is fine."""
    collaborators.get().keys.revoke(name, id, now())
    return no_content()


@router.get("/api/sources/<name>/tail", summary="The last events of a source, live", operation_id="tail_source",
            tags=["sources"], responses=answers(200, TailPage, "events of the last ten minutes, newest first"))
def tail_source(name: Name, limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="events at most")] = 50,
                ) -> dict[str, Any]:
    """Read from the stream itself, accepted and quarantined events alike, to debug an integration."""
    services = collaborators.get()
    services.definitions.get(KIND, name)
    tail = services.tail(name, limit)
    return {"items": tail.items, "next": None, "complete": tail.complete}


def _key(key: WriteKey) -> dict[str, Any]:
    return {"id": key.id, "hint": key.hint, "created": to_iso(key.created),
            "expires": to_iso(key.expires) if key.expires is not None else None,
            "revoked": to_iso(key.revoked) if key.revoked is not None else None}


def _key_id() -> str:
    return new_id()[:8]


def _milliseconds(grace: str) -> int:
    match = _DURATION.fullmatch(grace)
    duration = int(match[1]) * _UNITS[match[2]] if match else -1
    if not 0 <= duration <= MAX_GRACE:
        raise Rejected("bad_duration", "grace is a number and s, m, h or d, at most 30d: 24h, for example", "grace")
    return duration
