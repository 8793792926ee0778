"""/api/assets: images that messages show and files that they carry. Whoever has the name can fetch them from /assets/<name>."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path
from pydantic import BaseModel, ConfigDict, Field

from socle.assets.check import check_name, decoded
from socle.assets.model import Asset, media_type
from socle.errors import NotFound
from socle.iso import to_iso
from socle.paging import from_cursor, to_cursor

from . import collaborators
from .shapes import Cursor, Limit, Next, Time, answers, new_router, no_content

router = new_router()

AssetPath = Annotated[str, Path(max_length=200, description="such as logo.png: png, jpg, jpeg, gif, webp, pdf or ics")]


class AssetUpload(BaseModel):
    """The bytes of the file."""

    model_config = ConfigDict(extra="forbid")

    data: str = Field(description="base64")


class AssetInfo(BaseModel):
    """One asset."""

    name: str
    type: str
    bytes: int
    updated: Time
    path: str = Field(description="where it is served, below the address of public pages")


class AssetPage(BaseModel):
    """By name."""

    items: list[AssetInfo]
    next: Next


@router.get("/api/assets", summary="All assets", operation_id="list_assets", tags=["assets"],
            responses=answers(200, AssetPage, "a page, by name"))
def list_assets(limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """Images and files."""
    found, more = collaborators.get().assets.page(limit, from_cursor("assets", cursor) if cursor else None)
    return {"items": [_shown(one) for one in found], "next": to_cursor("assets", found[-1].name) if more else None}


@router.get("/api/assets/<name>", summary="One asset", operation_id="read_asset", tags=["assets"],
            responses=answers(200, AssetInfo, "what is known of it"))
def read_asset(name: AssetPath) -> dict[str, Any]:
    """Not its bytes: these are at its path."""
    found = collaborators.get().assets.find(check_name(name))
    if found is None:
        raise NotFound("unknown_asset", f"there is no asset {name!r}: GET /api/assets lists what there is", "name")
    return _shown(found)


@router.put("/api/assets/<name>", summary="Write an asset", operation_id="write_asset", tags=["assets"],
            responses=answers(200, AssetInfo, "written"))
def write_asset(name: AssetPath, body: Annotated[AssetUpload, Body()]) -> dict[str, Any]:
    """Mails that were sent before show the new one, too: for another picture take another name."""
    services, data = collaborators.get(), decoded(name, body.data)
    services.assets.put(name, data)
    found = services.assets.find(name)
    return _shown(found or Asset(name, len(data), 0))


@router.delete("/api/assets/<name>", summary="Delete an asset", operation_id="delete_asset", tags=["assets"],
               responses=answers(204, None, "deleted, if it was there"))
def delete_asset(name: AssetPath) -> Response[str]:
    """Mails that show it do so no more."""
    collaborators.get().assets.delete(check_name(name))
    return no_content()


def _shown(asset: Asset) -> dict[str, Any]:
    return {"name": asset.name, "type": media_type(asset.name), "bytes": asset.bytes, "updated": to_iso(asset.updated),
            "path": f"/assets/{asset.name}"}
