"""The search for near-duplicates starts every Sunday, tries each step again, and only the steps themselves see people."""

from __future__ import annotations

import json
from typing import Any

from infra.grants import grants


def machine(template: Any) -> dict[str, Any]:
    return dict(template.one("AWS::StepFunctions::StateMachine", "DuplicatesMachine"))


def test_the_search_starts_every_sunday_at_night(template: Any) -> None:
    schedule = template.one("AWS::Scheduler::Schedule", "Duplicates")
    assert schedule["ScheduleExpression"] == "cron(0 2 ? * SUN *)"
    assert template.resources[template.name_of(schedule["Target"]["Arn"])]["Properties"] == machine(template)


def test_a_step_that_fails_is_tried_again_and_then_fails_the_search(template: Any) -> None:
    definition = json.loads(machine(template)["DefinitionString"])
    states = definition["States"]
    assert [definition["StartAt"], *(state.get("Next") for state in states.values())] == [
        "Plan", "Extract people", "Compare", "Propose", "Finish", None]
    inner = [step for state in states.values() for step in state.get("ItemProcessor", {"States": {}})["States"].values()]
    tasks = [state for state in [*states.values(), *inner] if state["Type"] == "Task"]
    assert len(tasks) == 5
    assert all(task["Retry"][0]["MaxAttempts"] >= 2 for task in tasks)
    # Candidates of which one part of the people is missing would close those of the others: nothing catches a failure.
    assert "Catch" not in json.dumps(definition)


def test_duckdb_gets_all_the_memory_and_disk_that_a_function_may_have(template: Any) -> None:
    find = template.function("find_duplicates")
    assert (find["MemorySize"], find["EphemeralStorage"]["Size"]) == (10_240, 10_240)


def test_who_compares_people_reaches_neither_profiles_nor_definitions(template: Any) -> None:
    own = [grant for grant in grants(template.json) if grant.function == "find_duplicates" and not grant.sid]
    assert {action.partition(":")[0] for grant in own for action in grant.actions} == {"s3"}
