"""Imports: the workflow tries again what may go well, tells of what did not, and begins by itself for new files only."""

from __future__ import annotations

import json
from typing import Any

from infra.constructs.imports import DEFINITION

MACHINE = json.loads(DEFINITION.read_text())["States"]


def test_every_step_is_tried_again_but_not_what_no_other_try_would_mend() -> None:
    steps = [MACHINE["Split"], MACHINE["Convert the buckets"]["ItemProcessor"]["States"]["Convert"], MACHINE["Finish"]]
    for step in steps:
        first, *_, last = step["Retry"]
        assert (first["ErrorEquals"], first["MaxAttempts"]) == (["Rejected", "NotFound"], 0)
        assert last["ErrorEquals"] == ["States.ALL"]
        assert last["MaxAttempts"] >= 3


def test_an_import_waits_a_day_for_its_turn_and_no_longer_than_its_workflow() -> None:
    (turn,) = [retry for retry in MACHINE["Split"]["Retry"] if retry["ErrorEquals"] == ["Conflict"]]
    assert 20 * 3_600 <= turn["IntervalSeconds"] * turn["MaxAttempts"] <= json.loads(DEFINITION.read_text())["TimeoutSeconds"]
    assert turn["BackoffRate"] == 1


def test_whatever_fails_ends_the_run_and_the_workflow_fails() -> None:
    for name in ("Split", "Convert the buckets", "Finish"):
        assert [catch["Next"] for catch in MACHINE[name]["Catch"]] == ["Give up"]
    assert MACHINE["Give up"]["Next"] == "Failed"
    assert MACHINE["Failed"]["Type"] == "Fail"


def test_only_objects_under_imports_begin_an_import(template: Any) -> None:
    rule = template.one("AWS::Events::Rule", "NewObjects")
    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "imports/"}]}
    assert rule["EventPattern"]["detail"]["bucket"]["name"] == [{"Ref": next(
        id_ for id_ in template.of_type("AWS::S3::Bucket") if "DataBucket" in id_)}]
    assert template.one("AWS::S3::Bucket", "DataBucket")["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_what_was_sent_is_remembered_for_ever(template: Any) -> None:
    rules = template.one("AWS::S3::Bucket", "DataBucket")["LifecycleConfiguration"]["Rules"]
    ended = {rule["Prefix"] for rule in rules if "ExpirationInDays" in rule}
    assert {"uploads/", "imports/", "import-runs/"} <= ended
    assert not any("import-state/".startswith(prefix) for prefix in ended)


def test_workbooks_fit_on_the_disk_of_the_functions_that_copy_them(template: Any) -> None:
    for name in ("split_import", "finish_import"):
        assert template.function(name)["EphemeralStorage"]["Size"] >= 3_072
