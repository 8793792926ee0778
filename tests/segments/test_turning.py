"""An aggregate over a window is looked at when its answer turns, not whenever an event leaves the window."""

from __future__ import annotations

import pytest

from socle.clock import DAY
from tests.people import T0, event
from tests.segments.test_live import Shop


@pytest.mark.parametrize(("function", "op", "value", "days", "ticks"), [
    ("sum", "gte", 40, [], 0), ("sum", "gte", 5, [10], 2), ("average", "gte", 0.5, range(10, 19), 2),
    ("max", "gte", 1, range(10, 19), 2),
    ("distinct", "gte", 2, range(10, 18), 2), ("min", "gte", 1, [18], 3), ("first", "eq", 1, range(10, 19, 2), 10),
    ("last", "eq", 1, range(10, 19), 2)])
def test_ticks_come_when_the_answer_turns(function, op, value, days, ticks):
    """Ten days with the values 0 1 0 1 …, each of which leaves ten days later; `days`: from the tenth on those with a member."""
    shop = Shop(one={"type": "aggregate", "function": function, "of": "n", "event": "Seen", "window": {"within": "10d"},
                     "test": {"op": op, "value": value}})
    for day in range(10):
        shop.now = T0 + day * DAY
        shop.deliver(event(day, name="Seen", ts=shop.now, properties={"n": day % 2}))
    inside, needed = [], 0
    for day in range(10, 21):
        needed += shop.wait(T0 + day * DAY)
        inside += [day] if shop.of() else []
    assert inside == list(days)
    assert needed <= ticks


def test_the_favourite_of_a_window_is_looked_at_with_each_event_that_leaves():
    shop = Shop(one={"type": "aggregate", "function": "most_frequent", "of": "n", "event": "Seen", "window": {"within": "10d"},
                     "test": {"op": "eq", "value": "a"}})
    shop.deliver(*(event(day, name="Seen", ts=T0 + day * DAY, properties={"n": name}) for day, name in enumerate("bbba")))
    assert shop.of() == set()
    shop.wait(T0 + 12 * DAY)
    assert shop.of() == {"one"}
