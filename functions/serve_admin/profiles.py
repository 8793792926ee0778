"""/api/profiles: one person, now or at a past time, and what happened to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from socle.clock import now
from socle.errors import NotFound, Rejected
from socle.events.model import Identifier
from socle.identity import normalise
from socle.identity.model import EMAIL, EXTERNAL, KIND, MAX_LENGTH, PHONE, TYPES
from socle.iso import from_iso

from . import collaborators
from .shapes import Cursor, Limit, Next, Time, answers, new_router, no_content

router = new_router()

_NORMALISE: dict[str, Callable[[str], str | None]] = {EMAIL: normalise.email, PHONE: normalise.phone}
"""The other types are kept as they are sent."""

_TYPES = ", ".join(kind for kind in TYPES if kind != EXTERNAL)

_FORMS = {EMAIL: "it is no e-mail address of a person",
          PHONE: "write the number with its country, as in phone:%2B4930123456 (%2B is the + in a URL)"}

Id = Annotated[str, Path(max_length=64, description="the profile's id")]

AsOf = Annotated[str | None, Query(max_length=64, description="ISO 8601 time; now if left out")]
Clock = Annotated[Literal["happened", "known"], Query(
    description="what as_of counts: what had happened by then, or what was known by then")]


class Profile(BaseModel):
    """One person."""

    model_config = ConfigDict(extra="allow")

    id: str
    identifiers: dict[str, list[str]] = Field(description="by type", examples=[{"user_id": ["42"]}])
    traits: dict[str, Any]
    events: dict[str, int] = Field(description="how often each event happened, by name")
    orders: dict[str, Any] = Field(description="by currency; amounts in minor units")
    segments: list[str] = Field(description="those that the person is in, or was at `as_of`")
    computed: dict[str, Any] = Field(description="values of computed traits; money in the major unit, as conditions compare it")
    rfm: dict[str, Any] | None = Field(default=None, description="group and scores of the last RFM analysis, now only")
    first_seen: Time | None
    last_seen: Time | None


class TimelineItem(BaseModel):
    """One thing that happened."""

    model_config = ConfigDict(extra="allow")

    type: str
    event: str
    timestamp: Time
    messageId: str
    properties: dict[str, Any]


class Timeline(BaseModel):
    """Newest first."""

    items: list[TimelineItem]
    next: Next


@router.get("/api/profiles", summary="Find the person with an identifier", operation_id="find_profile",
            tags=["profiles"], responses=answers(200, Profile, "the profile"))
def find_profile(by: Annotated[str, Query(description=f"`type:value`; the types are {_TYPES}, or your own")],
                 ) -> dict[str, Any]:
    """The profile that an identifier belongs to."""
    return collaborators.get().profiles.read(find_id(by, "by"))


@router.get("/api/profiles/<id>", summary="One person, now or at a past time", operation_id="read_profile",
            tags=["profiles"], responses=answers(200, Profile, "the profile"))
def read_profile(id: Id, as_of: AsOf = None, clock: Clock = "happened") -> dict[str, Any]:
    """The profile, or what it was at `as_of`."""
    return collaborators.get().profiles.read(key_of(id), as_of=moment_of(as_of), clock=clock)


@router.get("/api/profiles/<id>/timeline", summary="What happened to one person", operation_id="read_timeline",
            tags=["profiles"], responses=answers(200, Timeline, "a page of events, newest first"))
def read_timeline(id: Id, limit: Limit = 50, cursor: Cursor = None,
                  event: Annotated[str | None, Query(max_length=200, description="only events of this name")] = None,
                  ) -> dict[str, Any]:
    """Events of all the person's identities."""
    return collaborators.get().profiles.timeline(key_of(id), limit, cursor, event)


@router.delete("/api/profiles/<id>", summary="Erase one person", operation_id="erase_profile", tags=["profiles"],
               responses=answers(204, None, "erased"))
def erase_profile(id: Id) -> Response[str]:
    """Profile, history and identifiers are gone at once; what still arrives from before is dropped."""
    services = collaborators.get()
    services.duplicates.forget(key_of(id))
    groups = services.account_facts.accounts_of(key_of(id))
    services.profiles.erase(key_of(id), now())
    for group in groups:
        services.account_facts.refresh(group)
    return no_content()


def moment_of(as_of: str | None) -> int | None:
    """`as_of` in epoch ms. Raises Rejected."""
    try:
        return None if as_of is None else from_iso(as_of)
    except ValueError as error:
        raise Rejected("bad_time", "as_of must be an ISO 8601 time such as 2026-01-31T12:00:00Z (write + as %2B)",
                       "as_of") from error


def find_id(by: str, field: str) -> str:
    """The id of the profile that an identifier, `type:value`, belongs to. Raises Rejected, NotFound."""
    return collaborators.get().profiles.find(*identifier_of(by, field))


def identifier_of(by: str, field: str) -> Identifier:
    """An identifier, `type:value`, as it is stored. Raises Rejected; NotFound for what can be nobody's."""
    kind, colon, value = by.partition(":")
    if not colon or not KIND.fullmatch(kind):
        raise Rejected("bad_identifier", f"{field} must be <type>:<value>, the type one of {_TYPES}, or your own", field)
    if not value.strip() or len(value) > MAX_LENGTH:
        raise Rejected("bad_identifier", f"the value after {kind}: must have 1 to {MAX_LENGTH} characters", field)
    if kind == PHONE and value[0] == " ":
        value = f"+{value.strip().removeprefix('+')}"  # a + that was not written as %2B in the URL
    known = _NORMALISE.get(kind, _as_sent)(value)
    if known is None:
        hint = _FORMS.get(kind, "it is a placeholder, which counts as none")
        raise NotFound("unknown_identifier", f"no profile has this {kind}: {hint}", field)
    return kind, known


def _as_sent(value: str) -> str | None:
    return normalise.id_text(value, "by")


def key_of(profile: str, field: str = "id") -> str:
    """An id as it may stand in a key. Raises NotFound for what can be nobody's."""
    if not (profile.isascii() and profile.isalnum()):
        raise NotFound("unknown_profile", "there is no such profile: find it by an identifier, "
                       "GET /api/profiles?by=user_id:…", field)
    return profile
