"""Last step of a run: one manifest that says what the export is. Without a manifest there is no export."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from socle.errors import Conflict, Rejected, SocleError
from socle.exports.layouts import layout_of, says_change
from socle.exports.model.document import CHANGE, ExportDocument
from socle.exports.model.run import FAILED, MANIFEST, PREFIX, RUNNING, SUCCEEDED, Run, key_of, state_key
from socle.exports.service.deliver import REFUSED
from socle.exports.service.plan import INDEX, SENT, document_of, read_plan, receiver_of
from socle.exports.store import ExportFiles, RunStore
from socle.iso import to_iso


class Finisher:
    """Ends runs, well or badly."""

    def __init__(self, runs: RunStore, files: ExportFiles) -> None:
        self._runs = runs
        self._files = files

    def finish(self, export: str, id_: str, now: int) -> dict[str, Any]:
        """Write the manifest, then that the run succeeded; answers its counts. Doing it again changes nothing.

        Raises Rejected(`overtaken`) when another run is under way.
        """
        run = self._runs.load(export, id_)
        plan = read_plan(self._files, export, id_)
        if run.state == RUNNING:
            if self._runs.turn(export) != id_:
                raise Rejected("overtaken", "another run of this export is under way: wait for it")
            manifest = self._files.read_json(key_of(export, id_, MANIFEST)) or self._conclude(plan, now)
            self._files.write(f"{PREFIX}{export}/latest.json", json.dumps(
                {"run": id_, "manifest": key_of(export, id_, MANIFEST), "made": manifest["made"]}).encode())
            run = run.next(state=SUCCEEDED, ended=now, counts=manifest["counts"], failure=None)
            self._runs.save(run)
        if plan["base"] and run.state == SUCCEEDED:
            base = plan["base"]
            self._files.delete([*(file["key"] for file in base["files"]), *base["refused"], base["index"]])
        self._runs.end_turn(export, id_)
        return run.counts or {}

    def give_up(self, export: str, id_: str, now: int) -> None:
        """Write that the run failed, unless it has ended; one whose manifest is there has succeeded."""
        run = self._runs.load(export, id_)
        if run.state == RUNNING:
            manifest = self._files.read_json(key_of(export, id_, MANIFEST))
            if manifest is not None:
                self._runs.save(run.next(state=SUCCEEDED, ended=now, counts=manifest["counts"], failure=None))
            else:
                failure = run.failure or {"code": "broken_off", "message": "a step failed again and again: the workflow's "
                                          f"execution {run.execution} says how; then run the export again"}
                self._runs.save(run.next(state=FAILED, ended=now, failure=failure))
        self._runs.end_turn(export, id_)

    def _conclude(self, plan: Mapping[str, Any], now: int) -> dict[str, Any]:
        export, id_, document = plan["export"], plan["run"], document_of(plan)
        parts = [self._read(export, id_, f"_part-{part:03}.json") for part in range(len(plan["parts"]))]
        delivered = None
        refused: list[int] = []
        if document.destination.type == "webhook":
            sent = [self._read(export, id_, SENT.format(part)) for part in range(len(parts))]
            refused = [part for part, one in enumerate(sent) if one["refused"] or one["unsent"]]
            delivered = {"sent": sum(one["sent"] for one in sent),
                         "refused": sum(len(one["refused"]) + one["unsent"] for one in sent),
                         "refused_files": [key_of(export, id_, REFUSED.format(part)) for part in refused]}
        if document.mode == "delta":
            index = {"index": state_key(export, id_, INDEX), "made": now, "count": plan["lake"]["count"],
                     "receiver": receiver_of(document),
                     "files": [part["state"] for part in parts],
                     "refused": [state_key(export, id_, REFUSED.format(part)) for part in refused]}
            self._files.write(index["index"], json.dumps(index).encode())
        manifest = _manifest(plan, document, parts, delivered, now)
        self._files.write(key_of(export, id_, MANIFEST), json.dumps(manifest, indent=1).encode())
        return manifest

    def _read(self, export: str, id_: str, name: str) -> dict[str, Any]:
        found = self._files.read_json(key_of(export, id_, name))
        if found is None:
            raise Rejected("part_missing", f"{name} of this run is not there: run the export again")
        return dict(found)


def _manifest(plan: Mapping[str, Any], document: ExportDocument, parts: Sequence[Mapping[str, Any]],
              delivered: Mapping[str, Any] | None, now: int) -> dict[str, Any]:
    seen, changes = Counter[str](), Counter[str]()
    for part in parts:
        seen.update(part["seen"])
        changes.update(part["changes"])
    files = [file for part in parts for file in part["files"]]
    counts: dict[str, Any] = {
        "members": seen["members"], "rows": sum(part["rows"] for part in parts),
        "left_out": {"consent": seen["consent"], "address": seen["address"]}, "bytes": sum(file["bytes"] for file in files)}
    if document.mode == "delta":
        counts["changes"] = {name: changes[name] for name in ("added", "changed", "removed", "unchanged")}
    if delivered:
        counts |= {"sent": delivered["sent"], "refused": delivered["refused"]}
    schema = [{"name": column.name, "type": str(column.type)} for column in layout_of(document).columns]
    return {
        "export": plan["export"], "run": plan["run"], "made": now, "at": to_iso(plan["planned"]), "definition": plan["version"],
        "segment": document.segment, "layout": document.layout, "format": document.format, "mode": document.mode,
        "is_first": document.mode == "delta" and plan["base"] is None,
        "purpose": document.purpose.model_dump() if document.purpose else None,
        "lake": {"version": plan["lake"]["version"], "made": to_iso(plan["lake"]["made"])},
        "schema": [*([{"name": CHANGE, "type": "text"}] if says_change(document) else []), *schema],
        "files": files, "delivery": delivered, "counts": counts}


def remember_failure(runs: RunStore, export: str, id_: str, error: SocleError) -> None:
    """Keep why a step can't be done, for the one that ends the run."""
    try:
        run: Run = runs.load(export, id_)
        if run.state == RUNNING:
            runs.save(run.next(failure=error.to_json()["error"]))
    except Conflict:
        pass  # another step has said why
