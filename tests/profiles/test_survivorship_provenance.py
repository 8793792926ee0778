"""Where a person's values come from: what readers see of survivorship, now and at a past time, under rules that change."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.consumer.batch import Rules
from socle.profiles import service
from socle.profiles.fold import refold
from socle.profiles.provenance import MAX_LOSING, provenance
from socle.profiles.service import Profiles
from socle.profiles.survivorship import Rule, survivorship, text_of
from tests.people import ANONYMOUS, T0, USER, cut, event, identify
from tests.profiles.test_survivorship import CONFIGURED, HISTORIES, RULES
from tests.replay.kept import MemoryBucket, Restored
from tests.world import World

FREQUENT, FIRST, VERIFIED = Rule("most_frequent"), Rule("never_overwrite"), Rule("verified_first")
CRM_FIRST = Rule("source_priority", ("crm", "shop"))


def said(number, source="shop", ids=(USER,), **traits):
    return identify(number, *ids, traits=traits)._replace(source=source)


def entry(events, rule=None, trait="city"):
    rules = survivorship(rule or Rule(), {})
    (found,) = provenance({trait}, events, rules)
    return found


def losing(events, rule):
    return [(one["value"], one["source"], one["why"]) for one in entry(events, rule)["losing"]]


class Readers:
    """A world, and a reader of it that goes by the same rules."""

    def __init__(self):
        self.world = World()
        self.profiles = Profiles(self.world.profiles, rules=lambda: self.world.rules.survivorship)

    def rule(self, default, **traits):
        self.world.rules = Rules(survivorship=survivorship(default, traits))

    def id(self):
        return self.profiles.find(*USER)

    def shown(self):
        return self.profiles.read(self.id())["traits"]

    def stored(self):
        return {name: one.value for name, one in self.world.profiles.load([self.id()])[self.id()].snapshot.traits.items()}


@given(HISTORIES, CONFIGURED)
def test_what_is_explained_is_what_the_profile_says(events, rules):
    traits = refold(events, rules).traits
    found = {one["trait"]: one for one in provenance(traits, events, rules)}
    assert found.keys() == traits.keys()
    for name, one in found.items():
        assert text_of(one["value"]) == text_of(traits[name].value)
        assert one["removed"] == (traits[name].value is None)
        assert all(text_of(lost["value"]) != text_of(one["value"]) for lost in one["losing"])
        assert sum(said["count"] for said in one["sources"]) == one["count"]


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_a_rule_that_changes_is_seen_at_once_and_stored_with_the_next_event(rule):
    readers = Readers()
    readers.world.deliver(said(1, city="Lyon"), said(2, "crm", city="Nice"), said(3, city="Lyon"))
    readers.world.deliver(said(4, city="Metz"))
    readers.rule(rule, other=FREQUENT)
    wanted = {"latest": "Metz", "most_frequent": "Lyon", "source_priority": "Nice", "verified_first": "Metz",
              "never_overwrite": "Lyon"}[rule.name]
    before = dict(readers.world.profiles.items)
    assert readers.shown()["city"] == wanted
    assert readers.profiles.traits(readers.id(), 10)["items"][0]["value"] == wanted
    assert readers.world.profiles.items == before
    assert readers.stored()["city"] == "Metz"
    readers.world.deliver(event(5))
    assert readers.stored()["city"] == wanted == readers.shown()["city"]
    readers.rule(Rule())
    assert readers.shown()["city"] == "Metz"


def test_people_who_become_one_have_the_values_of_all_their_events_under_the_rules():
    readers = Readers()
    readers.rule(FIRST, city=FREQUENT)
    readers.world.deliver(said(1, ids=(ANONYMOUS,), city="Lyon", origin="fair"), said(2, ids=(ANONYMOUS,), city="Nice"))
    readers.world.deliver(said(3, ids=(USER,), city="Nice", origin="web"))
    readers.world.deliver(event(4, USER, ANONYMOUS))
    assert readers.shown() == readers.stored() == {"city": "Nice", "origin": "fair"}


@given(st.data(), HISTORIES, CONFIGURED, CONFIGURED)
def test_who_says_what_is_the_same_in_any_order_batches_and_merges_also_when_the_rules_change(data, events, before, after):
    devices = [("anonymous_id", f"a{n}") for n in range(3)]
    owned = [one._replace(ids=(data.draw(st.sampled_from(devices)),)) for one in events]
    joins = [event(20 + n, USER, device) for n, device in enumerate(devices)]
    readers = Readers()
    for batch in cut(data.draw, [*owned, *joins]):
        readers.world.rules = Rules(survivorship=data.draw(st.sampled_from([before, after])))
        readers.world.deliver(*batch)
    readers.world.rules = Rules(survivorship=after)
    wanted = {trait: text_of(one.value) for trait, one in refold([*owned, *joins], after).traits.items() if one.value is not None}
    assert {trait: text_of(value) for trait, value in readers.shown().items()} == wanted
    readers.world.deliver(event(30, USER))
    assert {trait: text_of(value) for trait, value in readers.stored().items() if value is not None} == wanted


def test_a_correction_of_who_said_what_is_one_vote():
    readers = Readers()
    readers.rule(Rule(), city=FREQUENT)
    readers.world.deliver(said(1, city="Lyon"), said(2, city="Nice"), said(3, city="Nice"))
    readers.world.deliver(said(2, city="Lyon")._replace(revision=1), said(3, city="Lyon")._replace(revision=1))
    found = readers.profiles.traits(readers.id(), 10)["items"][0]
    assert (found["value"], found["count"], found["losing"]) == ("Lyon", 3, [])
    assert found["event"] == {"type": "identify", "event": "$identify", "messageId": "m-3", "revision": 1}


def test_a_value_names_the_event_that_gave_it():
    told = identify(2, traits={"city": "Lyon", "city_verified": True}, received=T0 + 9_000, raw={"city": " LYON ", "citys": "?"},
                    flags={"city.zip": "odd", "zip": "unknown"})
    assert entry([said(1, "crm", city="Lyon"), told, said(0, "survey", city="Nice")]) == {
        "trait": "city", "value": "Lyon", "removed": False, "rule": "latest", "source": "shop",
        "event": {"type": "identify", "event": "$identify", "messageId": "m-2"},
        "happened": "2023-11-14T22:13:22.000Z", "received": "2023-11-14T22:13:29.000Z", "verified": True,
        "raw": {"city": " LYON "}, "flags": {"city.zip": "odd"}, "count": 2,
        "sources": [{"source": "shop", "count": 1, "first": "2023-11-14T22:13:22.000Z", "last": "2023-11-14T22:13:22.000Z"},
                    {"source": "crm", "count": 1, "first": "2023-11-14T22:13:21.000Z", "last": "2023-11-14T22:13:21.000Z"}],
        "losing": [{"value": "Nice", "source": "survey", "count": 1, "first": "2023-11-14T22:13:20.000Z",
                    "last": "2023-11-14T22:13:20.000Z", "verified": False, "why": "older"}],
        "more": 0}


@pytest.mark.parametrize(("rule", "events", "value", "lost"), [
    (Rule(), [said(1, city="a"), said(2, city="b")], "b", [("a", "shop", "older")]),
    (FIRST, [said(1, city="a"), said(2, city="b"), said(3, city=None)], "a",
     [(None, "shop", "removal_ignored"), ("b", "shop", "not_first")]),
    (CRM_FIRST, [said(1, "crm", city="a"), said(2, "crm", city="b"), said(3, "web", city="c"), said(4, city="d")], "b",
     [("d", "shop", "less_trusted_source"), ("c", "web", "less_trusted_source"), ("a", "crm", "older")]),
    (VERIFIED, [said(1, city="a", city_verified=True), said(2, city="b", city_verified=True), said(3, city="c")], "b",
     [("c", "shop", "unverified"), ("a", "shop", "older")]),
    (FREQUENT, [said(1, city="a"), said(2, city="a"), said(3, city="b")], "a", [("b", "shop", "fewer_events")]),
    (FREQUENT, [said(1, city="a"), said(2, city="b")], "b", [("a", "shop", "older")]),
    (FREQUENT, [said(1, city="a"), said(2, city="a"), said(3, city=None), said(4, city="b")], "b",
     [(None, "shop", "older"), ("a", "shop", "before_removal")]),
], ids=["latest", "first", "sources", "verified", "votes", "equal-votes", "removal"])
def test_each_losing_value_says_why(rule, events, value, lost):
    assert entry(events, rule)["value"] == value
    assert losing(events, rule) == lost


def test_a_trait_that_was_removed_says_by_whom():
    readers = Readers()
    readers.world.deliver(said(1, city="Lyon"), said(2, "crm", city=None))
    (found,) = readers.profiles.traits(readers.id(), 10)["items"]
    assert (found["value"], found["removed"], found["source"]) == (None, True, "crm")
    assert [one["value"] for one in found["losing"]] == ["Lyon"]
    assert readers.shown() == {}


def test_the_past_has_its_own_winners_and_its_own_losers():
    readers = Readers()
    readers.rule(FREQUENT)
    readers.world.deliver(said(1, city="Lyon"), said(2, city="Nice"), said(3, city="Lyon"))
    then = readers.profiles.traits(readers.id(), 10, as_of=T0 + 2_000)["items"][0]
    assert (then["value"], [one["value"] for one in then["losing"]]) == ("Nice", ["Lyon"])
    assert readers.profiles.traits(readers.id(), 10, as_of=T0) == {"items": [], "next": None}
    assert readers.profiles.read(readers.id(), T0 + 2_000)["traits"] == {"city": "Nice"}


def test_of_many_losing_values_the_newest_are_shown_and_the_others_counted():
    found = entry([said(n, city=f"c{n}") for n in range(50)])
    assert [one["value"] for one in found["losing"]] == [f"c{n}" for n in range(48, 48 - MAX_LOSING, -1)]
    assert found["more"] == 49 - MAX_LOSING
    long = entry([said(n, city=f"{n}" * 10_000) for n in range(9)])
    assert (len(long["losing"]), long["more"]) == (3, 5)


def test_a_page_of_traits_ends_where_it_grows_too_large_and_the_next_goes_on():
    readers = Readers()
    readers.world.deliver(said(1, **{f"t{n}": "x" * 500 for n in range(9)}))
    seen, cursor = [], None
    with patch.object(service, "TRAITS_CHARACTERS", 2_000):
        for _ in range(9):
            page = readers.profiles.traits(readers.id(), 5, cursor)
            seen.append([one["trait"] for one in page["items"]])
            cursor = page["next"]
            if cursor is None:
                break
    assert [trait for page in seen for trait in page] == [f"t{n}" for n in range(9)]
    assert {len(page) for page in seen} == {3}


def test_a_restored_person_has_the_values_of_the_rules_though_a_replay_knows_none():
    readers, restored = Readers(), Restored(MemoryBucket())
    readers.rule(FIRST, city=FREQUENT)
    readers.world.deliver(said(1, city="Lyon", plan="free"), said(2, "crm", city="Lyon"), said(3, city="Nice", plan="gold"))
    restored.run(readers.world)
    again = Profiles(restored.profiles, rules=lambda: readers.world.rules.survivorship)
    assert again.read(readers.id()) == readers.profiles.read(readers.id())
    assert readers.shown() == {"city": "Lyon", "plan": "free"}
    assert Profiles(restored.profiles).read(readers.id()) == Profiles(readers.world.profiles).read(readers.id())
