"""/api/exports/<name>/runs: run an export now, see what became of its runs, fetch their files. The documents are definitions."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import BaseModel, Field

from socle import clock
from socle.exports.service.deliver import secret_name
from socle.ids import new_id
from socle.paging import from_cursor, to_cursor

from . import collaborators
from .shapes import Cursor, Limit, Name, Next, Time, answers, new_router

router = new_router()

Id = Annotated[str, Path(pattern=r"^[0-9]{8}t[0-9]{6}-[0-9a-z]{8}$", description="the id of a run")]
File = Annotated[str, Query(min_length=1, max_length=1_000,
                            description="as the run's manifest names it; manifest.json for the manifest itself")]


class LeftOut(BaseModel):
    """Members that are not in it."""

    consent: int = Field(description="not subscribed to the purpose")
    address: int = Field(description="nothing in the layout that they could be reached or matched by")


class Changes(BaseModel):
    """Rows of a delta by what became of them; `unchanged` are not in it."""

    added: int
    changed: int
    removed: int
    unchanged: int


class ExportCounts(BaseModel):
    """What a run came to."""

    members: int
    rows: int
    bytes: int
    left_out: LeftOut
    changes: Changes | None = Field(default=None, description="of a delta")
    sent: int | None = Field(default=None, description="rows that the webhook took")
    refused: int | None = Field(default=None, description="rows that it did not take: the next delta brings them again")


class ExportFailure(BaseModel):
    """Why a run failed."""

    code: str
    message: str
    field: str | None = None


class ExportRun(BaseModel):
    """One run."""

    id: str
    export: str
    state: str = Field(description="running, succeeded or failed")
    by: str = Field(description="hand or schedule")
    started: Time
    ended: Time | None
    counts: ExportCounts | None = Field(description="null until it succeeded")
    failure: ExportFailure | None = Field(default=None, description="left out when it did not fail")


class ExportRunState(ExportRun):
    """One run and its manifest."""

    manifest: dict[str, Any] | None = Field(
        description="files with rows, bytes and SHA-256, the schema, what was left out; null while there is none (any more)")


class ExportRunPage(BaseModel):
    """Newest first."""

    items: list[ExportRun]
    next: Next


class Download(BaseModel):
    """Where the file is, for an hour."""

    url: str


class ExportSecret(BaseModel):
    """As the Standard Webhooks specification writes it."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


@router.post("/api/exports/<name>/run", summary="Run an export now", operation_id="run_export", tags=["exports"],
             status_code=202, responses=answers(202, ExportRun, "it is running"))
def run_export(name: Name) -> dict[str, Any]:
    """409 while another run of it is under way."""
    return collaborators.get().exports.start(name, new_id(), clock.now()).to_json()


@router.get("/api/exports/<name>/runs", summary="The runs of an export", operation_id="list_export_runs", tags=["exports"],
            responses=answers(200, ExportRunPage, "a page, newest first"))
def list_export_runs(name: Name, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
    """Also of an export that was deleted."""
    listing = f"export-runs/{name}"
    found = collaborators.get().exports.page(name, limit + 1, from_cursor(listing, cursor) if cursor else None)
    more = to_cursor(listing, found[limit - 1].id) if len(found) > limit else None
    return {"items": [run.to_json() for run in found[:limit]], "next": more}


@router.get("/api/exports/<name>/runs/<id>", summary="One run, with its manifest", operation_id="read_export_run",
            tags=["exports"], responses=answers(200, ExportRunState, "the run"))
def read_export_run(name: Name, id: Id) -> dict[str, Any]:
    """Poll it while it is running."""
    return collaborators.get().exports.show(name, id)


@router.get("/api/exports/<name>/runs/<id>/file", summary="A link to a file of a run", operation_id="read_export_file",
            tags=["exports"], responses=answers(200, Download, "a link that is good for an hour"))
def read_export_file(name: Name, id: Id, file: File) -> dict[str, Any]:
    """Whoever has the link can fetch the file."""
    return {"url": collaborators.get().exports.link(name, id, file)}


@router.get("/api/exports/<name>/secret", summary="The secret that an export's calls are signed with",
            operation_id="read_export_secret", tags=["exports"],
            responses=answers(200, ExportSecret, "the secret: keep it as you keep a password"))
def read_export_secret(name: Name) -> dict[str, Any]:
    """The same for the life of the export's name."""
    services = collaborators.get()
    services.definitions.get("exports", name)
    return {"secret": services.webhook_secret(secret_name(name))}
