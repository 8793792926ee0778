"""Bad input to the definition language: refused with the field and the reason, or it runs. What is saved can always run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from socle.profiles.model import Register, Snapshot
from socle.segments.document import COMPUTED, KIND, ComputedTrait, Segment
from socle.segments.evaluate import evaluate
from socle.segments.facts import Person, person_of
from socle.segments.nodes import NOBODY
from socle.segments.plan import Plans
from socle.segments.watches import watches

NOW = 1_770_000_000_000
EVERYONE = {"type": "everyone"}


def trait(test: dict[str, Any], path: str = "plan") -> dict[str, Any]:
    return {"type": "trait", "trait": path, "test": test}


def event(**more: Any) -> dict[str, Any]:
    return {"type": "event", "event": "Product Viewed", **more}


def aggregate(function: str, test: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "aggregate", "function": function, "of": "score", "test": test, **more}


def person(**traits: Any) -> Person:
    registers = {name: Register(NOW, 0, value) for name, value in traits.items()}
    snapshot = Snapshot(traits=registers, events=1, first_seen=NOW, last_seen=NOW)
    return person_of("p1", snapshot, {}, {}, [])


def is_in(segment: dict[str, Any], somebody: Person | None = None, **others: dict[str, Any]) -> bool:
    """Whether somebody is in a segment; everything is read as it is stored."""
    documents = {name: Segment.model_validate(one).model_dump(mode="json") for name, one in {"it": segment, **others}.items()}
    node = Plans(documents, {}).segment("it")
    one = somebody or person()
    return evaluate(node, person_of(one.profile, one.snapshot, {}, watches([node]), []), NOW).true


def refusal(document: dict[str, Any], model: type[Segment | ComputedTrait] = Segment) -> list[tuple[str, str]]:
    """(field, reason) of all that is wrong with a document."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(document)
    return [(".".join(map(str, one["loc"])), one["msg"]) for one in refused.value.errors()]


