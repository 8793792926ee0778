"""Entering, holds, exits and goals, as the consumer decides them: with the event, once, in whatever order things arrive."""

from __future__ import annotations

import pytest

from socle.effects.model import GOAL, JOURNEY, OUT, RESUME
from socle.journeys.entering import MAX_KEYS
from socle.journeys.holds import RESET, Expired, expire, register
from socle.journeys.model.entry import COMPLETED, HOLDOUT, OVER, STOPPED, Entry
from socle.profiles.codec import decode_aggregate, encode_aggregate
from tests.journeys.people import CART, DAY, HOUR, MINUTE, Somebody, did, release, rules_of
from tests.people import SECOND, T0, event, identify

ALWAYS = CART | {"entry": {"again": "always"}, "exits": [], "goal": None,
                 "steps": [{"type": "send", "name": "Remind", "template": "reminder"}]}
EMPTY = {key: value for key, value in ALWAYS.items() if value is not None}


def registered(person: Somebody, step: str = "Left alone", now: int = T0 + 2 * SECOND) -> Somebody:
    """Somebody whose newest entry is in the hold."""
    *before, entry = person.entries
    person.aggregate.journeys = (*before, register(entry, step, 0, HOUR, now))
    return person


def test_an_event_lets_somebody_enter_once_and_a_redelivery_does_not():
    person = Somebody().does(did(1, "Product Added", cart_id="c1"))
    assert [(one.journey, one.version, one.key, one.at, one.part) for one in person.entries] == [
        ("cart", 1, "c1", T0 + SECOND, "p")]
    assert person.effects == [JOURNEY]
    assert person.aggregate.outbox[0].key == person.entries[0].id
    person.does(did(1, "Product Added", cart_id="c1"))
    assert person.effects == [JOURNEY]


def test_what_a_profile_keeps_of_journeys_is_stored_and_read():
    person = registered(Somebody().does(did(1, "Product Added", cart_id="c1")))
    person.does(did(30, "Order Completed", cart_id="c1", order_id="o", revenue=5))
    stored = person.aggregate
    assert decode_aggregate("p", stored.version, encode_aggregate(stored)).journeys == stored.journeys


