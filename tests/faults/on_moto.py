"""The same trials twice, in memory and with the real stores on moto: both make the same calls and come to the same.

What moto can't play (replicas that lag, races within one process) is left to the memory rung.
"""

from __future__ import annotations

import random
from itertools import count
from typing import Any

from tests.faults.calls import FaultyCalls
from tests.faults.cloud import Cloud, on_moto
from tests.faults.promises import check, inspect
from tests.faults.results import Results, said
from tests.faults.trials import Faults, Run, begin, deliver, enumerate_faults, fault_free, limits, sweep
from tests.faults.wire import NOT_HERE

OF_A_WORKLOAD = 20
"""Trials of one workload, drawn from all that it has."""


def run_on_moto(seed: int, first: int, trials: int) -> Results:
    """At least so many trials, of the workloads from `first` on."""
    results = Results(where="on moto")
    with on_moto() as cloud:
        for number in count(first):
            if results.trials >= trials:
                return results
            run = fault_free(seed, number)
            results.workloads += 1
            suitable = [one for one in enumerate_faults(seed, number, run)
                        if one.at is not None and not set(one.at.values()) & set(NOT_HERE)]
            for faults in random.Random(f"{seed}.{number} moto").sample(suitable, min(OF_A_WORKLOAD, len(suitable))):
                results.kinds[faults.kind] += 1
                try:
                    attempt_on_moto(cloud, run, faults)
                except Exception as error:
                    results.divergences.append(f"{faults.at}: {said(error)}\n  .venv/bin/python -m tests.faults --on-moto "
                                               f"--seed {seed} --trial {number}.{faults.index}")
    raise AssertionError("there are always more workloads")


def attempt_on_moto(cloud: Cloud, run: Run, faults: Faults) -> None:
    """One trial on both rungs, from the first batch on. Raises Broken."""
    with limits(run.workload):
        there, people = _on_moto(cloud, run, faults)
        here, others = _in_memory(run, faults)
    for number, (real, fake) in enumerate(zip(there, here, strict=False)):
        check(real == fake, "the stand-ins make other calls than the stores:", number, real, fake)
    check(len(there) == len(here), "the stand-ins make more calls than the stores, or fewer:", there, here)
    check(people == others, "the stand-ins come to something else than the stores:", people, others)
    check(people == run.people, "a person is another than without a fault:", people, run.people)


def _on_moto(cloud: Cloud, run: Run, faults: Faults) -> tuple[Any, Any]:
    world = cloud.world(run.workload)
    cloud.wire.reset(faults.at or {})
    deliver(world, run.batches, random.Random(faults.index))
    cloud.wire.arrive()
    log = cloud.wire.log
    cloud.wire.reset({})
    sweep(run.workload, world.consumer, world.store)
    cloud.read(world)
    return log, inspect(world, run.workload)


def _in_memory(run: Run, faults: Faults) -> tuple[Any, Any]:
    calls = FaultyCalls(faults.at)
    world = begin(run.workload, calls)
    deliver(world, run.batches, random.Random(faults.index))
    calls.arrive()
    log = list(calls.log)
    calls.faults.clear()
    sweep(run.workload, world.consumer, world.profiles)
    return log, inspect(world, run.workload)

