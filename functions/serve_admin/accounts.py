"""/api/accounts: companies and other groups, what is known of them, their people, and what these did."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, ConfigDict, Field

from socle.accounts.rollup import ACTIVE
from socle.accounts.service import MAX_HISTORIES, MAX_MEMBERS, group_id
from socle.accounts.view import account_view
from socle.clock import DAY, now
from socle.errors import NotFound, Rejected
from socle.iso import from_iso

from . import collaborators
from .profiles import TimelineItem
from .shapes import Cursor, Limit, Next, Time, answers, new_router, no_content

router = new_router()

API = "api"
"""Source of what is put here."""
_PLAIN = re.compile(r"[A-Za-z0-9_.@:-]{1,256}")

Id = Annotated[str, Path(max_length=1_600, description="the group id, or `key` of the account: `~` and the id in base64url, "
                                                       "for ids that hold / ? # or %")]


class Flag(BaseModel):
    """A trait that should say something of the company, and cannot be read."""

    field: str
    trait: str = Field(description="the trait, which holds the value as it was sent")
    code: str = Field(examples=["not_a_siret"])


class Account(BaseModel):
    """One account, without its people."""

    id: str
    key: str = Field(description="what stands for the id in a URL")
    traits: dict[str, Any] = Field(description="as they were sent; of each the latest value")
    firmographics: dict[str, Any] = Field(
        description="name, industry, sector_code, employees, revenue in minor units, siren, siret, vat_number, website, domain, "
                    "country, plan: read from the traits, in one form", examples=[{"siret": "73282932000074", "employees": 120}])
    flags: list[Flag]
    sources: dict[str, Any] = Field(description="who said something of it, first and last")
    first_seen: Time | None = Field(description="when something was first said of it; null when it was only named")
    last_seen: Time | None


class AccountDetail(Account):
    """One account, with what its people add up to."""

    people: int
    active_30d: int = Field(description=f"people with an event in the last {ACTIVE // DAY} days")
    events: int = Field(description="all that happened to its people")
    orders: dict[str, Any] = Field(description="by currency; amounts in minor units")
    first_activity: Time | None
    last_activity: Time | None
    partial: bool = Field(description=f"whether there are more than {MAX_MEMBERS:,} memberships: the others are not counted")


class AccountPage(BaseModel):
    """By id."""

    items: list[Account]
    next: Next


class Member(BaseModel):
    """One person of an account."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="the profile's id")
    linked: Time = Field(description="the latest event that named the account")
    identifiers: dict[str, list[str]]
    traits: dict[str, Any]


class MemberPage(BaseModel):
    """Each person once."""

    items: list[Member]
    next: Next


class AccountTimelineItem(TimelineItem):
    """One thing that happened, and to whom."""

    profile: str


class AccountTimeline(BaseModel):
    """Newest first."""

    items: list[AccountTimelineItem]
    next: Next
    partial: bool = Field(description=f"whether not everybody was looked at: more than {MAX_MEMBERS:,} memberships, or more than "
                                      f"{MAX_HISTORIES} histories to read for this page")


class AccountTraits(BaseModel):
    """What is said of the account."""

    model_config = ConfigDict(extra="forbid")

    traits: dict[str, Any] = Field(description="null removes one; those that are not named stay")
    timestamp: str | None = Field(default=None, max_length=64,
                                  description="ISO 8601 time as of which it is true; now if left out. A later value stays")


@router.get("/api/accounts", summary="All accounts", operation_id="list_accounts", tags=["accounts"],
            responses=answers(200, AccountPage, "a page by id"))
def list_accounts(limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Without what their people add up to."""
    page = collaborators.get().accounts.page(limit, cursor)
    return {"items": [_with_key(account) for account in page["items"]], "next": page["next"]}


@router.get("/api/accounts/<id>", summary="One account", operation_id="read_account", tags=["accounts"],
            responses=answers(200, AccountDetail, "the account"))
def read_account(id: Id) -> dict[str, Any]:
    """What was said of it, and what its people add up to now."""
    return _with_key(collaborators.get().accounts.read(_group(id), now()))


@router.put("/api/accounts/<id>", summary="Say something of an account", operation_id="put_account", tags=["accounts"],
            description="As a group call without a person does: makes the account if there is none. Safe to repeat.",
            responses=answers(200, Account, "the account"))
def put_account(id: Id, said: Annotated[AccountTraits, Body()]) -> dict[str, Any]:
    """Of each trait the value with the latest time stays, whether it came here or with a group call."""
    received = now()
    at = received
    if said.timestamp is not None:
        try:
            at = min(from_iso(said.timestamp), received)
        except ValueError as error:
            raise Rejected("bad_time", "timestamp must be an ISO 8601 time such as 2026-01-31T12:00:00Z", "timestamp") from error
    account = collaborators.get().account_writer.put(_decoded(id), said.traits, at, API, received)
    return _with_key(account_view(account))


@router.delete("/api/accounts/<id>", summary="Delete an account", operation_id="delete_account", tags=["accounts"],
               description="Its traits and memberships, not its people. It is made again by what is received afterwards.",
               responses=answers(204, None, "deleted"))
def delete_account(id: Id) -> Response[str]:
    """For companies that are one person, whose traits are somebody's data."""
    collaborators.get().account_writer.delete(_group(id), now())
    return no_content()


@router.get("/api/accounts/<id>/members", summary="The people of an account", operation_id="list_members", tags=["accounts"],
            responses=answers(200, MemberPage, "a page of people"))
def list_members(id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Who was merged comes once."""
    return collaborators.get().accounts.members(_group(id), limit, cursor)


@router.get("/api/accounts/<id>/timeline", summary="What happened to the people of an account",
            operation_id="read_account_timeline", tags=["accounts"],
            responses=answers(200, AccountTimeline, "a page of events, newest first"))
def read_account_timeline(id: Id, limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """All their events, each with the profile that it belongs to."""
    return collaborators.get().accounts.timeline(_group(id), limit, cursor)


def _with_key(account: dict[str, Any]) -> dict[str, Any]:
    plain = _PLAIN.fullmatch(account["id"]) and account["id"] not in (".", "..")
    encoded = base64.urlsafe_b64encode(account["id"].encode()).decode().rstrip("=")
    return {"key": account["id"] if plain else f"~{encoded}", **account}


def _decoded(text: str) -> str:
    """The group id of a path. HTTP APIs hand paths over decoded, which / ? # and % do not survive: therefore the keys."""
    if not text.startswith("~"):
        return unquote(text)
    try:
        return base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise Rejected("bad_key", "after ~ comes a group id in base64url: copy `key` of an account", "id") from error


def _group(text: str) -> str:
    """The group id of a path that must lead to an account. Raises NotFound for what can be none."""
    try:
        return group_id(_decoded(text))
    except Rejected as error:
        raise NotFound("unknown_account", f"there is no such account: {error.message}", "id") from error
