"""A rehearsal over the lake says what walks of everybody say, adds it up, and refuses what it can't answer."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest

from socle.errors import NotFound, Rejected
from tests.journeys import rehearsal
from tests.journeys.rehearsal import NOW, Stage
from tests.journeys.scenarios import CART, ORDERED, STORIES
from tests.journeys.scenarios_entry import SOLD
from tests.journeys.story import AGREED, START, Did, Story, after, journey, send
from tests.journeys.walking import events_of, told, walked

FEW = [story for story in STORIES if not story.also]


@cache
def stage(buckets: int = 4) -> Stage:
    """Everybody of the stories in one lake."""
    found = Stage(buckets)
    for story in FEW:
        found.tell(rehearsal.told(story, events_of(story)))
    found.compact()
    return found


@cache
def rehearsed(buckets: int = 4, most: int = 1_000) -> dict[str, Any]:
    """The carts of all of them."""
    return stage(buckets).backtest({**CART, "goal": {"event": ORDERED, "within": "2h"}}, end="30d", most=most)


def test_people_out_of_the_lake_go_as_they_go_by_what_they_did() -> None:
    paths = Counter(tuple(way.path) for story in FEW for way in told(walked(story._replace(document=CART, until="30d")))[0])
    assert {tuple(one["path"]): one["entries"] for one in rehearsed()["paths"]} == paths
    assert rehearsed()["entries"] == sum(paths.values())


BY_OTHERS = [story for story in STORIES if story.document["trigger"]["type"] != "event" and after(story.until) <= after("60d")]


@pytest.mark.parametrize("story", BY_OTHERS, ids=lambda story: story.journey)
def test_whatever_lets_people_in_the_lake_finds_them(story: Story) -> None:
    found = Stage(2)
    for kind, documents in story.also.items():
        found.define(kind, documents)
    found.tell(rehearsal.told(story, events_of(story)))
    found.tell(rehearsal.told(story._replace(name="somebody else"), events_of(story._replace(name="somebody else", did=AGREED))))
    found.compact()
    answer = found.backtest(story.document, end=story.until, now=START + after(story.until))
    assert Counter({tuple(one["path"]): one["entries"] for one in answer["paths"]}) == Counter(
        tuple(way.path) for way in told(walked(story))[0])


def test_the_same_question_has_the_same_answer_however_the_lake_is_cut() -> None:
    again = stage().backtest({**CART, "goal": {"event": ORDERED, "within": "2h"}}, end="30d", most=1_000)
    assert again == rehearsed()
    assert rehearsed(1) == rehearsed(7) == rehearsed()


def test_steps_sends_holds_and_skips_add_up() -> None:
    found = rehearsed()
    assert found["sends"]["email"] == sum(steps.get("sent", 0) for steps in found["steps"].values())
    for counts in found["steps"].values():
        assert counts["entered"] == sum(number for what, number in counts.items() if what != "entered")
    bought = found["steps"]["Has bought"]
    assert {"entered": bought["entered"], **found["holds"]["Has bought"]} == bought
    assert sum(found["skips"].values()) == sum(
        number for steps in found["steps"].values() for what, number in steps.items() if what.startswith("skipped"))
    assert sum(found["ended"].values()) + found["inside"] == found["entries"]


def test_what_was_reached_before_a_message_is_told_apart() -> None:
    goal = rehearsed()["goal"]
    ways = [way for story in FEW for way in walked(story._replace(document={
        **CART, "goal": {"event": ORDERED, "within": "2h"}}, until="30d")).ways]
    reached = [way for way in ways if way.entry.goal]
    assert goal["reached"] == len(reached) > 0
    assert goal["before_first_message"] == sum(all(one.at > way.entry.goal for one in way.sent) for way in reached) > 0
    assert goal["revenue"]


def test_a_part_of_the_people_is_told_as_such_and_scaled() -> None:
    found = rehearsed(7, most=1)
    assert 0 < found["sampled"] <= 1
    assert found["profiles"] == rehearsed()["profiles"]


def test_a_forecast_of_cost_goes_with_what_would_run() -> None:
    cost = rehearsed()["cost"]
    visits = sum(counts["entered"] for counts in rehearsed()["steps"].values())
    assert visits <= cost["transitions"] <= 3 * visits
    assert cost["usd"] > 0
    assert {"SES", "Step Functions", "Lambda", "DynamoDB"} <= cost["services"].keys()


def test_nobody_enters_outside_the_period() -> None:
    assert stage().backtest(CART, "20d", "30d")["entries"] == 0
    assert stage().backtest(CART, "0m", "1m")["entries"] == 0


@pytest.mark.parametrize(("begin", "end", "now"), [("1d", "1d", NOW), ("2d", "1d", NOW), ("0m", "401d", NOW + 10**11),
                                                   ("0m", "61d", NOW)])
def test_a_period_that_cannot_be_walked_is_refused(begin: str, end: str, now: int) -> None:
    with pytest.raises(Rejected) as error:
        stage().backtest(CART, begin, end, now=now)
    assert (error.value.code, error.value.field) == ("bad_period", "until")


def test_before_there_is_a_lake_it_says_what_to_do() -> None:
    with pytest.raises(Rejected) as error:
        Stage().backtest(CART)
    assert (error.value.code, error.value.status) == ("no_lake", 409)


def test_a_journey_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound) as error:
        stage().backtest(None, journey="nowhere")
    assert error.value.code == "unknown_journey"


def test_a_saved_journey_is_rehearsed_as_it_is() -> None:
    found = Stage()
    story = Story("saved", CART, [*AGREED, Did("5m", "Product Added")], [])
    found.tell(rehearsal.told(story, events_of(story)))
    found.compact()
    found.define("journeys", {"carts": CART})
    assert found.backtest(None)["entries"] == 1


def test_a_template_that_is_not_there_is_refused_with_its_place() -> None:
    with pytest.raises(Rejected) as error:
        stage().backtest(journey("Product Added", send("Remind", "nothing")))
    assert (error.value.code, error.value.field) == ("unknown_template", "document.steps.0.template")


def test_what_was_known_before_the_period_counts() -> None:
    found = Stage()
    story = Story("long known", CART, [*AGREED, Did("2d", "Product Added")], [])
    found.tell(rehearsal.told(story, events_of(story)))
    found.compact()
    assert found.backtest(CART, "1d", "3d")["sends"] == {"email": 2}


def test_a_goal_before_a_message_that_goes_all_the_same_is_told_apart() -> None:
    found = Stage()
    story = Story("soon sold", SOLD, [*AGREED, Did("5m", "Product Added"), Did("20m", ORDERED, {"revenue": 10})], [])
    found.tell(rehearsal.told(story, events_of(story)))
    found.compact()
    answer = found.backtest(SOLD)
    assert (answer["goal"]["reached"], answer["goal"]["before_first_message"], answer["sends"]) == (1, 1, {"email": 1})
