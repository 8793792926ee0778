"""Each ready-made segment in a story: who is in, who is not, and the moment at which time alone lets somebody in or out."""

from __future__ import annotations

from typing import Any

import pytest

from socle.clock import DAY, HOUR, MINUTE
from socle.events.model import Event
from socle.iso import from_iso
from socle.profiles.fold import fold
from socle.profiles.model import Snapshot
from socle.profiles.orders import standing
from socle.segments.document import Segment
from socle.segments.evaluate import Verdict, evaluate
from socle.segments.facts import person_of
from socle.segments.plan import Plans
from socle.segments.ready import READY
from socle.segments.watches import watches
from tests.people import consent, event, identify

T = from_iso("2026-03-04T10:00:00Z")
"""A Wednesday."""
CHAMPION = {"rfm": {"group": "Champions", "recency": 5, "frequency": 5, "monetary": 5}}


def verdict(name: str, history: list[Event], now: int, given: dict[str, Any] | None = None) -> Verdict:
    """Of the segment as it would be saved."""
    document = Segment.model_validate(READY[name].document).model_dump(mode="json")
    node = Plans({name: document}, {}).segment(name)
    person = person_of("p", fold(Snapshot(), history), given or {}, watches([node]), standing(history))
    return evaluate(node, person, now)


def is_in(name: str, history: list[Event], now: int, given: dict[str, Any] | None = None) -> bool:
    return verdict(name, history, now, given).true


def flips(name: str, history: list[Event], before: int, after: int, given: dict[str, Any] | None = None) -> int:
    """The moment at which time alone turns the answer, found by going from one announced moment to the next, as ticks do."""
    was, now = is_in(name, history, before, given), before
    while now < after:
        announced = verdict(name, history, now, given).flips
        assert announced is not None
        assert now < announced <= after
        assert is_in(name, history, announced - 1, given) == was  # nothing happens unannounced
        now = announced
        if is_in(name, history, now, given) != was:
            return now
    raise AssertionError("nothing turned")


def ordered(number: int, at: int, **properties: Any) -> Event:
    return event(number, name="Order Completed", ts=at,
                 properties={"order_id": f"o{number}", "currency": "EUR", "revenue": 50, **properties})


def refunded(number: int, of: int, at: int, revenue: float) -> Event:
    return event(number, name="Order Refunded", ts=at,
                 properties={"order_id": f"o{of}", "currency": "EUR", "revenue": revenue, "refund": number})


def test_the_ten_are_there_and_each_can_be_saved_as_it_is():
    assert set(READY) == {"new", "active", "lapsed", "vip", "cart-abandoned", "newsletter-quiet", "bought-product",
                          "birthday-this-week", "high-refund", "binge-viewers"}
    for one in READY.values():
        assert Segment.model_validate(one.document).description


@pytest.mark.parametrize("name", READY)
def test_what_is_to_be_filled_in_stands_where_it_is_said_to(name):
    for place, what in READY[name].fill.items():
        part: Any = READY[name].document
        for key in place.split("/")[1:]:
            part = part[int(key)] if isinstance(part, list) else part[key]
        assert isinstance(part, str)
        assert what


def test_new_customers_are_new_for_thirty_days():
    first = [ordered(1, T)]
    assert not is_in("new", [event(1, name="Product Viewed", ts=T)], T)
    assert is_in("new", first, T)
    assert is_in("new", [*first, ordered(2, T + DAY)], T + DAY)
    assert flips("new", first, T, T + 40 * DAY) == T + 30 * DAY
    assert not is_in("new", [ordered(1, T - 31 * DAY), ordered(2, T)], T)


def test_active_customers_ordered_within_ninety_days():
    known = [ordered(1, T - 40 * DAY), ordered(2, T)]
    assert is_in("active", known, T)
    assert flips("active", known, T, T + 100 * DAY) == T + 90 * DAY
    assert not is_in("active", [ordered(1, T)], T)  # new
    assert flips("active", [ordered(1, T)], T, T + 100 * DAY) == T + 30 * DAY


def test_customers_lapse_after_half_a_year_and_come_back_with_an_order():
    known = [ordered(1, T)]
    assert not is_in("lapsed", known, T + 179 * DAY)
    assert flips("lapsed", known, T + 100 * DAY, T + 200 * DAY) == T + 180 * DAY
    assert not is_in("lapsed", [*known, ordered(2, T + 300 * DAY)], T + 300 * DAY)
    assert not is_in("lapsed", [event(1, name="Product Viewed", ts=T)], T + 999 * DAY)  # never was a customer