GT = {"op": "gt", "value": 1}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "no condition": ({}, "when", "discriminator"),
    "no such type": ({"type": "weather"}, "", "weather"),
    "a field that is not known": ({**EVERYONE, "but": "Ann"}, "but", "Extra inputs"),
    "empty any": ({"type": "any", "of": []}, "of", "at least 1"),
    "empty all": ({"type": "all", "of": []}, "of", "at least 1"),
    "more than there are": ({"type": "at_least", "count": 2, "of": [EVERYONE]}, "at_least", "nobody would ever be in"),
    "none of them": ({"type": "at_least", "count": 0, "of": [EVERYONE]}, "count", "greater than or equal to 1"),
    "a window of nothing": (event(window={"within": "0d"}), "window.within", "at least 1m"),
    "a window of seconds": (event(window={"within": "30s"}), "window.within", "a number and a unit"),
    "a window of 21 years": (event(window={"within": "7306d"}), "window.within", "at most 7305d"),
    "a window of ages": (event(window={"within": "99999999w"}), "window.within", "at most 7305d"),
    "a negative window": (event(window={"within": "-1d"}), "window.within", "a number and a unit"),
    "a window in digits of elsewhere": (event(window={"within": "٣d"}), "window.within", "a number and a unit"),
    "two windows": (event(window={"within": "1d", "since": "2026-01-01"}), "window", "either within"),
    "a window that ends before it begins": (event(window={"since": "2026-02-01", "until": "2026-01-31"}), "window",
                                             "not before until"),
    "a moment that never was": (event(window={"since": "2026-02-30"}), "window.since", "ISO 8601"),
    "a count of minus one": (event(count={"value": -1}), "count.value", "greater than or equal to 0"),
    "an event without a name": ({"type": "event", "event": ""}, "event", "at least 1"),
    "no names": ({"type": "event", "event": []}, "event", "at least 1 item"),
    "a text as a number": (trait({"op": "gt", "value": "7"}), "value", "valid number"),
    "a boolean as a number": (trait({"op": "gte", "value": True}), "value", "valid"),
    "a number as a text": (trait({"op": "contains", "value": 7}), "value", "valid string"),
    "a number out of reach": (trait({"op": "lt", "value": 1e12}), "value", "between -1e12 and 1e12"),
    "no number": (trait({"op": "lt", "value": float("nan")}), "value", "between -1e12 and 1e12"),
    "texts and numbers together": (trait({"op": "in", "values": ["a", 1]}), "values", "valid"),
    "one of none": (trait({"op": "in", "values": []}), "values", "at least 1"),
    "between the wrong way round": (trait({"op": "between", "min": 2, "max": 1}), "between", "nothing is between them"),
    "a date that is none": (trait({"op": "before", "value": "soon"}), "value", "ISO 8601"),
    "both anniversaries": (trait({"op": "anniversary", "period": "day", "days": 3}), "anniversary", "either period or days"),
    "neither anniversary": (trait({"op": "anniversary"}), "anniversary", "either period or days"),
    "a list as a date": (trait({"op": "within_last", "duration": "1d"}, "visits[]"), "trait", "leave [] out"),
    "a list as a boolean": (trait({"op": "eq", "value": True}, "flags[]"), "trait", "leave [] out"),
    "a list in a list": (trait({"op": "exists"}, "a[].b[]"), "trait", "names separated by dots"),
    "an empty name": (trait({"op": "exists"}, "a..b"), "trait", "names separated by dots"),
    "a quote in a name": (trait({"op": "exists"}, 'a"b'), "trait", "names separated by dots"),
    "half a character": (trait({"op": "eq", "value": "\ud800"}), "value", "unicode"),
    "a pattern that is none": (trait({"op": "matches", "pattern": "(a"}), "pattern", "RE2"),
    "a look-ahead": (trait({"op": "matches", "pattern": "a(?=b)"}), "pattern", "RE2"),
    "a back reference": (trait({"op": "matches", "pattern": r"(a)\1"}), "pattern", "RE2"),
    "a pattern that would fill the memory": (trait({"op": "matches", "pattern": "((a{100}){100}){100}"}), "pattern", "RE2"),
    "a moving date in where": (event(where=[{"property": "x", "test": {"op": "within_last", "duration": "1d"}}]), "where.0.test",
                               "within_last"),
    "the sum as a text": (aggregate("sum", {"op": "eq", "value": "many"}), "aggregate", "is a number"),
    "a favourite as a number": (aggregate("most_frequent", GT), "aggregate", "compared as a text"),
    "the sum of a list": (aggregate("sum", GT, of="products[].price"), "aggregate", "distinct and most_frequent"),
    "how many euros differ": (aggregate("distinct", GT, currency="EUR"), "aggregate", "currency goes with"),
    "an amount of what": (aggregate("sum", GT, of="$amount"), "aggregate", "name a currency"),
    "no currency": (aggregate("sum", GT, currency="€"), "currency", "pattern"),
    "one step": ({"type": "sequence", "steps": [{"event": "A"}]}, "sequence", "use an event condition"),
    "within what": ({"type": "sequence", "steps": [{"event": "A", "within": "1d"}, {"event": "B"}]}, "sequence",
                    "nothing is before"),
    "the same list": ({"type": "sequence", "steps": [{"event": "A"}, {"event": "B"}], "same": "tags[]"}, "sequence",
                      "leave [] out"),
    "five steps": ({"type": "sequence", "steps": [{"event": "A"}] * 5}, "steps", "at most 4"),
    "an unknown RFM group": ({"type": "rfm", "groups": ["Whales"]}, "groups.0", "Champions"),
    "nobody's percentage": ({"type": "percentage", "start": 10, "end": 10.001}, "percentage", "nobody is between"),
    "more than everybody": ({"type": "percentage", "end": 101}, "end", "less than or equal to 100"),
    "no name of a segment": ({"type": "segment", "segment": "Not A Name"}, "segment", "name of a definition"),
    "an unknown field": ({"type": "profile", "field": "age", "test": GT}, "field", "first_seen"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_by_field_and_reason(name):
    condition, field, reason = REFUSED[name]
    found = refusal({"when": condition})
    assert all(where.startswith("when") for where, _ in found)
    assert any(field in where and reason in why for where, why in found), found


def test_a_time_zone_that_is_none_is_refused():
    for zone in ("Mars/Olympus", "../etc/passwd", "", "Europe"):
        assert refusal({"when": EVERYONE, "timezone": zone})[0][0] == "timezone", zone


def test_two_hundred_conditions_run_and_one_more_is_refused():
    def big(size: int) -> dict[str, Any]:
        return {"when": {"type": "any", "of": [trait({"op": "eq", "value": f"plan {number}"}) for number in range(size - 1)]}}

    assert is_in(big(200), person(plan="plan 198"))
    assert not is_in(big(200), person(plan="plan 199"))
    [(field, reason)] = refusal(big(201))
    assert (field, "more than 200 conditions" in reason) == ("", True)


def test_groups_in_groups_without_end_are_refused_before_they_are_read():
    deep: dict[str, Any] = EVERYONE
    for _ in range(5_000):
        deep = {"type": "not", "of": deep}
    assert "more than" in refusal({"when": deep})[0][1]
    shallow: dict[str, Any] = EVERYONE
    for _ in range(20):
        shallow = {"type": "not", "of": shallow}
    assert is_in({"when": shallow})


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){12}$", "(a?){50}a{50}$", "(x+x+)+y"])
def test_an_expression_that_explodes_elsewhere_is_linear_here(pattern):
    """With back-tracking each of these would take longer than the universe has been there."""
    text = "a" * 50_000 + "!"
    assert not is_in({"when": trait({"op": "matches", "pattern": pattern})}, person(plan=text + "x" * 50_000))


