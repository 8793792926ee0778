"""The cases by hand: evaluate(), SQL over a lake, and what was followed live all say what is expected, to the millisecond."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import pytest

from socle.clock import DAY
from socle.definitions.model import Definition
from socle.events.model import Event
from socle.segments.document import ComputedTrait, Segment
from socle.segments.evaluate import evaluate
from socle.segments.nodes import Node
from socle.segments.plan import Plans
from socle.segments.rules import COMPUTED_TRAITS, SEGMENTS, LiveRules
from tests.segments.differential.cases import CASES, COMPUTED, NOW, events_of
from tests.segments.differential.documents import Definitions, stored
from tests.segments.differential.loads import cut, everybody, lake_of, world_of
from tests.segments.differential.sides import by_sql, persons
from tests.segments.differential.stories import Story
from tests.segments.differential.words import Moments

NAMES = {name: f"s{number}" for number, name in enumerate(CASES)}


def written() -> Definitions:
    return Definitions({NAMES[name]: stored(Segment, {"when": case.when, "timezone": case.zone}) for name, case in CASES.items()},
                       {name: stored(ComputedTrait, one) for name, one in COMPUTED.items()})


@cache
def planned() -> dict[str, Node]:
    documents = written()
    plans = Plans(documents.segments, documents.computed)
    return {name: plans.segment(name) for name in NAMES.values()}


@pytest.mark.parametrize("name", CASES)
def test_evaluate_says_what_is_expected(name):
    people = everybody(world_of([events_of(name)]), "cases")
    node = planned()[NAMES[name]]
    [person] = persons(people, [node]).values()
    verdict = evaluate(node, person, NOW)
    assert verdict.true == CASES[name].expected
    for moment in (NOW + 400 * DAY,) if verdict.flips is None else (verdict.flips - 1, (NOW + verdict.flips) // 2):
        assert evaluate(node, person, moment).true == verdict.true, "it is foretold too late"
    assert verdict.flips is None or verdict.flips > NOW


@pytest.fixture(scope="module")
def seen_by_sql(tmp_path_factory) -> set[str]:
    """The cases whose person is in, by SQL."""
    directory: Path = tmp_path_factory.mktemp("cases")
    world = world_of([[one for name in CASES for one in events_of(name)]])
    manifest = lake_of(world, "cases", directory)
    members = by_sql(manifest, directory / "lake", planned(), NOW)
    users = {name: profile for profile, one in everybody(world, "cases").items()
             for name in one.aggregate.snapshot.identifiers["user_id"]}
    return {name for name, segment in NAMES.items() if users[name] in members[segment]}


def test_sql_says_what_is_expected(seen_by_sql):
    assert seen_by_sql == {name for name, case in CASES.items() if case.expected}


@pytest.mark.parametrize("order", range(3))
def test_live_says_what_is_expected(order):
    """All people in one world, their events in a random order and in batches, then everything that is due."""
    documents = written()
    story = Story("cases", Moments(NOW, "UTC"), documents)
    story.world.rules = story.world.rules._replace(segments=LiveRules.of(
        [Definition(SEGMENTS, name, 1, one, 0, 0) for name, one in documents.segments.items()],
        [Definition(COMPUTED_TRAITS, name, 1, one, 0, 0) for name, one in documents.computed.items()]))
    story.world.now = NOW - 40 * DAY if order else NOW
    for batch in cut([one for name in CASES for one in events_of(name)], Random(order)):
        story.world.deliver(*batch)
    story.wait(NOW)
    for one in everybody(story.world, "cases").values():
        [name] = one.aggregate.snapshot.identifiers["user_id"]
        assert (NAMES[name] in one.aggregate.segments) == CASES[name].expected, name


def test_of_an_event_and_its_correction_in_somebodys_first_batch_the_correction_counts():
    """Found by a story: the events of somebody new were their whole history, those that had been corrected too."""
    once = {"type": "event", "event": "A", "count": {"op": "eq", "value": 1}}
    documents = Definitions({"one": stored(Segment, {"when": once})})
    story = Story("correction", Moments(NOW, "UTC"), documents)
    [one] = documents.segments.values()
    story.world.rules = story.world.rules._replace(segments=LiveRules.of([Definition(SEGMENTS, "one", 1, one, 0, 0)]))
    said = Event(NOW, "m", 0, NOW, NOW, "shop", "track", "A", (("user_id", "1"),), {})
    story.world.deliver(said, said._replace(revision=1))
    [person] = everybody(story.world, "correction").values()
    assert set(person.aggregate.segments) == {"one"}
