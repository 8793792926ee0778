"""Every story goes as it is told when it is walked."""

from __future__ import annotations

import pytest

from socle.clock import DAY, HOUR
from socle.journeys.walk.model import Someone
from socle.journeys.walk.walk import walk
from tests.journeys.scenarios import STORIES
from tests.journeys.story import AGREED, START, Story
from tests.journeys.walking import events_of, score_of, told, walked


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_that_is_walked_goes_as_it_is_told(story: Story) -> None:
    ways, sent = told(walked(story))
    assert ways == [went._replace(path=list(went.path)) for went in story.went]
    assert sent == list(story.sent)


def test_stories_have_names_of_their_own() -> None:
    assert len({story.journey for story in STORIES}) == len(STORIES)


def test_whoever_is_not_in_the_segment_is_not_asked() -> None:
    [story] = [story for story in STORIES if story.name == "on the first Monday"]
    assert told(walked(story._replace(did=AGREED))) == ([], [])


def test_nobody_enters_after_the_period() -> None:
    [story] = [story for story in STORIES if story.name == "every time but not twice at a time"]
    who = Someone("p1", events_of(story))
    assert len(walk(score_of(story), who, START, START + HOUR, START + DAY).ways) == 1
    assert len(walk(score_of(story), who, START, START + 3 * HOUR, START + DAY).ways) == 2
