"""Values of events may be long, and a profile is one item: what segments look at is read from the history then, never lost."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from socle.clock import DAY
from socle.segments.trackers import MAX_LENGTH
from tests.people import T0, event, identify
from tests.segments.test_live import Shop

LONG = "x" * (MAX_LENGTH + 1)
TEXT = {"function": "last", "of": "text", "event": "Searched"}


def aggregate(test: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "aggregate", **more, "test": test}


def searched(number: int, **properties: Any) -> Any:
    return event(number, name="Searched", properties=properties)


def test_long_lists_in_events_do_not_outgrow_the_profile():
    random = Random(5)
    shop = Shop(**{f"many-{number}": aggregate({"op": "gte", "value": 3}, function="distinct", of="tags[]",
                                               event=f"Tagged {number}", window={"within": "9d"}) for number in range(6)})
    for number in range(48):
        shop.deliver(event(number, name=f"Tagged {number % 6}", properties={"tags": [f"{random.getrandbits(64):x}"
                                                                                     for _ in range(1_000)]}))
    assert shop.quarantine.rows == {}
    assert len(shop.of()) == 6
    shop.wait(T0 + 10 * DAY)
    assert shop.of() == set()


@pytest.mark.parametrize("function", ["first", "last"])
def test_a_long_first_or_last_value_is_the_first_or_last_all_the_same(function):
    shop = Shop(long=aggregate({"op": "ends_with", "value": "x"}, **TEXT | {"function": function}))
    numbers = (1, 2, 3) if function == "last" else (3, 2, 1)
    for number, text, long in zip(numbers, ("short", LONG, "y" + LONG), (False, True, True), strict=True):
        shop.deliver(searched(number, text=text))
        assert (shop.of() == {"long"}) is long
    shop.deliver(searched(7, other=1))  # has none
    assert shop.of() == {"long"}
    shop.deliver(searched(numbers[2], text="z" + LONG + "z", other=2)._replace(message_id="same-moment"))
    assert shop.of() == set()


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 4, 0, 3, 1)])
def test_a_late_fact_older_than_a_long_one_that_was_dropped_leaves_no_gap(order):
    shop = Shop(four=aggregate({"op": "gte", "value": 4}, function="distinct", of="text", event="Searched",
                               window={"within": "9d"}))
    for number in order:
        shop.deliver(searched(number, text=LONG if number in (1, 3) else str(number)))
    assert shop.of() == {"four"}


def test_a_trait_that_becomes_another_long_text_has_changed():
    shop = Shop(moved={"type": "changed", "trait": "address", "within": "1d", "becomes": "home"})
    for number, text in enumerate((LONG, LONG + "y", "home")):
        shop.deliver(identify(number, traits={"address": text}))
    assert shop.of() == {"moved"}
    shop.deliver(identify(9, traits={"address": LONG}))
    assert shop.of() == {"moved"}
