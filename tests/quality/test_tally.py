"""Parts of a survey merge to the same in any order, and the sum says what to fix first."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from socle.quality import tally as tallies
from socle.quality.assess import assess
from socle.quality.model import QualityRulesDocument
from socle.quality.report import report, with_trend
from socle.quality.tally import Tally
from socle.quality.validity import normalise
from tests.quality.test_assess import NAMES, NOW, VALUES, WHOLE, profile

RULES = QualityRulesDocument()


def tally(*people: tuple[dict, float, int | None]) -> Tally:
    found = Tally()
    for traits, age, duplicates in people:
        found.add(assess(profile(traits, age), RULES, NOW, normalise, duplicates=duplicates), traits)
    return found


PEOPLE = st.lists(st.tuples(st.dictionaries(NAMES, VALUES, max_size=4), st.floats(0, 3_000),
                            st.one_of(st.none(), st.integers(0, 2))), max_size=8)


@given(st.data())
def test_tallies_merge_to_the_same_in_any_order(data):
    people = data.draw(PEOPLE)
    whole = tally(*people)
    shuffled, cut = data.draw(st.permutations(people)), data.draw(st.integers(0, len(people)))
    merged = Tally.from_json(json.loads(json.dumps(tally(*shuffled[cut:]).to_json())))
    merged.merge(tally(*shuffled[:cut]))
    assert merged == whole


def test_names_beyond_the_limit_are_left_out_the_same_way_whatever_comes_first(monkeypatch):
    monkeypatch.setattr(tallies, "MAX_TRAITS", 2)
    one, other = tally(({"c": 1, "a": 1}, 0, None), ({"b": 1}, 0, None)), tally(({"b": 1}, 0, None), ({"c": 1, "a": 1}, 0, None))
    assert one.filled == other.filled == {"a": 1, "b": 1}
    assert one.overflow


def test_what_to_fix_first_is_what_would_raise_the_score_most():
    found = report(tally((WHOLE, 0, 1), ({**WHOLE, "email": "nope"}, 0, 0), ({**WHOLE, "birthday": None}, 0, 0)), RULES, NOW, "r",
                   {"crm": {"values": 10, "invalid": 4}, "web": {"values": 5, "invalid": 0}})
    assert [(fix["field"], fix["code"], fix["people"]) for fix in found["fix_first"]] == [
        ("email", "invalid", 1), (None, "duplicate", 1), ("birthday", "missing", 1)]
    assert found["fix_first"][0]["raises_score_by"] == round(25 / 3, 4)
    assert (found["people"], found["score"], found["duplicates"]) == (3, round((90 + 75 + 91.667) / 3, 4), 1)
    assert (found["worst_fields"], found["worst_sources"]) == (["email", "birthday"], ["crm"])
    assert found["fields"]["email"]["validity"] == round(2 / 3, 4)


def test_nobody_is_no_fault():
    found = report(Tally(), RULES, NOW, "r", {})
    assert (found["people"], found["score"], found["completeness"], found["fix_first"]) == (0, None, None, [])


def test_the_trend_has_one_row_a_day_and_the_later_survey_counts():
    first = with_trend(report(Tally(), RULES, NOW, "r", {}), None)
    again = with_trend(report(tally((WHOLE, 0, None)), RULES, NOW, "r2", {}), first)
    after = with_trend(report(Tally(), RULES, NOW + 86_400_000, "r3", {}), again)
    assert [(row["day"], row["people"]) for row in after["trend"]] == [(first["day"], 1), (after["day"], 0)]
