"""Last step of a run: what all its parts came to, and the rows that were not taken as one file with the reason of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import merge
from operator import attrgetter
from pathlib import Path

from socle.errors import Conflict, SocleError
from socle.imports import rejects as sheet
from socle.imports.model import Reject
from socle.imports.pieces import rejects_of
from socle.imports.runs import FAILED, RUNNING, SUCCEEDED, Count, Failure, Run, Split, failure_of, own_key
from socle.imports.service.source import mapping_of, opened
from socle.imports.service.split import read_split
from socle.imports.store import ImportFiles, RunStore

REJECTS = "rejects.csv"
_LINES = 2_000
"""Rejects that are written by one call."""


class Finisher:
    """Ends runs, well or badly."""

    def __init__(self, runs: RunStore, files: ImportFiles, scratch: Path) -> None:
        self._runs = runs
        self._files = files
        self._scratch = scratch

    def finish(self, id_: str, now: int) -> Count:
        """Write the file of rejects, then that the run succeeded. Doing it again changes nothing."""
        run, split = self._runs.load(id_), read_split(self._files, id_)
        total = Count.total(self._runs.notes(id_).values())
        if run.state == RUNNING and split is not None:
            if total.rejected:
                self._files.write_stream(own_key(id_, REJECTS), self._sheet(run, split), "text/csv; charset=utf-8")
            self._runs.save(run.next(state=SUCCEEDED, ended=now, count=total.to_row(), failure=None))
        self._runs.end_turn(run.mapping or "", id_)
        return total

    def give_up(self, id_: str, now: int) -> None:
        """Write that the run failed, unless it has ended: it can be started again, and goes on where it stopped."""
        run = self._runs.load(id_)
        if run.state == RUNNING:
            failure = run.failure or Failure(
                "broken_off", f"a step failed again and again: the workflow's execution {run.execution} says how; then start "
                "the import again, it goes on where it stopped")
            total = Count.total(self._runs.notes(id_).values())
            self._runs.save(run.next(state=FAILED, ended=now, failure=failure, count=total.to_row()))
        self._runs.end_turn(run.mapping or "", id_)

    def _sheet(self, run: Run, split: Split) -> Iterator[bytes]:
        early = (reject for name in split.rejects for reject in self._rejects(run, name))
        late = list(filter(None, (self._files.read(own_key(run.id, f"rejects/bucket-{bucket:02}.gz"))
                                  for bucket in split.buckets)))
        found: Iterable[Reject] = early
        if late:
            numbered = merge(*(rejects_of(data) for data in late), key=attrgetter("number"))
            found = merge(early, self._with_cells(run, numbered), key=attrgetter("number"))
        yield sheet.header(split.columns).encode()
        waiting: list[Reject] = []
        for reject in found:
            waiting.append(reject)
            if len(waiting) == _LINES:
                yield sheet.lines(split.columns, waiting).encode()
                waiting = []
        yield sheet.lines(split.columns, waiting).encode()

    def _rejects(self, run: Run, name: str) -> Iterator[Reject]:
        return rejects_of(self._files.read(own_key(run.id, name)) or b"")

    def _with_cells(self, run: Run, rejects: Iterator[Reject]) -> Iterator[Reject]:
        """Rejects by number, which lack their cells, with what stands in the file: read once more, as few files need it."""
        mapping = mapping_of(self._files, run)
        with opened(self._files, run, mapping, self._scratch) as rows:
            reject = next(rejects, None)
            for row in rows.rows:
                while reject is not None and reject.number == row.number:
                    yield reject._replace(cells=row.cells)
                    reject = next(rejects, None)
                if reject is None:
                    return


def remember_failure(runs: RunStore, id_: str, error: SocleError) -> None:
    """Keep why a step can't be done, for the one that ends the run: the workflow carries no more than a name and a text."""
    try:
        run = runs.load(id_)
        if run.state == RUNNING:
            runs.save(run.next(failure=failure_of(error)))
    except Conflict:
        pass  # another step has said why, or the run was cancelled