@pytest.mark.parametrize("condition", [
    event(window={"within": "1m"}), event(window={"within": "7305d"}),
    event(window={"since": "0001-01-01", "until": "9999-12-31"}),
    trait({"op": "within_next", "duration": "1043w"}), trait({"op": "anniversary", "days": 60}),
    trait({"op": "before", "value": "9999-12-31T23:59:59-14:00"}), trait({"op": "after", "value": "0001-01-01T00:00+14:00"}),
], ids=["a minute", "20 years", "all of time", "20 years ahead", "60 days", "after the last moment", "before the first moment"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "Pacific/Kiritimati", "America/New_York"])
def test_the_widest_windows_run(condition, zone):
    for date in ("0001-01-01", "9999-12-31T23:59:59.999Z", "2000-02-29", "2026-03-29T02:30"):
        assert is_in({"when": condition, "timezone": zone}, person(plan=date)) in (True, False)


def test_a_segment_that_everyone_is_in_runs():
    assert is_in({"when": EVERYONE})
    assert not is_in({"when": {"type": "not", "of": EVERYONE}})


def test_names_that_nobody_has_are_no_fault():
    assert not is_in({"when": event()})
    assert is_in({"when": event(count={"op": "eq", "value": 0})})
    assert not is_in({"when": trait({"op": "exists"}, "nobody.has[].this")})
    assert not is_in({"when": {"type": "segment", "segment": "nowhere"}})
    assert is_in({"when": {"type": "not", "of": {"type": "segment", "segment": "nowhere"}}})
    assert not is_in({"when": {"type": "computed", "trait": "nowhere", "test": {"op": "exists"}}})


def test_a_circle_that_came_about_is_nobody_and_ends():
    """Two saved at one moment; a circle that is seen is refused when it is saved."""
    def of(name: str) -> dict[str, Any]:
        return {"when": {"type": "segment", "segment": name}}

    assert not is_in(of("it"))
    assert not is_in(of("other"), other=of("it"))
    assert not is_in({"when": {"type": "any", "of": [of("one")["when"]]}}, one=of("two"), two=of("one"))
    assert is_in({"when": {"type": "any", "of": [of("one")["when"], EVERYONE]}}, one=of("two"), two=of("one"))


def test_a_segment_used_twice_is_no_circle():
    both = {"when": {"type": "all", "of": [{"type": "segment", "segment": "one"}, {"type": "segment", "segment": "one"}]}}
    assert is_in(both, one={"when": {"type": "segment", "segment": "two"}}, two={"when": EVERYONE})


@pytest.mark.parametrize(("kinds", "name"), [(("segments", "computed-traits"), "loop")], ids=["through a score"])
def test_a_circle_through_a_computed_trait_is_nobody(kinds, name):
    assert kinds == (KIND, COMPUTED)
    segment = {"when": {"type": "computed", "trait": name, "test": {"op": "gte", "value": 1}}, "timezone": "UTC"}
    points = {"points": 1, "when": {"type": "segment", "segment": "it"}, "decay": None}
    score = {"value": {"type": "score", "rules": [points], "thresholds": []}, "timezone": "UTC"}
    node = Plans({"it": segment}, {name: score}).segment("it")
    assert not evaluate(node, person(), NOW).true
    assert Plans({"it": segment}, {}).segment("it") == NOBODY


@pytest.mark.parametrize(("value", "reason"), [
    ({"type": "score", "rules": []}, "at least 1"),
    ({"type": "score", "rules": [{"points": 1, "when": EVERYONE, "decay": {"every": "1d", "lose": 1}}]}, "decay goes with"),
    ({"type": "score", "rules": [{"points": -1, "when": event(), "decay": {"every": "1d", "lose": 1}}]}, "decay goes with"),
    ({"type": "score", "rules": [{"points": 1, "when": event(), "decay": {"every": "1s", "lose": 1}}]}, "a number and a unit"),
    ({"type": "score", "rules": [{"points": 10_000_000, "when": event()}]}, "less than or equal"),
    ({"type": "persona", "cases": []}, "at least 1"),
    ({"type": "persona", "cases": [{"label": "", "when": EVERYONE}]}, "at least 1"),
    ({"type": "aggregate", "function": "sum", "of": "tags[]"}, "distinct and most_frequent"),
    ({"type": "aggregate", "function": "median", "of": "score"}, "most_frequent"),
], ids=["no rules", "decay of no event", "decay below nothing", "decay by seconds", "too many points", "no cases", "no label",
        "sum of a list", "no such function"])
def test_a_computed_trait_that_makes_no_sense_is_refused(value, reason):
    found = refusal({"value": value}, ComputedTrait)
    assert any(reason in why for _, why in found), found
    assert all(where.startswith("value") for where, _ in found)


def test_a_document_is_the_same_after_it_was_saved_and_read():
    both = [event(window={"within": "30d"}), trait({"op": "in", "values": [1, 2.5]})]
    document = {"timezone": "Europe/Paris", "when": {"type": "all", "of": both}}
    saved = Segment.model_validate(document).model_dump(mode="json")
    assert Segment.model_validate(json.loads(json.dumps(saved))).model_dump(mode="json") == saved
