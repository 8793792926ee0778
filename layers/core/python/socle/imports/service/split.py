"""First step of a run: read the file once, check each row by itself, and sort the rows into buckets.

Only what is not yet written to the bucket is in memory. A split that broke off is done again and writes the same objects;
one that was finished is not done again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from socle.clock import HOUR, SECOND
from socle.errors import Rejected
from socle.imports import convert
from socle.imports.model import BUCKETS, Reject, Row, Rows
from socle.imports.people import Plan
from socle.imports.pieces import Shelves
from socle.imports.runs import RUNNING, Count, Run, Split, own_key
from socle.imports.service.source import mapping_of, opened
from socle.imports.store import ImportFiles, RunStore

LONGEST = 24 * HOUR
"""How long a run may use its mapping alone, and how long its workflow may take."""
TASK_ROWS = 20_000
"""Rows that are converted by one call, roughly: fewer calls for small files, several at a time for large ones."""
NOTED = 50_000
"""Rows between two notes of how far the split is."""
_LEFT = 20 * SECOND


class Splitter:
    """Splits files. `scratch` is a folder for copies of files that cannot be streamed."""

    def __init__(self, runs: RunStore, files: ImportFiles, scratch: Path) -> None:
        self._runs = runs
        self._files = files
        self._scratch = scratch

    def split(self, id_: str, now: int, left: Callable[[], int]) -> list[list[int]]:
        """Split the file of a run; answers the tasks, lists of buckets. `left()` is how many ms there are to do it.

        Raises Conflict while another run uses the same mapping, Rejected for what no other try would mend.
        """
        run = running(self._runs, id_)
        mapping = mapping_of(self._files, run)
        if not run.dry_run:
            self._runs.take_turn(run.mapping or "", id_, now, now + LONGEST)
        done = self._files.read(own_key(id_, "split.json"))
        if done is not None:
            return Split.from_row(json.loads(done)).tasks
        with opened(self._files, run, mapping, self._scratch) as rows:
            plan = convert.plan(run.mapping or "", mapping, rows.columns, rows.is_open)
            split = self._sort(run, plan, rows, now, left)
        self._runs.note(id_, "split", split.count, now)
        self._files.write(own_key(id_, "split.json"), json.dumps(split.to_row()).encode())
        return split.tasks

    def _sort(self, run: Run, plan: Plan, rows: Rows, now: int, left: Callable[[], int]) -> Split:
        shelves, count = Shelves(), Count()
        codes: Counter[str] = count.rejected
        prepare, bucket_of, add = convert.prepare, convert.bucket_of, shelves.add
        for row in rows.rows:
            found = row if isinstance(row, Reject) else prepare(plan, row)
            if isinstance(found, Reject):
                codes[found.code] += 1
                full = add("rejects/split", list(found))
                if isinstance(row, Row) and (key := plan.whole(row)) is not None:
                    full = chain(full, add(f"rows/{bucket_of(key):02}", [key, found.number, None]))
            else:
                full = add(f"rows/{bucket_of(found.key):02}", list(found))
            count.rows += 1
            for name, data in full:
                self._files.write(own_key(run.id, name), data)
            if count.rows % NOTED == 0:
                if left() < _LEFT:
                    raise Rejected("too_slow", "the file can't be read within 15 minutes: cut it into several", "file")
                self._runs.note(run.id, "split", count, now)
        for name, data in shelves.finish():
            self._files.write(own_key(run.id, name), data)
        buckets = {bucket: shelves.names[shelf] for bucket in range(BUCKETS) if (shelf := f"rows/{bucket:02}") in shelves.names}
        sizes = {bucket: shelves.rows[f"rows/{bucket:02}"] for bucket in buckets}
        return Split(rows.columns, rows.is_open, buckets, list(_tasks(sizes)), shelves.names.get("rejects/split", []), count)


def running(runs: RunStore, id_: str) -> Run:
    """The run, which must be under way. Raises Rejected(`not_running`): it was cancelled, or has ended."""
    run = runs.load(id_)
    if run.state != RUNNING:
        raise Rejected("not_running", f"the import is {run.state}", status=409)
    return run


def _tasks(sizes: dict[int, int]) -> Iterator[list[int]]:
    task: list[int] = []
    rows = 0
    for bucket, size in sizes.items():
        if task and rows + size > TASK_ROWS:
            yield task
            task, rows = [], 0
        task.append(bucket)
        rows += size
    if task:
        yield task


def read_split(files: ImportFiles, id_: str) -> Split | None:
    """What the split of a run left; None when it is not done."""
    data: Any = files.read(own_key(id_, "split.json"))
    return Split.from_row(json.loads(data)) if data is not None else None
