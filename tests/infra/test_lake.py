"""The lake is compacted every hour, and whoever asks it is bounded: by bytes, by encryption, by the tables' own columns."""

from __future__ import annotations

import json
from typing import Any

from infra.constructs.lake import EVENTS, PROFILES
from socle.lake.query import EVENT_COLUMNS, PROFILE_COLUMNS


def test_the_lake_is_compacted_every_hour(template: Any) -> None:
    schedule = template.one("AWS::Scheduler::Schedule", "Compaction")
    assert schedule["ScheduleExpression"] == "rate(1 hour)"
    assert "LakeMachine" in template.name_of(schedule["Target"]["Arn"])


def test_each_step_is_tried_again_and_none_is_passed_over(template: Any) -> None:
    text = template.one("AWS::StepFunctions::StateMachine", "LakeMachine")["DefinitionString"]
    states = json.loads(text)["States"]
    assert list(states) == ["Plan", "Is anything new?", "Scatter", "Link", "Depart", "Gather", "Publish"]
    inner = [step for state in states.values() for step in state.get("ItemProcessor", {"States": {}})["States"].values()]
    tasks = [state for state in [*states.values(), *inner] if state["Type"] == "Task"]
    assert len(tasks) == 6
    assert all(task["Retry"][0]["MaxAttempts"] >= 3 for task in tasks)
    assert "Catch" not in text


def test_the_tables_have_the_columns_of_the_files(template: Any) -> None:
    found = {table["TableInput"]["Name"]: [column["Name"] for column in table["TableInput"]["StorageDescriptor"]["Columns"]]
             for table in template.of_type("AWS::Glue::Table").values()}
    assert found == {"events": list(EVENT_COLUMNS), "profiles": list(PROFILE_COLUMNS)}
    assert (list(EVENTS), list(PROFILES)) == (list(EVENT_COLUMNS), list(PROFILE_COLUMNS))


def test_a_query_is_bounded_and_its_answer_encrypted(template: Any) -> None:
    asked = template.one("AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
    assert asked["EnforceWorkGroupConfiguration"] is True
    assert asked["BytesScannedCutoffPerQuery"] <= 1 << 40
    assert asked["ResultConfiguration"]["EncryptionConfiguration"]["EncryptionOption"] == "SSE_KMS"
