"""A campaign that can't run is refused when it is written, and the answer names the field."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from socle.campaigns.model.document import CampaignDocument
from socle.campaigns.service.checks import Checks
from socle.errors import Rejected
from socle.segments.walk import references
from tests.campaigns.world import NOON, World

TWO = [{"name": "a", "template": "hello", "share": 50}, {"name": "b", "template": "other", "share": 50}]
PLAIN = {"segment": "readers", "template": "hello"}


@pytest.mark.parametrize(("changes", "field", "message"), [
    ({"template": None}, "", "one template, or variants"),
    ({"variants": TWO}, "", "one template, or variants"),
    ({"template": None, "variants": TWO[:1]}, "", "at least two"),
    ({"template": None, "variants": [TWO[0], TWO[0]]}, "", "different names"),
    ({"template": None, "variants": [TWO[0], {**TWO[1], "share": 49}]}, "", "99 in all"),
    ({"template": None, "variants": [TWO[0], {**TWO[1], "share": 0}]}, "variants.1.share", "greater than 0"),
    ({"exclude": ["readers"]}, "", "nobody would be left"),
    ({"segment": "Nobody!"}, "segment", "name of a definition"),
    ({"schedule": {"type": "at", "at": "tomorrow"}}, "schedule.at.at", "ISO 8601"),
    ({"schedule": {"type": "at", "at": "2026-06-01T09:00Z", "local": True}}, "schedule.at", "each person's own zone"),
    ({"schedule": {"type": "every", "every": "cron(0 0 31 2 ? *)"}}, "schedule.every.every", "never due"),
    ({"schedule": {"type": "soon"}}, "schedule", "'now', 'at', 'every'"),
    ({"test": {"share": 20}}, "", "needs variants"),
    ({"template": None, "variants": TWO, "test": {"share": 20}, "warm_up": {"first_day": 100}}, "", "warm_up"),
    ({"template": None, "variants": TWO, "test": {"share": 20},
      "schedule": {"type": "at", "at": "2026-06-01", "local": True}}, "", "schedule.local"),
    ({"template": None, "variants": TWO, "test": {"share": 20, "metric": "converted"}}, "test", "manual"),
    ({"template": None, "variants": TWO, "test": {"share": 20, "wait": "20d"}}, "test.wait", "at most 14d"),
    ({"throttle": {"per_minute": 5}}, "throttle.per_minute", "60"),
    ({"holdout": 60}, "holdout", "50"),
    ({"cost": {"fixed": 100, "currency": "euro"}}, "cost.currency", "pattern"),
    ({"extra": 1}, "extra", "Extra inputs"),
], ids=range(21))
def test_what_can_not_run_is_refused(changes: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CampaignDocument.model_validate({**PLAIN, **changes})
    (error,) = refused.value.errors()
    assert ".".join(map(str, error["loc"])) == field
    assert message in error["msg"]


def world() -> tuple[World, Checks]:
    made = World(3)
    made.put("segments", "readers", {})
    made.put("topics", "news", {"channels": ["email"]})
    made.put("templates", "text", {"channel": "sms"})
    return made, Checks(made, made.runs, lambda: NOON)  # type: ignore[arg-type]


def checked(**changes: Any) -> list[dict[str, str]]:
    document = CampaignDocument.model_validate({**PLAIN, "topic": "news", **changes})
    return world()[1].check("campaigns", "letter", document.model_dump(mode="json"))


@pytest.mark.parametrize(("changes", "code", "field"), [
    ({"segment": "none"}, "unknown_segment", "segment"),
    ({"exclude": ["none"]}, "unknown_segment", "exclude.0"),
    ({"template": "none"}, "unknown_template", "template"),
    ({"topic": "none"}, "unknown_topic", "topic"),
    ({"template": "text"}, "other_channel", "topic"),
    ({"template": None, "variants": [TWO[0], {**TWO[1], "template": "text"}]}, "other_channel", "variants.1.template"),
    ({"purpose": "transactional", "holdout": 5}, "no_holdout", "holdout"),
], ids=range(7))
def test_what_others_do_not_have_is_refused(changes: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Rejected) as refused:
        checked(**changes)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_what_is_odd_is_said() -> None:
    assert checked() == []
    assert checked(schedule={"type": "at", "at": "2026-06-01T12:01Z"}) == []
    assert [one["field"] for one in checked(topic=None)] == ["topic"]
    assert [one["field"] for one in checked(schedule={"type": "at", "at": "2026-06-01T11:59Z"})] == ["schedule.at"]


def test_a_campaign_under_way_can_not_be_deleted() -> None:
    made, checks = world()
    made.launch()
    with pytest.raises(Rejected, match="cancel"):
        checks.release("campaigns", "letter")
    made.work()
    checks.release("campaigns", "letter")


def test_segments_know_the_campaigns_that_need_them() -> None:
    document = CampaignDocument.model_validate({**PLAIN, "exclude": ["buyers"]}).model_dump(mode="json")
    assert {target for target, _ in references("campaigns", document)} == {("segments", "readers"), ("segments", "buyers")}
