"""A journey that can't run is not saved, and the refusal names the place and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from socle.errors import Rejected
from socle.journeys.check import MAX_DEFINITION, check, warnings
from socle.journeys.model.document import JourneyDocument
from tests.examples import examples
from tests.journeys.documents import WHEN, document, journeys

WRITE = {"name": "Write", "type": "send", "template": "hello", "topic": "news"}
WAIT = {"name": "Wait", "type": "wait", "for": "1d"}
BUYS = {"name": "Buys?", "type": "hold", "timeout": "2h", "until": [{"event": "Order Completed"}]}
WHICH = {"name": "Which?", "type": "branch", "cases": [{"name": "x", "when": WHEN}]}
TELL = {"name": "Tell", "type": "webhook", "url": "https://example.com/", "keep": True}
ASKS = {"name": "Asks", "type": "branch", "cases": [{
    "name": "x", "response": "Tell", "passes": [{"property": "ok", "test": {"op": "exists"}}]}]}
DAYS = {"type": "date", "trait": "birthday"}
EVENT = {"type": "event", "event": "Product Added"}
PER_KEY = {"again": "per_key", "key": "cart_id"}


def refused(steps: list[dict[str, Any]], **more: Any) -> tuple[str, str | None]:
    with pytest.raises(Rejected) as raised:
        check(document(steps, **more))
    assert len(raised.value.message) > 20
    return raised.value.code, raised.value.field


@pytest.mark.parametrize(("steps", "code", "field"), [
    ([WRITE | {"next": "Nowhere"}], "unknown_step", "steps.0.next"),
    ([BUYS | {"until": [{"event": "A", "next": "Nowhere"}]}, WRITE], "unknown_step", "steps.0.until.0.next"),
    ([WHICH | {"cases": [{"name": "x", "when": WHEN, "next": "Nowhere"}]}, WRITE], "unknown_step", "steps.0.cases.0.next"),
    ([TELL | {"on_failure": "Nowhere"}], "unknown_step", "steps.0.on_failure"),
    ([{"name": "D", "type": "wait_until_date", "trait": "t", "otherwise": "Nowhere"}, WRITE],
     "unknown_step", "steps.0.otherwise"),
    ([WRITE | {"next": "end"}, WAIT], "unreachable_step", "steps.1.name"),
    ([{"name": "Bye", "type": "exit"}, WRITE], "unreachable_step", "steps.1.name"),
    ([WRITE, WHICH | {"next": "Write"}], "endless_loop", "steps.1.next"),
    ([WRITE, {"name": "Nine", "type": "wait_until_time", "next": "Write"}], "endless_loop", "steps.1.next"),
    ([WRITE | {"next": "Write"}], "endless_loop", "steps.0.next"),
    ([WAIT | {"next": "Wait"}], "endless_loop", "steps.0.next"),
    ([WAIT | {"for": "200d"}, BUYS | {"timeout": "166d"}, WRITE], "too_long", "steps.0"),
    ([WHICH | {"cases": [{"name": "x", "when": WHEN}, {"name": "x", "when": WHEN}]}, WRITE], "same_name", "steps.0.cases.1.name"),
    ([WHICH | {"cases": [{"name": "otherwise", "when": WHEN}]}, WRITE], "same_name", "steps.0.cases.0.name"),
    ([{"name": "Coin", "type": "split", "ways": [{"name": "A", "weight": 50}, {"name": "A", "weight": 50}]}, WRITE],
     "same_name", "steps.0.ways.1.name"),
    ([{"name": "Coin", "type": "split", "winner": {}, "ways": [{"name": "A", "weight": 50}, {"name": "B", "weight": 50}]}, WRITE],
     "no_goal", "steps.0.winner"),
    ([ASKS, WRITE], "no_response", "steps.0.cases.0.response"),
    ([TELL | {"keep": False}, ASKS, WRITE], "no_response", "steps.1.cases.0.response"),
    ([ASKS, TELL], "no_response", "steps.0.cases.0.response"),
])
def test_steps_that_do_not_fit_together_are_refused_where_they_stand(steps: list[dict[str, Any]], code: str, field: str) -> None:
    assert refused(steps) == (code, field)


@pytest.mark.parametrize(("more", "code", "field"), [
    ({"trigger": DAYS, "entry": {"again": "always", "key": "cart_id"}}, "no_key", "entry.key"),
    ({"trigger": {"type": "segment", "segment": "vip"}, "entry": {"again": "per_key"}}, "no_key", "entry.again"),
    ({"trigger": EVENT, "exits": [{"name": "gone", "event": "Gone", "match": "cart_id"}]}, "no_key", "exits.0.match"),
    ({"trigger": EVENT, "goal": {"event": "Bought", "match": "cart_id"}}, "no_key", "goal.match"),
])
def test_a_key_that_nobody_enters_with_is_refused(more: dict[str, Any], code: str, field: str) -> None:
    assert refused([WRITE], **more) == (code, field)


def test_a_hold_that_no_event_could_end_for_want_of_a_key_is_refused() -> None:
    steps = [BUYS | {"until": [{"event": "Bought", "match": "cart_id"}]}, WRITE]
    assert refused(steps, trigger=EVENT) == ("no_key", "steps.0.until.0.match")
    again = BUYS | {"reset_on": [{"event": "Again", "match": "x"}]}
    assert refused([again, WRITE], trigger=EVENT) == ("no_key", "steps.0.reset_on.0.match")
    check(document(steps, trigger=EVENT, entry=PER_KEY))
    check(document(steps))  # a request brings its own key


def test_a_branch_can_not_ask_for_an_event_where_nobody_enters_by_one() -> None:
    steps = [WHICH | {"cases": [{"name": "x", "event": [{"property": "total", "test": {"op": "exists"}}]}]}, WRITE]
    assert refused(steps, trigger=DAYS | {"yearly": False}) == ("no_event", "steps.0.cases.0.event")
    check(document(steps, trigger=EVENT))


def test_exactly_a_year_is_allowed_and_ways_are_added_up_apart() -> None:
    check(document([WAIT | {"for": "200d"}, BUYS | {"timeout": "165d"}, WRITE]))
    two = WHICH | {"cases": [{"name": "x", "when": WHEN, "next": "Wait"}], "next": "Other"}
    check(document([two, WAIT | {"for": "300d", "next": "Write"}, WAIT | {"name": "Other", "for": "300d"}, WRITE]))


def test_round_and_round_is_allowed_where_each_round_takes_time() -> None:
    check(document([WAIT, WRITE | {"next": "Wait"}]))
    check(document([BUYS, WRITE | {"next": "Buys?"}]))


def test_a_machine_that_step_functions_would_not_take_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [WRITE | {"name": f"Write {number} {'x' * 40}"} for number in range(100)]
    check(document(many))  # the most steps that a document may have are not too many
    assert MAX_DEFINITION < 1 << 20
    monkeypatch.setattr("socle.journeys.check.MAX_DEFINITION", 100_000)
    assert refused(many) == ("too_large", "steps")


@pytest.mark.parametrize(("steps", "more", "field"), [
    ([WAIT], {}, "steps.0"),
    ([WAIT, {"name": "Bye", "type": "exit"}], {}, "steps.0"),
    ([{"name": "Tag", "type": "update", "add_tags": ["a"]}, WHICH, WRITE], {}, "steps.0"),
    ([WRITE | {"topic": None}], {}, "steps.0.topic"),
    ([WRITE | {"purpose": "transactional"}], {"holdout": 10}, "steps.0.purpose"),
    ([WAIT, WRITE | {"next": "Wait"}], {}, "steps"),
])
def test_what_runs_and_may_not_be_meant_is_told(steps: list[dict[str, Any]], more: dict[str, Any], field: str) -> None:
    made = document(steps, **more)
    check(made)
    assert [one.field for one in warnings(made)] == [field]


def test_nothing_is_told_of_a_plain_journey() -> None:
    assert warnings(document([BUYS, WRITE])) == []


@examples(100)
@given(journeys())
def test_whatever_may_be_saved_can_be_looked_at(journey: JourneyDocument) -> None:
    check(journey)
    assert all(one.field.startswith(("steps", "goal")) for one in warnings(journey))
