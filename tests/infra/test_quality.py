"""The survey looks at every part, tries again what may pass, and only what is named here may start it."""

from __future__ import annotations

import json
from typing import Any

from infra.grants import grants


def machine(template: Any) -> dict[str, Any]:
    return dict(template.one("AWS::StepFunctions::StateMachine", "Quality"))


def test_every_part_is_looked_at_and_one_that_fails_fails_the_survey(template: Any) -> None:
    definition = json.loads(machine(template)["DefinitionString"])
    assert [definition["StartAt"], *(state.get("Next") for state in definition["States"].values())] == [
        "Plan", "Look at every part", "Sum", None]
    # A survey without one of its parts would be a false one: nothing catches it.
    assert "Catch" not in json.dumps(definition)
    assert 1 <= definition["States"]["Look at every part"]["MaxConcurrency"] <= 20


def test_every_step_is_tried_again(template: Any) -> None:
    states = json.loads(machine(template)["DefinitionString"])["States"]
    tasks = [states["Plan"], states["Sum"], *states["Look at every part"]["ItemProcessor"]["States"].values()]
    assert [task["Retry"][-1]["MaxAttempts"] >= 3 for task in tasks] == [True] * 3


def test_the_survey_starts_every_night_and_the_catalogue_is_updated_every_hour(template: Any) -> None:
    found = {name: template.one("AWS::Scheduler::Schedule", name) for name in ("SchedulesQuality", "SchedulesCatalogue")}
    assert {name: one["ScheduleExpression"] for name, one in found.items()} == {
        "SchedulesQuality": "cron(0 3 * * ? *)", "SchedulesCatalogue": "rate(1 hour)"}
    targets = {name: template.resources[template.name_of(one["Target"]["Arn"])]["Type"] for name, one in found.items()}
    assert targets == {"SchedulesQuality": "AWS::StepFunctions::StateMachine", "SchedulesCatalogue": "AWS::Lambda::Function"}


def test_only_the_admin_api_may_start_a_survey_and_only_this_workflow(template: Any) -> None:
    id_ = next(id_ for id_ in template.of_type("AWS::StepFunctions::StateMachine") if "Quality" in id_)
    starting = {grant.function for grant in grants(template.json) if "states:StartExecution" in grant.actions
                and any(template.name_of(one) == id_ for one in grant.resources if isinstance(one, dict) and len(one) == 1
                        and not one.get("Fn::Join"))}
    assert starting == {"serve_admin"}


def test_its_steps_are_logged_without_what_they_carry(template: Any) -> None:
    logging = machine(template)["LoggingConfiguration"]
    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", False)
