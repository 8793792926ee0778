"""Opens and clicks: whose they are, what is kept of them, and what is put right later."""

from __future__ import annotations

import pytest

from socle.errors import Unavailable
from socle.messages.model import DELIVERED, SENT
from socle.segments.plan import MESSAGE_EVENTS
from socle.tracking.service import MACHINE, NOBODY, PERSON, TOO_MANY
from socle.tracking.store import MOST
from tests.tracking.world import AT, MESSAGE, SAFARI, worlds

MINUTE = 60_000


@pytest.fixture
def world():
    with worlds() as one:
        yield one


def test_a_person_s_open_is_an_event_that_segments_find_and_counts_once(world):
    world.have()
    assert world.open(MINUTE) == PERSON
    assert world.open(2 * MINUTE) == PERSON
    first, second = world.stream.events
    assert first.name == second.name == MESSAGE_EVENTS["email", "opened"]
    assert first.ids == (MESSAGE.who,)
    assert (first.ts, first.at, first.received) == (AT + MINUTE, AT + MINUTE, AT + MINUTE)
    assert first.body["properties"] == {
        "message": MESSAGE.tag, "channel": "email", "campaign": "spring", "run": "r1", "variant": "a", "topic": "newsletter",
        "domain": "example.com", "device": "mobile"}
    assert world.counts() == {"opened": 1}
    assert world.row().opened == AT + MINUTE


def test_a_person_s_click_says_where_it_led_without_the_query(world):
    world.have()
    assert world.click(3, MINUTE) == PERSON
    [event] = world.stream.events
    assert event.name == MESSAGE_EVENTS["email", "clicked"]
    assert event.body["properties"]["link"] == "https://shop.example/p3"
    assert event.body["properties"]["link_number"] == 3
    assert world.counts() == {"clicked": 1}
    assert world.row().clicked == AT + MINUTE
    assert "who=" not in str(event.body)


def test_a_click_in_an_sms_is_one_of_an_sms(world):
    world.have(MESSAGE.next(channel="sms", domain=""))
    world.click(1, MINUTE)
    assert world.stream.names() == ["SMS Link Clicked"]


def test_clicks_again_are_events_again_but_not_within_a_second(world):
    world.have()
    for after in (MINUTE, MINUTE + 300, MINUTE + 999, MINUTE + 1_000, MINUTE + 9_000):
        assert world.click(1, after) == PERSON
    assert len(world.stream.kept) == 3
    assert world.counts() == {"clicked": 1}


def test_a_machine_s_visit_is_an_event_of_another_name_with_the_reason_and_counts_nowhere(world):
    world.have()
    assert world.click(1, MINUTE, method="HEAD") == MACHINE
    assert world.open(MINUTE, agent="Mozilla/5.0") == MACHINE
    assert [event.name for event in world.stream.events] == ["Email Link Clicked Automatically", "Email Opened Automatically"]
    assert [event.body["properties"]["reason"] for event in world.stream.events] == ["head", "apple"]
    assert not set(world.stream.names()) & set(MESSAGE_EVENTS.values())
    assert world.counts() == {}
    assert (world.row().opened, world.row().clicked) == (0, 0)


def test_a_person_after_a_machine_in_the_same_second_is_not_lost(world):
    world.have()
    world.click(1, MINUTE, method="HEAD")
    assert world.click(1, MINUTE + 500) == PERSON
    assert sorted(world.stream.names()) == ["Email Link Clicked", "Email Link Clicked Automatically"]
    assert world.counts() == {"clicked": 1}


def test_what_follows_several_links_within_a_second_was_a_machine_from_the_first_on(world):
    world.have()
    assert world.click(1, MINUTE) == PERSON
    assert world.counts() == {"clicked": 1}
    assert [world.click(number, MINUTE + 200 * number) for number in (2, 3, 4)] == [MACHINE] * 3
    assert world.stream.names() == ["Email Link Clicked Automatically"] * 4
    assert {event.body["properties"]["reason"] for event in world.stream.kept.values()} == {"many_links"}
    assert world.counts() == {}
    assert world.row().clicked == 0
    assert world.click(2, 10 * MINUTE) == PERSON
    assert world.counts() == {"clicked": 1}
    assert world.row().clicked == AT + 10 * MINUTE


def test_links_a_second_apart_are_followed_by_people(world):
    world.have()
    assert [world.click(number, MINUTE + 1_000 * number) for number in (1, 2, 3)] == [PERSON] * 3
    assert world.stream.names() == ["Email Link Clicked"] * 3


def test_opening_and_clicking_at_once_is_what_people_do(world):
    world.have()
    assert [world.open(MINUTE), world.click(1, MINUTE + 100), world.click(1, MINUTE + 200)] == [PERSON] * 3


def test_visits_within_two_seconds_of_delivery_are_put_right_when_the_delivery_is_heard_of(world):
    """SES reports a delivery seconds later: by then a scanner has come and gone."""
    world.have(MESSAGE.next(state=SENT))
    assert [world.open(30_000), world.click(1, 30_500), world.click(1, 33_000)] == [PERSON] * 3
    world.tracker.delivered(world.row(), AT + 29_000, AT + 40_000)
    assert world.stream.names() == ["Email Link Clicked Automatically", "Email Opened Automatically", "Email Link Clicked"]
    assert world.counts() == {"clicked": 1}, "the click three seconds after the delivery is the first one now"
    assert (world.row().opened, world.row().clicked) == (0, AT + 33_000)
    assert world.open(50_000) == PERSON
    assert world.counts() == {"opened": 1, "clicked": 1}


def test_a_delivery_heard_of_again_puts_right_nothing_twice(world):
    world.have(MESSAGE.next(state=SENT))
    world.click(1, 30_000)
    heard = world.row()
    for _ in range(2):
        world.tracker.delivered(heard, AT + 29_000, AT + 40_000)
    assert world.counts() == {}
    assert world.stream.names() == ["Email Link Clicked Automatically"]
    assert len({(event.key, event.revision) for event in world.stream.events}) == 2


def test_a_delivery_before_the_visits_changes_nothing(world):
    world.have(MESSAGE.next(state=DELIVERED))
    world.click(1, 30_000)
    world.tracker.delivered(world.row(), AT + 28_000, AT + 40_000)
    assert world.stream.names() == ["Email Link Clicked"]
    assert world.counts() == {"clicked": 1}


def test_of_an_erased_person_or_of_an_attempt_that_never_was_nothing_is_kept(world):
    assert world.click(1, MINUTE) == NOBODY
    world.have(MESSAGE.next(attempt=2))
    assert world.click(1, MINUTE) == NOBODY
    assert world.stream.events == []
    assert world.counts() == {}


def test_one_link_fetched_on_and_on_fills_neither_the_stream_nor_the_table(world):
    world.have()
    came = [world.open(MINUTE * (1 + number)) for number in range(MOST + 5)]
    assert came == [PERSON] * MOST + [TOO_MANY] * 5
    assert len(world.stream.events) == MOST
    assert len(world.visits.of(MESSAGE)) == MOST


def test_a_single_message_counts_in_no_run(world):
    world.have(MESSAGE.next(campaign="", run="", variant=""))
    assert world.open(MINUTE) == PERSON
    assert world.counts() == {}
    assert world.row().opened == AT + MINUTE


def test_when_the_stream_is_down_nothing_counts_as_the_first(world):
    world.have()
    world.stream.down = True
    with pytest.raises(Unavailable):
        world.click(1, MINUTE)
    world.stream.down = False
    assert world.click(1, 2 * MINUTE, SAFARI) == PERSON
    assert world.counts() == {"clicked": 1}
