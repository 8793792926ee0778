"""fold: the same set of events gives the same profile, whatever the order and the batches."""

from __future__ import annotations

from contextlib import suppress
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from socle.profiles.fold import MAX_NAMES, MAX_TRAITS, HistoryNeeded, as_of, fold, refold
from socle.profiles.model import Snapshot
from socle.profiles.view import profile_view
from tests.people import T0, consent, cut, event, histories, identify, order

DAY = 86_400_000


def folded(batches):
    """Fold batch by batch; where the snapshot alone can't tell, fold the whole history, as the consumer does."""
    snapshot, known = Snapshot(), []
    for batch in batches:
        try:
            snapshot = fold(snapshot, batch)
        except HistoryNeeded:
            snapshot = refold(known + batch)
        known += batch
        if len({one.key for one in known}) < len(known):  # a second revision of a key is a matter of the whole history
            snapshot = refold(known)
    return snapshot


@given(st.data())
def test_order_and_batches_do_not_matter(data):
    events = data.draw(histories())
    assert folded(cut(data.draw, events)) == refold(events)


@given(st.data())
def test_order_and_batches_do_not_matter_when_a_profile_is_full(data):
    """Limits so small that every history meets them."""
    events = data.draw(histories())
    with patch.multiple("socle.profiles.fold", MAX_TRAITS=data.draw(st.integers(0, 2)), MAX_NAMES=data.draw(st.integers(0, 3)),
                        MAX_CONSENTS=data.draw(st.integers(0, 2))):
        assert folded(cut(data.draw, events)) == refold(events)


@given(st.data())
def test_fold_leaves_the_snapshot_it_was_given_alone(data):
    one, two = data.draw(histories(max_size=8)), data.draw(histories(max_size=8))
    before = refold(one)
    copy = before.copy()
    with suppress(HistoryNeeded):
        fold(before, two)
    assert before == copy


@given(histories(), st.integers(-1, 31))
def test_as_of_is_the_fold_of_what_happened_or_was_known_by_then(events, seconds):
    moment = T0 + seconds * 1_000
    assert refold(as_of(events, moment, "happened")) == refold([one for one in events if one.at <= moment])
    assert refold(as_of(events, moment, "known")) == refold([one for one in events if one.received <= moment])


def view(*events):
    return profile_view("p", refold(events))


def test_the_last_writer_of_a_trait_wins_by_effective_time():
    assert view(identify(2, traits={"plan": "new"}), identify(1, traits={"plan": "old"}))["traits"] == {"plan": "new"}


def test_a_trait_set_to_null_is_gone_and_an_older_value_stays_beaten():
    assert view(identify(2, traits={"plan": None}), identify(1, traits={"plan": "old"}))["traits"] == {}


def test_a_trait_may_change_its_type():
    assert view(identify(1, traits={"age": "7"}), identify(2, traits={"age": {"years": 8}}))["traits"] == {"age": {"years": 8}}


def test_a_trait_stamped_2099_does_not_win_for_ever():
    stamped = identify(1, ts=T0 + 73 * 365 * DAY, at=T0, received=T0, traits={"plan": "from 2099"})
    assert view(stamped, identify(5, traits={"plan": "later"}))["traits"] == {"plan": "later"}


def test_more_traits_than_a_profile_holds_keep_the_most_recent_whatever_the_order():
    events = [identify(number, traits={f"t{number}": number}) for number in range(MAX_TRAITS + 20)]
    snapshot = folded([[one] for one in reversed(events)])
    assert snapshot == refold(events)
    assert set(snapshot.traits) == {f"t{number}" for number in range(20, MAX_TRAITS + 20)}


def test_more_event_names_than_a_profile_counts_keep_the_same_names_whatever_the_order():
    events = [event(number, name=f"E{number:04d}") for number in range(MAX_NAMES + 20)]
    snapshot = folded([[one] for one in reversed(events)])
    assert snapshot == refold(events)
    assert (len(snapshot.counts), snapshot.events) == (MAX_NAMES, MAX_NAMES + 20)


def test_an_order_counts_once_and_its_latest_completion_is_what_it_is_worth():
    shown = view(order(1, order_id="o", revenue=10, currency="EUR"), order(2, order_id="o", revenue=12.5, currency="EUR"),
                 order(3, order_id="p", revenue=7.5, currency="EUR"))
    assert {key: shown["orders"]["EUR"][key] for key in ("count", "revenue", "average")} == {
        "count": 2, "revenue": 2000, "average": 1000}


def test_an_order_without_an_id_counts_as_itself():
    assert view(order(1, order_id=None, revenue=1), order(2, order_id=None, revenue=1))["orders"]["USD"]["count"] == 2


def test_a_refund_without_amount_is_the_whole_order_once_also_when_it_comes_first():
    refund = order(1, order_id="o", name="Order Refunded")
    again = order(2, order_id="o", name="Order Refunded")
    bought = order(3, order_id="o", total=30, currency="GBP")
    shown = profile_view("p", folded([[refund], [again], [bought]]))
    assert (shown["orders"]["GBP"]["refunded"], shown["orders"]["GBP"]["refunds"]) == (3000, 1)


