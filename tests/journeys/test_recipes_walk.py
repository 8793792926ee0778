"""Every story of a recipe goes as it is told when it is walked, and every recipe has one in which its message does not come."""

from __future__ import annotations

import pytest

from socle.journeys.ready import names
from tests.journeys.recipes import RECIPES
from tests.journeys.story import Story
from tests.journeys.walking import told, walked


@pytest.mark.parametrize("story", RECIPES, ids=lambda story: story.name)
def test_a_recipe_goes_as_it_is_told(story: Story) -> None:
    ways, sent = told(walked(story))
    assert ways == [went._replace(path=list(went.path)) for went in story.went]
    assert sent == list(story.sent)


@pytest.mark.parametrize("name", names())
def test_a_recipe_has_a_story_of_how_it_comes_and_one_of_why_it_does_not(name: str) -> None:
    of = [story for story in RECIPES if story.name.startswith(f"{name} ")]
    most = max(len(story.sent) for story in of)
    assert most > 0
    assert any(len(story.sent) < most for story in of)


def test_stories_have_names_of_their_own() -> None:
    assert len({story.journey for story in RECIPES}) == len(RECIPES)
