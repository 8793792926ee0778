"""What the consumer decided is done, once, however often the queue brings it."""

from __future__ import annotations

from typing import Any

from socle.campaigns.store import Counters
from socle.effects.model import GOAL, RESUME, Effect
from socle.errors import Unavailable
from socle.journeys.service.effects import PATIENCE, TURN, JourneyEffects, Starts
from socle.rates.model import HORIZON
from tests.journeys.story import hold, journey, send, wait
from tests.journeys.world import World

CART = journey("Product Added", hold("Bought?", "1h", {"event": "Order Completed"}), send("Thank", "thanks"),
               goal={"event": "Order Completed", "within": "7d"})


def lived(document: dict[str, Any] = CART) -> World:
    world = World()
    world.publish("j", document)
    world.agree("ada")
    world.happen("ada", "Product Added")
    return world


def again(world: World) -> None:
    """The queue brings everything once more."""
    for effect in list(world.queue.sent):
        world._again(lambda effect=effect: world.run_effect(effect))  # type: ignore[misc]
    world.settle()


def test_somebody_enters_once_however_often_the_queue_says_so() -> None:
    world = lived()
    again(world)
    [entry] = world.entries("ada")
    assert list(world.workflows.executions) == [entry.id]
    assert world.counts("j") == {("", "entered"): 1, ("Bought?", "holding"): 1}
    assert len({one.key for one in world.told if one.name == "Journey Entered"}) == 1
    [told, *_] = world.named("Journey Entered")
    assert (told["journey"], told["version"], told["entry"], told["holdout"]) == ("j", 1, entry.id, False)
    assert world.root("ada").snapshot.counts["Journey Entered"] == 1


def test_an_execution_begins_with_nothing_personal() -> None:
    world = lived()
    [entry] = world.entries("ada")
    [one] = world.workflows.executions.values()
    assert one.data == {"entry": entry.id, "journey": "j", "version": 1, "profile": entry.part, "at": entry.at, "loop": {"n": 0}}


def test_who_is_held_out_is_told_of_and_counted_and_gets_nothing() -> None:
    world = World()
    world.publish("j", {**CART, "holdout": 50})
    for number in range(20):
        world.agree(f"u{number}")
        world.happen(f"u{number}", "Product Added")
        world.advance("1m")
        world.happen(f"u{number}", "Order Completed", {"order_id": f"o{number}", "revenue": 10, "currency": "EUR"})
    counts = world.counts("j")
    out = counts["", "holdout"]
    assert counts["", "entered"] == 20 - out == len(world.workflows.executions) == len(world.sent)
    assert (counts["", "goal:holdout"], counts["", "revenue:holdout:EUR"]) == (out, out * 1_000)
    assert (counts["", "goal"], counts["", "revenue:EUR"]) == (20 - out, (20 - out) * 1_000)
    assert sum(told["holdout"] for told in world.named("Journey Entered")) == out
    assert len(world.named("Journey Exited")) == 20 - out


def test_a_storm_waits_in_the_queue_and_keeps_its_turns() -> None:
    world = lived()
    waited: list[int] = []
    later: list[tuple[str, int]] = []
    turns = iter([PATIENCE, PATIENCE + 1, HORIZON + 1])

    class Queue:
        def send(self, effects, delay=0) -> None:
            later.extend((one.key, delay) for one in effects)

    class Rates:
        def take(self, name: str, count: int, limit: float, now: int) -> int:
            assert (name, count, limit) == ("journeys", 1, 100.0)
            return next(turns)

    world.journeys = JourneyEffects(world.ground, Starts(Rates(), waited.append, Queue(), 100.0))
    effect = world.queue.sent[0]
    assert world.run_effect(effect)
    assert (waited, later) == ([PATIENCE], [])
    for delay in (PATIENCE // 1_000 + 1, HORIZON // 1_000):
        assert world.run_effect(effect)
        assert later.pop()[1] == delay
    assert world.run_effect(effect._replace(key=effect.key + TURN))  # no further turn is asked for: there is none
    assert len(world.workflows.executions) == 1


def test_a_journey_that_was_stopped_meanwhile_lets_nobody_begin() -> None:
    world = World()
    world.publish("j", CART)
    world.agree("ada")
    world.happen("ada", "Product Added", settle=False)
    world.flow()
    world.turn("j", "stopped")
    world.settle()
    assert world.workflows.executions == {}
    assert world.entries("ada")[0].reason == "stopped"
    assert len(world.named("Journey Exited")) == 1


def test_who_bought_before_their_workflow_began_is_not_held() -> None:
    world = World()
    world.publish("j", CART)
    world.agree("ada")
    world.happen("ada", "Product Added", settle=False)
    world.flow()
    world.now += 1
    world.happen("ada", "Order Completed", {"order_id": "o1"}, settle=False)
    world.flow()
    world.settle()
    assert world.templates("ada") == ["thanks"]
    assert world.workflows.executions.popitem()[1].visited == ["Bought?", "Thank"]


def test_a_hold_is_ended_once_and_an_old_token_is_no_harm() -> None:
    world = lived()
    world.happen("ada", "Order Completed", {"order_id": "o1"})
    world.happen("ada", "Order Completed", {"order_id": "o2"})
    again(world)
    assert world.templates("ada") == ["thanks"]
    assert world.counts("j")["Bought?", "way:Order Completed"] == 1


def test_the_newest_token_of_a_hold_is_answered() -> None:
    world = World()
    world.publish("j", CART)
    world.agree("ada")
    do, crashes = world.steps.do, [True]

    def crashing(task: Any, now: int) -> Any:
        answer = do(task, now)
        if task.do == "hold" and crashes:
            crashes.pop()
            raise Unavailable("lost", "nobody heard the answer")  # registered, and called again with another token
        return answer

    world.steps.do = crashing  # type: ignore[method-assign]
    world.happen("ada", "Product Added")
    world.happen("ada", "Order Completed", {"order_id": "o1"})
    assert world.templates("ada") == ["thanks"]


def test_the_goal_is_counted_once_and_every_order_is_worth_its_revenue() -> None:
    world = lived()
    for number in (1, 2):
        world.advance("1m")
        world.happen("ada", "Order Completed", {"order_id": f"o{number}", "revenue": 10.5, "currency": "EUR"})
    again(world)
    assert world.counts("j")["", "goal"] == 1
    assert world.counts("j")["", "revenue:EUR"] == 2_100
    assert world.entries("ada")[0].goal


def test_effects_of_nobody_are_nothing() -> None:
    world = lived()
    part = world.root("ada").id
    assert not world.run_effect(Effect(RESUME, "j", part, "nobody\0Bought?\x000", 1))
    assert not world.run_effect(Effect(GOAL, "j", part, "nobody\0key", 1))


def test_a_wait_at_the_beginning_is_written_down() -> None:
    world = lived(journey("Product Added", wait("A while", "1h"), send("Say")))
    [entry] = world.entries("ada")
    assert world.row(entry).log["A while", 0].outcome == "waiting"
    again(world)
    assert world.counts("j")["A while", "waiting"] == 1


def test_what_becomes_of_a_journeys_messages_is_not_counted_as_a_campaigns() -> None:
    world = lived(journey("Product Added", send("Say")))
    [(_, _, message)] = world.sent
    assert Counters(world.dynamo, "t").add(message.campaign, message.run, {("Say", "opened"): 1}) == {}
    assert not [key for key in world.dynamo.items if message.run in key[0]]
