"""What an event's key and times are made of, and what a quarantined event is sent again from."""

from __future__ import annotations

import json

import pytest

from socle.errors import Rejected
from socle.events.model import Event, key_time, time_key
from socle.events.parse import parse
from socle.events.receive import Origin, receive
from socle.events.times import YEAR_1, client_time, effective, sent_time

NOW = 1_717_243_200_000
DAY = 86_400_000


def received(message, at=NOW) -> Event:
    [event] = receive(parse(json.dumps(message).encode(), is_batch=False), Origin("shop", at))[0]
    return event


CALL = {"type": "track", "event": "X", "userId": "u1"}


@pytest.mark.parametrize("more", [
    {}, {"messageId": "m"}, {"timestamp": "2024-06-01T10:00:00Z"}, {"messageId": "m", "timestamp": NOW}])
def test_a_retry_has_the_same_key_whenever_it_was_sent_and_received(more):
    first = received(CALL | more | {"sentAt": "2024-06-01T11:00:00Z"})
    again = received(CALL | more | {"sentAt": "2024-06-01T11:30:00Z", "receivedAt": "2024-06-01T11:30:01Z"}, NOW + 9_000)
    assert again.key == first.key


def test_an_empty_message_id_is_none_and_fields_have_no_order():
    assert received(CALL | {"messageId": ""}).message_id.startswith("sha256:")
    assert received(CALL).key == received(dict(reversed(CALL.items()))).key
    assert received(CALL | {"properties": {"a": 1}}).key != received(CALL).key


def test_keys_sort_by_time_before_1970_too():
    times = [YEAR_1, -DAY, -1, 0, 1, NOW]
    assert sorted(map(time_key, times)) == [time_key(one) for one in times]
    assert [key_time(time_key(one))[0] for one in times] == times


def test_a_quarantined_event_is_sent_again_with_its_time_and_revision():
    event = received(CALL | {"messageId": "m", "revision": 3, "timestamp": "2024-06-01T10:00:00.250Z"})
    again = received(event.to_message(), NOW + DAY)
    assert (again.key, again.revision, again.ids) == (event.key, event.revision, event.ids)


def test_an_event_without_a_time_happened_when_it_was_received():
    assert effective(0, NOW - 50, NOW) == effective(0, None, NOW) == NOW


def test_events_of_one_request_without_a_time_or_of_the_future_keep_their_order():
    assert [effective(ts, None, NOW, after) for ts in (0, NOW + DAY) for after in (2, 1, 0)] == [NOW - 2, NOW - 1, NOW] * 2


def test_a_clock_is_corrected_and_no_event_is_of_the_future_or_before_year_1():
    assert effective(NOW - 5_000, NOW - 1_000, NOW) == NOW - 4_000
    assert effective(NOW + 5_000, NOW + 6_000, NOW) == NOW - 1_000
    assert effective(NOW + 5_000, NOW + 1_000, NOW) == NOW
    assert effective(YEAR_1, YEAR_1 + DAY * 50 + NOW, NOW) >= YEAR_1
    assert effective(YEAR_1 + 1_000, NOW + 9_000, NOW) == YEAR_1


def test_times_that_no_calendar_has_are_refused_and_a_senseless_sent_at_is_none():
    for value in ("yesterday", 10**18, "0000-01-01T00:00:00Z", True, "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"):
        with pytest.raises(Rejected):
            client_time(value, "timestamp")
    assert sent_time("0001-01-01T00:00:00Z") is None
    assert sent_time("nonsense") is None
    assert sent_time("2024-06-01T12:00:00Z") == NOW
