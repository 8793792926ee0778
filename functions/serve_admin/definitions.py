"""/api/<kind>/<name>: the documents that people write, for every kind the same routes with the kind's own model.

No postponed annotations here: the resolver reads the signatures, and the body's type differs from kind to kind.
"""

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Query
from pydantic import BaseModel, Field, create_model

from socle.clock import now
from socle.definitions.kinds import KINDS
from socle.errors import Rejected
from socle.iso import to_iso
from socle.paging import from_cursor, to_cursor
from socle.segments.document import COMPUTED
from socle.segments.document import KIND as SEGMENTS
from socle.sources.model import KIND

from . import collaborators
from .shapes import MAX_VERSION, Cursor, Limit, Name, Next, Time, answers, new_router, no_content

router = new_router()

DryRun = Annotated[bool, Query(description="1: write nothing, only answer the difference")]
IfMatch = Annotated[str | None, Header(
    alias="If-Match", description="write only if this is the current version; 0: only if there is none")]
VersionNumber = Annotated[int | None, Query(
    ge=1, le=MAX_VERSION, description="an earlier version; the current one if left out")]

_WRITING = {KIND: " `enabled: false` refuses all write keys of the source, everywhere within a minute; `true` takes them again."}
_DELETING = {KIND: " The source's write keys are revoked for good, and refused everywhere within a minute: a new source of "
                   "the same name needs new ones.",
             SEGMENTS: " Refused (409 in_use) while others refer to it. Its members' rows are deleted with it; of very many, "
                       "503 asks to send the request again until it answers 204 or 404.",
             COMPUTED: " Refused (409 in_use) while others refer to it."}


class Change(BaseModel):
    """One difference; `from` and `to` where there is such a value."""

    path: str = Field(description="JSON pointer (RFC 6901)")
    op: Literal["add", "remove", "replace"]


class Warned(BaseModel):
    """Something that runs, and may not be what was meant."""

    field: str
    message: str


class Version(BaseModel):
    """One entry of the history."""

    version: int
    updated: Time
    deleted: bool


class Versions(BaseModel):
    """Newest first."""

    items: list[Version]
    next: Next


def _routes(kind: str, model: type[BaseModel]) -> None:
    one = kind.removesuffix("s")
    title = one.capitalize()
    defined: Any = create_model(
        title, __doc__=f"One version of one {one}.", kind=(str, ...), name=(str, ...), version=(int, ...),
        document=(model, ...), created=(Time, ...), updated=(Time, ...))
    written: Any = create_model(f"{title}Written", __base__=defined, __doc__="What a put did, or would do.",
                                changed=(bool, ...), diff=(list[Change], ...), warnings=(list[Warned], ...))
    page: Any = create_model(f"{title}Page", __doc__="By name.", items=(list[defined], ...), next=(Next, ...))
    path = f"/api/{kind}/<name>"

    @router.get(f"/api/{kind}", summary=f"All {kind}", operation_id=f"list_{kind}", tags=[kind],
                responses=answers(200, page, "a page, by name"))
    def list_definitions(limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
        after = from_cursor(kind, cursor) if cursor else None
        found = collaborators.get().definitions.page(kind, limit + 1, after)
        more = to_cursor(kind, found[limit - 1].name) if len(found) > limit else None
        return {"items": [definition.to_json() for definition in found[:limit]], "next": more}

    @router.put(path, summary=f"Write one {one}", operation_id=f"write_{one}", tags=[kind],
                description="The same document again changes nothing. `dry_run=1` says what would change."
                            + _WRITING.get(kind, ""),
                responses=answers(200, written, "the definition as it is now, and what changed"))
    def write(name: Name, document: Annotated[model, Body()],  # type: ignore[valid-type]  # a type made at run time
              dry_run: DryRun = False, if_match: IfMatch = None) -> dict[str, Any]:
        services = collaborators.get()
        if not dry_run:
            services.clear(kind, name)
        put = services.definitions.put(kind, name, document, now(), dry_run=dry_run, if_version=_version(if_match))
        if not dry_run:
            services.follow(kind, name)
        return put.to_json()

    @router.get(path, summary=f"Read one {one}", operation_id=f"read_{one}", tags=[kind],
                responses=answers(200, defined, "the definition"))
    def read(name: Name, version: VersionNumber = None) -> dict[str, Any]:
        return collaborators.get().definitions.get(kind, name, version).to_json()

    @router.get(f"{path}/versions", summary=f"The history of one {one}", operation_id=f"list_{one}_versions",
                tags=[kind], responses=answers(200, Versions, "a page, newest first"))
    def list_versions(name: Name, limit: Limit = 100, cursor: Cursor = None) -> dict[str, Any]:
        listing = f"{kind}/{name}/versions"
        before = int(from_cursor(listing, cursor)) if cursor else None
        found = collaborators.get().definitions.versions(kind, name, limit + 1, before)
        more = to_cursor(listing, str(found[limit - 1].version)) if len(found) > limit else None
        return {"items": [{"version": one.version, "updated": to_iso(one.updated), "deleted": one.deleted}
                          for one in found[:limit]], "next": more}

    @router.delete(path, summary=f"Delete one {one}", operation_id=f"delete_{one}", tags=[kind],
                   description="The history stays; writing it again goes on counting." + _DELETING.get(kind, ""),
                   responses=answers(204, None, "deleted"))
    def delete(name: Name) -> Response[str]:
        services = collaborators.get()
        try:
            services.definitions.delete(kind, name, now())
        finally:  # also when it is gone already: deleting again finishes a deletion that broke off
            services.follow(kind, name)
        return no_content()


def _version(if_match: str | None) -> int | None:
    if if_match is None:
        return None
    text = if_match.strip().strip('"')
    if not (text.isascii() and text.isdigit() and len(text) <= 8):
        raise Rejected("bad_version", "If-Match must be a version number, as in If-Match: 3", "If-Match")
    return int(text)


for _kind, _model in KINDS.items():
    _routes(_kind, _model)
