"""What steps do, in a world where everything but AWS and time is real."""

from __future__ import annotations

from tests.journeys.story import hold, journey, send
from tests.journeys.world import World

CART = journey("Product Added", hold("Bought?", "1h", {"event": "Order Completed", "next": "end"}), send("Remind"))


def test_who_does_not_buy_is_reminded() -> None:
    world = World()
    world.publish("cart", CART)
    world.agree("ada")
    world.happen("ada", "Product Added", {"cart_id": "c1"})
    assert world.templates("ada") == []
    world.advance("1h")
    assert world.templates("ada") == ["reminder"]
    [entry] = world.entries("ada")
    assert entry.reason == "completed"
    assert {place: what[1:] for place, what in world.row(entry).log.items()} == {
        ("Bought?", 0): ("timed out", ""), ("Remind", 0): ("sent", ""), ("", 0): ("out", "completed")}


def test_who_buys_is_not_reminded() -> None:
    world = World()
    world.publish("cart", CART)
    world.agree("ada")
    world.happen("ada", "Product Added", {"cart_id": "c1"})
    world.advance("30m")
    world.happen("ada", "Order Completed", {"order_id": "o1", "revenue": 10})
    world.advance("2h")
    assert world.templates("ada") == []
    [entry] = world.entries("ada")
    assert entry.reason == "completed"
    assert [one.status for one in world.workflows.executions.values()] == ["succeeded"]
