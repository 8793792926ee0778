"""Every story goes in memory as it is told, through the published state machine, with the real consumer, effects and steps."""

from __future__ import annotations

import pytest

from tests.journeys.on_machine import line
from tests.journeys.recipes import RECIPES
from tests.journeys.scenarios import STORIES
from tests.journeys.story import HOUSE, START, Story, Went, after
from tests.journeys.world import World

LIVED = [story for story in (*STORIES, *RECIPES) if not story.exact and story.document["trigger"]["type"] != "schedule"]


def lived(story: Story) -> World:
    also = {kind: {**HOUSE.get(kind, {}), **story.also.get(kind, {})} for kind in {*HOUSE, *story.also}}
    world = World(**story.fill(also))
    world.publish(story.journey, story.fill(story.document))
    for did in story.did:
        world.advance(START + after(did.at) - world.now)
        world.happen(story.who, did.event, story.fill(dict(did.properties)),
                     context={"timezone": did.timezone} if did.timezone else None)
    world.advance(START + after(story.until) - world.now)
    return world


def told(world: World, story: Story) -> list[Went]:
    ways, steps = [], [step["name"] for step in story.document["steps"]]
    for entry in sorted(world.entries(story.who), key=lambda one: one.at):
        lines = sorted(((what.at, round_, steps.index(step)), line(step, what))
                       for (step, round_), what in world.row(entry).log.items()
                       if step in steps)
        ways.append(Went([text for _, text in lines if text], entry.reason, entry.key, entry.goal > 0))
    return ways


@pytest.mark.parametrize("story", LIVED, ids=lambda story: story.name)
def test_a_story_goes_as_it_is_told(story: Story) -> None:
    world = lived(story)
    assert told(world, story) == [went._replace(path=list(went.path)) for went in story.went]
    assert world.templates(story.who) == list(story.sent)
    under_way = {name for name, one in world.workflows.executions.items() if one.status == "running"}
    assert under_way == {entry.id for entry in world.entries(story.who) if entry.active}
    assert "failed" not in {one.status for one in world.workflows.executions.values()}
