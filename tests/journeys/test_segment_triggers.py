"""A journey that a segment triggers is entered by what happens to people, not by a segment's being defined."""

from __future__ import annotations

from typing import Any

from socle.events.model import RECHECK, Tick
from socle.events.stream import encode_ticks
from tests.journeys.story import journey, send
from tests.journeys.trial import Trial
from tests.journeys.world import World

GOLD = {"when": {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}}}
GOLD_OR_RICH = {"when": {"type": "any", "of": [GOLD["when"], {"type": "event", "event": "Order Completed"}]}}
QUIET = {"when": {"type": "all", "of": [{"type": "event", "event": "Product Viewed"}, {"type": "not", "of": {
    "type": "event", "event": "Product Viewed", "window": {"within": "7d"}}}]}}


def world(change: str = "entered", **segments: Any) -> World:
    """One with a journey of gold people, and of somebody on the plan they say."""
    made = World(segments=segments)
    made.publish("welcome", journey({"type": "segment", "segment": "gold", "change": change}, send("Remind"),
                                    entry={"again": "always"}))
    return made


def define(made: World, name: str, document: dict[str, Any]) -> None:
    made.definitions.setdefault("segments", {})[name] = document
    made.versions["segments", name] = made.versions.get(("segments", name), 0) + 1


def look(made: World, who: str) -> None:
    """As after a recompute: look at everything anew."""
    made.pending.append(encode_ticks([Tick(made.root(who).id, RECHECK)]))
    made.settle()


def says(made: World, who: str, plan: str) -> None:
    made.advance("1m")
    made.happen(who, "$identify", {"plan": plan})


def test_who_is_in_a_segment_as_it_is_written_enters_nothing_and_who_comes_to_it_later_does() -> None:
    made = world()
    for who, plan in (("ada", "gold"), ("eve", "free")):
        made.agree(who, plan=plan)
    define(made, "gold", GOLD)
    for who in ("ada", "eve"):
        look(made, who)
    assert set(made.root("ada").segments) == {"gold"}
    assert made.entries("ada") == made.entries("eve") == ()
    says(made, "eve", "gold")
    assert (made.entries("ada"), len(made.entries("eve"))) == ((), 1)
    says(made, "ada", "free")
    says(made, "ada", "gold")
    assert len(made.entries("ada")) == 1


def test_nor_does_who_is_seen_first_with_an_event_of_another_kind() -> None:
    made = world(other=QUIET)
    made.agree("ada", plan="gold")
    define(made, "gold", GOLD)
    made.happen("ada", "Product Viewed")
    assert set(made.root("ada").segments) == {"gold"}
    assert made.entries("ada") == ()


def test_who_comes_to_a_segment_with_the_very_event_by_which_its_definition_is_seen_first_enters() -> None:
    made = world(other=QUIET)
    made.agree("ada", plan="free")
    define(made, "gold", GOLD_OR_RICH)
    made.happen("ada", "Order Completed", {"order_id": "o1", "revenue": 10})
    assert len(made.entries("ada")) == 1


def test_a_definition_that_is_written_anew_lets_nobody_in_who_did_nothing() -> None:
    made = world(gold=GOLD)
    made.agree("ada", plan="free")
    made.happen("ada", "Order Completed", {"order_id": "o1", "revenue": 10})
    define(made, "gold", GOLD_OR_RICH)
    define(made, "gold", GOLD_OR_RICH)
    look(made, "ada")
    assert set(made.root("ada").segments) == {"gold"}
    assert made.entries("ada") == ()


def test_nor_is_who_falls_out_by_it_somebody_who_left() -> None:
    made = world("left", gold=GOLD_OR_RICH)
    made.agree("ada", plan="free")
    made.happen("ada", "Order Completed", {"order_id": "o1", "revenue": 10})
    define(made, "gold", GOLD)
    define(made, "gold", GOLD)
    look(made, "ada")
    assert (set(made.root("ada").segments), made.entries("ada")) == (set(), ())
    says(made, "ada", "gold")
    says(made, "ada", "free")
    assert len(made.entries("ada")) == 1


def test_who_comes_to_a_segment_by_time_enters_though_another_one_was_written_meanwhile() -> None:
    made = world(gold=QUIET)
    made.agree("ada", plan="free")
    made.happen("ada", "Product Viewed")
    define(made, "other", GOLD)
    made.advance("8d")
    assert len(made.entries("ada")) == 1


def test_a_newcomer_enters_with_the_first_event() -> None:
    made = world(gold={"when": {"type": "not", "of": {"type": "event", "event": "Order Completed"}}})
    made.happen("ada", "Product Viewed")
    assert len(made.entries("ada")) == 1


def test_two_who_come_to_a_segment_by_becoming_one_enter() -> None:
    made = Trial()
    define(made, "gold", {"when": {"type": "all", "of": [GOLD["when"], {"type": "event", "event": "Order Completed"}]}})
    made.publish("welcome", journey({"type": "segment", "segment": "gold"}, send("Remind")))
    made.agree("ada", plan="gold")
    made.happen("eve", "Order Completed", {"order_id": "o1", "revenue": 10})
    assert made.entries("ada") == made.entries("eve") == ()
    made.merge("ada", "eve")
    look(made, "ada")
    assert len(made.entries("ada")) == 1
