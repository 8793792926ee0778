"""First step of a run: freeze what is exported, from which lake, against which earlier export, in which parts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from socle.clock import DAY
from socle.definitions.model import Definition
from socle.errors import NotFound, Rejected
from socle.exports.members import FindMembers
from socle.exports.model.document import KIND, ExportDocument
from socle.exports.model.run import MANIFEST, RUNNING, SUCCEEDED, Run, key_of, state_key
from socle.exports.store import ExportFiles, RunStore
from socle.lake.manifest import BucketFiles, Manifest

PLAN = "_plan.json"
INDEX = "index.json"
ROWS, SENT = "_rows-{:03}.ndjson", "_sent-{:03}.json"
"""Of a part for a webhook: its rows, and how far they were sent."""
PART_BYTES = 256 * 1024**2
"""Of the lake that one call reads: small lakes are one part, and so one file."""
STATE_DAYS = 80
"""A state that is older is not compared with: the bucket ends it after 90 days."""
_LOOK_BACK = 200


class Definitions(Protocol):
    """Where documents come from."""

    def current(self, kind: str, name: str) -> Definition | None: ...


class Lake(Protocol):
    """The lake in S3."""

    def manifest(self) -> Manifest | None: ...
    def fetch(self, key: str, directory: Path) -> Path: ...


class Planner:
    """Plans runs."""

    def __init__(self, runs: RunStore, files: ExportFiles, definitions: Definitions, lake: Lake, members: FindMembers) -> None:
        self._runs = runs
        self._files = files
        self._definitions = definitions
        self._lake = lake
        self._members = members

    def plan(self, export: str, id_: str, now: int) -> dict[str, Any]:
        """`{"parts": [0, 1, …], "is_webhook"}`. Planning again finds the plan that is there.

        Raises Rejected: `overtaken` when another run is under way, `no_lake`; NotFound.
        """
        run = self._runs.load(export, id_)
        if run.state == RUNNING and self._runs.turn(export) != id_:
            raise Rejected("overtaken", "another run of this export is under way: wait for it")
        plan = self._files.read_json(key_of(export, id_, PLAN))
        if plan is None:
            plan = self._make(run, now)
            self._files.write(key_of(export, id_, PLAN), json.dumps(plan).encode())
        return {"parts": list(range(len(plan["parts"]))), "is_webhook": document_of(plan).destination.type == "webhook"}

    def _make(self, run: Run, now: int) -> dict[str, Any]:
        found = self._definitions.current(KIND, run.export)
        if found is None:
            raise NotFound("unknown_definition", f"exports/{run.export} was deleted: GET /api/exports lists what there is")
        document = ExportDocument.model_validate(found.document)
        lake = self._lake.manifest()
        if lake is None:
            raise Rejected("no_lake", "there is no lake yet: it is made from what was received within the hour, or by "
                           "POST /api/lake/compact; then run the export again")
        members = self._members(document.segment, now)
        return {"export": run.export, "run": run.id, "planned": now, "version": found.version, "document": found.document,
                "members": {"sql": members.sql, "columns": [list(column) for column in members.columns]},
                "lake": {"version": lake.version, "made": lake.made, "count": lake.bucket_count}, "parts": _parts(lake),
                **(self._before(run, document, now) if document.mode == "delta" else {"base": None, "in_doubt": []})}

    def _before(self, run: Run, document: ExportDocument, now: int) -> dict[str, Any]:
        """`base`: the state that the last finished run left, None when it left none for this destination; `in_doubt`: what
        runs since then sent before they broke off, as `{"key", "rows"}`."""
        in_doubt: list[dict[str, Any]] = []
        # By their beginnings: the id of a scheduled run says when it was due.
        page = [one for one in self._runs.page(run.export, _LOOK_BACK, None) if one.id != run.id]
        for earlier in sorted(page, key=lambda one: (one.started, one.id), reverse=True):
            manifest = None
            if earlier.state != SUCCEEDED:
                manifest = self._files.read_json(key_of(run.export, earlier.id, MANIFEST))
                if manifest is None:
                    in_doubt += self._sent(earlier, document)
                    continue
                # It broke off after its manifest was there: to whoever reads files it is an export like any other.
                self._runs.save(earlier.next(state=SUCCEEDED, ended=manifest["made"], counts=manifest["counts"], failure=None))
            index: dict[str, Any] | None = self._files.read_json(state_key(run.export, earlier.id, INDEX))
            is_good = index and now - index["made"] < STATE_DAYS * DAY and index["receiver"] == receiver_of(document)
            return {"base": index if is_good else None, "in_doubt": in_doubt}
        return {"base": None, "in_doubt": in_doubt}

    def _sent(self, run: Run, document: ExportDocument) -> Iterator[dict[str, Any]]:
        """Rows that a delta sent to the same receiver before it broke off, and those of the batch that was under way."""
        plan = self._files.read_json(key_of(run.export, run.id, PLAN))
        if plan is None or document_of(plan).mode != "delta" or receiver_of(document_of(plan)) != receiver_of(document):
            return
        for part in range(len(plan["parts"])):
            progress = self._files.read_json(key_of(run.export, run.id, SENT.format(part)))
            if progress is not None:
                yield {"key": key_of(run.export, run.id, ROWS.format(part)),
                       "rows": (progress["batch"] + 1) * document_of(plan).destination.batch_size}


def receiver_of(document: ExportDocument) -> str | None:
    """Who gets the rows, and so who knows what was sent before."""
    return document.destination.url


def read_plan(files: ExportFiles, export: str, id_: str) -> dict[str, Any]:
    """The plan of a run. Raises NotFound(`no_plan`)."""
    plan = files.read_json(key_of(export, id_, PLAN))
    if plan is None:
        raise NotFound("no_plan", "the plan of this run is not there: run the export again")
    return dict(plan)


def document_of(plan: Mapping[str, Any]) -> ExportDocument:
    """The document as it was when the run was planned."""
    return ExportDocument.model_validate(plan["document"])


def _parts(lake: Manifest) -> list[dict[str, Any]]:
    """Buckets in groups: `{"buckets": [numbers], "files": {number: BucketFiles}}`. Every number is in one: a bucket that has
    no rows any more may have had some."""
    parts: list[dict[str, Any]] = []
    size = PART_BYTES
    for number in range(lake.bucket_count):
        files: BucketFiles | None = lake.buckets.get(number)
        if size >= PART_BYTES:
            parts.append({"buckets": [], "files": {}})
            size = 0
        parts[-1]["buckets"].append(number)
        if files is not None:
            parts[-1]["files"][str(number)] = {**files._asdict(), "columns": [list(column) for column in files.columns]}
            size += files.size
    return parts
