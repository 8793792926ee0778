"""The file of a run, opened: streamed from the bucket, or copied to the disk where its format needs that."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from socle.errors import Rejected
from socle.imports.formats import needs_path, open_rows
from socle.imports.model import Format, Mapping, Rows
from socle.imports.named import named_columns
from socle.imports.runs import Run, own_key
from socle.imports.store import ImportFiles


@contextmanager
def opened(files: ImportFiles, run: Run, mapping: Mapping | None, scratch: Path) -> Iterator[Rows]:
    """The rows of a run's file; a copy of it lies in the folder `scratch` meanwhile if it needs one.

    Raises Rejected for a file that is no file of rows, or that changed since the run was started.
    """
    options = mapping.format if mapping else Format()
    wanted = named_columns(mapping) if mapping else []
    stream = files.open(run.key, run.size or 0, run.etag or "")
    if not needs_path(run.file, options):
        with stream:
            yield open_rows(stream, run.file, options, wanted)
        return
    copy = scratch / f"{run.id}{Path(run.file).suffix}"
    try:
        with stream, copy.open("wb") as target:
            shutil.copyfileobj(stream, target, 1 << 20)
        yield open_rows(copy, run.file, options, wanted)
    finally:
        copy.unlink(missing_ok=True)


def mapping_of(files: ImportFiles, run: Run) -> Mapping:
    """The mapping as it was when the run was started: whoever changes it meanwhile changes the next run."""
    document = files.read(own_key(run.id, run.frozen)) if run.frozen else None
    if document is None:
        raise Rejected("not_started", "the import was not started: POST /api/imports/<id>/start", status=409)
    return Mapping.model_validate(json.loads(document))
