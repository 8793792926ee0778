"""Five hundred people who enter within one minute, and one person with ten thousand events: each gets what is theirs, once."""

from __future__ import annotations

from collections import Counter

from tests.journeys.story import hold, journey, send
from tests.journeys.world import World

CROWD = 500
BUY = {"event": "Order Completed", "match": "cart_id", "next": "end"}
CART = journey({"type": "event", "event": "Product Added"}, hold("Bought?", "1h", BUY), send("Remind"),
               entry={"again": "per_key", "key": "cart_id"})


def test_five_hundred_who_enter_in_one_minute_are_each_reminded_once() -> None:
    world = World()
    world.publish("j", CART)
    people = [f"u{number}" for number in range(CROWD)]
    for who in people:
        world.happen(who, "$identify", {"email": f"{who}@shop.example.com"}, settle=False)
        world.happen(who, "Consent Updated", {"channel": "email", "topic": "stories", "state": "subscribed", "source": "test"},
                     settle=False)
    world.settle()
    for place, who in enumerate(people):
        world.now += 60_000 * place // CROWD - 60_000 * (place - 1) // CROWD if place else 0
        world.happen(who, "Product Added", {"cart_id": who}, settle=False)
    world.settle()
    assert len(world.workflows.executions) == CROWD
    world.happen(people[7], "Order Completed", {"cart_id": people[7], "order_id": "o", "revenue": 5})
    world.advance("2h")
    assert Counter(message.address for _, _, message in world.sent).most_common(1)[0][1] == 1
    assert len(world.sent) == CROWD - 1
    assert {one.status for one in world.workflows.executions.values()} == {"succeeded"}


def test_ten_thousand_events_of_one_person_are_one_entry_and_one_reminder() -> None:
    world = World()
    world.publish("j", CART)
    world.agree("ada")
    for _ in range(20):
        for _ in range(500):
            world.happen("ada", "Product Added", {"cart_id": "c1"}, settle=False)
        world.settle()
        world.now += 1_000
    world.advance("2h")
    assert [entry.key for entry in world.entries("ada")] == ["c1"]
    assert world.templates("ada") == ["reminder"]
    assert world.root("ada").snapshot.counts["Product Added"] == 10_000
