"""What became of a journey's messages, step by step: as many buckets of the lake as there is time for."""

# ruff: noqa: S608 (the SQL is put together from this package's own constants; what people wrote is passed beside it)
from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from socle.errors import Rejected
from socle.iso import to_iso
from socle.lake.manifest import local_bucket
from socle.lake.query import Connection, open_buckets
from socle.lake.store import LakeStore
from socle.reports.measure import begin
from socle.reports.model import KINDS
from socle.reports.service.report import BUDGET
from socle.segments.preview import batches
from socle.segments.sql.quote import listed


class JourneyMessages:
    """Reads only. `connect` makes a DuckDB connection, `timer` answers milliseconds that pass."""

    def __init__(self, lake: LakeStore, connect: Callable[[], Connection], timer: Callable[[], int]) -> None:
        self._lake = lake
        self._connect = connect
        self._timer = timer

    def of(self, journey: str, directory: Path, budget: int = BUDGET) -> dict[str, Any]:
        """`{"messages": {step: {what: messages}}, "as_of", "complete"}` by the lake as the last compaction left it; a message
        counts once of everything that happened to it. Raises Rejected(`no_lake`)."""
        began, manifest = self._timer(), self._lake.manifest()
        if manifest is None:
            raise Rejected("no_lake", "nothing was compacted into the lake yet: POST /api/lake/compact, and try again in a "
                           "minute", status=409)
        found: dict[str, dict[str, int]] = {}
        read = 0
        with self._connect() as connection:
            begin(connection)
            for numbers in batches({number: files.size for number, files in manifest.buckets.items()}):
                if read and self._timer() - began >= budget:
                    break
                here = directory / f"from-{numbers[0]}"
                self._lake.fetch_all([key for number in numbers for key in manifest.buckets[number].keys[:2]], here)
                open_buckets(connection, [local_bucket(manifest, number, here) for number in numbers], ())
                for step, what, messages in _counted(connection, journey):
                    mine = found.setdefault(step, {})
                    mine[what] = mine.get(what, 0) + messages
                read += len(numbers)
                shutil.rmtree(here)
        return {"messages": found, "as_of": to_iso(manifest.made), "complete": read == len(manifest.buckets)}


def _counted(connection: Connection, journey: str) -> list[tuple[str, str, int]]:
    """(step, what, messages) of the open buckets. Messages of a journey have its name as campaign, and their step as variant."""
    def text(name: str) -> str:
        return f"coalesce(json_extract_string(properties, '$.{name}'), '')"

    rows: list[tuple[str, str, int]] = connection.execute(f"""
        SELECT {text("variant")} AS step,
               CASE WHEN what <> 'bounced' THEN what WHEN {text("hard")} = 'true' THEN 'bounced_hard'
                    ELSE 'bounced_soft' END AS said,
               count(DISTINCT (profile, regexp_replace({text("message")}, '-[0-9]+$', '')))
        FROM events JOIN meaning USING (name)
        WHERE source = 'socle' AND type = 'track' AND name IN ({listed(KINDS)}) AND {text("campaign")} = $journey
              AND length({text("run")}) = 20
        GROUP BY ALL ORDER BY ALL""", {"journey": journey}).fetchall()
    return rows