def test_a_champion_is_a_vip_for_a_year_after_the_last_order():
    known = [ordered(1, T)]
    assert is_in("vip", known, T, CHAMPION)
    assert not is_in("vip", known, T, {"rfm": {**CHAMPION["rfm"], "group": "Loyal"}})
    assert not is_in("vip", known, T)
    assert flips("vip", known, T, T + 400 * DAY, CHAMPION) == T + 365 * DAY


def test_a_cart_is_abandoned_for_an_hour_from_an_hour_after_the_last_product_on():
    added = [event(1, name="Product Added", ts=T), event(2, name="Product Added", ts=T + 20 * MINUTE)]
    assert not is_in("cart-abandoned", added, T + 30 * MINUTE)
    assert flips("cart-abandoned", added, T + 30 * MINUTE, T + 3 * HOUR) == T + 80 * MINUTE
    assert flips("cart-abandoned", added, T + 80 * MINUTE, T + 3 * HOUR) == T + 140 * MINUTE
    for minutes in (5, 70, 90):  # before anybody asks, after an hour, and while they are in
        bought = [*added, ordered(3, T + (20 + minutes) * MINUTE)]
        assert not is_in("cart-abandoned", bought, T + (20 + max(minutes, 61)) * MINUTE)
    assert is_in("cart-abandoned", [ordered(3, T - 10 * MINUTE), *added], T + 100 * MINUTE)  # an order before says nothing


def test_newsletter_readers_are_quiet_after_sixty_days():
    reader = [consent(1, "subscribed", topic="newsletter", ts=T - DAY), event(2, name="Email Opened", ts=T)]
    assert not is_in("newsletter-quiet", reader, T)
    assert flips("newsletter-quiet", reader, T, T + 70 * DAY) == T + 60 * DAY
    later = T + 65 * DAY
    assert not is_in("newsletter-quiet", [*reader, event(3, name="Email Link Clicked", ts=later)], later)
    assert not is_in("newsletter-quiet", reader[:1], later)  # never read one
    assert not is_in("newsletter-quiet", [*reader, consent(4, "unsubscribed", topic="newsletter", ts=T + DAY)], later)


def test_who_bought_the_product_is_in_for_thirteen_weeks():
    known = [ordered(1, T, products=[{"product_id": "other"}, {"product_id": "PRODUCT_ID"}])]
    assert is_in("bought-product", known, T)
    assert not is_in("bought-product", [ordered(1, T, products=[{"product_id": "other"}])], T)
    assert flips("bought-product", known, T, T + 100 * DAY) == T + 91 * DAY


@pytest.mark.parametrize("trait", ["birthday", "date_of_birth", "dateOfBirth"])
def test_a_birthday_is_this_week_from_monday_to_sunday(trait):
    born = [identify(1, traits={trait: "1990-03-08"}, ts=T - 30 * DAY)]  # this Sunday
    monday = from_iso("2026-03-02")
    assert is_in("birthday-this-week", born, T)
    assert not is_in("birthday-this-week", [identify(1, traits={trait: "1990-03-09"}, ts=T)], T)
    assert flips("birthday-this-week", born, monday - 3 * DAY, T) == monday
    assert flips("birthday-this-week", born, T, T + 30 * DAY) == monday + 7 * DAY


def test_who_gets_much_back_often_is_in_for_a_year():
    known = [ordered(1, T - 9 * DAY), ordered(2, T - 8 * DAY), refunded(3, 1, T - 5 * DAY, 20), refunded(4, 2, T, 20)]
    assert is_in("high-refund", known, T)
    assert not is_in("high-refund", known[:3], T)
    assert not is_in("high-refund", [*known, *(ordered(5 + n, T) for n in range(3))], T)  # a good customer, all in all
    assert flips("high-refund", known, T, T + 400 * DAY) == T + 360 * DAY


def test_binge_viewers_watch_three_in_a_row_and_are_in_for_a_week():
    watched = [event(n, name="Video Content Completed", ts=T + n * HOUR) for n in range(3)]
    assert not is_in("binge-viewers", watched[:2], T + 2 * HOUR)
    assert is_in("binge-viewers", watched, T + 2 * HOUR)
    assert flips("binge-viewers", watched, T + 2 * HOUR, T + 8 * DAY) == T + 7 * DAY
    slowly = [event(n, name="Video Content Completed", ts=T + n * 4 * HOUR) for n in range(6)]
    assert not is_in("binge-viewers", slowly, T + 20 * HOUR)
