"""/api/catalog: what the company sells and where, as imports of catalogue files wrote it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, Field

from socle.errors import NotFound
from socle.paging import from_cursor, to_cursor

from . import collaborators
from .shapes import Cursor, Limit, Next, answers, new_router

router = new_router()

Type = Annotated[str, Query(pattern=r"^[a-z][a-z0-9_-]{0,39}$", description="as the mapping names it: products, stores")]


class CatalogItem(BaseModel):
    """One entry."""

    type: str
    id: str
    fields: dict[str, Any] = Field(description="by the names that the mapping gives them")


class CatalogPage(BaseModel):
    """By id."""

    items: list[CatalogItem]
    next: Next


@router.get("/api/catalog", summary="Items of the catalogue", operation_id="list_catalog", tags=["catalog"],
            responses=answers(200, CatalogPage, "a page, by id"))
def list_catalog(type: Type = "products", limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """Of one type."""
    listing = f"catalog/{type}"
    found, more = collaborators.get().items.page(type, limit, from_cursor(listing, cursor) if cursor else None)
    return {"items": [item.to_json() for item in found], "next": to_cursor(listing, found[-1].id) if more else None}


@router.get("/api/catalog/<id>", summary="One item of the catalogue", operation_id="read_catalog_item", tags=["catalog"],
            responses=answers(200, CatalogItem, "the item"))
def read_item(id: Annotated[str, Path(max_length=3_072, description="percent-encoded")],
              type: Type = "products") -> dict[str, Any]:
    """Of one type."""
    found = collaborators.get().items.get(type, unquote(id))
    if found is None:
        raise NotFound("unknown_item", f"there is no such item: GET /api/catalog?type={type} lists them", "id")
    return found.to_json()
