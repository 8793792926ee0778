"""Faults on real requests: the stores, botocore with its retries, and moto; call for call what the stand-ins do."""

from __future__ import annotations

import os

from tests.faults.cloud import Cloud
from tests.faults.on_moto import run_on_moto
from tests.memory import MemoryProfiles

SEED = 2
TRIALS = 4_000 if os.environ.get("HYPOTHESIS_PROFILE") == "trials" else 300


def test_whatever_goes_wrong_on_the_wire_everything_is_there_once(record_property):
    results = run_on_moto(SEED, 0, TRIALS)
    record_property("summary", str(results))
    assert not results.divergences, "\n".join(results.divergences[:20])
    assert results.trials >= TRIALS


def test_stand_ins_that_make_another_call_are_found_out(monkeypatch):
    """The comparison can fail."""
    save_each = MemoryProfiles.save_each
    one_by_one = lambda self, writes: set().union(*(save_each(self, [one]) for one in writes))  # noqa: E731
    monkeypatch.setattr(MemoryProfiles, "save_each", one_by_one)
    assert any("other calls" in line or "more calls" in line for line in run_on_moto(SEED, 0, 40).divergences)


def test_a_store_on_moto_that_loses_a_page_is_found_out(monkeypatch):
    """The promises are looked for in what moto holds."""
    read = Cloud.read

    def losing(self, world):
        read(self, world)
        world.profiles.items.pop(next((key for key in world.profiles.items if key[1].startswith("E#")), None), None)

    monkeypatch.setattr(Cloud, "read", losing)
    assert any("a page is missing" in line for line in run_on_moto(SEED, 0, 40).divergences)
