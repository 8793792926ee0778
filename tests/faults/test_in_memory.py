"""Every fault of every call, pairs of faults, and races, in memory: 20,000 trials, half here, half in the file beside."""

from __future__ import annotations

from socle.profiles.codec import encode_entries
from tests.faults import trials
from tests.faults.calls import FaultyCalls
from tests.faults.results import run_many, run_workload
from tests.faults.trials import fault_free
from tests.memory import MemoryProfiles

SEED = 1
TRIALS = 10_500


def test_whatever_goes_wrong_everything_is_there_once(record_property):
    results = run_many(SEED, 0, TRIALS)
    record_property("summary", str(results))
    assert not results.divergences, "\n".join(results.divergences)
    assert results.trials >= TRIALS


def test_the_workloads_meet_every_call_and_seal_merge_quarantine_and_send(monkeypatch):
    calls, effects, pages, merges, poison = set(), 0, 0, 0, 0
    keep = trials.inspect

    def watched(world, workload):
        nonlocal effects, pages, merges, poison
        effects += len(world.queue.sent)
        pages += sum(kind.startswith("E#") for _, kind in world.profiles.items)
        merges += sum(kind == "A" and item[2] is not None for (_, kind), item in world.profiles.items.items())
        poison += len(world.quarantine.rows)
        return keep(world, workload)

    monkeypatch.setattr(trials, "inspect", watched)
    for number in range(40):
        calls |= {name for name, *_ in fault_free(SEED, number).log}
    assert calls == {"BatchGetItem", "BatchExecuteStatement", "PutItem", "TransactWriteItems", "SendMessageBatch", "PutObject"}
    assert min(effects, pages, merges, poison) >= 10


def test_a_store_that_forgets_its_conditions_is_found_out(monkeypatch):
    """The trials can fail: without conditions on versions, races lose events."""
    def unconditional(self, aggregates, pages=()):
        for one, data in aggregates:
            self.items[one.id, "A"] = (one.version, data, one.merged_into, one.erased, one.due)
        for page in pages:
            self.items[page.profile, "E#" + page.lower] = (page.version, encode_entries(page.entries))

    monkeypatch.setattr(MemoryProfiles, "_save", unconditional)
    assert run_many(SEED, 0, 1_000).divergences


def test_effects_that_are_cleared_before_they_are_queued_are_found_out(monkeypatch):
    """The trials can fail: a crash between the two strands them."""
    make = FaultyCalls.make

    def lost(self, name, parts, effect, fresh=True):
        if name == "SendMessageBatch" and self.faults and not self.fired:
            return None, ()
        return make(self, name, parts, effect, fresh)

    monkeypatch.setattr(FaultyCalls, "make", lost)
    sending = next(number for number in range(100)
                   if any(name == "SendMessageBatch" for name, *_ in fault_free(SEED, number).log))
    assert any("effects are missing" in line for line in run_workload(SEED, sending).divergences)
