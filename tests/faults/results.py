"""Many trials: run them, count them, and say how to repeat those that diverged."""

from __future__ import annotations

import gc
import traceback
from collections import Counter
from dataclasses import dataclass, field
from itertools import count

from tests.faults.trials import attempt, enumerate_faults, fault_free

MAX_REPORTED = 20
"""Divergences of one workload that are described; more of the same tell nothing."""


@dataclass
class Results:
    """Trials by kind (singles, pairs, races), how many workloads they belong to, and what diverged."""

    kinds: Counter[str] = field(default_factory=Counter)
    workloads: int = 0
    divergences: list[str] = field(default_factory=list)
    where: str = "in memory"

    @property
    def trials(self) -> int:
        return sum(self.kinds.values())

    def __iadd__(self, other: Results) -> Results:
        self.kinds += other.kinds
        self.workloads += other.workloads
        self.divergences += other.divergences
        return self

    def __str__(self) -> str:
        kinds = ", ".join(f"{self.kinds[kind]:,} {kind}" for kind in ("singles", "pairs", "races") if self.kinds[kind])
        return (f"fault trials {self.where}: {self.trials:,} ({kinds}) of {self.workloads:,} workloads; "
                f"divergences: {len(self.divergences)}")


def run_workload(seed: int, number: int) -> Results:
    """Every trial of one workload."""
    gc.disable()  # what dies here dies by itself: looking for cycles is a tenth of the time
    try:
        return _run(seed, number)
    finally:
        gc.enable()


def _run(seed: int, number: int) -> Results:
    results = Results(workloads=1)
    try:
        run = fault_free(seed, number)
    except Exception as error:
        results.divergences.append(f"workload {number} of seed {seed} without a fault: {said(error)}")
        return results
    for faults in enumerate_faults(seed, number, run):
        results.kinds[faults.kind] += 1
        try:
            attempt(seed, number, run, faults)
        except Exception as error:
            if len(results.divergences) < MAX_REPORTED:
                results.divergences.append(f"{faults.at or 'a race'}: {said(error)}\n  PYTHONPATH=layers/core/python "
                                           f".venv/bin/python -m tests.faults --seed {seed} --trial {number}.{faults.index}")
    return results


def run_many(seed: int, first: int, trials: int) -> Results:
    """Every trial of the workloads from `first` on, until there are `trials`."""
    results = Results()
    for number in count(first):
        if results.trials >= trials:
            break
        results += run_workload(seed, number)
    return results


def said(error: Exception) -> str:
    """The error in a line."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {str(error)[:1_000]} ({where.filename.rpartition('/')[2]}:{where.lineno})"
