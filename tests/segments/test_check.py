"""Before a segment or computed trait is saved: what is saved can run; what can't is refused with its reason and place."""

from __future__ import annotations

from typing import Any

import pytest

from socle.errors import Rejected
from socle.segments.check import MAX_CHAIN, MAX_SEGMENTS, check, check_name, misfit, referrers, warnings
from socle.segments.document import ComputedTrait, Segment

SEGMENTS, COMPUTED = "segments", "computed-traits"
ANY: dict[str, Any] = {"type": "event", "event": "Bought"}


def segment(when: dict[str, Any]) -> dict[str, Any]:
    return Segment.model_validate({"when": when}).model_dump(mode="json")


def computed(**value: Any) -> dict[str, Any]:
    return ComputedTrait.model_validate({"value": value}).model_dump(mode="json")


def refers(name: str) -> dict[str, Any]:
    return {"type": "segment", "segment": name}


def asks(name: str, **test: Any) -> dict[str, Any]:
    return {"type": "computed", "trait": name, "test": test}


SUM = computed(type="aggregate", function="sum", of="price")
FAVOURITE = computed(type="aggregate", function="most_frequent", of="category")
LAST = computed(type="aggregate", function="last", of="category")
POINTS = computed(type="score", rules=[{"points": 3, "when": ANY}])
HEAT = computed(type="score", rules=[{"points": 3, "when": ANY}], thresholds=[{"least": 3, "label": "hot"}])
PERSONA = computed(type="persona", cases=[{"label": "buyer", "when": ANY}])


def refused(one: tuple[str, str], document: dict[str, Any], **others: dict[str, Any]) -> Rejected:
    known = {(COMPUTED if "value" in other else SEGMENTS, name): other for name, other in others.items()}
    with pytest.raises(Rejected) as error:
        check(one, known, document)
    return error.value


def test_a_circle_is_refused_and_named_however_long_it_is():
    error = refused((SEGMENTS, "a"), segment({"type": "all", "of": [ANY, refers("b")]}),
                    a=segment(ANY), b=segment(refers("c")), c=segment({"type": "not", "of": refers("a")}))
    assert (error.code, error.field) == ("circle", "when.of.1.segment")
    assert "segments/a → segments/b → segments/c → segments/a" in error.message


def test_a_segment_of_itself_is_a_circle_also_the_first_time_it_is_written():
    assert refused((SEGMENTS, "a"), segment(refers("a"))).code == "circle"


def test_a_circle_may_lead_through_a_computed_trait():
    score = computed(type="score", rules=[{"points": 1, "when": refers("a")}])
    assert refused((SEGMENTS, "a"), segment(asks("score", op="gte", value=1)), score=score, a=segment(ANY)).code == "circle"
    assert refused((COMPUTED, "score"), score, score=POINTS, a=segment(asks("score", op="gte", value=1))).code == "circle"


@pytest.mark.parametrize(("when", "field"), [
    (refers("nobody"), "when.segment"), ({"type": "any", "of": [ANY, asks("nobody", op="exists")]}, "when.of.1.trait"),
    ({"type": "account_members", "quantifier": "any", "segment": "nobody"}, "when.segment")],
    ids=["segment", "computed", "members"])
def test_what_is_referred_to_must_be_there(when, field):
    error = refused((SEGMENTS, "a"), segment(when))
    assert (error.code, error.field) == ("unknown_reference", field)


def test_references_that_multiply_are_refused_before_anybody_waits_for_them():
    tenfold = {f"s{n}": segment({"type": "all", "of": [refers(f"s{n - 1}")] * 10}) for n in range(1, 5)}
    error = refused((SEGMENTS, "s4"), tenfold["s4"], s0=segment(ANY), **tenfold)
    assert error.code == "too_large"
    check((SEGMENTS, "s3"), {(SEGMENTS, name): one for name, one in {**tenfold, "s0": segment(ANY)}.items() if name != "s4"},
          tenfold["s3"])


def test_one_that_others_multiply_can_not_grow_beyond_what_they_bear():
    others = {"s1": segment({"type": "all", "of": [refers("s0")] * 100}), "s0": segment(ANY)}
    error = refused((SEGMENTS, "s0"), segment({"type": "all", "of": [ANY] * 100}), **others)
    assert (error.code, "segments/s1" in error.message) == ("too_large", True)


def test_a_long_chain_is_refused():
    chain = {f"s{n}": segment(refers(f"s{n - 1}")) for n in range(1, MAX_CHAIN + 1)}
    assert refused((SEGMENTS, f"s{MAX_CHAIN}"), chain[f"s{MAX_CHAIN}"], s0=segment(ANY), **chain).code == "too_large"


