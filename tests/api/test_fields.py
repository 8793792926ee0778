"""A refusal names the field as the document has it: no kinds that were chosen, no classes that were tried."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Call

CART: dict[str, Any] = {"trigger": {"type": "event", "event": "Product Added"}, "topic": "reminders"}
HOLD = {"name": "a", "type": "hold", "timeout": "1h", "until": [{"event": "Order Completed"}]}


def journey(*steps: Any, **changes: Any) -> dict[str, Any]:
    return {**CART, "steps": list(steps), **changes}


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("journeys", journey({**HOLD, "timeout": 5}), "steps.0.timeout"),
    ("journeys", journey({**HOLD, "timeout": "soon"}), "steps.0.timeout"),
    ("journeys", journey({"name": "a", "type": "hold", "until": HOLD["until"]}), "steps.0.timeout"),
    ("journeys", journey({**HOLD, "for": "1h"}), "steps.0.for"),
    ("journeys", journey(HOLD, trigger={"type": "event", "event": 7}), "trigger.event"),
    ("journeys", journey(HOLD, trigger={"type": "event"}), "trigger.event"),
    ("journeys", journey({**HOLD, "until": [{"event": 7}]}), "steps.0.until.0.event"),
    ("journeys", journey({**HOLD, "until": [{"segment": 7}]}), "steps.0.until.0.segment"),
    ("journeys", journey({**HOLD, "until": ["Order Completed"]}), "steps.0.until.0"),
    ("journeys", journey({"name": "a", "type": "send"}), "steps.0"),
    ("journeys", journey("send"), "steps.0"),
    ("journeys", journey({"name": "a", "type": "sand"}), "steps.0.type"),
    ("journeys", journey({"name": "a"}), "steps.0.type"),
    ("journeys", journey({"name": "a", "type": "branch", "cases": [{"name": "x", "when": {"type": "trait", "trait": 5}}]}),
     "steps.0.cases.0.when.trait"),
    ("segments", {"when": {"type": "all", "of": [{"type": "trait", "trait": 7}]}}, "when.of.0.trait"),
    ("campaigns", {"segment": "vip", "topic": "news", "template": "letter", "schedule": {"type": "at", "at": "soon"}},
     "schedule.at"),
]


@pytest.mark.parametrize(("kind", "document", "field"), CASES)
def test_a_field_is_named_as_the_document_has_it(call: Call, kind: str, document: dict[str, Any], field: str) -> None:
    answer = call("PUT", f"/api/{kind}/x", body=document)
    error = answer.json["error"]
    assert (answer.status, error["code"], error["field"]) == (400, "invalid", field)
    assert field in error["message"]


@pytest.mark.parametrize(("kind", "document", "field"), CASES)
def test_a_plan_names_the_same_field(call: Call, kind: str, document: dict[str, Any], field: str) -> None:
    answer = call("POST", "/api/plan", body={"definitions": [{"kind": kind, "name": "x", "document": document}]})
    assert [one["field"] for one in answer.json["refused"]] == [field]


@pytest.mark.parametrize(("kind", "document", "message"), [
    ("brand", {"name": "Shop", "colors": {"primary": "blue"}}, "colors.primary must match the pattern ^#[0-9a-fA-F]{6}$"),
    ("webhooks", {"url": "https://example.com/", "events": [" "]}, "events.0 must not be blank"),
    ("journeys", journey({"name": "a", "type": "webhook", "url": "http://example.com/"}),
     "steps.0.url: must begin with https:// (http:// only for localhost)"),
])
def test_a_text_of_another_form_is_told_which_is_meant(call: Call, kind: str, document: dict[str, Any], message: str) -> None:
    answer = call("PUT", f"/api/{kind}/default", body=document)
    assert (answer.status, answer.error["message"]) == (400, message)
