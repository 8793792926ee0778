"""Bytes in DynamoDB: what is written is what is read, for ever."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from socle.effects.model import Effect
from socle.identity.model import IDENTIFIER, MANUAL, Evidence
from socle.profiles.codec import (
    decode_aggregate,
    decode_entries,
    encode_aggregate,
    encode_entries,
    entry_of,
    event_of,
)
from socle.profiles.dictionary import DICTIONARIES, LATEST
from socle.profiles.fold import refold
from socle.profiles.model import Aggregate, Member
from tests.people import ANONYMOUS, USER, event, histories


@given(histories())
def test_an_aggregate_comes_back_as_it_was(events):
    aggregate = Aggregate("p", 7, refold(events), tuple(entry_of(one) for one in events), ("", "0abc"), "0b",
                          {"q": Member("p", "0c", 3, Evidence(IDENTIFIER, 5, USER, "0akey")),
                           "r": Member("q", "", 2, Evidence(MANUAL, 6, detail="why"))}, apart=frozenset({"s"}),
                          outbox=(Effect("webhook", "crm", "p", "k", 0),))
    assert decode_aggregate("p", 7, encode_aggregate(aggregate)) == aggregate


@given(histories())
def test_a_page_comes_back_as_it_was(events):
    entries = tuple(entry_of(one) for one in events)
    assert decode_entries(encode_entries(entries)) == entries
    assert [event_of(entry) for entry in entries] == events


@given(st.text(st.characters(codec="utf-8"), max_size=20), st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_a_key_keeps_any_message_id_and_sorts_by_time(message_id, ts):
    from socle.events.model import key_time, time_key

    assert key_time(time_key(ts) + message_id) == (ts, message_id)
    assert time_key(ts) < time_key(ts + 1)


def test_a_stored_event_keeps_its_revision_whose_it_was_not_and_half_characters():
    one = event(1, USER, ANONYMOUS, revision=3, properties={"text": "\ud83d"})._replace(unlinked=(ANONYMOUS,))
    entries = (entry_of(one),)
    assert [event_of(entry) for entry in decode_entries(encode_entries(entries))] == [one]
    assert decode_aggregate("p", 1, encode_aggregate(Aggregate("p", 1, tail=entries))).tail == entries


def test_dictionaries_never_change():
    """Items written with a dictionary can only be read with the very same bytes: make a new number instead."""
    assert {number: hashlib.sha256(words).hexdigest()[:16] for number, words in DICTIONARIES.items()} == {1: "10c9899f7f408ab3"}
    assert max(DICTIONARIES) == LATEST
