"""Orders that are larger than an event come in parts, and are settled as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.profiles.fold import HistoryNeeded, fold, refold
from socle.profiles.model import Snapshot
from socle.profiles.orders import COMPLETED, REFUNDED
from tests.people import cut, order

LINES = st.lists(st.fixed_dictionaries({"sku": st.sampled_from("abc"), "price": st.sampled_from([0, 1.005, 2.5, "3.333"]),
                                        "quantity": st.integers(0, 5)}), min_size=1, max_size=12)


def part(number: int, of: int, *products: dict, event: int | None = None, revision: int = 0, name: str = COMPLETED, **more):
    return order(event or number, order_id="o", name=name, currency="EUR", part=number, parts=of, products=list(products),
                 revision=revision, **more)


def euros(*events):
    orders = refold(events).orders["EUR"]
    return orders.completed, orders.revenue, orders.refunds, orders.refunded


def line(price, quantity=1):
    return {"sku": "a", "price": price, "quantity": quantity}


@given(LINES, st.integers(1, 5), st.sampled_from([COMPLETED, REFUNDED]), st.data())
def test_parts_in_any_order_and_batches_are_worth_what_the_whole_is(lines, count, name, data):
    whole = order(1, order_id="o", name=name, currency="EUR", products=lines)
    parts = [part(number, count, *lines[number - 1::count], name=name)._replace(at=whole.at) for number in range(1, count + 1)]
    state, seen = Snapshot(), []
    for batch in cut(data.draw, parts):
        seen += batch
        try:
            state = fold(state, batch)
        except HistoryNeeded:
            state = refold(seen)
    assert state.orders == refold([whole]).orders


def test_parts_are_added_up_before_they_are_rounded():
    assert euros(part(1, 3, line(1.004)), part(2, 3, line(1.004)), part(3, 3, line(1.004))) == (1, 301, 0, 0)


def test_parts_of_a_refund_are_one_refund():
    assert euros(part(1, 2, line(1.004), name=REFUNDED), part(2, 2, line(1.004), name=REFUNDED)) == (0, 0, 1, 201)


def test_a_corrected_part_replaces_itself_alone():
    assert euros(part(1, 2, line(10)), part(2, 2, line(5)), part(2, 2, line(7), revision=1)) == (1, 1700, 0, 0)


def test_a_refund_of_the_rest_takes_all_parts_together():
    rest = order(9, order_id="o", name=REFUNDED)
    assert euros(part(1, 2, line(10)), part(2, 2, line(5)), rest) == (1, 1500, 1, 1500)


def test_a_refund_of_products_finds_their_prices_in_any_part():
    back = order(9, order_id="o", name=REFUNDED, products=[{"sku": "b", "quantity": 2}])
    assert euros(part(1, 2, line(10)), part(2, 2, {"sku": "b", "price": 3}), back) == (1, 1300, 1, 600)


def test_an_order_that_has_become_shorter_has_fewer_parts():
    before = [part(1, 3, line(1)), part(2, 3, line(2)), part(3, 3, line(4))]
    assert euros(*before, part(1, 2, line(10), revision=1), part(2, 2, line(20), revision=1)) == (1, 3000, 0, 0)


def test_an_order_that_has_become_longer_has_parts_where_it_was_whole():
    whole = order(1, order_id="o", currency="EUR", products=[line(100)])
    assert euros(whole, part(1, 2, line(10), revision=1), part(2, 2, line(20))) == (1, 3000, 0, 0)


def test_an_order_that_fits_one_event_again_is_whole():
    whole = order(1, order_id="o", currency="EUR", products=[line(100)], revision=1)
    assert euros(part(1, 2, line(10)), part(2, 2, line(20)), whole) == (1, 10_000, 0, 0)


def test_what_was_taken_back_counts_for_nothing():
    gone = order(1, order_id="o", currency="EUR", products=[], voided=True, revision=1)
    assert refold([part(1, 1, line(10)), gone]).orders == {}


def test_an_order_that_was_taken_back_can_come_again():
    gone = order(1, order_id="o", currency="EUR", products=[], voided=True, revision=1)
    again = order(1, order_id="o", currency="EUR", products=[line(4)], revision=2)
    assert euros(order(1, order_id="o", currency="EUR", products=[line(3)]), gone, again) == (1, 400, 0, 0)


@pytest.mark.parametrize("number", [0, -1, "1", 1.0, True, None, []], ids=repr)
def test_what_is_no_number_of_a_part_makes_a_whole_order(number):
    first = order(1, order_id="o", currency="EUR", part=number, parts=2, products=[line(1)])
    second = order(2, order_id="o", currency="EUR", part=number, parts=2, products=[line(2)])
    assert euros(first, second) == (1, 200, 0, 0)


def test_an_order_of_many_parts_is_counted_once_by_its_name_and_one_that_was_taken_back_not_at_all():
    parts = [order(number, order_id="o-1", part=number, parts=3, products=[{"price": 1, "quantity": 1}]) for number in (1, 2, 3)]
    void = order(9, order_id="o-2", voided=True)
    assert refold([*parts, void, order(10, order_id="o-3", revenue=5)]).counts == {"Order Completed": 2}
    assert refold([*parts, void]).events == 4
