"""The report of a run: what the workers wrote of its people, and as many buckets of the lake as there is time for."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from socle.errors import Rejected
from socle.iso import to_iso
from socle.lake.manifest import Manifest, local_bucket
from socle.lake.query import Connection, open_buckets
from socle.lake.store import LakeStore
from socle.reports.answer import answer
from socle.reports.measure import begin, load_outcomes, measure, unseen
from socle.reports.model import Found, Question
from socle.reports.store import OutcomeFiles
from socle.segments.preview import batches

BUDGET = 15_000
"""Ms after which no other bucket is begun."""


class Reports:
    """Reads only. `connect` makes a DuckDB connection, `timer` answers milliseconds that pass."""

    def __init__(self, lake: LakeStore, files: OutcomeFiles, connect: Callable[[], Connection], timer: Callable[[], int]) -> None:
        self._lake = lake
        self._files = files
        self._connect = connect
        self._timer = timer

    def report(self, question: Question, directory: Path, budget: int = BUDGET) -> dict[str, Any]:
        """The run's numbers (socle.reports.answer) by the lake as the last compaction left it.

        Raises Rejected(`no_lake`) before the first compaction. When time is up, it tells of the buckets that were read: a random
        part of the people, so that rates hold.
        """
        began = self._timer()
        manifest = self._lake.manifest()
        if manifest is None:
            raise Rejected("no_lake", "nothing was compacted into the lake yet: POST /api/lake/compact, and try again in a "
                           "minute", status=409)
        found, read = Found(), 0
        with self._connect() as connection:
            lines = self._files.outcomes(question.campaign, question.run, directory / "outcomes.ndjson")
            outcomes = load_outcomes(connection, lines, self._roots(manifest, directory), manifest.bucket_count)
            begin(connection)
            for numbers in batches({number: files.size for number, files in manifest.buckets.items()}):
                if read and self._timer() - began >= budget:
                    break
                here = directory / f"from-{numbers[0]}"
                self._lake.fetch_all([key for number in numbers for key in manifest.buckets[number].keys[:2]], here)
                open_buckets(connection, [local_bucket(manifest, number, here) for number in numbers], ())
                measure(connection, question, numbers, found)
                read += len(numbers)
                shutil.rmtree(here)
            unseen(connection, sorted({*range(manifest.bucket_count)} - {*manifest.buckets}), found)
        return {"campaign": question.campaign, "run": question.run, "as_of": to_iso(manifest.made),
                "complete": read == len(manifest.buckets), "buckets": {"read": read, "of": len(manifest.buckets)},
                **answer(outcomes, found, question.goal)}

    def _roots(self, manifest: Manifest, directory: Path) -> Path | None:
        key = manifest.state.get("roots")
        return self._lake.fetch(key, directory) if key else None
