"""Merges, unmerges and keep-aparts between batches: every fault of every call, pairs of faults, and races."""

from __future__ import annotations

import gc
import os
from collections import Counter

import pytest

from socle.profiles import unmerge
from tests.faults.promises import Broken
from tests.faults.results import Results, said
from tests.faults.story_trials import attempt, enumerate_faults, told

SEED = 1
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "trials"
STORIES = 400 if LONG else 40
"""How many; `make trials` runs many more, and every trial of each."""
OF_A_STORY = 25


def trials(stories: int, seed: int = SEED) -> tuple[Results, Counter[str]]:
    """Trials of the first stories: all of them, or some of each kind; and what the actions came to."""
    results, answers = Results(where="with merges by hand"), Counter[str]()
    gc.disable()  # as tests.faults.results
    try:
        for number in range(stories):
            one = told(seed, number)
            results.workloads += 1
            answers.update(one.answers)
            every = list(enumerate_faults(seed, number, one))
            for faults in every if LONG else every[number % 7::max(1, len(every) // OF_A_STORY)]:
                results.kinds[faults.kind] += 1
                try:
                    attempt(seed, number, one, faults)
                except Exception as error:
                    results.divergences.append(f"story {number}.{faults.index} {faults.at}: {said(error)}")
    finally:
        gc.enable()
    return results, answers


def test_whatever_breaks_while_people_are_merged_and_unmerged_every_event_is_in_one_profile(record_property):
    results, answers = trials(STORIES)
    record_property("summary", f"{results}; what was asked: {dict(answers)}")
    assert not results.divergences, "\n".join(results.divergences[:20])
    assert min(results.kinds.values()) > 50
    assert answers["done"] > STORIES


def test_a_move_that_leaves_the_event_where_it_was_is_found_out(monkeypatch):
    """The trials can fail."""
    monkeypatch.setattr(unmerge, "_without", lambda entries, gone, new: entries)
    with pytest.raises(Broken, match="stored twice"):
        trials(25)
