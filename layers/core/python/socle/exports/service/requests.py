"""What people ask of exports: run one now, see what became of its runs, fetch its files; and the runs that fall due."""

from __future__ import annotations

from typing import Any

from socle.errors import Conflict, NotFound, Rejected
from socle.exports.model.document import KIND, ExportDocument
from socle.exports.model.run import FAILED, MANIFEST, RUNNING, Run, key_of
from socle.exports.service.plan import Definitions as Documents
from socle.exports.store import ExportFiles, RunStore
from socle.imports.runs import id_of_object, run_id
from socle.schedule import next_time
from socle.workflows.store import Workflow

HAND, SCHEDULE = "hand", "schedule"


class Exports:
    """Starts runs, one at a time for each export, and shows them."""

    def __init__(self, runs: RunStore, files: ExportFiles, definitions: Documents, workflow: Workflow) -> None:
        self._runs = runs
        self._files = files
        self._definitions = definitions
        self._workflow = workflow

    def start(self, export: str, chance: str, now: int) -> Run:
        """Run an export. Raises NotFound, Rejected(`export_running`, 409), Conflict."""
        self._document(export)
        return self._begin(Run(run_id(now, chance), export, RUNNING, HAND, now, version=1))

    def page(self, export: str, limit: int, before: str | None) -> list[Run]:
        """Up to `limit` runs older than the id `before`, newest first. Raises NotFound without any, of no export."""
        found = self._runs.page(export, limit, before)
        if not found and before is None:
            self._document(export)
        return found

    def show(self, export: str, id_: str) -> dict[str, Any]:
        """A run, with its manifest when it has succeeded and its files are still there. Raises NotFound."""
        run = self._runs.load(export, id_)
        return {**run.to_json(), "manifest": self._files.read_json(key_of(export, id_, MANIFEST))}

    def link(self, export: str, id_: str, file: str) -> str:
        """A URL for a file of a finished run: one that its manifest names, or the manifest. Raises NotFound."""
        self._runs.load(export, id_)
        manifest = self._files.read_json(key_of(export, id_, MANIFEST))
        if manifest is None:
            raise NotFound("no_files", "this run has no files: it has not ended well, or they are gone: files stay a few days")
        refused = (manifest["delivery"] or {}).get("refused_files", [])
        known = {MANIFEST, *(one["file"] for one in manifest["files"]), *(key.rpartition("/")[2] for key in refused)}
        if file not in known:
            raise NotFound("unknown_file", f"this run has no such file: it has {', '.join(sorted(known)[:20])}", "file")
        return self._files.download_link(key_of(export, id_, file))

    def start_due(self, export: str, document: ExportDocument, now: int) -> Run | None:
        """Run an export if its schedule says so, and note when it is due next. A time that was missed is not made up for; an
        export that is still running skips its turn."""
        if document.schedule is None or not document.enabled:
            return None
        noted = self._runs.due(export)
        following = next_time(document.schedule, now)
        if noted is None or noted[0] != document.schedule:
            if following is not None:
                self._runs.set_due(export, document.schedule, following, noted[1] if noted else None)
            return None
        due = noted[1]
        if due > now:
            return None
        run = Run(id_of_object(export, document.schedule, due), export, RUNNING, SCHEDULE, now, version=1)
        try:
            started = self._begin(run)
        except Rejected:
            started = None
        self._runs.set_due(export, document.schedule, following if following is not None else _NEVER, due)
        return started

    def _begin(self, run: Run) -> Run:
        """Take the turn, keep the run, start its workflow: again after a crash, too."""
        holder = self._runs.turn(run.export)
        if holder != run.id:
            if holder is not None and self._is_under_way(run.export, holder):
                raise Rejected("export_running", f"run {holder} of this export is under way: wait for its end, GET /api/exports/"
                               f"{run.export}/runs shows it", status=409)
            try:
                self._runs.take_turn(run.export, run.id, holder)
            except Conflict as error:
                raise Rejected("export_running", "another run of this export has just begun: wait for its end",
                               status=409) from error
            if holder is not None:
                self._close(run.export, holder, run.started)
        try:
            self._runs.save(run)
        except Conflict:
            run = self._runs.load(run.export, run.id)  # begun before, and broken off
        if run.state == RUNNING:
            self._workflow.start(run.execution, {"export": run.export, "run": run.id})
        return run

    def _is_under_way(self, export: str, id_: str) -> bool:
        """Whether the run that has the turn still works: one whose workflow is over, or never began, has left it behind."""
        try:
            run = self._runs.load(export, id_)
        except NotFound:
            return False
        return run.state == RUNNING and self._workflow.state(run.execution) == "running"

    def _close(self, export: str, id_: str, now: int) -> None:
        """Write of a run that was left behind that it has failed."""
        try:
            run = self._runs.load(export, id_)
            if run.state == RUNNING:
                self._runs.save(run.next(state=FAILED, ended=now, failure=run.failure or {
                    "code": "broken_off", "message": "its workflow ended before it did"}))
        except (NotFound, Conflict):
            pass  # it never was one, or it says itself what became of it

    def _document(self, export: str) -> ExportDocument:
        found = self._definitions.current(KIND, export)
        if found is None:
            raise NotFound("unknown_definition", f"there is no exports/{export}: GET /api/exports lists what there is", "name")
        return ExportDocument.model_validate(found.document)


_NEVER = 253_402_300_799_000
"""The end of the year 9999, epoch ms."""
