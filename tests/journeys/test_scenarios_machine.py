"""Stories of every kind go on the local machine, through the published state machine, as they are told: as they go when walked.

All of them are lived in memory (test_scenarios_in_memory.py); here as many as it takes to have each kind of step, way and
trigger, and one of each recipe. `make trials` lives all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cache

import pytest

from socle.clock import DAY
from tests.journeys.on_machine import apart, live
from tests.journeys.recipes import RECIPES
from tests.journeys.scenarios import STORIES
from tests.journeys.story import Story, Went, after

LONGEST = 9 * DAY
"""Ms: a month of a local machine takes minutes."""


def picked(stories: Sequence[Story]) -> list[Story]:
    """The first story that shows something which none before has shown."""
    met: set[str] = set()
    found = []
    for story in stories:
        shown = set(features(story))
        if not shown <= met:
            met |= shown
            found.append(story)
    return found


def features(story: Story) -> Iterator[str]:
    """Triggers, kinds of steps with what they are asked, outcomes, and why it was over."""
    yield story.document["trigger"]["type"]
    for step in story.document["steps"]:
        yield from (f"{step['type']} {field}" for field in ("type", "best_of", "reset_on", "winner", "keep", "before")
                    if field in step)
    for went in story.went:
        yield f"ended {went.ended}"
        yield from (line.partition(": ")[2].partition(" ")[0] for line in went.path)


def of_recipes(stories: Sequence[Story]) -> list[Story]:
    """The first story of each recipe."""
    first: dict[str, Story] = {}
    for story in stories:
        first.setdefault(story.name.partition(" ")[0], story)
    return list(first.values())


ALL = [story for story in (*STORIES, *RECIPES) if not story.exact]
SHORT = [story for story in ALL if after(story.until) <= LONGEST and story.document["trigger"]["type"] != "schedule"]
"""A schedule is looked at every five minutes, for days: test_entering_on_machine.py has one."""
LIVED = ALL if os.environ.get("HYPOTHESIS_PROFILE") == "trials" else [
    *picked([story for story in SHORT if story in STORIES]), *of_recipes([story for story in SHORT if story in RECIPES])]
WORLDS = apart(LIVED)


@cache
def lived(world: int) -> dict[str, tuple[list[Went], list[str]]]:
    """All stories of a world, which take no longer together than one."""
    return live(WORLDS[world])


def cases() -> Iterator[object]:
    for world, stories in enumerate(WORLDS):
        for story in stories:
            yield pytest.param(world, story, id=story.name)


@pytest.mark.parametrize(("world", "story"), list(cases()))
def test_a_story_that_is_lived_goes_as_it_is_told(world: int, story: Story) -> None:
    ways, sent = lived(world)[story.name]
    assert ways == [went._replace(path=list(went.path)) for went in story.went]
    assert sent == list(story.sent)
