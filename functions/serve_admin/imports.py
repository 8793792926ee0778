"""/api/imports: files that become events: upload, preview, start, watch, cancel, and the rows that were not taken."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from socle import clock
from socle.ids import new_id
from socle.imports.model import Mapping
from socle.imports.ready import READY
from socle.imports.runs import MAX_BYTES, Run
from socle.paging import from_cursor, to_cursor

from . import collaborators
from .shapes import Cursor, Limit, Next, Time, answers, new_router

router = new_router()

LISTING = "imports"
Id = Annotated[str, Path(pattern=r"^[0-9]{8}t[0-9]{6}-[0-9a-z]{8}$", description="the id that POST /api/imports answered")]
MappingName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["order-lines"],
                                   description=f"a saved mapping, or a ready one: {', '.join(READY)}")]


class NewImport(BaseModel):
    """A file that is about to be uploaded."""

    model_config = ConfigDict(extra="forbid")

    file: str = Field(min_length=1, max_length=200, examples=["orders.csv"],
                      description="its name; .csv .tsv .ndjson .parquet .xlsx, text files also with .gz")
    size: int | None = Field(default=None, ge=1, le=MAX_BYTES, description="bytes: the upload then takes no other size")
    mapping: MappingName | None = None
    dry_run: bool = Field(default=False, description="true: count and report, send nothing")


class Start(BaseModel):
    """What to import it by; what is left out is as the import was made."""

    model_config = ConfigDict(extra="forbid")

    mapping: MappingName | Mapping | None = Field(default=None, description="a name, or a whole mapping")
    dry_run: bool | None = None


class Upload(BaseModel):
    """Where the file goes."""

    method: str
    url: str = Field(description="takes the file as the body of one PUT")
    expires: Time


class ImportFailure(BaseModel):
    """Why an import failed."""

    code: str
    message: str
    field: str | None = None


class Import(BaseModel):
    """One import."""

    id: str
    file: str
    mapping: str | None
    dry_run: bool
    state: str = Field(description="created, running, succeeded, failed or cancelled")
    size: int | None = Field(description="bytes; null when unknown")
    created: Time
    started: Time | None
    ended: Time | None
    failure: ImportFailure | None = Field(default=None, description="left out when it did not fail")


class NewImportAnswer(Import):
    """An import that waits for its file."""

    upload: Upload


class Progress(BaseModel):
    """How far it is."""

    step: str = Field(description="split, convert or finish while it is running; else the import's state")
    rows: int = Field(description="rows read")
    buckets: int | None = Field(description="parts of the file; null before they are known")
    buckets_done: int


class EventCounts(BaseModel):
    """Events by what earlier imports with the same mapping had sent."""

    new: int
    corrected: int = Field(description="sent again, because their content changed")
    unchanged: int = Field(description="not sent")


class Counts(BaseModel):
    """What it came to so far."""

    rows: int
    rejected: int
    reasons: dict[str, int] = Field(description="code -> rows that were rejected for it")
    events: EventCounts
    items: int = Field(description="written to the catalogue")


class ImportState(Import):
    """One import and how far it is."""

    upload: Upload | None = Field(default=None, description="while it waits for its file")
    progress: Progress
    counts: Counts


class ImportPage(BaseModel):
    """Newest first."""

    items: list[Import]
    next: Next


class PreviewReject(BaseModel):
    """Why a row would not be taken."""

    code: str
    column: str
    message: str


class PreviewRow(BaseModel):
    """A row as it was read."""

    number: int
    cells: list[Any]
    reject: PreviewReject | None


class PreviewMessage(BaseModel):
    """What rows would become."""

    message: dict[str, Any]
    rows: list[int]


class PreviewAnswer(BaseModel):
    """The first rows of the file, and what they become."""

    columns: list[str]
    notes: list[str] = Field(description="what was found out or assumed")
    name: str | None = Field(description="of the mapping; null when it is only proposed")
    ready: str | None = Field(description="the ready mapping that the proposal is made from")
    mapping: dict[str, Any] | None = Field(description="the mapping: to be sent to start, or saved with PUT /api/mappings/<name>")
    rows: list[PreviewRow]
    messages: list[PreviewMessage]


class Rejects(BaseModel):
    """Where the rejected rows are."""

    url: str = Field(description="one CSV file: the original columns and the reason; good for an hour")


@router.post("/api/imports", summary="Announce a file", operation_id="create_import", tags=["imports"], status_code=201,
             responses=answers(201, NewImportAnswer, "where to upload it to"))
def create_import(wanted: Annotated[NewImport, Body()]) -> dict[str, Any]:
    """Then PUT the file to `upload.url`, and start."""
    now, imports = clock.now(), collaborators.get().imports
    run = imports.create(wanted.file, wanted.size, wanted.mapping, wanted.dry_run, now, new_id())
    return {**run.to_json(), "upload": imports.upload(run, now)}


@router.get("/api/imports", summary="All imports", operation_id="list_imports", tags=["imports"],
            responses=answers(200, ImportPage, "a page, newest first"))
def list_imports(limit: Limit = 50, cursor: Cursor = None) -> dict[str, Any]:
    """Also those that loaded by themselves."""
    found = collaborators.get().imports.page(limit + 1, from_cursor(LISTING, cursor) if cursor else None)
    more = to_cursor(LISTING, found[limit - 1].id) if len(found) > limit else None
    return {"items": [run.to_json() for run in found[:limit]], "next": more}


@router.get("/api/imports/<id>", summary="One import", operation_id="read_import", tags=["imports"],
            responses=answers(200, ImportState, "its state, how far it is, and what it came to"))
def read_import(id: Id) -> dict[str, Any]:
    """Poll it while it is running."""
    return _state(collaborators.get().imports.get(id))


@router.get("/api/imports/<id>/preview", summary="The first rows, and what they become", operation_id="preview_import",
            tags=["imports"], responses=answers(200, PreviewAnswer, "rows and messages"))
def preview_import(id: Id, mapping: Annotated[str | None, Query(max_length=63, description="another mapping")] = None,
                   limit: Annotated[int, Query(ge=1, le=1_000, description="rows")] = 20) -> dict[str, Any]:
    """With no mapping named, here or before, one is proposed."""
    return collaborators.get().preview.show(id, mapping, limit)


@router.post("/api/imports/<id>/start", summary="Start an import, or go on with one that failed", operation_id="start_import",
             tags=["imports"], status_code=202, responses=answers(202, Import, "it is running"))
def start_import(id: Id, wanted: Annotated[Start | None, Body()] = None) -> dict[str, Any]:
    """One with the same mapping that is running comes first."""
    wanted = wanted or Start()
    return collaborators.get().imports.start(id, wanted.mapping, wanted.dry_run, clock.now()).to_json()


@router.post("/api/imports/<id>/cancel", summary="Cancel an import", operation_id="cancel_import", tags=["imports"],
             responses=answers(200, Import, "it is cancelled; what was sent stays sent"))
def cancel_import(id: Id) -> dict[str, Any]:
    """For good; cancelling it twice is fine."""
    return collaborators.get().imports.cancel(id, clock.now()).to_json()


@router.get("/api/imports/<id>/rejects", summary="The rows that were not taken", operation_id="read_rejects", tags=["imports"],
            responses=answers(200, Rejects, "a link to one file"))
def read_rejects(id: Id) -> dict[str, Any]:
    """To be corrected and imported again."""
    return {"url": collaborators.get().imports.rejects(id)}


def _state(run: Run) -> dict[str, Any]:
    imports = collaborators.get().imports
    upload = imports.upload(run, clock.now())
    return {**run.to_json(), **({"upload": upload} if upload else {}), **imports.progress(run)}
