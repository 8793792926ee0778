"""Journeys of people who become one, or two again, or are rebuilt from their events."""

from __future__ import annotations

from socle.effects.model import JOURNEY, OUT
from socle.identity.model import MANUAL, Evidence
from socle.identity.rules import STANDARD
from socle.journeys.model.entry import COMPLETED, MERGED
from socle.journeys.rules import NO_JOURNEYS
from socle.journeys.told import entered, exited
from socle.profiles.merge import merge
from socle.profiles.model import History
from socle.profiles.unmerge import divide, split
from tests.journeys.people import MINUTE, Somebody, did, rules_of
from tests.people import ANONYMOUS, T0, USER


def test_of_two_who_are_one_the_journey_goes_on_once():
    one, other = Somebody(name="p").does(did(1, "Product Added", cart_id="c1")), Somebody(name="q")
    other.does(did(2, "Product Added", cart_id="c1"), did(3, "Product Added", cart_id="c2"))
    answer = merge(one.aggregate, other.aggregate, History(), Evidence(MANUAL, T0 + MINUTE))
    assert isinstance(answer, tuple)
    survivor, gone = answer
    assert [(entry.part, entry.key, entry.reason) for entry in survivor.journeys] == [
        ("p", "c1", ""), ("q", "c1", MERGED), ("q", "c2", "")]
    assert not gone.journeys
    assert [(effect.kind, effect.profile) for effect in survivor.outbox if effect.kind == OUT] == [(OUT, "q")]


def test_what_the_other_one_had_done_by_then_counts_when_two_become_one():
    known = Somebody(name="p").does(did(1, "Product Added", cart_id="c1"))
    other = Somebody(name="q").does(did(30, "Cart Cleared", cart_id="c1")._replace(ids=(ANONYMOUS,)))
    merged = merge(known.aggregate, other.aggregate, History(), Evidence(MANUAL, T0 + MINUTE))
    assert isinstance(merged, tuple)
    known.aggregate, gone = merged
    known.does(did(90, "Product Viewed"), history=History({"q": gone}))
    assert [one.reason for one in known.entries] == ["exit:cleared"]
    assert known.effects == [JOURNEY, OUT]


def test_a_profile_that_was_rebuilt_from_its_events_knows_the_journeys_that_these_tell_of():
    person = Somebody().does(did(1, "Product Added", cart_id="c1"), did(2, "Product Added", cart_id="c2"))
    first, second = person.entries
    over = second._replace(ended=T0 + MINUTE, reason=COMPLETED)
    told = [entered(first, (USER,)), entered(second, (USER,)), exited(over, (USER,))]
    again = Somebody(NO_JOURNEYS).does(did(1, "Product Added", cart_id="c1"), did(2, "Product Added", cart_id="c2"), *told)
    assert not again.entries
    again.rules = rules_of()
    again.does(did(90, "Cart Cleared", cart_id="c1"))
    assert [(one.id, one.reason) for one in again.entries] == [(first.id, "exit:cleared"), (second.id, COMPLETED)]
    stranger = Somebody(NO_JOURNEYS, name="q").does(*told)
    stranger.rules = rules_of()
    assert not stranger.does(did(91, "Product Viewed")).entries


def test_who_are_two_again_each_go_on_with_what_they_entered():
    one = Somebody(rules_of(), name="p").does(did(1, "Product Added", cart_id="c1"))
    other = Somebody(rules_of(), name="q").does(did(2, "Product Added", cart_id="c2"), did(3, "Product Added", cart_id="c3"))
    merged = merge(one.aggregate, other.aggregate, History(), Evidence(MANUAL, T0 + MINUTE))
    assert isinstance(merged, tuple)
    survivor, gone = merged
    assert [entry.key for entry in survivor.journeys] == ["c1", "c2", "c3"]
    survivor.journeys = tuple(one._replace(ended=T0, reason=COMPLETED) if one.key == "c2" else one for one in survivor.journeys)
    history = History({"q": gone})
    division = divide(survivor, "q", history, STANDARD)
    ours, theirs, *_ = split(survivor, division, history, {}, T0 + 2 * MINUTE)
    assert [entry.key for entry in ours.journeys] == ["c1"]
    assert [(entry.key, entry.active) for entry in theirs.journeys] == [("c2", False), ("c3", True)]
