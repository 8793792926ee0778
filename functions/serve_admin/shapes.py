"""The shapes that routes share: parameters as they are checked, answers as the OpenAPI document shows them."""

from __future__ import annotations

import json
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import BaseModel, Field

MAX_LIMIT = 1_000
"""Items of one page."""
MAX_VERSION = 99_999_999

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="how many items to answer at most")]
Cursor = Annotated[str | None, Query(max_length=2_000, description="`next` of the previous page")]
Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$",
                           description="1 to 63 of a-z, 0-9, _ and -, a letter or digit first")]
RunName = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,80}$", description="as the answer that started it named it")]

Time = Annotated[str, Field(description="ISO 8601, UTC", examples=["2026-01-31T12:00:00.000Z"])]
Next = Annotated[str | None, Field(description="cursor of the next page; null on the last")]


class RunState(BaseModel):
    """A run of a workflow."""

    run: str
    state: str = Field(description="running, succeeded, failed, timed_out or aborted")


class ErrorDetail(BaseModel):
    """What went wrong: `code` is stable, `message` says what to do, `field` names the place."""

    code: str
    message: str
    field: str | None = Field(default=None, description="left out when no field is at fault")


class Error(BaseModel):
    """The answer to every request that fails."""

    error: ErrorDetail


def new_router() -> APIGatewayHttpRouter:
    """A router for one resource."""
    return APIGatewayHttpRouter()  # type: ignore[no-untyped-call]  # its constructor has no annotations


def answers(status: int, model: type[BaseModel] | None, description: str) -> dict[int, Any]:
    """The `responses` of a route that answers `model`, or nothing (None), when all is well."""
    if model is None:
        return {status: {"description": description, "content": {}}}
    return {status: {"description": description, "content": {"application/json": {"model": model}}}}


def no_content() -> Response[str]:
    """204: done, nothing to say."""
    return Response(204, None, "")


def as_json(status: int, body: dict[str, Any]) -> Response[str]:
    """An answer whose status depends on what was found."""
    return Response(status, "application/json", json.dumps(body, ensure_ascii=False))
