"""Scores whose points are lost with time are looked at when a test of them turns, not with every point."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.clock import HOUR
from socle.definitions.model import Definition
from socle.segments.decay import Falling, turns, within
from socle.segments.document import ComputedTrait, Segment
from socle.segments.rules import LiveRules
from tests.people import T0, event
from tests.segments.test_live import Shop

MINUTE = 60_000
VIEWED = {"type": "event", "event": "Product Viewed"}
ends = st.one_of(st.none(), st.integers(-5, 30))


def shop_of(test: dict[str, Any], *rules: dict[str, Any]) -> Shop:
    score = ComputedTrait.model_validate({"value": {"type": "score", "rules": list(rules)}}).model_dump(mode="json")
    hot = Segment.model_validate({"when": {"type": "computed", "trait": "score", "test": test}}).model_dump(mode="json")
    shop = Shop()
    shop.rules = shop.rules._replace(segments=LiveRules.of([Definition("segments", "hot", 1, hot, T0, T0)],
                                                           [Definition("computed-traits", "score", 1, score, T0, T0)]))
    return shop


def test_points_that_are_lost_every_minute_take_one_tick():
    shop = shop_of({"op": "gte", "value": 100}, {"points": 1_000, "when": VIEWED, "decay": {"every": "1m", "lose": 2}})
    shop.deliver(event(0))
    assert shop.of() == {"hot"}
    assert shop.wait(T0 + 451 * MINUTE - 1) == 0
    assert shop.of() == {"hot"}
    assert shop.wait(T0 + 451 * MINUTE) == 1
    assert shop.of() == set()
    assert shop.wait(T0 + 900 * MINUTE) == 0


@pytest.mark.parametrize("test", [{"op": "eq", "value": 5}, {"op": "between", "min": 3, "max": 5}])
def test_a_score_falls_into_a_range_and_out_of_it(test):
    shop = shop_of(test, {"points": 9, "when": VIEWED, "decay": {"every": "1h", "lose": 1}})
    shop.deliver(event(0))
    inside = []
    for hour in range(10):
        shop.wait(T0 + hour * HOUR)
        inside.append(9 - hour if shop.of() else None)
    assert [one for one in inside if one] == ([5] if test["op"] == "eq" else [5, 4, 3])


def test_points_for_few_events_are_whole_again_when_the_last_event_is_out_of_the_window():
    few = {**VIEWED, "count": {"op": "lte", "value": 3}, "window": {"within": "10h"}}
    shop = shop_of({"op": "gte", "value": 1}, {"points": 1, "when": few, "decay": {"every": "1h", "lose": 1}})
    shop.deliver(event(0))
    shop.wait(T0 + HOUR)
    assert shop.of() == set()
    shop.wait(T0 + 10 * HOUR)
    assert shop.of() == {"hot"}


@given(st.lists(st.builds(Falling, st.integers(1, 12), st.integers(-20, 5), st.integers(1, 7), st.integers(1, 4)), max_size=3),
       st.integers(-5, 5), st.lists(st.tuples(ends, ends), max_size=3))
def test_before_the_turn_nothing_turns(falling, rest, ranges):
    def points(moment: int) -> int:
        return rest + sum(one.at(moment) for one in falling)

    turn = turns(falling, points(0), ranges, 0)
    assert turn is None or turn > 0
    until = range(1, 150 if turn is None else turn)
    assert all(within(points(moment), ranges) == within(points(0), ranges) for moment in until)
