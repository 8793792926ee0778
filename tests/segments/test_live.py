"""Live membership: entered by events, left by events and by time alone, moved by merges; the trackers remember enough."""

from __future__ import annotations

from typing import Any

import pytest

from socle.clock import DAY, HOUR
from socle.definitions.model import Definition
from socle.effects.model import SEGMENT
from socle.events.model import RECHECK, Tick
from socle.events.stream import encode_ticks
from socle.profiles.codec import decode_aggregate, encode_aggregate
from socle.profiles.model import Register
from socle.segments import live
from socle.segments.document import Segment
from socle.segments.rules import LiveRules
from tests.people import ANONYMOUS, T0, USER, event, identify, order
from tests.world import World


def rules_of(version: int = 1, created: int = T0, /, **segments: dict[str, Any]) -> LiveRules:
    documents = {name: Segment.model_validate({"when": when}).model_dump(mode="json") for name, when in segments.items()}
    return LiveRules.of([Definition("segments", name, version, one, created, created) for name, one in documents.items()])


class Shop(World):
    """A world with segments, whose clock is told."""

    def __init__(self, **segments: dict[str, Any]) -> None:
        super().__init__()
        self.now = T0
        self.define(**segments)

    def define(self, version: int = 1, **segments: dict[str, Any]) -> None:
        self.rules = self.rules._replace(segments=rules_of(version, **segments))

    def wait(self, until: int) -> int:
        """Let time pass, and everything that is due by then happen; answers how many ticks it took."""
        ticks = 0
        while due := sorted(self.profiles.due(until, 100), key=lambda tick: tick.due):
            self.now = max(self.now, due[0].due)
            self.consumer.apply([self.record(encode_ticks(due[:1]))])
            ticks += 1
        self.now = until
        return ticks

    def recheck(self, profile: str, given: dict[str, Any] | None = None) -> None:
        self.consumer.apply([self.record(encode_ticks([Tick(profile, RECHECK, given)]))])

    def of(self, profile: str = "p000000") -> set[str]:
        return set(self.profiles.load([profile])[profile].segments)

    def moves(self) -> list[tuple[str, str, str]]:
        return [(one.profile, one.name, one.key) for one in self.queue.sent if one.kind == SEGMENT]


RECENT = {"type": "event", "event": "Product Viewed", "window": {"within": "1h"}}
BUYER = {"type": "event", "event": "Order Completed"}
PRO = {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "pro"}}


def test_an_event_enters_and_time_alone_leaves():
    shop = Shop(recent=RECENT)
    shop.deliver(event(0))
    assert shop.of() == {"recent"}
    assert shop.wait(T0 + HOUR - 1) == 0
    assert shop.of() == {"recent"}
    assert shop.wait(T0 + HOUR) == 1
    assert shop.of() == set()
    assert shop.moves() == [("p000000", "recent", f"+{T0}"), ("p000000", "recent", f"-{T0 + HOUR}")]


def test_an_event_that_puts_off_the_leaving_does_not_move_the_due_time():
    shop = Shop(recent=RECENT)
    shop.deliver(event(0))
    due = shop.profiles.load(["p000000"])["p000000"].due
    shop.now = T0 + 30 * 60_000
    shop.deliver(event(1800))
    assert shop.profiles.load(["p000000"])["p000000"].due == due
    shop.wait(T0 + HOUR)
    assert shop.of() == {"recent"}
    shop.wait(T0 + 1800_000 + HOUR)
    assert shop.of() == set()


def test_a_segment_of_traits_follows_the_trait():
    shop = Shop(pro=PRO)
    shop.deliver(identify(1, traits={"plan": "free"}))
    assert shop.of() == set()
    shop.deliver(identify(2, traits={"plan": "pro"}))
    assert shop.of() == {"pro"}
    shop.deliver(identify(3, traits={"plan": None}))
    assert shop.of() == set()


