"""Writing, reading and deleting definitions: load, compare, save."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel

from socle.definitions.diff import diff
from socle.definitions.kinds import check_name, model_of
from socle.definitions.model import MAX_DOCUMENT_BYTES, NAME, Definition
from socle.definitions.store import DefinitionStore
from socle.errors import Conflict, NotFound, Rejected

_ATTEMPTS = 4


class Written(NamedTuple):
    """What a put did, or with `dry_run` would do."""

    definition: Definition
    changed: bool
    diff: list[dict[str, Any]]
    warnings: list[dict[str, str]]

    def to_json(self) -> dict[str, Any]:
        """The definition's fields, with `changed`, `diff` (RFC 6901 paths) against the version before, and `warnings`."""
        return {**self.definition.to_json(), "changed": self.changed, "diff": self.diff, "warnings": self.warnings}


class Among(Protocol):
    """What a kind asks of a definition among the others."""

    def check(self, kind: str, name: str, document: dict[str, Any]) -> list[dict[str, str]]:
        """Before it is written: what is odd, as {"field", "message"}. Raises Rejected for what can't be."""

    def release(self, kind: str, name: str) -> None:
        """Before it is deleted. Raises Rejected when others need it."""


class Definitions:
    """All definitions. Every method raises NotFound for an unknown kind, and Rejected for an impossible name.

    `among` looks at definitions of its kinds among the others, before they are written or deleted.
    """

    def __init__(self, store: DefinitionStore, among: Mapping[str, Among] | None = None) -> None:
        self._store = store
        self._among = among or {}

    def put(self, kind: str, name: str, document: BaseModel, now: int, *, dry_run: bool = False,
            if_version: int | None = None) -> Written:
        """Make `document` current. The same document again changes nothing and keeps its version.

        if_version  write only if this is the current version (0: only if there is none); else Rejected, status 412
        Raises Conflict when others keep writing the same definition at the same time.
        """
        _check(kind, name)
        check_name(kind, name)
        content = document.model_dump(mode="json")
        size = len(json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode())
        if size > MAX_DOCUMENT_BYTES:
            raise Rejected("too_large", f"the document has {size:,} bytes, {MAX_DOCUMENT_BYTES:,} are allowed: "
                           "shorten it", status=413)
        warnings = self._among[kind].check(kind, name, content) if kind in self._among else []
        for _ in range(_ATTEMPTS):
            before = self._store.current(kind, name)
            if if_version is not None and if_version != (before.version if before else 0):
                raise Rejected("version_mismatch", f"the current version is {before.version if before else 0}, not "
                               f"{if_version}: read it, repeat your change on it, and send that version",
                               "If-Match", status=412)
            if before and before.document == content:
                return Written(before, False, [], warnings)
            after = self._next(kind, name, before, content, now)
            if not dry_run:
                try:
                    self._store.save(after, before.version if before else None)
                except Conflict as error:
                    lost = error
                    continue
            return Written(after, True, diff(before.document if before else {}, content), warnings)
        raise lost

    def get(self, kind: str, name: str, version: int | None = None) -> Definition:
        """The current version, or the given one. Raises NotFound, also for a version that is a deletion."""
        _check(kind, name)
        found = self._store.current(kind, name) if version is None else self._store.version(kind, name, version)
        if found is None:
            raise _unknown(kind, name) if version is None else NotFound(
                "unknown_version", f"{kind}/{name} has no version {version}: GET its /versions to see them", "version")
        if found.deleted:
            raise NotFound("deleted_version", f"version {version} is when {kind}/{name} was deleted: read version "
                           f"{found.version - 1}", "version")
        return found

    def versions(self, kind: str, name: str, limit: int, before: int | None = None) -> list[Definition]:
        """Up to `limit` versions below `before`, newest first, also of a deleted definition. Raises NotFound."""
        _check(kind, name)
        found = self._store.versions(kind, name, limit, before)
        if not found and before is None:
            raise _unknown(kind, name)
        return found

    def page(self, kind: str, limit: int, after: str | None = None) -> list[Definition]:
        """Up to `limit` current definitions by name, those after the name `after`."""
        model_of(kind)
        return self._store.list_page(kind, limit, after)

    def delete(self, kind: str, name: str, now: int) -> Definition:
        """Delete; the history stays, and a later put goes on counting. Raises NotFound, Conflict, Rejected (others need it)."""
        _check(kind, name)
        if kind in self._among:
            self._among[kind].release(kind, name)
        for _ in range(_ATTEMPTS):
            before = self._store.current(kind, name)
            if before is None:
                raise _unknown(kind, name)
            gone = before._replace(version=before.version + 1, document={}, updated=now, deleted=True)
            try:
                self._store.save(gone, before.version)
            except Conflict as error:
                lost = error
                continue
            return gone
        raise lost

    def _next(self, kind: str, name: str, before: Definition | None, content: dict[str, Any],
              now: int) -> Definition:
        if before:
            return before._replace(version=before.version + 1, document=content, updated=now)
        history = self._store.versions(kind, name, limit=1)
        return Definition(kind, name, history[0].version + 1 if history else 1, content, created=now, updated=now)


class Proposal(NamedTuple):
    """A definition as somebody wants it; `document` None: gone."""

    kind: str
    name: str
    document: BaseModel | None


class Planned(NamedTuple):
    """What becomes of proposals.

    steps    in an order in which each can be done: (the version before, 0 for none; what it does)
    refused  those that can't be, whatever the order, with the reason
    """

    steps: list[tuple[int, Written]]
    refused: list[tuple[Proposal, Rejected]]


def plan(definitions: Definitions, proposals: Sequence[Proposal], now: int) -> Planned:
    """Try all proposals on definitions that are written nowhere (ProposedStore): one that another one needs comes before it."""
    steps: list[tuple[int, Written]] = []
    waiting = sorted(proposals, key=lambda one: one.document is None)
    while waiting:
        refused: list[tuple[Proposal, Rejected]] = []
        for one in waiting:
            try:
                steps.append(_step(definitions, one, now))
            except Rejected as error:
                refused.append((one, error))
        if len(refused) == len(waiting):
            return Planned(steps, refused)
        waiting = [one for one, _ in refused]
    return Planned(steps, [])


def _step(definitions: Definitions, one: Proposal, now: int) -> tuple[int, Written]:
    try:
        before = definitions.get(one.kind, one.name)
    except NotFound as error:
        if one.document is None or error.code != "unknown_definition":
            raise
        before = None
    if one.document is not None:
        return before.version if before else 0, definitions.put(one.kind, one.name, one.document, now)
    gone = definitions.delete(one.kind, one.name, now)
    return gone.version - 1, Written(gone, True, diff(before.document if before else {}, {}), [])


def _check(kind: str, name: str) -> None:
    model_of(kind)
    if not NAME.fullmatch(name):
        raise Rejected("bad_name", "a name has 1 to 63 characters a-z, 0-9, _ or -, and begins with a letter or digit",
                       "name")


def _unknown(kind: str, name: str) -> NotFound:
    return NotFound("unknown_definition", f"there is no {kind}/{name}: GET /api/{kind} lists what there is", "name")
