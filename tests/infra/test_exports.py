"""Exports: each step is tried again, a run that fails says so, and who sends to webhooks reaches no profile and no definition."""

from __future__ import annotations

import json
from typing import Any

from infra.grants import grants


def machine(template: Any) -> dict[str, Any]:
    return dict(template.one("AWS::StepFunctions::StateMachine", "ExportsMachine"))


def steps(template: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outer states, and those within the maps."""
    states = json.loads(_text(machine(template)["DefinitionString"]))["States"]
    return states, {name: step for state in states.values()
                    for name, step in state.get("ItemProcessor", {"States": {}})["States"].items()}


def _text(definition: Any) -> str:
    return definition if isinstance(definition, str) else "".join(
        part if isinstance(part, str) else "arn" for part in definition["Fn::Join"][1])


def test_every_step_is_tried_again_but_what_can_never_be_done(template: Any) -> None:
    outer, inner = steps(template)
    tasks = [state for state in [*outer.values(), *inner.values()] if state["Type"] == "Task"]
    assert len(tasks) == 5
    for task in tasks:
        assert task["Retry"][-1]["MaxAttempts"] >= 4
        if len(task["Retry"]) > 1:
            assert task["Retry"][0] == {"ErrorEquals": ["Rejected", "NotFound"], "MaxAttempts": 0}


def test_whatever_fails_is_written_down_before_the_run_fails(template: Any) -> None:
    outer, _ = steps(template)
    caught = {name for name, state in outer.items() if state.get("Catch")}
    assert caught == {"Plan", "Write the parts", "Send the parts", "Finish"}
    assert {state["Catch"][0]["Next"] for name, state in outer.items() if name in caught} == {"Give up"}
    assert outer["Give up"]["Next"] == "Failed"


def test_due_exports_are_looked_for_every_five_minutes(template: Any) -> None:
    schedule = template.one("AWS::Scheduler::Schedule", "SchedulesExports")
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"


def test_who_sends_reaches_the_files_of_exports_and_the_secret_alone(template: Any) -> None:
    own = [grant for grant in grants(template.json) if grant.function == "export_segments_send" and not grant.sid]
    assert {action.partition(":")[0] for grant in own for action in grant.actions} == {"s3", "secretsmanager"}
    assert {resource["Fn::Join"][1][-1] for grant in own for resource in grant.resources if "Fn::Join" in resource} == {
        "/exports/*", "/export-state/*"}


def test_only_states_of_exports_are_deleted(template: Any) -> None:
    deleted = {resource["Fn::Join"][1][-1] for grant in grants(template.json) if grant.function == "export_segments"
               and "s3:DeleteObject" in grant.actions for resource in grant.resources}
    assert deleted == {"/export-state/*"}
