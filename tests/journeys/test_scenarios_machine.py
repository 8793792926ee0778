"""Every story goes on the local machine, through the published state machine, as it is told: as it goes when it is walked."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from tests.journeys.on_machine import apart, live
from tests.journeys.recipes import RECIPES
from tests.journeys.scenarios import STORIES
from tests.journeys.story import Story, Went

LIVED = [story for story in (*STORIES, *RECIPES) if not story.exact]
WORLDS = apart(LIVED)


@cache
def lived(world: int) -> dict[str, tuple[list[Went], list[str]]]:
    """All stories of a world, which take no longer together than one."""
    return live(WORLDS[world])


def cases() -> Iterator[object]:
    for world, stories in enumerate(WORLDS):
        for story in stories:
            yield pytest.param(world, story, id=story.name)


@pytest.mark.parametrize(("world", "story"), cases())
def test_a_story_that_is_lived_goes_as_it_is_told(world: int, story: Story) -> None:
    ways, sent = lived(world)[story.name]
    assert ways == [went._replace(path=list(went.path)) for went in story.went]
    assert sent == list(story.sent)
