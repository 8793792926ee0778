"""A rehearsal: a journey, saved or not, walked over what people did in a period of the past. Reads only."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from socle.clock import DAY
from socle.errors import Rejected
from socle.iso import to_iso
from socle.journeys.history import find, names_of, people
from socle.journeys.model.triggers import OnSchedule
from socle.journeys.service.scores import Definitions, Ready, ready
from socle.journeys.walk.tally import Tally, earner
from socle.journeys.walk.walk import times, walk
from socle.lake.manifest import local_bucket
from socle.lake.query import Connection, open_buckets
from socle.lake.store import LakeStore
from socle.segments.inputs import columns_of
from socle.segments.nodes import Node
from socle.segments.preview import batches

LONGEST = 400 * DAY
"""Ms of a period."""
MOST = 40_000
"""People who are walked: then no other bucket is begun, whatever the time, so that the same question has the same answer."""
BUDGET = 17_000
"""Ms after which no other bucket is begun either."""
MOST_TIMES = 100
"""Times at which a schedule asks people in, in one period."""


class Question(NamedTuple):
    """What is to be rehearsed.

    document    None: as it is saved
    begin, end  when people enter, epoch ms: from the first, before the second
    """

    journey: str
    begin: int
    end: int
    document: Mapping[str, Any] | None = None


def check_period(begin: int, end: int, now: int) -> None:
    """Refuse a period over which nothing can be walked. Raises Rejected(`bad_period`)."""
    if begin >= end:
        raise Rejected("bad_period", "the period is empty: `until` comes after `from`", "until")
    if end - begin > LONGEST:
        raise Rejected("bad_period", f"the period is longer than {LONGEST // DAY} days: take a part of it", "until")
    if end > now:
        raise Rejected("bad_period", "the period is not over yet: a rehearsal walks what has happened, so take an `until` of "
                       "the past", "until")


class Backtests:
    """`connect` makes a DuckDB connection, `timer` answers ms that pass."""

    def __init__(self, lake: LakeStore, definitions: Definitions, connect: Callable[[], Connection],
                 timer: Callable[[], int]) -> None:
        self._lake = lake
        self._definitions = definitions
        self._connect = connect
        self._timer = timer

    def backtest(self, question: Question, now: int, directory: Path, budget: int = BUDGET, most: int = MOST) -> dict[str, Any]:
        """What the journey would have come to (Tally.answer), by the lake as the last compaction left it.

        When many would enter, it walks those of some buckets, which are a random part of everybody, and tells numbers for all:
        `sampled` is that part. Raises Rejected(`bad_period`), Rejected(`no_lake`) before the first compaction, and what
        socle.journeys.service.scores.ready does.
        """
        check_period(question.begin, question.end, now)
        began = self._timer()
        this = ready(self._definitions, question.journey, question.document)
        manifest = self._lake.manifest()
        if manifest is None:
            raise Rejected("no_lake", "nothing was compacted into the lake yet: POST /api/lake/compact, and try again in a "
                           "minute", status=409)
        score, until, asked = this.score, min(manifest.made, now), _asked(this, question)
        names = names_of(score)
        tally, read, walked = Tally(score), 0, 0
        with self._connect() as connection:
            for numbers in batches({number: files.size for number, files in sorted(manifest.buckets.items())}):
                if read and (walked >= most or self._timer() - began >= budget):
                    break
                here = directory / f"from-{numbers[0]}"
                self._lake.fetch_all([key for number in numbers for key in manifest.buckets[number].keys[:2]], here)
                open_buckets(connection, [local_bucket(manifest, number, here) for number in numbers],
                             columns_of(node for _, node in asked))
                walked += find(connection, score, question.begin, question.end, asked)
                for who in people(connection, names, question.begin, until):
                    tally.add(walk(score, who, question.begin, question.end, until, [at for at, _ in asked]), earner(who.events))
                read += len(numbers)
                shutil.rmtree(here)
        share = read / len(manifest.buckets) if manifest.buckets else 1.0
        return {"journey": question.journey, "period": {"from": to_iso(question.begin), "until": to_iso(question.end)},
                "as_of": to_iso(manifest.made), "sampled": round(share, 4), "walked": walked,
                "profiles": sum(files.rows[1] for files in manifest.buckets.values()), **tally.answer(share)}


def _asked(this: Ready, question: Question) -> list[tuple[int, Node]]:
    """When a schedule would have asked people in, and whom."""
    trigger = this.score.document.trigger
    found: list[tuple[int, Node]] = []
    if not isinstance(trigger, OnSchedule):
        return []
    for at in times(this.score, question.begin, question.end):
        found.append((at, this.segments[trigger.segment]))
        if len(found) > MOST_TIMES:
            raise Rejected("bad_period", f"the schedule is due more than {MOST_TIMES} times in this period: take a shorter one",
                           "until")
    return found
