"""Holds event by event: the first one that is later than the hold looks back ends it, once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from socle.journeys.holds import note, register
from socle.journeys.model.entry import GRACE, Entry, Hit
from tests.journeys.people import HOUR, MINUTE
from tests.people import SECOND, T0

ENTRY = Entry("e", "cart", 1, "c1", T0, "k0", "p", (T0, "k0"))


def at(seconds: int, key: str = "k") -> tuple[int, str]:
    return T0 + seconds * SECOND, key


def test_what_the_journey_has_seen_ends_nothing():
    first = note(register(ENTRY, "One", 0, HOUR, T0), "One", "a", at(10))
    assert first.hold.way == "a"
    assert note(first, "Two", "b", at(5)) == first
    second = register(first._replace(hits={**first.hits, "Two": Hit(*at(5), "b")}), "Two", 0, HOUR, T0 + 11 * SECOND)
    assert second.hold.way == ""


def test_only_what_is_later_than_a_hold_looks_back_ends_it():
    held = register(ENTRY, "One", 0, HOUR, T0 + HOUR)
    assert note(held, "One", "a", (T0 + HOUR - GRACE, "")).hold.way == ""
    assert note(held, "One", "a", (T0 + HOUR - GRACE, "k")).hold.way == "a"


def test_the_first_event_ends_a_hold_and_the_next_one_does_not():
    held = note(note(register(ENTRY, "One", 0, HOUR, T0), "One", "a", at(10)), "One", "b", at(20))
    assert (held.hold.way, held.seen) == ("a", at(10))


def test_registering_again_what_has_ended_changes_nothing():
    ended = note(register(ENTRY, "One", 0, HOUR, T0), "One", "a", at(10))
    assert register(ended, "One", 0, HOUR, T0 + MINUTE) is ended


@given(st.permutations([(5, "a"), (7, "b"), (12, "a"), (30, "b")]), st.integers(0, 4))
def test_however_an_order_and_its_hold_race_the_hold_ends(events, before):
    """Some are folded before the hold is registered, the others after it, in any order: it ends, by one that happened."""
    entry = ENTRY
    for seconds, way in events[:before]:
        entry = note(entry, "One", way, at(seconds))
    entry = register(entry, "One", 0, HOUR, T0 + 10 * SECOND)
    for seconds, way in events[before:]:
        entry = note(entry, "One", way, at(seconds))
    assert entry.hold.way in ("a", "b")
    assert entry.seen in {at(seconds) for seconds, _ in events}
