"""Preview a segment that is not saved: as many buckets of the lake as there is time for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from socle.definitions.store import DefinitionStore
from socle.errors import Rejected
from socle.iso import to_iso
from socle.lake.manifest import local_bucket
from socle.lake.query import Connection, open_buckets
from socle.lake.store import LakeStore
from socle.segments.plan import Plans
from socle.segments.preview import COUNTS, MEMBERS, PEOPLE, Tally, batches
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS
from socle.segments.sql.compile import members_sql

BUDGET = 8_000
"""Ms after which no other bucket is begun."""


class Previews:
    """Looks at the lake. `connect` makes a DuckDB connection, `timer` answers milliseconds that pass."""

    def __init__(self, lake: LakeStore, definitions: DefinitionStore, connect: Callable[[], Connection],
                 timer: Callable[[], int]) -> None:
        self._lake = lake
        self._definitions = definitions
        self._connect = connect
        self._timer = timer

    def preview(self, document: Mapping[str, Any], now: int, directory: Path, budget: int = BUDGET) -> dict[str, Any]:
        """Size, sample, breakdown and overlap (preview.Tally.report) of a segment's document at `now` (epoch ms).

        Other segments overlap by what the lake says of them. Raises Rejected(`no_lake`) before the first compaction.
        """
        begun = self._timer()
        manifest = self._lake.manifest()
        if manifest is None:
            raise Rejected("no_lake", "nothing was compacted into the lake yet: POST /api/lake/compact, and try again in a "
                           "minute", status=409)
        plans = Plans(*({one.name: one.document for one in self._definitions.list_current(kind)}
                        for kind in (SEGMENTS, COMPUTED_TRAITS)))
        query = members_sql(plans.condition(document["when"], document.get("timezone") or "UTC"), now)
        everybody = sum(files.rows[1] for files in manifest.buckets.values())
        tally = Tally()
        with self._connect() as connection:
            for numbers in batches({number: files.size for number, files in manifest.buckets.items()}):
                if tally.buckets and self._timer() - begun >= budget:
                    break
                here = directory / f"from-{numbers[0]}"
                self._lake.fetch_all([key for number in numbers for key in manifest.buckets[number].keys[:2]], here)
                open_buckets(connection, [local_bucket(manifest, number, here) for number in numbers], query.columns)
                connection.execute(f"CREATE OR REPLACE TEMP TABLE members AS {MEMBERS.format(query=query.sql)}")
                tally.add(len(numbers), {what: connection.execute(sql).fetchall() for what, sql in COUNTS},
                          connection.execute(PEOPLE).fetchall())
                shutil.rmtree(here)
        return tally.report(everybody) | {
            "buckets": {"read": tally.buckets, "of": len(manifest.buckets)}, "lake": to_iso(manifest.made)}
