"""What is told of somebody, and of all, is what is: every story is watched while it goes, and compared with its executions."""

from __future__ import annotations

from typing import Any

import pytest

from socle.identity.model import MANUAL, Evidence
from socle.identity.service.join import merge_profiles
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.steps import Hold
from socle.journeys.position import position, view
from socle.journeys.service.answers import Answers
from socle.journeys.service.person import PersonAnswers
from socle.journeys.store import Counters, EntryStore
from socle.messages.rules import SendingRules
from socle.profiles.service import Profiles
from socle.profiles.store import ProfileStore
from tests.journeys.recipes import RECIPES
from tests.journeys.scenarios import STORIES
from tests.journeys.story import HOUSE, START, Story, after
from tests.journeys.world import World

WATCHED = [story for story in (*STORIES, *RECIPES) if not story.exact]


class Definitions:
    """None are asked."""

    def current(self, kind: str, name: str) -> None: ...
    def version(self, kind: str, name: str, version: int) -> None: ...


def answers(world: World) -> Answers:
    return Answers(world, Definitions(), EntryStore(world.quiet, "t"), Counters(world.quiet, "t"))


def compare(world: World, story: Story) -> None:
    """Everybody stands where their execution does, and goes on when it does."""
    if not world.releases or not any(item[1] == "A" for item in world.quiet.items):
        return
    for entry in world.entries(story.who):
        document = JourneyDocument.model_validate(world.of(entry.journey)[0].document)
        execution = world.workflows.executions.get(entry.id)
        here = position(document, entry, world.row(entry), world.now).here
        if execution is None or execution.status != "running":
            assert here is None, f"{here} of somebody whose execution is over"
            continue
        assert here is not None
        assert execution.state == here.step.name or execution.state.startswith(f"{here.step.name}: "), here
        plain = not isinstance(here.step, Hold) or not here.step.reset_on
        if here.outcome in ("waiting", "holding") and plain and execution.due is not None:
            assert here.until == pytest.approx(execution.due, abs=1_000), here
        assert view(document, entry, world.row(entry), world.now)["at"]["says"]


LIVED: dict[str, World] = {}


def watched(story: Story) -> World:
    """The world after the story, which is lived once."""
    if story.name not in LIVED:
        LIVED[story.name] = live(story)
    return LIVED[story.name]


def live(story: Story) -> World:
    also = {kind: {**HOUSE.get(kind, {}), **story.also.get(kind, {})} for kind in {*HOUSE, *story.also}}
    world = World(**story.fill(also))
    world.publish(story.journey, story.fill(story.document))

    def advance(until: int) -> None:
        while (due := world._due()) is not None and due <= until:
            world.now = max(world.now, due)
            world.settle()
            compare(world, story)
        world.advance(until - world.now)
        compare(world, story)

    for did in story.did:
        advance(START + after(did.at))
        world.happen(story.who, did.event, story.fill(dict(did.properties)),
                     context={"timezone": did.timezone} if did.timezone else None)
        compare(world, story)
    advance(START + after(story.until))
    return world


def everybody(found: Answers, journey: str, now: int) -> list[dict[str, Any]]:
    people, place = list[dict[str, Any]](), None
    while True:
        some, place = found.people(journey, None, None, 100, place, now)
        people += some
        if place is None:
            return people


@pytest.mark.parametrize("story", WATCHED, ids=lambda story: story.name)
def test_everybody_is_told_to_be_where_their_execution_is(story: Story) -> None:
    world = watched(story)
    entries = [one for one in (world.entries(story.who) if story.did else ()) if one.journey == story.journey]
    told = answers(world).state(story.journey, None, world.now)
    inside = [one for one in entries if one.active]
    assert told["inside"] == len(inside)
    assert sum(step["inside"] for step in told["steps"]) == len(inside)
    assert sum(told["ended"].values()) == sum(not one.active and one.reason != "holdout" for one in entries)
    assert told["goal"] == sum(one.goal > 0 and one.reason != "holdout" for one in entries)
    assert sorted(one["entry"] for one in everybody(answers(world), story.journey, world.now)) == sorted(one.id for one in inside)
    first = told["steps"][0]
    assert first["came"] >= told["entered"] == len([one for one in entries if one.reason != "holdout"])
    for step in told["steps"]:
        gone = list(step["went"].values())
        if step["came"] is not None and None not in gone and step["type"] != "exit":
            assert step["came"] == sum(gone) + step["inside"] + (step["left"] or 0), step


def test_the_transitions_that_reports_tell_are_those_of_the_executions() -> None:
    made = told = 0
    for story in WATCHED:
        world = watched(story)
        made += sum(len(one.visited) for one in world.workflows.executions.values())
        told += answers(world).report(story.journey, {}, world.now)["cost"]["transitions"]
    assert told == pytest.approx(made, rel=0.05)


