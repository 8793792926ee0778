"""decide and merge, where only they can tell: time, what is kept beside the events, what a merge takes along."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

from socle.effects.model import Effect
from socle.events.model import Tick
from socle.identity.model import MANUAL, Evidence
from socle.profiles import seal
from socle.profiles.codec import entry_of
from socle.profiles.decide import Decision, decide
from socle.profiles.fold import refold
from socle.profiles.merge import merge
from socle.profiles.model import Aggregate, History, Page
from tests.people import ANONYMOUS, T0, USER, event, order

HOOKS = {"Order Completed": ["crm"]}
PHONE = ("phone", "+33123456789")
WHY = Evidence(MANUAL, T0)


def aggregate_of(*events, name="p", **more):
    return Aggregate(name, 1, refold(events), tuple(sorted(map(entry_of, events))), **more)


def decided(aggregate, *events, tick=None, history=None) -> Decision:
    decision = decide(aggregate, events, HOOKS, history or History(), None if tick is None else Tick(aggregate.id, tick))
    assert isinstance(decision, Decision)
    return decision


def merged(survivor, loser, *members):
    answer = merge(survivor, loser, History({one.id: one for one in members}), WHY)
    assert isinstance(answer, tuple)
    assert isinstance(answer[0], Aggregate)
    return answer


def test_a_tick_of_another_time_changes_nothing():
    due = aggregate_of(event(1), due=T0 + 5)
    assert decided(due, tick=T0 + 4).aggregate is due
    assert decided(due, tick=T0 + 5).aggregate.due is None


def test_an_event_leaves_a_profile_as_due_as_it_was():
    assert decided(aggregate_of(event(1), due=T0 + 5), event(2)).aggregate.due == T0 + 5


def test_an_event_leaves_what_waits_in_the_outbox():
    waiting = Effect("webhook", "erp", "p", event(1).key, 0)
    after = decided(aggregate_of(event(1), outbox=(waiting,)), order(2, order_id="o")).aggregate
    assert [effect.name for effect in after.outbox] == ["erp", "crm"]


def test_a_correction_in_the_same_batch_has_the_effects_not_what_it_corrects():
    after = decided(Aggregate("p"), order(1, order_id="o"), order(1, order_id="o", revision=1)).aggregate
    assert [effect.revision for effect in after.outbox] == [1]


def test_an_identifier_of_somebody_else_is_not_reserved():
    after = decided(aggregate_of(event(1)), event(2, USER, ANONYMOUS)._replace(unlinked=(ANONYMOUS,))).aggregate
    assert after.owned() == {USER}


def test_an_event_that_comes_with_a_new_identifier_again_gives_it_to_the_profile():
    before = aggregate_of(event(1))
    after = decided(before, event(1, USER, ANONYMOUS)).aggregate
    assert after.owned() == {USER, ANONYMOUS}
    assert after.tail == before.tail


def test_a_merge_takes_outbox_due_time_and_reserved_identifiers_along():
    effects = [Effect("webhook", "crm", name, "key", 0) for name in "pq"]
    soon, late = T0 + 5, T0 + 9
    for dues, expected in (((soon, late), soon), ((late, soon), soon), ((None, late), late), ((None, None), None)):
        survivor, loser = merged(aggregate_of(event(1, USER), outbox=(effects[0],), due=dues[0], reserved=frozenset([PHONE])),
                                 aggregate_of(event(2, ANONYMOUS), name="q", outbox=(effects[1],), due=dues[1],
                                              reserved=frozenset([("email", "a@b.c")])))
        assert (survivor.outbox, survivor.due) == (tuple(effects), expected)
        assert survivor.owned() == {USER, ANONYMOUS, PHONE, ("email", "a@b.c")}
        assert (loser.outbox, loser.due, loser.reserved, loser.merged_into) == ((), None, frozenset(), "p")


def test_a_merge_takes_the_members_of_the_other_along():
    inner = aggregate_of(event(1, PHONE), name="r")
    loser, inner = merged(aggregate_of(event(2, ANONYMOUS), name="q"), inner)
    survivor, _ = merged(aggregate_of(event(3, USER)), loser, inner)
    assert set(survivor.members) == {"q", "r"}
    assert survivor.snapshot == refold([event(1, PHONE), event(2, ANONYMOUS), event(3, USER)])


def test_an_event_that_both_had_counts_once_after_a_merge():
    survivor, _ = merged(aggregate_of(event(1, USER), event(2, USER)), aggregate_of(event(1, ANONYMOUS), name="q"))
    assert survivor.snapshot.events == 2


def test_a_member_s_event_is_known_wherever_it_lies():
    """In its tail or in its pages, the last one too."""
    events = [event(number, ANONYMOUS) for number in range(4)]
    page = Page("q", "", 1, tuple(map(entry_of, events[:3])))
    loser = Aggregate("q", 1, refold(events), (entry_of(events[3]),), ("",), events[3].key)
    history = History({"q": loser})
    history.pages["q", ""] = page
    answer = merge(aggregate_of(event(9, USER)), loser, history, WHY)
    assert isinstance(answer, tuple)
    assert isinstance(answer[0], Aggregate)
    history.aggregates["q"] = answer[1]  # type: ignore[assignment]
    decision = decided(answer[0], *events, event(4, USER), history=history)
    assert [one.message_id for one in decision.applied] == ["m-4"]
    assert {part for part, _ in decision.known} == {"q"}


def test_a_duplicate_is_known_as_the_revision_that_it_is():
    first, second = event(1, properties={"price": 1}), event(1, revision=1, properties={"price": 2})
    decision = decided(aggregate_of(first, second), second)
    assert [one.body["properties"]["price"] for _, one in decision.known] == [2]


def sealed(*events, stored=None, **limits):
    """(aggregate, pages) after sealing a tail of these events."""
    after = aggregate_of(*events)
    with patch.multiple(seal, **({"KEPT_ENTRIES": 1, "KEPT_BYTES": 10_000, "MIN_ENTRIES": 1} | limits)):
        answer = seal.seal(after, after.tail if stored is None else tuple(map(entry_of, stored)), History())
    assert isinstance(answer, tuple)
    return answer


def test_only_what_was_stored_before_moves_to_a_page():
    old, new = [event(number) for number in range(5)], [event(number) for number in range(5, 9)]
    after, pages = sealed(*old, *new, stored=old)
    moved = {entry.key for page in pages for entry in page.entries}
    assert moved < {one.key for one in old}
    assert {one.key for one in new} <= {entry.key for entry in after.tail}


def test_revisions_of_one_event_stay_together():
    revisions = [event(1, revision=revision, properties={"text": "x" * 300}) for revision in range(6)]
    for limits in ({"PAGE_BYTES": 500}, {"KEPT_ENTRIES": 3}, {"KEPT_BYTES": 400, "KEPT_ENTRIES": 9}):
        after, pages = sealed(*[event(number) for number in range(-5, 1)], *revisions, event(2), event(3), **limits)
        places = [[entry.revision for entry in part if entry.key == revisions[0].key]
                  for part in (after.tail, *(page.entries for page in pages))]
        assert [place for place in places if place] == [list(range(6))], limits


def test_the_horizon_is_above_what_moved_and_not_above_what_stayed():
    """Also where both are of one millisecond."""
    events = [event(number, ts=T0) for number in range(10, 30)]
    after, pages = sealed(*events)
    assert max(entry.key for page in pages for entry in page.entries) < after.horizon <= min(entry.key for entry in after.tail)


def test_late_events_of_more_pages_than_one_write_takes_wait_in_the_tail():
    stored = [event(number) for number in range(100)]
    with patch.multiple(seal, KEPT_ENTRIES=0, MIN_ENTRIES=1, PAGE_BYTES=500):
        after, pages = seal.seal(aggregate_of(*stored), tuple(map(entry_of, stored)), History())
        late = [event(number, name="Late", ts=T0 + number * 1_000 + 500) for number in range(0, 98, 7)]
        tail = tuple(map(entry_of, late))
        history = History()
        history.pages = {("p", page.lower): page for page in pages}
        with patch.object(seal, "MAX_LATE_PAGES", 2):
            rest, rewritten = seal.seal(replace(after, tail=tail), tail, history)
    moved = {entry.key for page in rewritten for entry in page.entries}
    assert 0 < len({page.lower for page in rewritten} & {page.lower for page in pages}) <= 2
    assert {entry.key for entry in rest.tail} | moved >= {one.key for one in late}
    assert rest.tail


def test_an_event_that_comes_twice_at_once_is_stored_once():
    decision = decided(Aggregate("p"), event(1), event(1))
    assert (len(decision.applied), len(decision.aggregate.tail)) == (1, 1)


def test_what_was_corrected_already_is_not_added_to_its_correction():
    corrected = event(1, name="Corrected", revision=1)
    after = decided(aggregate_of(corrected), event(1)).aggregate
    assert after.snapshot.counts == {"Corrected": 1}
