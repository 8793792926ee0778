"""Why somebody would enter a journey, or not: said by the rules that the consumer itself decides by."""

from __future__ import annotations

from typing import Any

import pytest

from socle.events.model import Event
from socle.journeys.admission import Facts, admission
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.entry import COMPLETED, HOLDOUT
from socle.journeys.model.release import HELD, LIVE, PAUSED, STOPPED, Release
from socle.journeys.rules import course_of
from socle.profiles.orders import standing
from socle.segments.plan import Plans
from tests.journeys.people import CART, DAY, HOUR, MINUTE, Somebody, did, release, rules_of
from tests.people import SECOND, T0

ALWAYS = {key: value for key, value in CART.items() if key != "entry"}


def asked(document: dict[str, Any], person: Somebody, events: list[Event], now: int = T0 + MINUTE,
          audience: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    one: Release = release(document, **changes)
    facts = Facts("p", person.entries, list(standing(events)), audience)
    return admission(one, JourneyDocument.model_validate(one.document), course_of(one, Plans({}, {}), {}), facts, now)


def ended(person: Somebody, at: int = T0 + MINUTE) -> Somebody:
    person.aggregate.journeys = tuple(one._replace(ended=at, reason=COMPLETED) for one in person.entries)
    return person


def entered(document: dict[str, Any], *events: Event) -> Somebody:
    return Somebody(rules_of(release(document))).does(*events)


FIRST = did(1, "Product Added", cart_id="c1")


@pytest.mark.parametrize(("state", "opens", "says"), [
    (LIVE, True, "They would enter"), (PAUSED, False, "nobody enters, those inside go on"),
    (HELD, False, "stop at their next step"), (STOPPED, False, "was stopped")])
def test_a_journey_that_is_not_live_lets_nobody_in(state: str, opens: bool, says: str) -> None:
    found = asked(ALWAYS, Somebody(), [], state=state)
    assert (found["would_enter"], found["reason"]) == (opens, None if opens else "open")
    assert says in found["says"]


@pytest.mark.parametrize(("entry", "after", "says"), [
    ({"again": "never"}, 40 * DAY, "once in a life"),
    ({"again": "per_key", "key": "cart_id"}, 40 * DAY, "with the key 'c1', and it is entered once for each"),
    ({"again": "always", "cool_down": "60d"}, 40 * DAY, "less than 60 days before"),
    ({"again": "always", "per_day": 1}, HOUR, "1 times within 1 day")])
def test_the_entry_rule_that_stands_in_the_way_is_named(entry: dict[str, Any], after: int, says: str) -> None:
    document = ALWAYS | {"entry": entry}
    found = asked(document, ended(entered(document, FIRST)), [FIRST], T0 + after)
    assert (found["would_enter"], found["reason"]) == (False, "entry")
    assert says in found["says"]


def test_who_may_enter_again_is_told_so() -> None:
    document = ALWAYS | {"entry": {"again": "always"}}
    found = asked(document, ended(entered(document, FIRST)), [FIRST], T0 + 2 * DAY)
    assert found["would_enter"] is True
    assert found["says"] == "They would enter: Product Added."


def test_who_is_inside_does_not_enter_twice() -> None:
    found = asked(CART, entered(CART, FIRST), [FIRST])
    assert "inside already with the key 'c1'" in found["says"]
    assert found["last"]["says"] == "By this one they entered."


def test_a_holdout_is_told() -> None:
    document = ALWAYS | {"holdout": 50}
    held = next(name for name in map(str, range(50)) if Somebody(rules_of(release(document)), name=name).does(
        FIRST).entries[0].reason == HOLDOUT)
    one = release(document)
    found = admission(one, JourneyDocument.model_validate(one.document), course_of(one, Plans({}, {}), {}),
                      Facts(held, (), [], None), T0)
    assert (found["would_enter"], found["reason"]) == (False, "holdout")
    assert "they would be counted, and get nothing" in found["says"]


def test_who_is_not_of_the_audience_is_told_what_it_asks() -> None:
    found = asked(ALWAYS, Somebody(), [FIRST], audience={"true": False, "says": "The trait plan is gold."})
    assert (found["reason"], found["last"]["reason"]) == ("audience", "audience")
    assert "The trait plan is gold." in found["says"]


def test_who_never_did_what_lets_people_enter_is_told_so() -> None:
    assert asked(ALWAYS, Somebody(), [did(1, "Other")])["last"]["reason"] == "not_triggered"
    wanted = ALWAYS | {"trigger": {"type": "event", "event": "Product Added", "where": [
        {"property": "price", "test": {"op": "gt", "value": 100}}]}}
    assert asked(wanted, Somebody(), [did(1, "Product Added", price=50)])["last"]["reason"] == "not_triggered"


def test_what_came_too_late_or_before_the_journey_was_there_started_nothing() -> None:
    late = did(1, "Product Added")._replace(received=T0 + 3 * DAY)
    assert asked(ALWAYS, Somebody(), [late], T0 + 3 * DAY)["last"]["reason"] == "old"
    assert asked(ALWAYS, Somebody(), [FIRST], at=T0 + SECOND + 1)["last"]["reason"] == "before_publishing"


def test_a_request_for_another_journey_is_none_for_this_one() -> None:
    document = ALWAYS | {"trigger": {"type": "request"}}
    event = did(1, "Journey Requested", source="socle", journey="other", key="k")
    assert asked(document, Somebody(), [event])["last"]["reason"] == "not_triggered"
    mine = did(1, "Journey Requested", source="socle", journey="cart", key="k")
    assert asked(document, entered(document, mine), [mine])["last"]["key"] == "k"
