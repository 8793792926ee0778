"""Where somebody is in a journey, told by the document, the entry and the lines that its steps have left."""

from __future__ import annotations

from typing import Any

import pytest

from socle.clock import DAY, HOUR, MINUTE
from socle.iso import to_iso
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.entry import HOLDOUT, Entry, Hold
from socle.journeys.model.row import Logged, Row
from socle.journeys.position import position, view

T = 1_800_000_000_000
CART = JourneyDocument.model_validate({
    "trigger": {"type": "event", "event": "Product Added"}, "steps": [
        {"name": "An hour", "type": "wait", "for": "1h"},
        {"name": "Ordered?", "type": "hold", "until": [{"event": "Order Completed", "next": "end"},
                                                       {"event": "Product Added", "next": "An hour"}], "timeout": "23h"},
        {"name": "Reminder", "type": "send", "template": "reminder"},
        {"name": "Two days", "type": "wait", "for": "2d"},
        {"name": "Morning", "type": "wait_until_time"},
        {"name": "Rich?", "type": "branch", "cases": [
            {"name": "big", "event": [{"property": "value", "test": {"op": "gt", "value": 9}}], "next": "Offer"}], "next": "end"},
        {"name": "Offer", "type": "send", "template": "offer"},
        {"name": "Done", "type": "exit", "reason": "offered"}]})
TIMED_OUT = ("Ordered?", 0, T + DAY, "timed out", "")
HOLDING = ("Ordered?", 0, T + HOUR, "holding", to_iso(T + DAY))


def entry(**changes: Any) -> Entry:
    return Entry("0" * 20, "cart", 3, "c1", T, "e1", "p1", (T, "e1"))._replace(**changes)


def row(*lines: tuple[str, int, int, str, str]) -> Row:
    return Row("cart", 3, T, {(step, round_): Logged(at, outcome, detail) for step, round_, at, outcome, detail in lines},
               {}, {}, {}, {})


TABLE: list[tuple[str, list[tuple[str, int, int, str, str]], int, list[str], str, int | None]] = [
    ("who has just entered waits, without a row", [], T + MINUTE, [], "An hour: waiting", T + HOUR),
    ("a wait and the one after it are foretold", [("An hour", 0, T, "waiting", to_iso(T + HOUR)),
                                                  ("Two days", 0, T + HOUR, "waiting", to_iso(T + 3 * DAY))],
     T + MINUTE, [], "An hour: waiting", T + HOUR),
    ("the wait is over, the hold not begun", [], T + HOUR, ["An hour: waited"], "Ordered?: due", None),
    ("who is held", [HOLDING], T + 2 * HOUR, ["An hour: waited"], "Ordered?: holding", T + DAY),
    ("after a time-out comes the reminder", [TIMED_OUT], T + DAY,
     ["An hour: waited", "Ordered?: timed out"], "Reminder: due", None),
    ("skipped, and waiting again", [TIMED_OUT, ("Reminder", 0, T + DAY, "skipped", "no_consent")],
     T + DAY + HOUR, ["An hour: waited", "Ordered?: timed out", "Reminder: skipped no_consent"], "Two days: waiting",
     T + 3 * DAY),
    ("a second round", [("Ordered?", 0, T + 5 * HOUR, "way", "Product Added")], T + 5 * HOUR + MINUTE,
     ["An hour: waited", "Ordered?: way Product Added"], "An hour: waiting", T + 6 * HOUR),
    ("held in the second round", [("Ordered?", 0, T + 5 * HOUR, "way", "Product Added"),
                                  ("Ordered?", 1, T + 6 * HOUR, "holding", to_iso(T + 29 * HOUR))], T + 7 * HOUR,
     ["An hour: waited", "Ordered?: way Product Added", "An hour: waited"], "Ordered?: holding", T + 29 * HOUR),
    ("by quiet hours", [TIMED_OUT, ("Reminder", 0, T + DAY, "held", to_iso(T + DAY + 9 * HOUR))],
     T + DAY + HOUR, ["An hour: waited", "Ordered?: timed out"], "Reminder: held", T + DAY + 9 * HOUR),
    ("parked", [TIMED_OUT, ("Reminder", 0, T + DAY, "parked", "failed: unknown_template")],
     T + 2 * DAY, ["An hour: waited", "Ordered?: timed out"], "Reminder: parked", None),
    ("waiting for the morning", [TIMED_OUT, ("Reminder", 0, T + DAY, "sent", ""),
                                 ("Morning", 0, T + 3 * DAY, "waiting", to_iso(T + 3 * DAY + HOUR))], T + 3 * DAY + MINUTE,
     ["An hour: waited", "Ordered?: timed out", "Reminder: sent", "Two days: waited"], "Morning: waiting", T + 3 * DAY + HOUR),
    ("no case held: the end is near", [TIMED_OUT, ("Reminder", 0, T + DAY, "sent", ""),
                                       ("Morning", 0, T + 3 * DAY, "waiting", to_iso(T + 3 * DAY)),
                                       ("Rich?", 0, T + 3 * DAY, "way", "otherwise")], T + 3 * DAY + 1,
     ["An hour: waited", "Ordered?: timed out", "Reminder: sent", "Two days: waited", "Morning: waited", "Rich?: way otherwise"],
     "Rich?: ending", None),
    ("the first rounds of the row are gone", [("Ordered?", 30, T + 60 * DAY, "way", "Product Added"),
                                              ("Ordered?", 31, T + 61 * DAY, "holding", to_iso(T + 62 * DAY))], T + 61 * DAY + 1,
     ["Ordered?: way Product Added", "An hour: waited"], "Ordered?: holding", T + 62 * DAY),
    ("they were moved here from a version with other steps", [
        ("Gone", 0, T + MINUTE, "sent", ""), ("Offer", 0, T + HOUR, "parked", "paused")], T + 2 * HOUR,
     ["An hour: waited"], "Offer: parked", None),
]