@pytest.mark.parametrize(("entry", "second", "enters"), [
    ({"again": "never"}, {"at": T0 + 40 * DAY}, False),
    ({"again": "always"}, {"at": T0 + 40 * DAY}, True),
    ({"again": "always", "cool_down": "60d"}, {"at": T0 + 40 * DAY}, False),
    ({"again": "always", "cool_down": "30d"}, {"at": T0 + 40 * DAY}, True),
    ({"again": "per_key", "key": "cart_id"}, {"at": T0 + 40 * DAY}, False),
    ({"again": "per_key", "key": "cart_id"}, {"at": T0 + 40 * DAY, "cart_id": "c2"}, True),
])
def test_entry_rules_say_who_enters_again(entry, second, enters):
    person = Somebody(rules_of(release(EMPTY | {"entry": entry}))).does(did(1, "Product Added", cart_id="c1"))
    person.aggregate.journeys = tuple(one._replace(ended=one.at + HOUR, reason=COMPLETED) for one in person.entries)
    at = second.pop("at")
    person.does(did(at // SECOND - T0 // SECOND, "Product Added", **{"cart_id": "c1"} | second))
    assert (person.effects == [JOURNEY, JOURNEY]) is enters


def test_nobody_is_inside_twice_with_one_key():
    person = Somebody(rules_of(release(EMPTY))).does(did(1, "Product Added"), did(2, "Product Added"))
    assert len(person.entries) == 1


def test_what_happened_before_somebody_entered_does_not_count():
    person = Somebody().does(did(60, "Product Added", cart_id="c1")).does(did(30, "Cart Cleared", cart_id="c1"))
    assert person.entries[0].active


def test_an_entry_that_ends_now_is_known_until_it_was_told():
    person = Somebody(rules_of(release(CART | {"entry": {"again": "always"}, "lasts": "365d"})))
    person.does(did(1, "Product Added", cart_id="c1")).does(did(2, "Product Viewed"))
    person.aggregate.journeys = tuple(one._replace(key="") for one in person.entries)
    person.does(did(40 * DAY // SECOND, "Order Completed"), did(40 * DAY // SECOND + 1, "Cart Cleared", cart_id=""))
    person.does(did(40 * DAY // SECOND + 2, "Product Added"))
    assert [one.reason for one in person.entries] == ["exit:cleared", ""]


def test_who_is_inside_enters_again_only_with_another_key():
    person = Somebody().does(did(1, "Product Added", cart_id="c1"), did(2, "Product Added", cart_id="c1"))
    assert len(person.entries) == 1
    assert len(person.does(did(3, "Product Added", cart_id="c2")).entries) == 2


def test_nobody_enters_more_often_a_day_than_allowed():
    rules = rules_of(release(CART | {"entry": {"again": "per_key", "key": "cart_id", "per_day": 2}}))
    person = Somebody(rules)
    for number in range(1, 5):
        person.does(did(number, "Product Added", cart_id=f"c{number}"))
    assert [one.key for one in person.entries] == ["c1", "c2"]
    assert len(person.does(did(DAY // SECOND + 2, "Product Added", cart_id="c9")).entries) == 3


def test_a_storm_of_events_on_one_person_is_a_few_entries_and_a_small_profile():
    person = Somebody(rules_of(release(CART | {"entry": {"again": "per_key", "key": "cart_id", "per_day": 50}})))
    for batch in range(20):
        person.does(*(did(batch * 50 + number, "Product Added", cart_id=f"c{batch * 50 + number}") for number in range(1, 51)))
    assert len(person.entries) == 20
    assert person.effects == [JOURNEY] * 20
    assert len(encode_aggregate(person.aggregate.next(tail=(), outbox=()))) < 4_000


def test_that_somebody_was_in_it_is_known_for_ever():
    rules = rules_of(release(EMPTY | {"entry": {"again": "never"}}), release(EMPTY, "other"))
    person = Somebody(rules).does(did(1, "Product Added"))
    for day in (100, 200):
        person.aggregate.journeys = tuple(one._replace(ended=one.at + HOUR, reason=COMPLETED) for one in person.entries)
        person.does(did(day * DAY // SECOND, "Product Added"))
    assert [one.at for one in person.entries if one.journey == "cart"] == [T0 + SECOND]


def test_keys_that_are_remembered_are_bounded():
    person = Somebody(rules_of(release(EMPTY | {"entry": {"again": "per_key", "key": "cart_id"}})))
    for number in range(MAX_KEYS + 10):
        person.does(did(1 + number * DAY // SECOND, "Product Added", cart_id=f"c{number}"))
        person.aggregate.journeys = tuple(one._replace(ended=one.at, reason=COMPLETED) for one in person.entries)
    assert len(person.entries) == MAX_KEYS
    assert person.entries[-1].key == f"c{MAX_KEYS + 9}"


def test_an_event_of_long_ago_starts_nothing():
    now = T0 + 2 * DAY
    assert not Somebody().does(did(1, "Product Added", cart_id="c1"), now=now).entries
    assert Somebody().does(did(1, "Product Added", cart_id="c1"), now=T0 + DAY).entries


def test_a_correction_starts_nothing():
    first = event(1, name="Product Added", properties={"cart_id": "c1"})
    assert not Somebody().does(first._replace(revision=1)).entries


@pytest.mark.parametrize("changes", [{"state": "paused"}, {"state": "held"}, {"state": "stopped"}, {"current": False}])
def test_only_the_current_version_of_a_live_journey_is_entered(changes):
    assert not Somebody(rules_of(release(**changes))).does(did(1, "Product Added", cart_id="c1")).entries


def test_the_audience_is_asked_with_the_whole_history():
    audience = {"type": "event", "event": "Order Completed", "count": {"op": "gte", "value": 2}}
    person = Somebody(rules_of(release(CART | {"audience": audience})))
    person.does(did(1, "Order Completed", order_id="a"), did(2, "Product Added", cart_id="c1"))
    assert not person.entries
    person.does(did(3, "Order Completed", order_id="b")).does(did(4, "Product Added", cart_id="c2"))
    assert [one.key for one in person.entries] == ["c2"]


def test_who_is_held_out_has_entered_and_is_over_at_once():
    rules = rules_of(release(EMPTY | {"holdout": 50}))
    people = [Somebody(rules, name=f"p{number}").does(did(1, "Product Added")) for number in range(20)]
    assert {one.entries[0].reason for one in people} == {"", HOLDOUT}
    assert all(one.effects == [JOURNEY] for one in people)


def test_only_we_can_ask_that_somebody_enters():
    rules = rules_of(release(EMPTY | {"trigger": {"type": "request"}}))
    asked = {"journey": "cart", "key": "k1", "by": "api"}
    assert not Somebody(rules).does(did(1, "Journey Requested", **asked)).entries
    assert not Somebody(rules).does(did(1, "Journey Requested", **asked | {"journey": "other"}, source="socle")).entries
    assert [one.key for one in Somebody(rules).does(did(1, "Journey Requested", **asked, source="socle")).entries] == ["k1"]


def test_a_place_is_entered_by_coming_to_it():
    places = {"shops": {"places": [{"name": "Lyon", "latitude": 45.764, "longitude": 4.8357, "radius_m": 300}]}}
    document = EMPTY | {"trigger": {"type": "geofence", "geofence": "shops"}}
    person = Somebody(rules_of(release(document), geofences=places))
    steps = [(48.85, 2.35), (45.7641, 4.8358), (45.7642, 4.8359), (48.85, 2.35), (45.764, 4.8357)]
    for number, (latitude, longitude) in enumerate(steps):
        person.does(did(number, "Location Updated", latitude=latitude, longitude=longitude))
        person.aggregate.journeys = tuple(one._replace(ended=one.at + 1, reason=COMPLETED) for one in person.entries)
    assert [(one.key, one.at) for one in person.entries] == [("Lyon", T0 + SECOND), ("Lyon", T0 + 4 * SECOND)]
    assert not Somebody(rules_of(release(document), geofences=places)).does(
        did(1, "Location Updated", latitude="north", longitude=None)).entries


def test_an_order_ends_the_hold_and_resumes():
    person = registered(Somebody().does(did(1, "Product Added", cart_id="c1")))
    person.does(did(60, "Checkout Started", cart_id="c1"))
    assert person.entries[0].hold.way == "Checkout Started"
    assert person.effects == [JOURNEY, RESUME]
    assert person.aggregate.outbox[1].key == f"{person.entries[0].id}\0Left alone\x000"
    assert person.entries[0].active


def test_a_way_that_leads_to_the_end_ends_the_entry_with_it():
    person = registered(Somebody().does(did(1, "Product Added", cart_id="c1")))
    person.does(did(60, "Order Completed", cart_id="c1", order_id="o"))
    assert (person.entries[0].ended, person.entries[0].reason) == (T0 + 60 * SECOND, COMPLETED)
    assert sorted(person.effects) == sorted([JOURNEY, RESUME, GOAL])


def test_an_event_with_another_key_is_about_something_else():
    person = registered(Somebody().does(did(1, "Product Added", cart_id="c1")))
    person.does(did(60, "Checkout Started", cart_id="c2"), did(61, "Cart Cleared", cart_id="c2"))
    assert person.effects == [JOURNEY]


def test_an_order_that_is_folded_before_its_hold_is_registered_ends_it():
    person = Somebody().does(did(1, "Product Added", cart_id="c1"), did(2, "Checkout Started", cart_id="c1"))
    assert person.effects == [JOURNEY]
    assert registered(person).entries[0].hold.way == "Checkout Started"


def test_what_happened_shortly_before_a_hold_counts_and_what_the_journey_has_seen_does_not():
    person = Somebody().does(did(1, "Product Added", cart_id="c1"), did(100, "Checkout Started", cart_id="c1"))
    [entry] = person.entries
    moment = T0 + 100 * SECOND
    assert register(entry, "Left alone", 0, HOUR, moment + 5 * MINUTE).hold.way == "Checkout Started"
    assert register(entry, "Left alone", 0, HOUR, moment + 5 * MINUTE + 1).hold.way == ""
    seen = register(entry, "Left alone", 0, HOUR, moment)
    assert register(seen, "Left alone", 1, HOUR, moment + SECOND).hold.way == ""


def test_an_event_that_lets_somebody_enter_late_is_followed_by_what_was_known_already():
    person = Somebody().does(did(1, "Page Viewed")).does(did(60, "Cart Cleared", cart_id="c1"))
    person.does(did(30, "Product Added", cart_id="c1"), now=T0 + 70 * SECOND)
    assert (person.entries[0].reason, person.effects) == ("exit:cleared", [JOURNEY, OUT])


def test_the_time_of_a_hold_begins_anew():
    person = registered(Somebody().does(did(1, "Product Added", cart_id="c1")))
    began = T0 + 2 * SECOND
    assert expire(person.entries[0], "Left alone", 0, began + HOUR) == Expired()
    person.does(did(600, "Product Added", cart_id="c1"))
    [entry] = person.entries
    assert "Left alone" + RESET in entry.hits
    assert expire(entry, "Left alone", 0, began + HOUR) == Expired("", T0 + 600 * SECOND + HOUR - (began + HOUR))
    assert expire(entry, "Left alone", 0, T0 + 600 * SECOND + HOUR) == Expired()


def test_whoever_has_bought_just_before_the_time_was_over_is_told_so():
    person = registered(Somebody().does(did(1, "Product Added", cart_id="c1")))
    person.does(did(3_600, "Checkout Started", cart_id="c1"))
    assert expire(person.entries[0], "Left alone", 0, T0 + 2 * HOUR).way == "Checkout Started"


def test_an_order_after_the_time_was_over_does_not_end_the_hold_any_more():
    person = registered(Somebody().does(did(1, "Product Added", cart_id="c1")))
    person.does(did(2 * HOUR // SECOND, "Checkout Started", cart_id="c1"))
    assert (person.entries[0].hold.way, person.effects) == ("", [JOURNEY])


def test_an_exit_is_taken_wherever_somebody_is_and_holds_are_not_ended_by_it():
    person = registered(Somebody().does(did(1, "Product Added", cart_id="c1")))
    person.does(did(60, "Cart Cleared", cart_id="c1"), did(61, "Checkout Started", cart_id="c1"))
    assert (person.entries[0].reason, person.effects) == ("exit:cleared", [JOURNEY, OUT])


def test_the_goal_is_reached_also_after_the_end_within_its_time():
    person = Somebody().does(did(1, "Product Added", cart_id="c1"), did(5, "Cart Cleared", cart_id="c1"))
    person.does(did(DAY // SECOND, "Order Completed", order_id="o"))
    person.does(did(4 * DAY // SECOND, "Order Completed", order_id="late"))
    assert person.entries[0].goal == T0 + DAY
    assert person.effects == [JOURNEY, OUT, GOAL]


def test_who_was_stopped_or_inside_too_long_enters_again():
    for changes, days, reason in (({"stopped": T0 + MINUTE}, 2, STOPPED), ({}, 31, OVER)):
        document = EMPTY | {"lasts": "30d"}
        person = Somebody(rules_of(release(document))).does(did(1, "Product Added"))
        person.rules = rules_of(release(document)._replace(**changes))
        person.does(did(days * DAY // SECOND, "Product Added"))
        assert [one.reason for one in person.entries] == [reason, ""]
        assert person.effects == [JOURNEY, OUT, JOURNEY]


def test_a_birthday_comes_every_year_by_the_clock_of_the_person():
    document = EMPTY | {"trigger": {"type": "date", "trait": "birthday", "yearly": True, "at": "09:00"}}
    person = Somebody(rules_of(release(document)))
    person.does(identify(0, traits={"birthday": "1990-11-20", "timezone": "America/New_York"}))
    due = person.aggregate.due
    assert due == 1_700_488_800_000  # 2023-11-20T14:00Z
    person.does(now=due, tick=due)
    assert [(one.key, one.at) for one in person.entries] == [("2023-11-20", due)]
    assert person.aggregate.due == 1_732_111_200_000  # 2024-11-20T14:00Z
    person.aggregate.journeys = tuple(one._replace(ended=one.at + 1, reason=COMPLETED) for one in person.entries)
    person.does(did((due - T0) // SECOND + 60, "Product Viewed"))
    assert len(person.entries) == 1
    person.does(identify((due - T0) // SECOND + 120, traits={"timezone": "America/Los_Angeles"}))
    person.does(now=due + 3 * HOUR, tick=person.aggregate.due)  # nine o'clock once more, on the same birthday
    assert len(person.entries) == 1


def test_a_row_of_an_entry_leaves_out_what_is_empty():
    entry = Entry("i", "cart", 1, "", T0, "", "p", (T0, ""))
    assert entry.to_row() == ["i", "cart", 1, "", T0, "", "p"]
    assert Entry.from_row(entry.to_row()) == entry
