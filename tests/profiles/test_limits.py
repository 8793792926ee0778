"""Ties, limits and odd amounts: where two answers are possible, always the same one."""

from __future__ import annotations

import zlib

from socle.profiles.fold import MAX_CONSENTS, MAX_CONTEXT_BYTES, MAX_TRAITS, fold, refold
from socle.profiles.model import Aggregate, Snapshot
from socle.profiles.view import profile_view
from tests.people import T0, consent, event, identify, order


def one_by_one(events):
    snapshot = Snapshot()
    for one in events:
        snapshot = fold(snapshot, [one])
    return snapshot


def test_of_two_writes_with_one_stamp_the_same_one_wins_whatever_the_order():
    """Two keys of one millisecond may have one checksum: then the values decide."""
    pair = [identify(number, ts=T0, traits={"plan": number}) for number in (3_807_458_072, 9_086_789_562)]
    assert len({zlib.crc32(one.key.encode()) for one in pair}) == 1
    assert one_by_one(pair) == one_by_one(pair[::-1])


def test_more_traits_of_one_moment_than_a_profile_holds_are_the_same_whatever_the_order():
    events = [identify(number, ts=T0, received=T0, traits={f"t{number}": number}) for number in range(MAX_TRAITS + 20)]
    assert one_by_one(events) == one_by_one(events[::-1])


def test_a_context_that_is_too_large_is_passed_over():
    large = "x" * (MAX_CONTEXT_BYTES + 1)
    shown = profile_view("p", refold([
        event(1, context={"userAgent": "Firefox", "device": {"model": "a"}, "campaign": {"source": "news"}}),
        event(2, context={"userAgent": large, "device": {"model": large}, "campaign": {"source": large}})]))
    assert shown["technology"] == {"user_agent": "Firefox", "device": {"model": "a"}}
    assert shown["acquisition"]["last"]["source"] == "news"


def test_more_consents_than_a_profile_holds_are_the_same_whatever_the_order():
    events = [consent(number, "subscribed", topic=f"topic-{number}") for number in range(MAX_CONSENTS + 20)]
    assert len(one_by_one(events).consent) == MAX_CONSENTS
    assert one_by_one(events) == one_by_one(events[::-1])


def test_a_key_at_a_bound_is_in_the_page_that_begins_there():
    aggregate = Aggregate("p", 1, pages=("", "b"), horizon="d")
    assert [aggregate.page_of(key) for key in ("a", "b", "c", "d", "e")] == ["", "b", "b", None, None]


def orders(*events):
    return profile_view("p", refold(events))["orders"]


def test_an_order_without_an_id_is_no_order_whose_id_is_its_key():
    nameless = order(1, order_id=None, revenue=1, currency="EUR")
    assert orders(nameless, order(2, order_id=nameless.key, revenue=2, currency="EUR"))["EUR"]["count"] == 2


def test_a_refund_in_another_currency_leaves_the_rest_of_the_order_as_it_is():
    shown = orders(order(1, order_id="o", total=50, currency="EUR"),
                   order(2, order_id="o", name="Order Refunded", total=20, currency="USD"),
                   order(3, order_id="o", name="Order Refunded"))
    assert (shown["EUR"]["refunded"], shown["USD"]["refunded"]) == (5_000, 2_000)


def test_the_rest_of_an_order_that_was_refunded_too_much_is_nothing():
    shown = orders(order(1, order_id="o", total=10, currency="EUR"),
                   order(2, order_id="o", name="Order Refunded", total=15, currency="EUR"),
                   order(3, order_id="o", name="Order Refunded"))
    assert (shown["EUR"]["refunds"], shown["EUR"]["refunded"]) == (2, 1_500)


def test_a_refund_without_a_currency_is_one_in_that_of_its_order():
    shown = orders(order(1, order_id="o", total=500, currency="JPY"), order(2, order_id="o", name="Order Refunded", total=200))
    assert shown["JPY"]["refunded"] == 200


def test_a_correction_of_an_order_counts_before_a_later_repetition():
    corrected = order(1, order_id="o", revenue=8, currency="EUR", revision=1)
    assert orders(corrected, order(2, order_id="o", revenue=10, currency="EUR"))["EUR"]["revenue"] == 800


def test_of_two_completions_at_one_moment_the_same_one_counts_whatever_the_order():
    pair = [order(number, order_id="o", revenue=number, currency="EUR")._replace(at=T0) for number in (1, 2)]
    assert orders(*pair) == orders(*pair[::-1])


def test_a_refund_that_comes_first_does_not_say_when_the_first_order_was():
    shown = orders(order(1, order_id="o", name="Order Refunded", total=5, currency="EUR"),
                   order(2, order_id="p", total=10, currency="EUR"))
    assert shown["EUR"]["first"] == "2023-11-14T22:13:22.000Z"


def test_products_that_are_worth_more_than_can_be_counted_are_worth_nothing():
    shown = orders(order(1, order_id="o", currency="EUR", products=[{"price": 9e11, "quantity": 1_000}]))
    assert shown["EUR"]["revenue"] == 0
