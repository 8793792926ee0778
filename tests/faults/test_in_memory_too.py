"""The other half of the trials of test_in_memory.py: another process can run it at the same time."""

from __future__ import annotations

from tests.faults.results import run_many
from tests.faults.test_in_memory import SEED, TRIALS

FIRST = 1_000


def test_whatever_goes_wrong_everything_is_there_once(record_property):
    results = run_many(SEED, FIRST, TRIALS)
    record_property("summary", str(results))
    assert not results.divergences, "\n".join(results.divergences)
    assert results.trials >= TRIALS
