"""Run fault trials: `python -m tests.faults --trials 1000000`, or one again: `python -m tests.faults --seed 1 --trial 7.31`.

Workloads are dealt out to all cores; progress goes to stderr, figures and seed to stdout at the end. Exit status 1 when a
trial diverged; the command that repeats it is printed at once.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from functools import partial

from tests.faults.cloud import on_moto
from tests.faults.on_moto import attempt_on_moto
from tests.faults.results import Results, run_workload
from tests.faults.trials import attempt, enumerate_faults, fault_free


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--trials", type=int, default=1_000_000, help="stop after so many")
    parser.add_argument("--seed", type=int, default=None, help="drawn, and printed, when not given")
    parser.add_argument("--trial", help="run this one alone: <workload>.<number>")
    parser.add_argument("--on-moto", action="store_true", help="repeat the one trial with the real stores on moto")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    seed = int.from_bytes(os.urandom(3)) if asked.seed is None else asked.seed
    if asked.trial:
        return _one(seed, asked.trial, asked.on_moto)
    total, started = Results(), time.monotonic()
    with multiprocessing.Pool(asked.processes) as pool:
        for results in pool.imap_unordered(partial(run_workload, seed), range(asked.trials)):
            for line in results.divergences:
                print(f"\n{line}")
            total += results
            minutes = (time.monotonic() - started) / 60
            print(f"\r{total.trials:>9,} trials of {asked.trials:,}, {len(total.divergences)} diverged, "
                  f"{minutes:.0f} min", end="", file=sys.stderr, flush=True)
            if total.trials >= asked.trials:
                pool.terminate()
                break
    print(file=sys.stderr)
    print(f"{total} (seed {seed}, {minutes:.1f} min)")
    return 1 if total.divergences else 0


def _one(seed: int, trial: str, is_on_moto: bool) -> int:
    number, index = map(int, trial.split("."))
    run = fault_free(seed, number)
    [faults] = [one for one in enumerate_faults(seed, number, run) if one.index == index]
    print(f"workload {number}, {len(run.batches)} batches, {len(run.log)} requests without a fault; "
          f"goes wrong: {faults.at or 'as chance wills, in a race'}")
    print(Counter(name for name, *_ in run.log))
    if is_on_moto:
        with on_moto() as cloud:
            attempt_on_moto(cloud, run, faults)
    else:
        attempt(seed, number, run, faults)
    print("nothing diverged")
    return 0


if __name__ == "__main__":
    sys.exit(main())
