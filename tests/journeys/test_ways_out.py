"""An event that is an exit, and that a hold waits for: which of the two it is."""

from __future__ import annotations

from socle.effects.model import OUT, RESUME
from socle.journeys.holds import register
from socle.journeys.model.entry import COMPLETED
from tests.journeys.people import CART, HOUR, Somebody, did, release, rules_of
from tests.people import SECOND, T0

EXITS = [{"name": "bought", "event": "Order Completed"}, {"name": "till", "event": "Checkout Started"}]


def inside() -> Somebody:
    return Somebody(rules_of(release(CART | {"exits": EXITS}))).does(did(1, "Product Added", cart_id="c1"))


def held() -> Somebody:
    person = inside()
    person.aggregate.journeys = (register(person.entries[0], "Left alone", 0, HOUR, T0 + 2 * SECOND),)
    return person


def test_who_is_held_goes_by_the_way_to_the_end_and_it_counts_there() -> None:
    person = held().does(did(60, "Order Completed", cart_id="c1", order_id="o"))
    [entry] = person.entries
    assert (entry.reason, entry.hold and entry.hold.way) == (COMPLETED, "Order Completed")
    assert RESUME in person.effects
    assert OUT not in person.effects


def test_anywhere_else_the_same_event_is_the_exit() -> None:
    person = inside().does(did(60, "Order Completed", cart_id="c1", order_id="o"))
    assert (person.entries[0].reason, OUT in person.effects) == ("exit:bought", True)
    another_cart = held().does(did(60, "Order Completed", cart_id="c2", order_id="o"))
    assert another_cart.entries[0].reason == "exit:bought"


def test_nobody_goes_on_by_the_event_of_an_exit() -> None:
    person = held().does(did(60, "Checkout Started", cart_id="c1"))
    assert (person.entries[0].reason, RESUME in person.effects) == ("exit:till", False)