def test_partial_refunds_add_up():
    shown = view(order(1, order_id="o", total=30, currency="EUR"),
                 order(2, order_id="o", name="Order Refunded", total=5, currency="EUR"),
                 order(3, order_id="o", name="Order Refunded", products=[{"price": 2, "quantity": 3}]))
    assert (shown["orders"]["EUR"]["refunded"], shown["orders"]["EUR"]["refunds"]) == (1100, 2)


def test_refunds_never_exceed_the_order_when_one_says_the_rest():
    events = [order(1, order_id="o", total=5, currency="EUR"), order(2, order_id="o", name="Order Refunded", total=2),
              order(3, order_id="o", name="Order Refunded")]
    for batches in ([events], [[one] for one in events], [[one] for one in reversed(events)]):
        shown = profile_view("p", folded(batches))["orders"]["EUR"]
        assert (shown["refunds"], shown["refunded"]) == (2, 500)


def test_a_refund_of_products_finds_their_prices_in_the_order():
    bought = order(1, order_id="o", currency="EUR", total=40, products=[
        {"product_id": "a", "price": 10, "quantity": 1}, {"sku": "b", "price": 15, "quantity": 2}])
    back = order(2, order_id="o", name="Order Refunded", products=[{"sku": "b", "quantity": 1}])
    assert view(bought, back)["orders"]["EUR"]["refunded"] == 1500


def test_an_order_id_is_the_same_as_number_and_as_text():
    shown = view(order(1, order_id=7, revenue=1), order(2, order_id=7.0, revenue=1), order(3, order_id=" 7 ", revenue=1))
    assert shown["orders"]["USD"]["count"] == 1


def test_a_revision_replaces_what_its_event_said():
    first = order(1, order_id="o", revenue=10, currency="EUR")
    corrected = first._replace(revision=1, body={"properties": {"order_id": "o", "revenue": 8, "currency": "EUR"}})
    shown = profile_view("p", folded([[first], [corrected]]))
    assert (shown["orders"]["EUR"]["revenue"], shown["event_count"]) == (800, 1)
    assert profile_view("p", folded([[corrected], [first]])) == shown


def test_a_withdrawal_of_consent_orders_by_when_it_was_received():
    grant = consent(10, "subscribed")
    withdrawal = consent(5, "unsubscribed", received=T0 + 20_000)  # its clock was slow; we learnt of it after the grant
    [shown] = view(grant, withdrawal)["consent"]
    assert shown["state"] == "unsubscribed"


def test_a_later_grant_ends_a_withdrawal():
    [shown] = view(consent(1, "unsubscribed"), consent(10, "subscribed"))["consent"]
    assert (shown["state"], shown["channel"], shown["topic"]) == ("subscribed", "email", "news")


def test_a_grant_stamped_2099_does_not_outlive_a_withdrawal():
    grant = consent(1, "subscribed", ts=T0 + 73 * 365 * DAY, at=T0, received=T0)
    [shown] = view(grant, consent(2, "unsubscribed"))["consent"]
    assert shown["state"] == "unsubscribed"


def test_of_a_grant_and_a_withdrawal_at_one_moment_the_withdrawal_wins():
    """Both in one request without timestamps, or a grant stamped 2099 that was received with it."""
    for number in range(40):
        grant, withdrawal = (consent(number * 2 + side, state, ts=0, at=T0, received=T0)
                             for side, state in enumerate(("subscribed", "unsubscribed")))
        for events in ((grant, withdrawal), (withdrawal, grant)):
            [shown] = view(*events)["consent"]
            assert shown["state"] == "unsubscribed"


def test_context_of_a_wrong_type_is_passed_over():
    shown = view(event(1, context={"userAgent": {"a": 1}, "locale": 7, "timezone": True, "device": "phone"}))
    assert (shown["technology"], shown["locale"], shown["timezone"]) == ({}, None, None)


def test_first_and_last_touch_and_technology_are_read_from_the_context():
    first = event(1, context={"campaign": {"source": "google", "name": "spring"}, "userAgent": "Firefox", "locale": "fr-FR"})
    last = event(9, context={"page": {"url": "https://shop.test/a?gclid=77&utm_source=ads", "referrer": "https://news.test/"},
                             "userAgent": "Safari", "timezone": "Europe/Paris"})
    shown = view(last, first)
    assert shown["acquisition"]["first"]["campaign"] == "spring"
    assert shown["acquisition"]["last"]["click_ids"] == {"gclid": "77"}
    assert shown["acquisition"]["last"]["referrer"] == "https://news.test/"
    assert (shown["technology"]["user_agent"], shown["locale"], shown["timezone"]) == ("Safari", "fr-FR", "Europe/Paris")


def test_identifiers_of_somebody_else_are_not_taken_over():
    mine, theirs = ("user_id", "b"), ("anonymous_id", "shared")
    shown = profile_view("p", refold([event(1, mine, theirs)._replace(unlinked=(theirs,))]))
    assert shown["identifiers"] == {"user_id": ["b"]}
