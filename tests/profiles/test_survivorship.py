"""Survivorship: the value that counts depends on the set of events, its rule, and nothing else."""

from __future__ import annotations

from collections import Counter
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socle.profiles.codec import decode_aggregate, encode_aggregate
from socle.profiles.fold import HistoryNeeded, fold, highest_revisions, refold
from socle.profiles.model import Aggregate, Snapshot
from socle.profiles.survivorship import LATEST, Rule, later, survivorship, text_of, tie_of
from tests.people import T0, consent, cut, event, identify

TRUSTED = ("crm", "shop")
RULES = [Rule(), Rule("most_frequent"), Rule("source_priority", TRUSTED), Rule("verified_first"), Rule("never_overwrite")]
NAMES = [rule.name for rule in RULES]

_moments = st.integers(0, 6).map(lambda second: T0 + second * 1_000)


@st.composite
def writes(draw):
    """An identify call, sometimes another event: few moments, values and sources, so that everything that can tie does."""
    traits = draw(st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["x", "y", 1, 1.0, True, None]), max_size=2))
    if draw(st.booleans()):
        traits["a_verified"] = draw(st.sampled_from([True, False, "true", None]))
    kind = draw(st.sampled_from(["identify", "identify", "identify", "track"]))
    number, revision = draw(st.integers(0, 9)), draw(st.sampled_from([0, 0, 0, 1]))
    one = event(number, ts=draw(_moments), at=draw(_moments), revision=revision, type=kind, traits=traits)
    return one._replace(source=draw(st.sampled_from([*TRUSTED, "enrichment", "survey"])))


HISTORIES = st.lists(writes(), max_size=14, unique_by=lambda one: (one.key, one.revision))
CONFIGURED = st.builds(survivorship, st.sampled_from(RULES),
                       st.dictionaries(st.sampled_from(["a", "b", "a_verified"]), st.sampled_from(RULES), max_size=2))


def named(name):
    return next(rule for rule in RULES if rule.name == name)


def folded(batches, rules):
    """Fold batch by batch; where the snapshot alone can't tell, fold the whole history, as the consumer does."""
    snapshot, known = Snapshot(), []
    for batch in batches:
        try:
            snapshot = fold(snapshot, batch, rules)
        except HistoryNeeded:
            snapshot = refold(known + batch, rules)
        known += batch
        if len({one.key for one in known}) < len(known):
            snapshot = refold(known, rules)
    return snapshot


def reference(events, trait, rule):
    """The value by the words of the rule, over the whole history at once; (value,), or None when there is none."""
    told = [one for one in highest_revisions(events) if one.type == "identify" and trait in one.body["traits"]]
    told.sort(key=lambda one: (one.at, tie_of(one), text_of(one.body["traits"][trait])))
    values = [one.body["traits"][trait] for one in told]
    if rule.name == "never_overwrite":
        values = [value for value in values if value is not None][:1]
    elif rule.name == "source_priority":
        for source in rule.sources:
            values = [one.body["traits"][trait] for one in told if one.source == source] or values
            if any(one.source == source for one in told):
                break
    elif rule.name == "verified_first":
        about = trait.removesuffix("_verified")
        values = [one.body["traits"][trait] for one in told if one.body["traits"].get(about) is not None
                  and one.body["traits"].get(about + "_verified") in (True, "true")] or values
    elif rule.name == "most_frequent" and None in values:
        values = values[len(values) - values[::-1].index(None):] or [None]
    if rule.name == "most_frequent" and values:
        votes = Counter(map(text_of, values))
        values = [value for value in values if votes[text_of(value)] == max(votes.values())]
    return (values[-1],) if values else None


@given(st.data(), HISTORIES, CONFIGURED)
def test_every_rule_chooses_what_its_words_say_in_whatever_order_and_batches(data, events, rules):
    snapshot = folded(cut(data.draw, events), rules)
    assert snapshot == refold(events, rules)
    for trait in ("a", "b", "a_verified"):
        kept = snapshot.traits.get(trait)
        found = reference(events, trait, rules.rule_of(trait))
        assert (kept and text_of(kept.value)) == (found and text_of(found[0]))


@given(st.data(), HISTORIES, CONFIGURED)
def test_order_and_batches_do_not_matter_when_a_profile_is_full(data, events, rules):
    with patch("socle.profiles.fold.MAX_TRAITS", data.draw(st.integers(0, 2))):
        assert folded(cut(data.draw, events), rules) == refold(events, rules)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_folded_under_other_rules_is_never_added_to(name):
    mine = survivorship(named(name), {})
    before = refold([event(1)], mine)
    assert fold(before, [event(2)], mine).events == 2
    for other in RULES:
        if other.name != name:
            with pytest.raises(HistoryNeeded):
                fold(before, [event(2)], survivorship(other, {}))


