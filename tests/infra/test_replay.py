"""The replay fills the table that is not live, tries again what may pass, names what does not, and nobody else may start it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import aws_cdk as cdk
import pytest

from infra.app import build
from infra.grants import grants

LAMBDA = "arn:aws:states:::lambda:invoke"


def machine(template: Any) -> dict[str, Any]:
    return dict(template.one("AWS::StepFunctions::StateMachine", "Replay"))


def states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state, those inside of a Map too."""
    for name, state in definition["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def test_the_workflow_can_be_read_in_the_template_and_calls_functions_of_the_stack_only(template: Any) -> None:
    found = machine(template)
    definition = json.loads(found["DefinitionString"])
    called = {state["Parameters"]["FunctionName"] for _, state in states(definition) if state["Type"] == "Task"}
    assert called == {f"${{{name}}}" for name in found["DefinitionSubstitutions"]}
    for reference in found["DefinitionSubstitutions"].values():
        assert template.resources[template.name_of(reference)]["Type"] == "AWS::Lambda::Function"


def test_everybody_erased_is_forgotten_before_an_event_is_applied(template: Any) -> None:
    definition = json.loads(machine(template)["DefinitionString"])
    order, name = [], definition["StartAt"]
    while name:
        order.append(name)
        name = definition["States"][name].get("Next")
    assert order == ["Plan", "Forget the erased", "Apply the events", "Merge", "Copy what no event tells",
                     "Compare", "Sum", "Is all of it there?"]
    # A person who can't be forgotten stops the run: nothing catches it.
    assert "Catch" not in json.dumps(definition["States"]["Forget the erased"])


def test_every_task_is_tried_again_but_not_what_never_passes(template: Any) -> None:
    for name, state in states(json.loads(machine(template)["DefinitionString"])):
        if state["Type"] == "Task":
            *never, last = state["Retry"]
            assert (last["ErrorEquals"], last["MaxAttempts"] >= 3) == (["States.ALL"], True), name
            assert all(retrier["MaxAttempts"] == 0 for retrier in never)


def test_the_table_is_written_by_a_bounded_number_of_tasks(template: Any) -> None:
    for name, state in states(json.loads(machine(template)["DefinitionString"])):
        if state["Type"] == "Map":
            assert 1 <= state["MaxConcurrency"] <= 20, name


def test_an_incomplete_replay_fails_and_says_what_is_missing(template: Any) -> None:
    definition = json.loads(machine(template)["DefinitionString"])
    choice = definition["States"]["Is all of it there?"]
    end = definition["States"][choice["Default"]]
    assert (end["Type"], end["CausePath"]) == ("Fail", "States.JsonToString($)")


def test_its_steps_are_logged_without_what_they_carry(template: Any) -> None:
    logging = machine(template)["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
    (group,) = [destination["CloudWatchLogsLogGroup"]["LogGroupArn"] for destination in logging["Destinations"]]
    assert template.resources[template.name_of(group)]["Properties"]["RetentionInDays"] <= 90


def test_the_workflow_may_call_its_functions_and_start_its_own_children(template: Any) -> None:
    role = template.name_of(machine(template)["RoleArn"])
    allowed = set()
    for policy in template.of_type("AWS::IAM::Policy").values():
        if [template.name_of(one) for one in policy["Roles"]] == [role]:
            for statement in policy["PolicyDocument"]["Statement"]:
                named = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
                allowed |= {(statement["Action"], template.resources[template.name_of(one)]["Type"])
                            for one in named if one != "*"}
    assert allowed == {("lambda:InvokeFunction", "AWS::Lambda::Function"),
                       ("states:StartExecution", "AWS::StepFunctions::StateMachine")}


@pytest.mark.parametrize(("live", "filled"), [(None, "Restored"), ("profiles", "Restored"), ("restored", "Profiles")])
def test_the_table_that_is_filled_is_the_one_that_is_not_live(tmp_path: Any, live: str | None, filled: str) -> None:
    app = cdk.App(outdir=str(tmp_path), context={"aws:cdk:bundling-stacks": [], **({"live": live} if live else {})})
    build(app, "dev")
    template = json.loads((tmp_path / app.synth().stacks[0].template_file).read_text())
    tables = {grant.function: named for grant in grants(template)
              if "dynamodb:BatchGetItem" in grant.actions and "dynamodb:Scan" not in grant.actions
              and (named := re.findall(r"Data(Profiles|Restored)", json.dumps(grant.resources)))}
    (other,) = {"Profiles", "Restored"} - {filled}
    assert tables == {
        "replay_raw": [filled], "replay_copy": [filled], "apply_events": [other], "run_effects": [other], "serve_admin": [other],
        "convert_import": [other], "receive_feedback": [other], "run_campaign": [other], "send_campaign": [other],
        "run_journey_step": [other], "send_message": [other], "serve_public": [other], "start_journeys_due": [other],
        "end_broken_journey": [other]}
    named = {name: output["Value"]["Ref"] for name, output in template["Outputs"].items() if name.endswith("Table")}
    assert (filled in named["RestoredTable"], other in named["ProfilesTable"]) == (True, True)
