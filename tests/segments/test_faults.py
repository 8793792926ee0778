"""A fault of ours in one segment costs nobody an event, and nobody else their turn."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, cast

from socle.clock import HOUR
from socle.events.stream import encode_ticks
from socle.segments.nodes import Node
from tests.people import T0, event, order
from tests.segments.test_live import BUYER, RECENT, Shop

BROKEN = cast(Node, object())


def test_a_segment_that_can_not_be_evaluated_stays_as_it_is_and_events_are_applied(caplog):
    shop = Shop(buyer=BUYER, recent=RECENT)
    shop.deliver(event(0))
    rules = shop.rules.segments
    shop.rules = shop.rules._replace(segments=replace(rules, number=9, segments={**rules.segments, "recent": BROKEN}))
    with caplog.at_level(logging.ERROR):
        outcome = shop.deliver(order(1, order_id="1", revenue=5))
    assert (outcome.applied, outcome.poisoned, shop.of()) == (1, 0, {"buyer", "recent"})
    assert [cast(Any, record).segments for record in caplog.records] == [("recent",)]


def test_whoever_can_not_be_looked_at_is_due_again_in_an_hour_not_in_every_sweep():
    shop = Shop(recent=RECENT)
    shop.deliver(event(0))
    shop.now = T0 + HOUR
    sound = shop.rules
    shop.rules = sound._replace(segments=replace(sound.segments, tracked=9, watches=(cast(Any, object()),)))
    shop.consumer.apply([shop.record(encode_ticks(shop.profiles.due(shop.now, 10)))])
    assert shop.of() == {"recent"}
    assert shop.profiles.due(shop.now + HOUR - 1, 10) == []
    shop.rules = sound
    shop.wait(shop.now + HOUR)
    assert shop.of() == set()
