"""/api/catalogue: every trait and event that was ever seen."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, ConfigDict, Field

from . import collaborators
from .shapes import Cursor, Limit, Next, Time, answers, new_router

router = new_router()


class CatalogueItem(BaseModel):
    """One trait or event."""

    model_config = ConfigDict(extra="allow")

    name: str
    count: int = Field(description="how often it was received; what a client sent twice counts twice here")
    invalid: int = Field(description="of these, values that can't be used (traits)")
    first_seen: Time
    last_seen: Time
    sources: dict[str, Any] = Field(description="source → count, invalid, first_seen, last_seen")
    used_in: list[str] = Field(description="definitions that name it", examples=[["webhooks/erp"]])


class CataloguePage(BaseModel):
    """By name."""

    items: list[CatalogueItem]
    next: Next
    unlisted: int = Field(description="rows whose name is beyond the 2,000 that are listed")


class CatalogueEvent(CatalogueItem):
    """One event with its properties."""

    properties: dict[str, Any] = Field(description="path, such as products[].sku → types and share of the events that have it")


@router.get("/api/catalogue", summary="Traits or events that were seen", operation_id="list_catalogue", tags=["catalogue"],
            responses=answers(200, CataloguePage, "a page of names"))
def list_catalogue(kind: Annotated[Literal["trait", "event"], Query(description="trait or event")], limit: Limit = 100,
                   cursor: Cursor = None) -> dict[str, Any]:
    """What was received up to the last hour; the fill rate of traits is that of the newest survey."""
    return collaborators.get().catalogue.page(kind, limit, cursor)


@router.get("/api/catalogue/events/<name>", summary="One event with its properties", operation_id="read_catalogue_event",
            tags=["catalogue"], responses=answers(200, CatalogueEvent, "the event"))
def read_catalogue_event(name: Annotated[str, Path(max_length=200, description="the event's name")]) -> dict[str, Any]:
    """Paths, their types, and how often they are there."""
    return collaborators.get().catalogue.event(unquote(name))
