"""Stories of waits, branches and splits, and of steps that do something."""

from __future__ import annotations

from typing import Any

from tests.journeys.story import AGREED, Did, Story, Went, journey, send, wait

ADDED = "Product Added"


def until_time(**more: Any) -> dict[str, Any]:
    return {"type": "wait_until_time", "name": "Office hours", **more}


def until_date(**more: Any) -> dict[str, Any]:
    return {"type": "wait_until_date", "name": "That day", "trait": "trial_ends", **more}


def case(name: str, next_: str = "end", **more: Any) -> dict[str, Any]:
    return {"name": name, "next": next_, **more}


def trait(name: str, value: Any, op: str = "eq") -> dict[str, Any]:
    return {"type": "trait", "trait": name, "test": {"op": op, "value": value}}


DATED = journey(ADDED, until_date(otherwise="No date"), send("Remind", next="end"), send("No date", "offer"))

WAITS = (
    Story("a wait is as long as it says", journey(ADDED, wait("Three days", "3d"), send("Remind")),
          [*AGREED, Did("5m", ADDED)], [Went(["Three days: waiting"], "")], until="3d"),
    Story("office hours are on", journey(ADDED, until_time(), send("Remind")), [*AGREED, Did("2h", ADDED)],
          [Went(["Office hours: waiting", "Remind: sent"])], ["reminder"], until="2h 1m"),
    Story("office hours are over", journey(ADDED, until_time(begin="09:00", end="17:00"), send("Remind")),
          [*AGREED, Did("10h", ADDED)], [Went(["Office hours: waiting"], "")], until="1d 59m"),
    Story("office hours have come", journey(ADDED, until_time(begin="09:00", end="17:00"), send("Remind")),
          [*AGREED, Did("10h", ADDED)], [Went(["Office hours: waiting", "Remind: sent"])], ["reminder"], until="1d 1h"),
    Story("only on Sunday", journey(ADDED, until_time(days=["sun"]), send("Remind")),
          [*AGREED, Did("10h", ADDED)], [Went(["Office hours: waiting"], "")], until="5d 23h"),
    Story("Sunday morning in Tokyo", journey(ADDED, until_time(days=["sun"]), send("Remind")),
          [*AGREED, Did("10h", ADDED, timezone="Asia/Tokyo")], [Went(["Office hours: waiting", "Remind: sent"])], ["reminder"],
          until="5d 17h"),
    Story("until the trial ends", DATED, [*AGREED, Did("1m", "$identify", {"trial_ends": "2026-12-06"}), Did("5m", ADDED)],
          [Went(["That day: waiting", "Remind: sent"])], ["reminder"], until="5d 17h"),
    Story("until two days before the trial ends", journey(ADDED, until_date(before="2d"), send("Remind")),
          [*AGREED, Did("1m", "$identify", {"trial_ends": "2026-12-06T12:00:00Z"}), Did("5m", ADDED)],
          [Went(["That day: waiting", "Remind: sent"])], ["reminder"], until="4d 5h"),
    Story("a date that is past", DATED, [*AGREED, Did("1m", "$identify", {"trial_ends": "2026-11-29"}), Did("5m", ADDED)],
          [Went(["That day: otherwise", "No date: sent"])], ["offer"]),
    Story("a date that is missing", DATED, [*AGREED, Did("5m", ADDED)], [Went(["That day: otherwise", "No date: sent"])],
          ["offer"]),
    Story("a date that is none", DATED, [*AGREED, Did("1m", "$identify", {"trial_ends": "soon"}), Did("5m", ADDED)],
          [Went(["That day: otherwise", "No date: sent"])], ["offer"]),
    Story("no date and no other way", journey(ADDED, until_date(), send("Remind")), [*AGREED, Did("5m", ADDED)],
          [Went(["That day: otherwise", "Remind: sent"])], ["reminder"]),
)
PLAN = journey(ADDED, {"type": "branch", "name": "Plan?", "cases": [
    case("pays", "Offer", when=trait("plan", "pro")), case("dear", "Remind", event=[
        {"property": "price", "test": {"op": "gte", "value": 100}}])], "next": "end"},
    send("Remind", next="end"), send("Offer", "offer"))