@pytest.mark.parametrize("name", NAMES)
def test_a_snapshot_comes_back_from_the_store_with_its_ranks_and_its_rules(name):
    told = [identify(n, traits={f"t{n}": n, f"t{n}_verified": n % 2 == 0, "both": n})._replace(source=source)
            for n, source in enumerate([*TRUSTED, "enrichment"])]
    aggregate = Aggregate("p", 1, refold([*told, consent(9, "subscribed"), event(10, context={"campaign": {"source": "a"}})],
                                         survivorship(named(name), {})))
    assert decode_aggregate("p", 1, encode_aggregate(aggregate)) == aggregate


@given(HISTORIES)
def test_enrichment_that_is_trusted_less_never_displaces_what_the_trusted_said(events):
    rules = survivorship(Rule("source_priority", (*TRUSTED, "enrichment")), {})
    own = [one for one in highest_revisions(events) if one.source in TRUSTED]
    before, after = refold(own, rules).traits, refold(highest_revisions(events), rules).traits
    assert {trait: after[trait] for trait in before} == before


def test_rules_that_say_the_same_have_the_same_number_and_those_that_do_not_another():
    assert survivorship(Rule(), {}) is LATEST
    assert survivorship(Rule(), {"a": Rule()}) is LATEST
    frequent = Rule("most_frequent")
    assert survivorship(frequent, {"a": Rule(), "b": frequent}) == survivorship(frequent, {"a": Rule()})
    different = [survivorship(Rule(), {trait: rule}) for trait in ("a", "b") for rule in RULES[1:]]
    different += [survivorship(rule, {}) for rule in RULES]
    different += [survivorship(Rule("source_priority", TRUSTED[::-1]), {}), survivorship(Rule("source_priority", ("crm",)), {})]
    assert len({rules.number for rules in different}) == len(different)


@pytest.mark.parametrize(("trait", "flag", "value", "says"), [
    ("email", "email_verified", True, "sure"), ("email", "email_verified", "true", "sure"),
    ("phone", "phone_number_verified", True, "sure"), ("phone", "phone_verified", True, "sure"),
    ("email", "email_verified", False, "perhaps"), ("email", "email_verified", 1, "perhaps"),
    ("email", "phone_verified", True, "perhaps"),
])
def test_a_verified_value_beats_one_that_came_later(trait, flag, value, says):
    events = [identify(1, traits={trait: "sure", flag: value}), identify(2, traits={trait: "perhaps"})]
    assert refold(events, survivorship(Rule(), {trait: Rule("verified_first")})).traits[trait].value == says


def test_the_flag_of_a_verified_value_stays_with_it():
    events = [identify(1, traits={"email": "sure", "email_verified": True}),
              identify(2, traits={"email": "perhaps", "email_verified": False})]
    for default in RULES:
        kept = refold(events, survivorship(default, {"email": Rule("verified_first")})).traits
        assert (kept["email"].value, kept["email_verified"].value) == ("sure", True)
    own = survivorship(Rule(), {"email": Rule("verified_first"), "email_verified": Rule()})
    assert refold(events, own).traits["email_verified"].value is False


def test_a_vote_for_the_value_that_leads_needs_no_history():
    rules = survivorship(Rule(), {"city": Rule("most_frequent")})
    before = refold([identify(1, traits={"city": "Lyon"}), identify(2, traits={"city": "Lyon"})], rules)
    after = fold(before, [identify(3, traits={"city": "Lyon"}), event(4)], rules)
    assert after.traits["city"].value == "Lyon"
    with pytest.raises(HistoryNeeded):
        fold(after, [identify(5, traits={"city": "Nice"})], rules)


def test_traits_with_a_rule_of_their_own_are_kept_before_newer_ones():
    rules = survivorship(Rule(), {"first_source": Rule("never_overwrite")})
    events = [identify(1, traits={"first_source": "fair"}), *[identify(n, traits={f"t{n}": n}) for n in range(2, 6)]]
    with patch("socle.profiles.fold.MAX_TRAITS", 2):
        assert set(refold(events, rules).traits) == {"first_source", "t5"}


@pytest.mark.parametrize("name", NAMES)
def test_of_two_writes_of_one_moment_the_same_one_wins_whatever_the_order(name):
    rule = named(name)
    rules = survivorship(rule, {"other": Rule("most_frequent") if rule == Rule() else Rule()})
    one, two = (identify(n, ts=T0, traits={"a": n}) for n in (1, 2))
    kept = refold([one, two], rules).traits["a"]
    assert kept == refold([two, one], rules).traits["a"]
    registers = [refold([only], rules).traits["a"] for only in (one, two)]
    last = max(registers, key=lambda register: later(register, registers[0]))
    assert (kept == last) == (name != "never_overwrite")
