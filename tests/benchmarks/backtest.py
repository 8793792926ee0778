"""A rehearsal of abandoned carts over 100,000 people with two million events: seconds, and where they go.

`python -m tests.benchmarks.backtest [people]`: one core, the lake on the local disk, the whole service around it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from socle.clock import DAY
from socle.definitions.model import Definition
from socle.journeys.service.backtest import Backtests, Question
from socle.lake.buckets import BUCKETS
from socle.lake.manifest import BucketFiles, Manifest
from tests.benchmarks.segments_lake import NOW, lake

PEOPLE = 100_000
CARTS = {
    "trigger": {"type": "event", "event": "Product Added"}, "entry": {"again": "per_key", "key": "cart_id"},
    "steps": [
        {"type": "hold", "name": "Bought?", "timeout": "1h", "until": [{"event": "Order Completed", "next": "end"}],
         "reset_on": [{"event": "Product Added"}]},
        {"type": "send", "name": "Remind", "template": "reminder"},
        {"type": "hold", "name": "Bought after that?", "timeout": "23h", "until": [{"event": "Order Completed", "next": "end"}]},
        {"type": "branch", "name": "Who", "cases": [
            {"name": "pays more", "when": {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "pro"}}}]},
        {"type": "send", "name": "Offer", "template": "offer", "purpose": "transactional"}],
    "goal": {"event": "Order Completed", "within": "3d"}, "topic": "carts", "holdout": 5}
TEMPLATES = {"reminder": {"channel": "email"}, "offer": {"channel": "email"}}


class Disk:
    """A lake in a directory, as the service asks for it."""

    def __init__(self, people: int) -> None:
        self._files = lake(people, ())
        found = {number: BucketFiles(str(one.events), str(one.profiles), "", "", (0, people // BUCKETS, 0, 0),
                                     one.events.stat().st_size + one.profiles.stat().st_size)
                 for number, one in enumerate(self._files)}
        self._manifest = Manifest(1, "run", NOW, found, BUCKETS, {})

    def manifest(self) -> Manifest:
        """All of it."""
        return self._manifest

    def fetch_all(self, keys: Collection[str], directory: Path) -> list[Path]:
        """Nothing is copied: the keys are paths already."""
        directory.mkdir(parents=True, exist_ok=True)
        return [Path(key) for key in keys]


def rehearse(people: int, days: int = 30, document: dict[str, Any] | None = None) -> tuple[dict[str, Any], float]:
    """The answer, and CPU seconds."""
    disk = Disk(people)
    documents = {"templates": TEMPLATES, "journeys": {"carts": document or CARTS}}

    def definitions(kind: str) -> list[Definition]:
        return [Definition(kind, name, 1, one, 0, 0) for name, one in documents.get(kind, {}).items()]

    backtests = Backtests(disk, definitions, lambda: duckdb.connect(config={"threads": 1}), lambda: 0)  # type: ignore[arg-type]
    with TemporaryDirectory() as directory:
        began = time.process_time()
        question = Question("carts", NOW - days * DAY - 2 * DAY, NOW - 2 * DAY)
        answer = backtests.backtest(question, NOW, Path(directory), most=people)
        return answer, time.process_time() - began


def main(people: int) -> None:
    """Print how long it takes."""
    for days in (7, 30, 365):
        answer, seconds = rehearse(people, days)
        outcome = Counter({name: answer[name] for name in ("walked", "people", "entries", "holdout")})
        print(f"{days:4} days: {seconds:6.1f} s CPU for {people:,} profiles; {dict(outcome)}; "
              f"{seconds / max(1, answer['walked']) * 1e6:.0f} us for each that was walked; sends {answer['sends']}; "
              f"cost {answer['cost']['usd']:.2f} USD")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
