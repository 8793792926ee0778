"""live = recompute: whatever events, ticks, merges and definitions came in whatever order, everybody is where a look at their
whole history puts them, and nobody's membership changes before the time that was foretold."""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.segments.differential.documents import Definitions, definitions
from tests.segments.differential.stories import Story
from tests.segments.differential.words import Moments, moments

STORIES = 400 if os.environ.get("HYPOTHESIS_PROFILE") == "trials" else 24
STEPS = 12


@pytest.fixture(scope="module")
def pool() -> tuple[Moments, Definitions]:
    chance = Random("live")
    about = moments(chance)
    return about, definitions(chance, about, lambda *_: 1.0)


def tell(story: Story) -> list[str]:
    """The differences that were seen on the way."""
    for number in range(STEPS):
        story.step()
        if number % 3 == 2:
            story.recompute()
            if found := story.looks():
                return [f"after step {number}: {one}" for one in found]
    return []


@pytest.mark.parametrize("part", range(3))
def test_live_membership_is_what_the_whole_history_says(part, pool, record_property):
    cases = flips = 0
    for number in range(part, STORIES, 3):
        story = Story(f"live {number}", *pool)
        assert tell(story) == [], number
        cases, flips = cases + story.cases, flips + story.flips
    said = f"live = evaluate in {cases:,} cases, nobody flips too early in {flips:,}"
    record_property("summary", f"segments, {part + 1} of 3: {said}")
    assert cases > 20 * STORIES
