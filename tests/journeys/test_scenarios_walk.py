"""Every story goes as it is told when it is walked."""

from __future__ import annotations

import pytest

from tests.journeys.scenarios import STORIES
from tests.journeys.story import AGREED, Story
from tests.journeys.walking import told, walked


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