@pytest.mark.parametrize(("value", "fitting", "wrong"), [
    (SUM, {"op": "gte", "value": 1}, {"op": "contains", "value": "a"}),
    (SUM, {"op": "eq", "value": 1}, {"op": "eq", "value": "1"}),
    (FAVOURITE, {"op": "in", "values": ["a"]}, {"op": "gt", "value": 1}),
    (LAST, {"op": "gt", "value": 1}, {"op": "before", "value": "2026-01-01"}),
    (POINTS, {"op": "between", "min": 1, "max": 2}, {"op": "eq", "value": "hot"}),
    (HEAT, {"op": "eq", "value": "hot"}, {"op": "gte", "value": 3}),
    (PERSONA, {"op": "starts_with", "value": "b"}, {"op": "eq", "value": True}),
    (PERSONA, {"op": "exists"}, {"op": "within_last", "duration": "1d"}),
], ids=["sum", "sum_eq", "favourite", "last", "points", "heat", "persona", "persona_date"])
def test_a_test_fits_the_computed_trait_that_it_tests(value, fitting, wrong):
    check((SEGMENTS, "a"), {(COMPUTED, "it"): value}, segment(asks("it", **fitting)))
    error = refused((SEGMENTS, "a"), segment({"type": "not", "of": asks("it", **wrong)}), it=value)
    assert (error.code, error.field) == ("wrong_kind", "when.of.test")


def test_a_computed_trait_can_not_become_of_another_kind_than_its_tests_are():
    error = refused((COMPUTED, "it"), FAVOURITE, it=SUM, rich=segment(asks("it", op="gt", value=100)))
    assert (error.code, error.status) == ("in_use", 409)
    assert "segments/rich" in error.message
    check((COMPUTED, "it"), {(COMPUTED, "it"): SUM, (SEGMENTS, "rich"): segment(asks("it", op="gt", value=100))}, POINTS)


def test_there_are_not_more_segments_than_each_event_can_bear():
    full = {(SEGMENTS, f"s{number}"): segment(ANY) for number in range(MAX_SEGMENTS)}
    check_name((SEGMENTS, "s0"), full)
    with pytest.raises(Rejected, match="segments already"):
        check_name((SEGMENTS, "one-more"), full)
    check_name((COMPUTED, "one-more"), full)


@pytest.mark.parametrize(("when", "expected"), [
    ({"type": "everyone"}, "everybody is in, always"), ({"type": "not", "of": {"type": "everyone"}}, "nobody can be in, ever"),
    ({"type": "any", "of": [ANY, {"type": "everyone"}]}, "everybody is in, always"),
    ({"type": "event", "event": "Bought", "count": {"op": "gte", "value": 0}}, "everybody is in, always"),
    ({"type": "percentage", "end": 100}, "everybody is in, always"),
    ({"type": "engagement", "channel": "push", "action": "complained"}, "nobody can be in, ever"),
    ({"type": "all", "of": [{"type": "everyone"}, ANY]}, None), (ANY, None)],
    ids=["everyone", "nobody", "any", "at_least_none", "percentage", "no_such_message", "all", "event"])
def test_a_segment_that_is_the_same_for_everybody_is_told(when, expected):
    found = warnings((SEGMENTS, "a"), {}, segment(when), {"Bought"}, {})
    assert [one.message for one in found] == ([] if expected is None else [expected])


def test_what_was_never_received_or_is_mostly_empty_is_told_with_its_place():
    document = segment({"type": "all", "of": [
        *({"type": "trait", "trait": name, "test": {"op": "exists"}} for name in ("address.city", "rare", "new")),
        {"type": "changed", "trait": "plam", "within": "1d"},
        {"type": "event", "event": ["Bought", "Boughd"]},
        {"type": "sequence", "steps": [{"event": "Addded"}], "without": {"event": "Bought", "within": "1h"}}]})
    found = warnings((SEGMENTS, "a"), {}, document, {"Bought"}, {"address": 0.9, "rare": 0.01, "new": None})
    assert [(one.field, one.message.partition(":")[0]) for one in found] == [
        ("when.of.1.trait", "the trait 'rare' is empty for 99 % of all people"),
        ("when.of.3.trait", "the trait 'plam' was never received"), ("when.of.4.event", "the event 'Boughd' was never received"),
        ("when.of.5.steps.0.event", "the event 'Addded' was never received")]


def test_whoever_refers_to_a_definition_is_found_in_every_kind():
    others = {(SEGMENTS, "outer"): segment({"type": "not", "of": refers("it")}),
              (COMPUTED, "score"): computed(type="score", rules=[{"points": 1, "when": refers("it")}]),
              ("exports", "file"): {"segment": "it", "fields": [{"path": "computed.score"}]},
              ("journeys", "welcome"): {"steps": [{"branches": [{"segments": ["other", "it"]}]}]},
              ("exports", "other"): {"segment": "other", "description": "it"}, (SEGMENTS, "it"): segment(ANY)}
    assert referrers((SEGMENTS, "it"), others) == ["computed-traits/score", "exports/file", "journeys/welcome", "segments/outer"]
    assert referrers((COMPUTED, "score"), others) == ["exports/file"]


def test_misfits_are_known_for_all_values_of_one_kind():
    assert misfit(SUM["value"], {"op": "in", "values": [1, 2]}) is None
    assert misfit(SUM["value"], {"op": "in", "values": ["a"]}) is not None
    assert misfit(LAST["value"], {"op": "eq", "value": True}) is None