BRANCHES = (
    Story("a case of the person", PLAN, [*AGREED, Did("1m", "$identify", {"plan": "pro"}), Did("5m", ADDED, {"price": 120})],
          [Went(["Plan?: pays", "Offer: sent"])], ["offer"]),
    Story("a case of the event", PLAN, [*AGREED, Did("5m", ADDED, {"price": 120})], [Went(["Plan?: dear", "Remind: sent"])],
          ["reminder"]),
    Story("no case at all", PLAN, [*AGREED, Did("5m", ADDED, {"price": 20})], [Went(["Plan?: otherwise"])]),
    Story("the plan of when it is asked", journey(ADDED, wait("A day", "1d"), *PLAN["steps"]),
          [*AGREED, Did("5m", ADDED), Did("1h", "$identify", {"plan": "pro"})],
          [Went(["A day: waiting", "Plan?: pays", "Offer: sent"])], ["offer"]),
    Story("how often by then", journey(ADDED, wait("A day", "1d"), {"type": "branch", "name": "Keen?", "cases": [
        case("keen", "Offer", when={"type": "event", "event": "Product Viewed", "count": {"op": "gte", "value": 2},
                                    "window": {"within": "2d"}})], "next": "end"}, send("Offer", "offer")),
          [*AGREED, Did("5m", ADDED), Did("1h", "Product Viewed"), Did("3h", "Product Viewed"), Did("1d 1h", "Product Viewed")],
          [Went(["A day: waiting", "Keen?: keen", "Offer: sent"])], ["offer"]),
    Story("a split that is no question", journey(ADDED, {"type": "split", "name": "Coin", "ways": [
        {"name": "heads", "weight": 0.001, "next": "Remind"}, {"name": "tails", "weight": 99.999, "next": "Offer"}]},
        send("Remind", next="end"), send("Offer", "offer")),
          [*AGREED, Did("5m", ADDED)], [Went(["Coin: tails", "Offer: sent"])], ["offer"]),
)
TAGGED = {"type": "branch", "name": "Tagged?", "cases": [case("yes", "Offer", when=trait("tags", "late", "array_contains"))],
          "next": "end"}
DOING = (
    Story("what a step writes is there for the next", journey(
        ADDED, {"type": "update", "name": "Note", "traits": {"stage": "late"}, "add_tags": ["late", "cart"]}, 
        wait("A minute", "1m"), TAGGED, send("Offer", "offer")),
          [*AGREED, Did("5m", ADDED)], [Went(["Note: done", "A minute: waiting", "Tagged?: yes", "Offer: sent"])], ["offer"]),
    Story("a tag is taken away", journey(
        ADDED, {"type": "update", "name": "Note", "remove_tags": ["late"]}, wait("A minute", "1m"), TAGGED,
        send("Offer", "offer")),
          [*AGREED, Did("1m", "$identify", {"tags": ["late", "other"]}), Did("5m", ADDED)],
          [Went(["Note: done", "A minute: waiting", "Tagged?: otherwise"])]),
    Story("points add up", journey(
        ADDED, {"type": "update", "name": "Give", "points": 30}, wait("A minute", "1m"),
        {"type": "branch", "name": "Enough?", "cases": [case("yes", "Offer", when={
            "type": "aggregate", "function": "sum", "of": "points", "event": "Points Earned",
            "test": {"op": "gte", "value": 50}})],
         "next": "end"}, send("Offer", "offer")),
          [*AGREED, Did("5m", ADDED), Did("2h", ADDED)],
          [Went(["Give: done", "A minute: waiting", "Enough?: otherwise"]),
           Went(["Give: done", "A minute: waiting", "Enough?: yes", "Offer: sent"])], ["offer"]),
    Story("an event that the journey makes", journey(
        ADDED, {"type": "update", "name": "Give up", "emit": [{"event": "Given Up", "properties": {"why": "time"}}]},
        wait("A day", "1d"), send("Remind"), exits=[{"name": "given-up", "event": "Given Up", "where": [
            {"property": "why", "test": {"op": "eq", "value": "time"}}]}]),
          [*AGREED, Did("5m", ADDED)], [Went(["Give up: done", "A day: waiting"], "exit:given-up")]),
    Story("another journey is started", journey(
        ADDED, {"type": "start", "name": "Hand over", "journey": "other"}, send("Remind")),
          [*AGREED, Did("5m", ADDED)], [Went(["Hand over: done", "Remind: sent"])], ["reminder"],
          also={"journeys": {"other": journey({"type": "request"}, wait("A day", "1d"))}}),
)