@pytest.mark.parametrize(("lines", "now", "path", "here", "until"), [one[1:] for one in TABLE], ids=[one[0] for one in TABLE])
def test_where_somebody_is(lines: list[Any], now: int, path: list[str], here: str, until: int | None) -> None:
    found = position(CART, entry(), row(*lines) if lines else None, now)
    assert [f"{one.step.name}: {one.outcome} {one.detail}".strip() for one in found.path] == path
    assert found.here is not None
    assert (f"{found.here.step.name}: {found.here.outcome}", found.here.until) == (here, until)


def test_a_hold_that_an_event_has_ended_is_over_before_its_step_has_heard_of_it() -> None:
    ended = entry(hold=Hold("Ordered?", 0, (T, "e1"), T + DAY, "Product Added"))
    found = position(CART, ended, row(HOLDING), T + HOUR + MINUTE)
    assert [(one.step.name, one.outcome, one.detail) for one in found.path][-1] == ("Ordered?", "way", "Product Added")
    assert found.here is not None
    assert found.here.step.name == "An hour"


def test_steps_of_one_moment_stand_in_the_order_of_the_journey() -> None:
    lines = [("Offer", 0, T + 3 * DAY, "sent", ""), ("Rich?", 0, T + 3 * DAY, "way", "big"),
             TIMED_OUT, ("Reminder", 0, T + DAY, "sent", "")]
    found = position(CART, entry(ended=T + 3 * DAY, reason="offered"), row(*lines), T + 4 * DAY)
    assert [one.step.name for one in found.path] == ["An hour", "Ordered?", "Reminder", "Two days", "Rich?", "Offer"]
    assert found.here is None


@pytest.mark.parametrize(("reason", "says"), [
    ("completed", "Through"), ("exit:bought", "the exit 'bought' was met"), ("merged", "became one"), ("over", "as long as"),
    ("stopped", "was stopped"), ("failed", "failed for good"), ("offered", "Out: offered")])
def test_whoever_is_out_is_told_why_and_how_far_they_came(reason: str, says: str) -> None:
    shown = view(CART, entry(ended=T + 2 * HOUR, reason=reason), row(HOLDING), T + 9 * DAY)
    assert says in shown["says"]
    assert (shown["at"], shown["state"]) == (None, "ended")
    assert [(one["step"], one["outcome"]) for one in shown["path"]] == [("An hour", "waited"), ("Ordered?", "left")]


def test_the_path_of_those_who_are_out_ends_where_they_left() -> None:
    found = position(CART, entry(ended=T + MINUTE, reason="exit:bought"), None, T + DAY)
    assert [(one.step.name, one.outcome) for one in found.path] == [("An hour", "left")]


def test_the_last_message_is_on_the_path_though_it_was_noted_a_moment_after_the_end() -> None:
    lines = row(TIMED_OUT, ("Reminder", 0, T + DAY + 250, "sent", ""))
    found = position(CART, entry(ended=T + DAY, reason="completed"), lines, T + 2 * DAY)
    assert ("Reminder", "sent") in [(one.step.name, one.outcome) for one in found.path]


def test_nothing_follows_for_those_held_out() -> None:
    shown = view(CART, entry(ended=T, reason=HOLDOUT), None, T + DAY)
    assert (shown["state"], shown["path"], shown["at"]) == ("held_out", [], None)
    assert "comparison" in shown["says"]


def test_somebody_inside_is_told_what_is_next_and_when() -> None:
    shown = view(CART, entry(), row(HOLDING), T + 2 * HOUR)
    assert shown["says"] == (
        f"In 'Ordered?' until Order Completed or Product Added; its time is over at {to_iso(T + DAY)}, in 22 hours. "
        "Then: Order Completed: the end; Product Added: An hour; timed out: Reminder.")
    assert shown["at"]["ways"] == {"Order Completed": "end", "Product Added": "An hour", "timed out": "Reminder"}
    assert shown["at"]["until"] == to_iso(T + DAY)


@pytest.mark.parametrize(("line", "state", "says"), [
    ("paused", "held", "POST /api/journeys/cart/resume"), ("failed: unknown_template", "live", "POST /api/journeys/cart/redrive"),
    ("failed: unknown_template", "live", "(unknown_template)")])
def test_whoever_is_parked_is_told_what_lets_them_go_on(line: str, state: str, says: str) -> None:
    shown = view(CART, entry(), row(("Reminder", 0, T + DAY, "parked", line)), T + 2 * DAY, state)
    assert says in shown["says"]


def test_a_skip_says_why() -> None:
    shown = view(CART, entry(), row(TIMED_OUT, ("Reminder", 0, T + DAY, "skipped", "frequency_cap")),
                 T + DAY)
    assert shown["path"][-1]["says"] == "Not sent: they have had as many messages as they may."


def test_a_paused_or_stopped_journey_says_so_of_those_inside() -> None:
    assert "stop at their next step" in view(CART, entry(), row(HOLDING), T + 2 * HOUR, "held")["says"]
    assert "out at their next step" in view(CART, entry(), row(HOLDING), T + 2 * HOUR, "stopped")["says"]
