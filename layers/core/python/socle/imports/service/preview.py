"""The first rows of a file, and what each becomes by a mapping that is named, sent, or proposed."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from socle.errors import Rejected
from socle.imports import convert
from socle.imports.formats import needs_path
from socle.imports.infer import infer
from socle.imports.model import Format, Prepared, Reject, Row
from socle.imports.people import Plan
from socle.imports.service.requests import Imports
from socle.imports.service.source import opened
from socle.imports.store import ImportFiles

MAX_COPIED = 100 * 1024 * 1024
"""Bytes of a workbook or Parquet file of which a preview is made: it is copied for that."""
INFERRED = 200
"""Rows from which a mapping is proposed."""


class Preview:
    """Previews of files that were uploaded. `scratch` is a folder for copies of files that cannot be streamed."""

    def __init__(self, imports: Imports, files: ImportFiles, scratch: Path) -> None:
        self._imports = imports
        self._files = files
        self._scratch = scratch

    def show(self, id_: str, mapping: str | None, limit: int) -> dict[str, Any]:
        """Up to `limit` rows. Raises Rejected(`no_file`, `too_large`, `missing_column` and what formats say of a file)."""
        run = self._imports.located(self._imports.get(id_))
        chosen = self._imports.chosen(run, mapping) if mapping or run.mapping else None
        options = chosen.mapping.format if chosen else Format()
        if needs_path(run.file, options) and (run.size or 0) > MAX_COPIED:
            raise Rejected("too_large", f"a preview of a file in this format takes {MAX_COPIED:,} bytes: start a dry run", "file")
        with opened(self._files, run, chosen.mapping if chosen else None, self._scratch) as rows:
            first = list(islice(rows.rows, limit if chosen else max(limit, INFERRED)))
            shown: dict[str, Any] = {"columns": rows.columns, "notes": list(rows.notes)}
        name, ready, found = run.mapping or "", None, chosen.mapping if chosen else None
        if chosen:
            name = chosen.name
        else:
            try:
                proposal = infer(rows.columns, [row for row in first if isinstance(row, Row)])
            except Rejected as error:
                shown["notes"].append(error.message)
            else:
                found, ready = proposal.mapping, proposal.ready
                shown["notes"] += proposal.notes
        plan = convert.plan(name, found, rows.columns, rows.is_open) if found else None
        shown["notes"] += plan.notes if plan else ()
        shown |= {"mapping": found.model_dump(mode="json", exclude_defaults=True) if found else None,
                  "name": chosen.name if chosen else None, "ready": ready}
        return shown | _converted(plan, first[:limit])


def _converted(plan: Plan | None, rows: list[Row | Reject]) -> dict[str, Any]:
    shown, groups = [], dict[str, list[Prepared]]()
    for row in rows:
        found = convert.prepare(plan, row) if plan and isinstance(row, Row) else row
        if isinstance(found, Prepared):
            groups.setdefault(found.key, []).append(found)
        fault = {"code": found.code, "column": found.column, "message": found.message} if isinstance(found, Reject) else None
        shown.append({"number": row.number, "cells": _texts(row.cells), "reject": fault})
    messages = [{"message": draft.message, "rows": list(draft.rows)}
                for key, group in groups.items() if plan for draft in convert.messages(plan, key, group) if not draft.is_void]
    return {"rows": shown, "messages": messages}


def _texts(cells: list[Any]) -> list[Any]:
    """Cells as JSON has them: dates of workbooks and Parquet files as text."""
    return [cell if cell is None or isinstance(cell, str | int | float | bool) else str(cell) for cell in cells]