def test_whoever_was_merged_is_asked_for_under_either_name() -> None:
    world = World()
    world.publish("walk", STEPS | {"steps": [{"name": "Wait", "type": "wait", "for": "3h"}, LETTER]})
    world.happen("ada", "Joined")
    world.happen("bob", "Seen")
    (entry,), ada, bob, store = world.entries("ada"), world.root("ada"), world.root("bob"), ProfileStore(world.quiet, "t")
    merge_profiles(store, bob.id, ada.id, Evidence(MANUAL, world.now), {ada.id: ada, bob.id: bob})
    people = PersonAnswers(answers(world), EntryStore(world.quiet, "t"), Profiles(store), world.current)
    for profile in (ada.id, bob.id):
        found = people.person("walk", profile, world.now)
        (shown,) = found["entries"]
        assert (found["profile"], shown["entry"], shown["at"]["step"]) == (bob.id, entry.id, "Wait")


STEPS: dict[str, Any] = {"trigger": {"type": "event", "event": "Joined"}, "topic": "stories"}


def inside(world: World, *steps: dict[str, Any]) -> dict[str, Any]:
    """Somebody has just entered a journey of these steps: what is told of them."""
    world.publish("walk", STEPS | {"steps": list(steps)})
    world.agree("ada", trial_ends="2026-12-20T12:00:00Z")
    world.happen("ada", "Joined")
    return told(world)


def told(world: World) -> dict[str, Any]:
    (entry,) = world.entries("ada")
    (release,) = world.of("walk")
    return view(JourneyDocument.model_validate(release.document), entry, world.row(entry), world.now, release.state)


LETTER = {"name": "Letter", "type": "send", "template": "reminder"}


@pytest.mark.parametrize(("step", "state", "until"), [
    ({"name": "Wait", "type": "wait", "for": "3h"}, "waiting", "2026-11-30T11:00:00.000Z"),
    ({"name": "Noon", "type": "wait_until_time", "begin": "12:00"}, "waiting", "2026-11-30T12:00:00.000Z"),
    ({"name": "Trial", "type": "wait_until_date", "trait": "trial_ends", "before": "2d"}, "waiting", "2026-12-18T12:00:00.000Z"),
    ({"name": "Hold", "type": "hold", "until": [{"event": "Order Completed"}], "timeout": "1d"}, "holding",
     "2026-12-01T08:00:00.000Z")])
def test_until_when_somebody_waits(step: dict[str, Any], state: str, until: str) -> None:
    here = inside(World(), step, LETTER)["at"]
    assert (here["step"], here["state"], here["until"]) == (step["name"], state, until)


def test_of_two_waits_in_a_row_they_are_in_the_first_and_then_in_the_second() -> None:
    world = World()
    first = inside(world, {"name": "First", "type": "wait", "for": "1h"}, {"name": "Second", "type": "wait", "for": "1h"}, LETTER)
    assert first["at"]["step"] == "First"
    world.advance("90m")
    second = told(world)
    assert (second["at"]["step"], second["at"]["until"]) == ("Second", "2026-11-30T10:00:00.000Z")
    assert [(one["step"], one["outcome"]) for one in second["path"]] == [("First", "waited")]


def test_who_is_held_by_quiet_hours_is_told_when_they_get_it() -> None:
    world = World()
    world.rules = SendingRules.model_validate({"quiet_hours": {"email": {"begin": "07:00", "end": "09:30"}}})
    here = inside(world, LETTER)["at"]
    assert (here["step"], here["state"], here["until"]) == ("Letter", "held", "2026-11-30T09:30:00.000Z")
    assert "by quiet hours; it goes on at 2026-11-30T09:30:00.000Z, in 1 hour 30 minutes" in here["says"]


def test_who_stopped_because_the_journey_is_paused_is_told_so_and_listed() -> None:
    world = World()
    inside(world, {"name": "Wait", "type": "wait", "for": "3h"}, LETTER)
    world.turn("walk", "held")
    assert "they will stop at their next step" in told(world)["says"]
    world.advance("4h")
    here = told(world)["at"]
    assert (here["step"], here["state"], here["until"]) == ("Letter", "parked", None)
    (one,), _ = answers(world).parked("walk", 10, None)
    assert (one["step"], one["why"], "POST /api/journeys/walk/resume" in one["says"]) == ("Letter", "paused", True)


def test_who_is_out_sees_why_each_message_was_not_sent() -> None:
    world = World()
    world.publish("walk", STEPS | {"steps": [LETTER]})
    world.happen("ada", "Joined")
    found = told(world)
    assert (found["state"], found["at"], found["reason"]) == ("ended", None, "completed")
    assert [one["says"] for one in found["path"]] == ["Not sent: there is no address for this channel."]
