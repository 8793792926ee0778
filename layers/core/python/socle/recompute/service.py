"""The steps of a recompute: freeze what it goes by, evaluate some buckets, add up. Each may be done again.

Whoever differs from what their profile says gets a tick, and the one writer path looks again: a recompute changes nobody itself.
A tick that is sent twice is looked at twice, and finds nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from socle import clock
from socle.definitions.model import Definition
from socle.events.group import Record
from socle.events.model import RECHECK, Tick
from socle.events.stream import encode_ticks
from socle.lake.manifest import LocalBucket
from socle.lake.query import open_buckets
from socle.lake.store import LakeStore
from socle.recompute.compare import compare, told, write_members
from socle.recompute.model import Frozen, remembered, report
from socle.recompute.store import RecomputeStore
from socle.segments.document import COMPUTED, KIND
from socle.segments.inputs import columns_of
from socle.segments.nodes import Node
from socle.segments.plan import Plans
from socle.segments.rules import set_number

LATELY = 2 * clock.DAY
"""Ms for which a journey is new: there is a recompute every day."""
PER_CALL = 500
"""Ticks of one call of the stream, each a record of its own: apply_events takes up to 1,000 records in two minutes."""
PAUSE = 2_000
"""Milliseconds between two calls. Four parts run at a time: 1,000 ticks a second, as RFM sends them. The rest is for events."""
MOST = 150_000
"""Ticks of a part, ten minutes of them: who differs beyond that is told by the next run, when the first ones differ no more."""


class Stream(Protocol):
    """Where ticks go."""

    def put(self, records: Sequence[Record]) -> None: ...


class Recompute:
    """The steps. Raises Unavailable in an outage; a step that failed is done again."""

    def __init__(self, store: RecomputeStore, lake: LakeStore, definitions: Callable[[str], Sequence[Definition]],
                 stream: Stream, wait: Callable[[int], None] = clock.wait,
                 dated: Callable[[], Iterable[tuple[str, int]]] = tuple) -> None:
        """`dated`: traits by whose dates people enter journeys, and when these were published, epoch ms."""
        self._store = store
        self._lake = lake
        self._definitions = definitions
        self._stream = stream
        self._wait = wait
        self._dated = dated

    def plan(self, run: str, now: int) -> dict[str, Any]:
        """Freeze definitions, lake and time. Answers `{"parts": [[bucket, …], …]}`."""
        found = {kind: list(self._definitions(kind)) for kind in (KIND, COMPUTED)}
        documents = {kind: {one.name: one.document for one in those} for kind, those in found.items()}
        number = set_number([*found[KIND], *found[COMPUTED]]) if found[KIND] else 0
        dated = sorted({name for name, since in self._dated() if since > now - LATELY})
        manifest = self._lake.manifest()
        meanings = remembered(self._store.meanings(), number, _nodes(documents))
        created = {one.name: one.created for one in found[KIND] if one.version > 1}
        frozen = Frozen(run, now, number, documents, meanings, created, manifest.version if manifest else 0,
                        manifest.buckets if manifest else {}, manifest.bucket_count if manifest else 1, dated)
        self._store.freeze(frozen)
        return {"parts": frozen.parts}

    def part(self, run: str, buckets: Sequence[int], disk: Path, memory_mb: int) -> None:
        """Evaluate everybody in some buckets, keep who is in, tell those who differ. `disk` is a directory to work in."""
        import duckdb  # heavy, and only needed here

        frozen = self._store.frozen(run)
        nodes = _nodes(frozen.definitions)
        files = [self._fetch(frozen, number, disk) for number in buckets]
        with duckdb.connect(config={"memory_limit": f"{memory_mb}MB", "temp_directory": str(disk / "spilled")}) as connection:
            open_buckets(connection, files, columns_of(nodes.values()))
            part = compare(connection, frozen, nodes)
            for number in buckets:
                write_members(connection, number, frozen.bucket_count, target := disk / "members.parquet")
                self._store.save_members(run, number, target)
            sent = self._tell(told(connection, PER_CALL))
        self._store.save(run, buckets[0], part._replace(ticks=sent))

    def finish(self, run: str, now: int) -> dict[str, Any]:
        """Add the parts up and publish the report; answers it."""
        frozen = self._store.frozen(run)
        found = report(frozen, [self._store.part(run, buckets[0]) for buckets in frozen.parts], now)
        self._store.publish(found)
        return found

    def _tell(self, told: Iterator[list[str]]) -> int:
        """Send ticks as fast as events bear it, to MOST at most; answers how many."""
        sent = 0
        for profiles in told:
            if sent:
                self._wait(PAUSE)
            self._stream.put([_record(profile) for profile in profiles])
            sent += len(profiles)
            if sent >= MOST:
                break
        return sent

    def _fetch(self, frozen: Frozen, number: int, disk: Path) -> LocalBucket:
        bucket = frozen.buckets[number]
        events, profiles = self._lake.fetch_all([bucket.events, bucket.profiles], disk)
        return LocalBucket(events, profiles, bucket.columns)


def _nodes(documents: Any) -> dict[str, Node]:
    plans = Plans(documents.get(KIND, {}), documents.get(COMPUTED, {}))
    return {name: plans.segment(name) for name in documents.get(KIND, {})}


def _record(profile: str) -> Record:
    # To the shard of the profile's own events, so that the two do not race.
    return Record(profile, encode_ticks([Tick(profile, RECHECK)]))
