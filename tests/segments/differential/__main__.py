"""Compare the two executions of segments for long: `python -m tests.segments.differential --minutes 10 --seed mine`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.segments.differential.coverage import Coverage
from tests.segments.differential.loads import load
from tests.segments.differential.shrink import shrunk
from tests.segments.differential.sides import differences, times


def main() -> int:
    """0 when there is no difference; at the first load that has one its smallest case is printed."""
    options = argparse.ArgumentParser(prog="python -m tests.segments.differential", description=__doc__)
    options.add_argument("--seed", default="long", help="the same loads for the same seed")
    options.add_argument("--minutes", type=float, default=5, help="no new load is begun after them")
    options.add_argument("--people", type=int, default=150, help="histories in one load")
    asked = options.parse_args()
    coverage, end, number = Coverage(), time.monotonic() + asked.minutes * 60, 0
    while not number or time.monotonic() < end:
        one = load(f"{asked.seed} {number}", asked.people)
        nows = times(one.moments, Random(one.seed))
        with TemporaryDirectory() as directory:
            found, said = differences(one, one.nodes(), nows, Path(directory), buckets=Random(one.seed).randint(1, 3))
        if found:
            print(f"{len(found)} differences, the first:\n{shrunk(one, found[0])}")
            return 1
        coverage.add(one.definitions.shows, one.people, nows, said)
        number += 1
        print(f"load {number}: {coverage.cases:,} cases", flush=True)
    print(coverage, *coverage.missing(), sep="\n")
    return 0


sys.exit(main())