def test_only_another_value_is_looked_at(monkeypatch):
    looked: list[str] = []
    evaluate = live.evaluate
    monkeypatch.setattr(live, "evaluate", lambda node, *rest: looked.append(node.__class__.__name__) or evaluate(node, *rest))
    shop = Shop(pro=PRO, french={"type": "profile", "field": "locale", "test": {"op": "in", "values": ["fr-FR"]}})
    said = {"traits": {"plan": "pro"}, "context": {"locale": "fr-FR"}}
    shop.deliver(event(0, name="$identify", type="identify", **said))
    assert (sorted(looked), shop.of()) == (["FieldTest", "TraitTest"], {"pro", "french"})
    shop.deliver(event(1, name="$identify", type="identify", **said), event(2, context={**said["context"], "userAgent": "x"}))
    assert len(looked) == 2
    shop.deliver(event(3, name="$identify", type="identify", traits={"plan": "free"}, context={"locale": "en-US"}))
    assert (len(looked), shop.of()) == (4, set())


@pytest.mark.parametrize(("was", "now"), [(1, True), (1, 1.0), ("1", 1), (None, False), ([1], [True]), (None, "")])
def test_values_of_two_kinds_are_two_even_in_a_correction(was, now):
    assert live._rewritten({"a": Register(1, 2, was)}, {"a": Register(1, 2, now)}) == ["a"]
    kept = Register(1, 2, was)
    assert live._rewritten({"a": kept}, {"a": kept}) == live._rewritten({}, {}) == []
    assert live._rewritten({"a": kept}, {}) == live._rewritten({}, {"a": kept}) == ["a"]


def test_a_new_segment_fills_itself_by_the_next_event_or_a_recheck():
    shop = Shop()
    shop.deliver(order(1, USER, order_id="1", revenue=5), order(2, ANONYMOUS, order_id="2", revenue=5))
    shop.define(buyer=BUYER)
    shop.deliver(event(3))
    assert shop.of("p000000") == {"buyer"}
    assert shop.of("p000001") == set()
    shop.recheck("p000001")
    assert shop.of("p000001") == {"buyer"}


def test_a_deleted_segment_is_left_silently_at_the_next_look():
    shop = Shop(buyer=BUYER, pro=PRO)
    shop.deliver(order(1, order_id="1", revenue=5))
    shop.define(pro=PRO)
    shop.deliver(event(3))
    assert shop.of() == set()
    assert len(shop.moves()) == 1


def test_a_segment_that_is_deleted_and_written_again_is_entered_again_for_its_rows_are_gone():
    shop = Shop(buyer=BUYER, pro=PRO)
    shop.deliver(order(1, order_id="1", revenue=5))
    shop.now = T0 + HOUR
    shop.rules = shop.rules._replace(segments=rules_of(3, T0 + HOUR, buyer=BUYER))
    shop.deliver(event(3))
    shop.deliver(event(4))
    assert shop.of() == {"buyer"}
    assert shop.moves() == [("p000000", "buyer", f"+{T0}"), ("p000000", "buyer", f"+{T0 + HOUR}")]


def test_a_segment_that_is_edited_is_not_entered_again():
    shop = Shop(buyer=BUYER)
    shop.deliver(order(1, order_id="1", revenue=5))
    shop.now = T0 + HOUR
    shop.define(2, buyer={"type": "all", "of": [BUYER]})
    shop.deliver(event(3))
    assert shop.of() == {"buyer"}
    assert len(shop.moves()) == 1


def test_a_correction_of_an_event_that_is_remembered_no_more_counts():
    """Nothing that a profile remembers of its newest events tells the corrected history from the one before."""
    spent = {"type": "aggregate", "function": "sum", "of": "$amount", "currency": "EUR", "event": "Order Completed",
             "window": {"within": "90d"}, "test": {"op": "gte", "value": 1000}}
    shop = Shop(spent=spent)
    shop.deliver(*(order(number, order_id=str(number), revenue=10, currency="EUR") for number in range(20)))
    assert shop.of() == set()
    shop.deliver(order(2, order_id="2", revenue=5000, currency="EUR", revision=1))
    assert shop.of() == {"spent"}
    shop.deliver(order(2, order_id="2", voided=True, revision=2))
    assert shop.of() == set()


