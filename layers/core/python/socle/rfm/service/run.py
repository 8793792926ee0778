"""A run: score all customers of the lake, keep the report, tell those whose values changed.

Both steps may be done again. What was computed stays computed, and a tick that is sent twice says the same twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from socle.errors import NotFound
from socle.events.group import Record
from socle.events.model import RECHECK, Tick
from socle.events.stream import encode_ticks
from socle.rfm.compute import SCORES, Connection, begin, collect, main_currency, score
from socle.rfm.model import GIVEN, Change, RfmRules, Scores
from socle.rfm.report import report
from socle.rfm.store import RfmStore

CHUNK = 500
"""Ticks of one call to the stream."""
PAUSE = 500
"""Milliseconds between two calls: 1,000 ticks a second at most, a quarter of what a new stream takes, and a third of what one
shard's consumer does. The rest is for events."""
STEP = 60_000
"""Ticks of one step, a minute or two: what is sent again when one fails."""


class People(Protocol):
    """The profiles of the lake."""

    def made(self) -> int | None:
        """When the lake was made, epoch ms; None when there is none yet."""

    def buckets(self, connection: Connection, disk: Path) -> Iterator[int]:
        """Make the view `profiles` (profile, orders, given) of one bucket after the other."""


class Stream(Protocol):
    """Takes records for good; Unavailable when it cannot."""

    def put(self, records: Any) -> None: ...


class RfmRun:
    """Does the steps of a run. `wait` lets that many milliseconds pass."""

    def __init__(self, store: RfmStore, people: People, stream: Stream, rules: Callable[[], RfmRules],
                 wait: Callable[[int], None]) -> None:
        self._store = store
        self._people = people
        self._stream = stream
        self._rules = rules
        self._wait = wait

    def compute(self, run: str, now: int, disk: Path, memory_mb: int) -> dict[str, Any]:
        """Score everybody as of `now` (epoch ms). Answers `{"customers", "changed", "from"}`: `from` is where telling begins,
        None when nobody is told.

        disk       a folder for files of the lake, and for what does not fit into memory
        memory_mb  what DuckDB may use
        """
        found = self._store.report(run)
        if found is None:
            found = self._compute(run, now, disk, memory_mb)
        self._store.publish(found)
        return {"customers": found["customers"], "changed": found["changed"], "from": 0 if found["changed"] else None}

    def tell(self, run: str, start: int, disk: Path) -> dict[str, Any]:
        """Send ticks to those who must be told, from number `start` on. Answers `{"from"}`: where the next step goes on, None at
        the end. Raises NotFound for a run that is too long ago."""
        file = self._store.fetch_changes(run, disk / "changes.parquet")
        if file is None:
            raise NotFound("unknown_run", "nothing is kept of this run any more: start another one", "run")
        sent = 0
        for chunk in _changes(file, start):
            if sent:
                self._wait(PAUSE)
            self._stream.put([_record(change) for change in chunk])
            sent += len(chunk)
        return {"from": start + STEP if sent == STEP else None}

    def _compute(self, run: str, now: int, disk: Path, memory_mb: int) -> dict[str, Any]:
        import duckdb  # 60 MB, and only this function needs it

        rules, newest = self._rules(), self._store.latest()
        before = self._store.fetch_scores(newest["run"], disk / "before.parquet") if newest is not None else None
        with duckdb.connect(config={"memory_limit": f"{memory_mb}MB", "temp_directory": str(disk / "duckdb")}) as connection:
            begin(connection, None if before is None else str(before))
            made = self._people.made()
            for _ in self._people.buckets(connection, disk) if made is not None else ():
                collect(connection)
            currency = rules.currency or main_currency(connection)
            score(connection, rules, currency or "", now)
            found = report(connection, rules, currency, run, now, made)
            scores, changes = disk / "scores.parquet", disk / "changed.parquet"
            connection.execute(f"COPY (FROM scored ORDER BY profile) TO '{scores}' (COMPRESSION zstd)")
            connection.execute(f"COPY (FROM changed ORDER BY number) TO '{changes}' (COMPRESSION zstd)")
            found["changed"] = connection.execute("SELECT count(*) FROM changed").fetchone()[0]  # type: ignore[index]
        self._store.save(run, scores, changes, found)
        return found


def _changes(file: Path, start: int) -> Iterator[list[Change]]:
    """A step's changes from number `start` on, in chunks."""
    import duckdb

    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT profile, {SCORES} FROM read_parquet($file) "  # noqa: S608 (own names)
            "WHERE number >= $start AND number < $end ORDER BY number",
            {"file": str(file), "start": start, "end": start + STEP})
        while chunk := rows.fetchmany(CHUNK):
            yield [Change(row[0], None if row[1] is None else Scores(*row[1:])) for row in chunk]


def _record(change: Change) -> Record:
    given = {GIVEN: None if change.scores is None else change.scores._asdict()}
    # To the shard of the profile's own events, so that the two do not race.
    return Record(change.profile, encode_ticks([Tick(change.profile, RECHECK, given)]))
