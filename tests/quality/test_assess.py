"""How good one profile is: every field costs what it should, values lose with age, rules that make no sense are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from socle.profiles.model import Register, Snapshot
from socle.quality.assess import assess, freshness, is_placeholder
from socle.quality.model import DAY_MS, HALF_LIFE_DAYS, QualityRulesDocument
from socle.quality.sources import conflicts, said_by_source
from socle.quality.validity import normalise

NOW = 1_790_000_000_000
RULES = QualityRulesDocument()
WHOLE: dict[str, Any] = {
    "email": "ada@example.com", "phone": "+33612345678", "firstName": "Ada", "lastName": "Lovelace", "birthday": "1985-12-10",
    "language": "fr", "address": {"country": "FR", "city": "Paris", "postalCode": "75011"}}
NAMES = st.sampled_from([*WHOLE, "n/a", "other"])
VALUES = st.sampled_from([*WHOLE.values(), "", " ", "n/a", "nope", 42, True, None, [], {"city": "-"}, {"country": 7}])


def profile(traits: Mapping[str, Any], age_days: float = 0, **identifiers: str) -> Snapshot:
    at = NOW - round(age_days * DAY_MS)
    return Snapshot(identifiers={kind: {value} for kind, value in identifiers.items()}, events=1, first_seen=at, last_seen=at,
                    traits={name: Register(at, 1, value) for name, value in traits.items()})


def test_who_has_everything_has_a_hundred_and_who_has_nothing_has_none():
    assert assess(profile(WHOLE), RULES, NOW, normalise).score == 100
    assert assess(profile({}), RULES, NOW, normalise).score == 0


def test_two_and_a_half_percent_of_contact_data_go_stale_in_a_month():
    assert 1 - freshness(round(30.44 * DAY_MS), HALF_LIFE_DAYS) == pytest.approx(0.025, abs=0.0002)
    assert freshness(HALF_LIFE_DAYS * DAY_MS, HALF_LIFE_DAYS) == 0.5
    assert freshness(10**15, None) == 1


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.floats(1, 36_500))
def test_freshness_never_rises_with_age(one, other, half_life):
    younger, older = sorted((one, other))
    assert 0 <= freshness(older, half_life) <= freshness(younger, half_life) <= 1


@given(st.dictionaries(NAMES, VALUES), st.floats(0, 20_000), st.booleans(), st.integers(0, 3))
def test_what_is_lost_and_the_score_make_a_hundred(traits, age, contradicted, duplicates):
    found = assess(profile(traits, age), RULES, NOW, normalise, {"email": contradicted}, duplicates)
    assert 0 <= found.score <= 100
    lost = sum(points for state in found.fields for points in state.lost.values())
    assert found.score + found.lost + lost == pytest.approx(100)
    assert all(state.valid <= state.present for state in found.fields)


@pytest.mark.parametrize(("traits", "field", "code", "points"), [
    ({**WHOLE, "email": "nope"}, "email", "invalid", 25.0),
    ({**WHOLE, "phone": "N/A"}, "phone", "invalid", 16.7),
    ({**WHOLE, "address": {"country": "FR", "city": "unknown", "postalCode": "75011"}}, "city", "invalid", 8.3),
    ({**WHOLE, "address": {"country": "Atlantis", "city": "Paris", "postalCode": "75011"}}, "country", "invalid", 8.3),
    ({**WHOLE, "birthday": None}, "birthday", "missing", 8.3),
])
def test_what_is_wrong_is_named_with_what_it_costs(traits, field, code, points):
    reasons = assess(profile(traits), RULES, NOW, normalise).reasons()
    assert (field, code, points) in [(reason["field"], reason["code"], reason["points"]) for reason in reasons]


def test_the_most_expensive_reason_comes_first():
    reasons = assess(profile({"firstName": "Ada"}), RULES, NOW, normalise).reasons()
    assert [reason["field"] for reason in reasons[:2]] == ["email", "phone"]
    assert [reason["points"] for reason in reasons] == sorted((reason["points"] for reason in reasons), reverse=True)


def test_an_identifier_counts_as_the_value_as_old_as_the_person():
    found = {state.name: state for state in assess(profile({}, 833, email="ada@example.com"), RULES, NOW, normalise).fields}
    assert (found["email"].present, found["email"].valid, found["email"].freshness) == (True, True, 0.5)


def test_an_open_near_duplicate_costs_a_tenth():
    found = assess(profile(WHOLE), RULES, NOW, normalise, duplicates=2)
    assert (found.score, found.reasons()[0]["code"]) == (90, "duplicate")


def item(source: str, timestamp: str, **traits: Any) -> dict[str, Any]:
    return {"type": "identify", "source": source, "timestamp": timestamp, "properties": traits, "context": {}}


def test_sources_that_contradict_each_other_are_seen_and_spelling_is_no_contradiction():
    items = [item("crm", "2026-02-01T00:00:00Z", email="ada@other.example", phone="+33 6 12 34 56 78"),
             item("crm", "2026-01-01T00:00:00Z", email="ada@example.com"),
             item("shop", "2026-01-01T00:00:00Z", email="ADA@EXAMPLE.COM", phone="+33612345678", lastName="n/a"),
             item("web", "2026-01-01T00:00:00Z", lastName="Lovelace")]
    said = said_by_source(items, RULES.fields, normalise)
    assert said["email"]["crm"].value == "ada@other.example"
    assert {name for name, is_one in conflicts(said).items() if is_one} == {"email"}
    found = assess(profile(WHOLE), RULES, NOW, normalise, conflicts(said))
    assert [(reason["code"], reason["points"]) for reason in found.reasons()] == [("conflict", 5.0)]


@pytest.mark.parametrize("value", ["N/A", " null ", "0000000000", "--", "Unknown", "1970-01-01"])
def test_a_word_for_nothing_is_a_placeholder(value):
    assert is_placeholder(value)


@pytest.mark.parametrize("value", ["Ada", "0", "007", 0, None, ["n/a"]])
def test_a_value_is_no_placeholder(value):
    assert not is_placeholder(value)


@pytest.mark.parametrize(("document", "field"), [
    ({"fields": []}, "fields"), ({"fields": [{"name": "x", "traits": []}]}, "fields.0.traits"),
    ({"fields": [{"name": "Bad Name", "traits": ["x"]}]}, "fields.0.name"),
    ({"fields": [{"name": "x", "traits": ["x"], "weight": 0}]}, "fields.0.weight"),
    ({"fields": [{"name": "x", "traits": ["x"], "half_life_days": -1}]}, "fields.0.half_life_days"),
    ({"conflict_penalty": 2}, "conflict_penalty"), ({"colour": "red"}, "colour"),
])
def test_rules_that_make_no_sense_are_refused_by_field(document, field):
    with pytest.raises(ValidationError) as caught:
        QualityRulesDocument.model_validate(document)
    assert ".".join(map(str, caught.value.errors()[0]["loc"])) == field