def test_merged_people_are_in_what_both_together_are_in():
    twice = {"type": "event", "event": "Product Viewed", "count": {"op": "gte", "value": 2}}
    shop = Shop(twice=twice, viewer={"type": "event", "event": "Product Viewed"})
    shop.deliver(event(1, USER))
    shop.deliver(event(2, ANONYMOUS))
    assert (shop.of("p000000"), shop.of("p000001")) == ({"viewer"}, {"viewer"})
    shop.deliver(identify(3, USER, ANONYMOUS, traits={}))
    assert shop.of("p000000") == {"twice", "viewer"}
    assert shop.of("p000001") == set()
    assert ("p000001", "viewer") in [move[:2] for move in shop.moves() if move[2].startswith("-")]


def test_a_tick_brings_values_from_elsewhere():
    shop = Shop(best={"type": "rfm", "groups": ["Champions"]})
    shop.deliver(event(1))
    shop.recheck("p000000", {"rfm": {"group": "Champions"}})
    assert shop.of() == {"best"}
    shop.recheck("p000000", {"rfm": None})
    assert shop.of() == set()


def test_a_recheck_of_nobody_writes_nothing():
    shop = Shop(buyer=BUYER)
    shop.recheck("nobody")
    assert shop.profiles.items == {}


def test_a_redelivered_batch_moves_nobody_again():
    shop = Shop(recent=RECENT)
    batch = [shop.record(encode_ticks([]))]
    shop.deliver(event(0))
    shop.deliver(event(0))
    shop.consumer.apply(batch)
    assert len(shop.moves()) == 1


@pytest.mark.parametrize("count", [1, 8, 16, 40])
def test_what_a_tracker_does_not_remember_is_read_from_the_history(count):
    """A sum over a window with more events than are remembered; the pages hold them."""
    when = {"type": "aggregate", "function": "sum", "of": "n", "event": "Product Viewed", "window": {"within": "30d"},
            "test": {"op": "eq", "value": count}}
    shop = Shop(exact=when)
    for number in range(count):
        shop.deliver(event(number, properties={"n": 1}))
    assert shop.of() == {"exact"}


def test_a_correction_counts_for_segments_too():
    big = {"type": "aggregate", "function": "max", "of": "n", "event": "Product Viewed", "test": {"op": "gte", "value": 10}}
    shop = Shop(big=big)
    shop.deliver(event(0, properties={"n": 10}))
    assert shop.of() == {"big"}
    shop.deliver(event(0, properties={"n": 1}, revision=1))
    assert shop.of() == set()


def test_an_order_reported_twice_is_one_order():
    shop = Shop(twice={**BUYER, "count": {"op": "gte", "value": 2}, "window": {"within": "9d"}})
    shop.deliver(order(1, order_id="1", revenue=5))
    shop.deliver(order(2, order_id="1", revenue=5))
    assert shop.of() == set()
    shop.deliver(order(3, order_id="2", revenue=5))
    assert shop.of() == {"twice"}


def test_what_segments_remember_survives_its_bytes():
    shop = Shop(recent=RECENT, sum={"type": "aggregate", "function": "sum", "of": "n", "test": {"op": "gte", "value": 1}},
                liked={"type": "aggregate", "function": "most_frequent", "of": "tags[]", "window": {"within": "9d"},
                       "test": {"op": "eq", "value": "a"}})
    for number in range(12):
        shop.deliver(event(number, properties={"n": 1.5, "tags": ["a", "b"]}))
    stored = shop.profiles.load(["p000000"])["p000000"]
    assert stored.trackers.rows
    again = decode_aggregate(stored.id, stored.version, encode_aggregate(stored))
    assert (again.trackers, again.segments, again.evaluated) == (stored.trackers, stored.segments, stored.evaluated)


def test_who_was_never_in_costs_no_effect():
    shop = Shop(buyer=BUYER)
    shop.deliver(event(1))
    shop.wait(T0 + 400 * DAY)
    assert shop.queue.sent == []


def test_a_profile_remembers_no_more_than_its_watches_want():
    shop = Shop(twice={**BUYER, "event": "Product Viewed", "count": {"op": "gte", "value": 2}, "window": {"within": "9d"}})
    for number in range(12):
        shop.deliver(event(number))
    ((row,),) = [shop.profiles.load(["p000000"])["p000000"].trackers.rows.values()]
    assert len(row[3]) == 2
