"""RFM is computed every morning, told in steps that are tried again, and started by nobody but the admin API."""

from __future__ import annotations

import json
from typing import Any

from infra.grants import grants


def machine(template: Any) -> dict[str, Any]:
    return dict(template.one("AWS::StepFunctions::StateMachine", "Rfm"))


def test_telling_goes_on_until_nobody_is_left(template: Any) -> None:
    states = json.loads(machine(template)["DefinitionString"])["States"]
    assert states["Compute"]["Next"] == states["Tell"]["Next"] == "Is anybody left?"
    assert states["Is anybody left?"]["Choices"] == [{"Variable": "$.from", "IsNull": True, "Next": "Done"}]
    assert states["Is anybody left?"]["Default"] == "Tell"


def test_every_step_is_tried_again_and_one_that_fails_fails_the_run(template: Any) -> None:
    definition = json.loads(machine(template)["DefinitionString"])
    tasks = [state for state in definition["States"].values() if state["Type"] == "Task"]
    assert [task["Retry"][-1]["MaxAttempts"] >= 3 for task in tasks] == [True, True]
    assert "Catch" not in json.dumps(definition)


def test_it_starts_every_morning(template: Any) -> None:
    schedule = template.one("AWS::Scheduler::Schedule", "SchedulesRfm")
    assert schedule["ScheduleExpression"] == "cron(30 4 * * ? *)"
    assert template.resources[template.name_of(schedule["Target"]["Arn"])]["Type"] == "AWS::StepFunctions::StateMachine"


def test_only_the_admin_api_may_start_it(template: Any) -> None:
    id_ = next(id_ for id_ in template.of_type("AWS::StepFunctions::StateMachine") if id_.startswith("Rfm"))
    starting = {grant.function for grant in grants(template.json) if "states:StartExecution" in grant.actions
                and any(template.name_of(one) == id_ for one in grant.resources if isinstance(one, dict) and len(one) == 1
                        and not one.get("Fn::Join"))}
    assert starting == {"serve_admin"}


def test_it_reads_the_lake_and_writes_reports_only(template: Any) -> None:
    objects = {action: {resource["Fn::Join"][1][-1] for grant in grants(template.json)
                        if grant.function == "compute_rfm" and not grant.sid and action in grant.actions
                        for resource in grant.resources} for action in ("s3:GetObject", "s3:PutObject")}
    assert objects == {"s3:GetObject": {"/lake/*", "/reports/*"}, "s3:PutObject": {"/reports/*"}}


def test_its_steps_are_logged_without_what_they_carry(template: Any) -> None:
    logging = machine(template)["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
