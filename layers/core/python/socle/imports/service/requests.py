"""What people and buckets ask of imports: make one, look at its first rows, start it, watch it, cancel it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from socle.clock import HOUR, SECOND
from socle.definitions.store import DefinitionStore
from socle.errors import Conflict, NotFound, Rejected
from socle.imports.model import Mapping
from socle.imports.ready import READY
from socle.imports.runs import (
    CANCELLED,
    CREATED,
    FAILED,
    MAX_BYTES,
    RUNNING,
    Count,
    Run,
    failure_of,
    id_of_object,
    own_key,
    run_id,
)
from socle.imports.service.finish import REJECTS
from socle.imports.service.split import LONGEST, read_split
from socle.imports.store import GOOD_FOR, ImportFiles, RunStore
from socle.iso import to_iso
from socle.workflows.store import Workflow

KIND = "mappings"
INBOX = "imports/"
"""Objects under imports/<mapping>/ load by themselves."""
_ATTEMPTS = 5


class Chosen(NamedTuple):
    """A mapping with the name that message ids and states go by."""

    name: str
    mapping: Mapping


def given(mapping: Mapping) -> Chosen:
    """A mapping that was sent with the request: the same document is the same mapping, whenever it is sent."""
    text = json.dumps(mapping.model_dump(mode="json", exclude_defaults=True), sort_keys=True)
    return Chosen(f"sent-{hashlib.sha256(text.encode()).hexdigest()[:16]}", mapping)


class Imports:
    """All imports. Every method raises NotFound(`unknown_import`) for an id that is none."""

    def __init__(self, runs: RunStore, files: ImportFiles, definitions: DefinitionStore, workflow: Workflow) -> None:
        self._runs = runs
        self._files = files
        self._definitions = definitions
        self._workflow = workflow

    def create(self, file: str, size: int | None, mapping: str | None, dry_run: bool, now: int, chance: str) -> Run:
        """A run that waits for its file. Raises Rejected(`bad_file_name`, `too_large`), NotFound(`unknown_mapping`)."""
        if PurePosixPath(file).name != file or file in (".", ".."):
            raise Rejected("bad_file_name", "file is a name without folders, such as orders.csv", "file")
        _small_enough(size or 0, "size")
        if mapping is not None:
            self.mapping(mapping)
        id_ = run_id(now, chance)
        run = Run(id_, file, f"uploads/{id_}/{file}", mapping, dry_run, CREATED, now, size).next()
        self._runs.save(run)
        return run

    def upload(self, run: Run, now: int) -> dict[str, Any] | None:
        """Where the file goes; None when the run has begun."""
        if run.state != CREATED:
            return None
        return {"method": "PUT", "url": self._files.upload_link(run.key, run.size),
                "expires": to_iso(now + GOOD_FOR * SECOND)}

    def get(self, id_: str) -> Run:
        """A run."""
        return self._runs.load(id_)

    def page(self, limit: int, before: str | None = None) -> list[Run]:
        """Up to `limit` runs older than the id `before`, newest first."""
        return self._runs.page(limit, before)

    def progress(self, run: Run) -> dict[str, Any]:
        """How far a run is, and what it has come to so far: {"step", "rows", "buckets", "buckets_done"} and the counts."""
        notes = {} if run.state == CREATED else self._runs.notes(run.id)
        count = Count.from_row(run.count) if run.count else Count.total(notes.values())
        split = read_split(self._files, run.id) if notes else None
        done = sum(part.startswith("bucket#") for part in notes)
        step = run.state
        if run.state == RUNNING:
            step = "split" if split is None else "convert" if done < len(split.buckets) else "finish"
        return {"progress": {"step": step, "rows": count.rows, "buckets": len(split.buckets) if split else None,
                             "buckets_done": done}, "counts": count.to_json()}

    def start(self, id_: str, mapping: str | Mapping | None, dry_run: bool | None, now: int) -> Run:
        """Begin, or go on with a run that failed; one that is running goes on. Raises Rejected(`wrong_state`, `no_file`,
        `no_mapping`, `too_large`), NotFound(`unknown_mapping`)."""
        for _ in range(_ATTEMPTS):
            run = self._runs.load(id_)
            if run.state not in (CREATED, RUNNING, FAILED):
                raise Rejected("wrong_state", f"the import has {run.state}: make a new one", status=409)
            if run.frozen and (mapping is not None or dry_run not in (None, run.dry_run)):
                raise Rejected("wrong_state", "the import goes on as it began: leave mapping and dry_run out, or make a new one",
                               status=409)
            try:
                return self._start(run, mapping, dry_run, now)
            except Conflict as error:
                lost = error
        raise lost

    def _start(self, run: Run, mapping: str | Mapping | None, dry_run: bool | None, now: int) -> Run:
        if run.frozen is None:
            run = self.located(run)
            chosen = self.chosen(run, mapping)
            document = chosen.mapping.model_dump_json(exclude_defaults=True).encode()
            name = f"mapping-{hashlib.sha256(document).hexdigest()[:16]}.json"
            self._files.write(own_key(run.id, name), document)
            run = replace(run, mapping=chosen.name, frozen=name, dry_run=run.dry_run if dry_run is None else dry_run)
        # A workflow that ran out of its time, or was stopped by hand, could not say so.
        is_over = run.state == RUNNING and (run.started or now) + LONGEST + HOUR < now
        if run.state != RUNNING or is_over:
            run = run.next(state=RUNNING, started=now, ended=None, attempt=run.attempt + 1, failure=None, count=None)
            self._runs.save(run)
        # Also of one that is running: who started it may have been cut off here.
        self._workflow.start(run.execution, {"run": run.id})
        return run

    def cancel(self, id_: str, now: int) -> Run:
        """Break a run off: what was sent stays sent. Cancelling it again changes nothing. Raises Rejected(`wrong_state`)."""
        for _ in range(_ATTEMPTS):
            run = self._runs.load(id_)
            if run.state not in (CREATED, RUNNING, FAILED, CANCELLED):
                raise Rejected("wrong_state", f"the import has {run.state} already", status=409)
            try:
                if run.state != CANCELLED:
                    total = Count.total(self._runs.notes(id_).values())
                    run = run.next(state=CANCELLED, ended=now, count=total.to_row())
                    self._runs.save(run)
            except Conflict as error:
                lost = error
                continue
            if run.attempt:
                self._workflow.stop(run.execution, "cancelled")
            self._runs.end_turn(run.mapping or "", id_)
            return run
        raise lost

    def rejects(self, id_: str) -> str:
        """A link to the file of rejected rows. Raises Rejected(`wrong_state`), NotFound(`no_rejects`)."""
        run = self._runs.load(id_)
        if run.state in (CREATED, RUNNING):
            raise Rejected("wrong_state", "the file of rejects is written when the import ends", status=409)
        key = own_key(id_, REJECTS)
        if self._files.look(key) is None:
            raise NotFound("no_rejects", "no row was rejected, or the file was deleted because of its age")
        return self._files.download_link(key)

    def load_object(self, key: str, version: str, at: int, now: int) -> Run | None:
        """Import an object that appeared under imports/<mapping>/ at `at` (epoch ms); None for any other object.

        An object that is announced again is imported once. What hinders it is kept as a run that failed.
        """
        folder, _, file = key.removeprefix(INBOX).partition("/")
        if not key.startswith(INBOX) or not file or file.endswith("/"):
            return None
        run = Run(id_of_object(key, version, at), PurePosixPath(file).name, key, folder, False, CREATED, now).next()
        try:
            self._runs.save(run)
        except Conflict:
            run = self._runs.load(run.id)
        if run.state == RUNNING:
            self._workflow.start(run.execution, {"run": run.id})
        if run.state != CREATED:
            return run
        try:
            return self._start(run, folder, None, now)
        except Rejected as error:
            failed = run.next(state=FAILED, ended=now, failure=failure_of(error))
            self._runs.save(failed)
            return failed

    def located(self, run: Run) -> Run:
        """The run with the size and ETag of its file. Raises Rejected(`no_file`, `too_large`)."""
        found = self._files.look(run.key)
        if found is None:
            raise Rejected("no_file", "the file is not there yet: PUT it to upload.url first", status=409)
        _small_enough(found[0], "file")
        return replace(run, size=found[0], etag=found[1])

    def chosen(self, run: Run, mapping: str | Mapping | None) -> Chosen:
        """The mapping of that name or document, by default the one that the run was made with. Raises Rejected(`no_mapping`)."""
        wanted = mapping if mapping is not None else run.mapping
        if wanted is None:
            raise Rejected("no_mapping", "name a mapping, or send one: the preview proposes it", "mapping")
        return self.mapping(wanted) if isinstance(wanted, str) else given(wanted)

    def mapping(self, name: str) -> Chosen:
        """The saved mapping of that name, else the ready one. Raises NotFound(`unknown_mapping`)."""
        found = self._definitions.current(KIND, name) if name else None  # imports//orders.csv
        if found is not None:
            return Chosen(name, Mapping.model_validate(found.document))
        if name in READY:
            return Chosen(name, READY[name])
        raise NotFound("unknown_mapping", f"there is no mapping {name[:63]!r}: GET /api/mappings lists the saved ones, the ready "
                       f"ones are {', '.join(READY)}", "mapping")


def _small_enough(size: int, field: str) -> None:
    if size > MAX_BYTES:
        raise Rejected("too_large", f"the file has {size:,} bytes, {MAX_BYTES:,} are allowed: cut it into several", field,
                       status=413)
