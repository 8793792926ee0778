"""What counters say of steps and ways; and what a journey comes to against those held out."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from socle.costs.prices import PRICES, TRANSITIONS
from socle.journeys.figures import figures
from socle.journeys.model.document import JourneyDocument
from socle.journeys.results import report, to_csv

CART: dict[str, Any] = {
    "trigger": {"type": "event", "event": "Product Added"}, "goal": {"event": "Order Completed"}, "holdout": 10, "steps": [
        {"name": "An hour", "type": "wait", "for": "1h"},
        {"name": "Ordered?", "type": "hold", "timeout": "1d", "until": [
            {"event": "Order Completed", "next": "end"}, {"event": "Product Added", "next": "An hour"}]},
        {"name": "Reminder", "type": "send", "template": "reminder"},
        {"name": "Two days", "type": "wait", "for": "2d"},
        {"name": "Offer", "type": "send", "template": "offer"},
        {"name": "Done", "type": "exit", "reason": "offered"}]}
COUNTS = {
    ("", "entered"): 1000, ("", "ended:completed"): 250, ("", "ended:exit:cleared"): 20, ("", "ended:offered"): 300,
    ("", "goal"): 260, ("", "holdout"): 100, ("", "goal:holdout"): 10,
    ("", "revenue:EUR"): 520_000, ("", "revenue:holdout:EUR"): 9_000,
    ("An hour", "waiting"): 1050, ("Ordered?", "holding"): 950, ("Ordered?", "way:Order Completed"): 250,
    ("Ordered?", "way:Product Added"): 50, ("Ordered?", "timed out"): 600,
    ("Reminder", "sent"): 500, ("Reminder", "skipped:no_consent"): 80,
    ("Reminder", "skipped:frequency_cap"): 20, ("Two days", "waiting"): 600, ("Offer", "sent"): 290, ("Offer", "failed"): 10,
    ("Done", "out"): 300}
INSIDE = {"An hour": 100, "Ordered?": 50, "Two days": 280}
DOCUMENT = JourneyDocument.model_validate(CART)
SEEN = figures(DOCUMENT, COUNTS, INSIDE)


@pytest.mark.parametrize(("step", "came", "went", "left"), [
    ("An hour", 1050, {"": 950}, 0),
    ("Ordered?", 950, {"Order Completed": 250, "Product Added": 50, "timed out": 600}, 0),
    ("Reminder", 600, {"": 600}, 0),
    ("Two days", 600, {"": 300}, 20),
    ("Offer", 300, {"": 300}, 0),
    ("Done", 300, {}, None)])
def test_each_step_says_who_came_who_went_on_and_who_left(step: str, came: int, went: dict[str, int], left: int | None) -> None:
    one = SEEN.steps[step]
    assert (one.came, dict(one.went), one.left) == (came, went, left)


def test_why_nothing_was_sent_is_counted_by_reason() -> None:
    assert SEEN.steps["Reminder"].skipped == {"no_consent": 80, "frequency_cap": 20}


def test_the_journey_itself() -> None:
    assert (SEEN.entered, SEEN.inside, SEEN.goal, SEEN.holdout, SEEN.holdout_goal) == (1000, 430, 260, 100, 10)
    assert SEEN.ended == {"completed": 250, "exit:cleared": 20, "offered": 300}
    assert (SEEN.revenue, SEEN.holdout_revenue) == ({"EUR": 520_000}, {"EUR": 9_000})


def test_what_the_counters_cannot_tell_is_none_and_not_nothing() -> None:
    both = JourneyDocument.model_validate({"trigger": {"type": "request"}, "steps": [
        {"name": "Test", "type": "split", "ways": [
            {"name": "a", "weight": 50, "next": "A"}, {"name": "b", "weight": 50, "next": "B"}]},
        {"name": "A", "type": "wait", "for": "1h", "next": "Send"}, {"name": "B", "type": "wait", "for": "2h", "next": "Send"},
        {"name": "Send", "type": "send", "template": "t"}]})
    seen = figures(both, {("", "entered"): 10, ("Test", "way:a"): 4, ("Test", "way:b"): 6, ("Send", "sent"): 7}, {"A": 1, "B": 2})
    assert (seen.steps["A"].came, dict(seen.steps["A"].went), seen.steps["A"].left) == (4, {"": None}, None)
    assert seen.steps["Send"].came == 7


def test_before_anybody_came_all_is_zero() -> None:
    seen = figures(DOCUMENT, {}, {})
    assert (seen.entered, seen.inside, seen.steps["Ordered?"].came) == (0, 0, 0)
    found = report([(DOCUMENT, seen)], {}, {})
    assert (found["converted"]["rate"], found["lift"], found["cost"]["usd_per_entry"]) == (0, None, None)


def test_those_who_entered_are_compared_with_those_held_out() -> None:
    found = report([(DOCUMENT, SEEN)], {"reminder": "email", "offer": "email"}, {})
    assert (found["converted"]["rate"], found["holdout"]["rate"], found["lift"]["difference"]) == (0.26, 0.1, 0.16)
    low, high = found["lift"]["interval"]
    assert 0 < low < 0.16 < high
    assert (found["lift"]["significant"], found["lift"]["more_conversions"]) == (True, 160)
    assert (found["converted"]["revenue_per_entry"], found["holdout"]["revenue_per_entry"]) == ({"EUR": 520.0}, {"EUR": 90.0})


def test_a_journey_without_a_goal_or_a_holdout_is_compared_with_nobody() -> None:
    plain = JourneyDocument.model_validate({key: value for key, value in CART.items() if key not in ("goal", "holdout")})
    found = report([(plain, SEEN)], {}, {})
    assert (found["goal"], found["converted"], found["holdout"], found["lift"]) == (None, None, None, None)


def test_versions_are_added_up() -> None:
    found = report([(DOCUMENT, SEEN), (DOCUMENT, SEEN)], {}, {})
    assert (found["entered"], found["converted"]["converted"], found["steps"][0]["sent"]) == (2000, 520, 1000)


def test_transitions_follow_from_the_counters() -> None:
    cost = report([(DOCUMENT, SEEN)], {"reminder": "email", "offer": "email"}, {})["cost"]
    # waits 1050 + 600, holds 950 and as many choices and 600 time-outs, sends 600 + 300, half of 300 exits and of 570 ends
    assert cost["transitions"] == 1650 + 950 + 950 + 600 + 900 + 150 + 285
    assert cost["services"]["Step Functions"] == pytest.approx(PRICES[TRANSITIONS] * cost["transitions"], abs=1e-4)
    assert cost["services"]["SES"] == pytest.approx(790 * 0.0001, abs=1e-4)


def test_the_report_as_csv_has_a_row_for_the_whole_and_for_each_step_that_sends() -> None:

    rows = list(csv.DictReader(io.StringIO(to_csv(report([(DOCUMENT, SEEN)], {}, {"Reminder": {"sent": 499, "clicked": 40}})))))
    assert [(row["by"], row["name"], row["sent"], row["skipped"], row["clicked"]) for row in rows] == [
        ("total", "", "790", "100", "40"), ("step", "Reminder", "500", "100", "40"), ("step", "Offer", "290", "0", "0")]
    assert (rows[0]["revenue_EUR"], rows[0]["rate"], rows[0]["entered"]) == ("520000", "0.26", "1000")


def test_who_is_on_the_way_between_two_counts_has_not_left() -> None:
    seen = figures(DOCUMENT, {("", "entered"): 10, ("An hour", "waiting"): 10, ("Ordered?", "holding"): 4},
                   {"An hour": 5, "Ordered?": 4})
    assert (seen.steps["An hour"].left, seen.steps["Ordered?"].left) == (0, 0)
