"""sweep_due runs every minute, called by a role that can do nothing else."""

from __future__ import annotations

from typing import Any


def test_the_sweep_runs_every_minute_on_the_minute(template: Any) -> None:
    schedule = template.one("AWS::Scheduler::Schedule", "Sweep")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = template.resources[template.name_of(schedule["Target"]["Arn"])]["Properties"]
    assert target["Handler"] == "sweep_due.handler.handler"
    assert target["Timeout"] < 60


def test_a_call_that_cannot_be_delivered_is_kept(template: Any) -> None:
    target = template.one("AWS::Scheduler::Schedule", "Sweep")["Target"]
    assert template.name_of(target["DeadLetterConfig"]["Arn"]) in template.of_type("AWS::SQS::Queue")
    assert target["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_the_scheduler_may_call_this_function_and_nothing_else(template: Any) -> None:
    target = template.one("AWS::Scheduler::Schedule", "Sweep")["Target"]
    role_id = template.name_of(target["RoleArn"])
    (policy,) = [p for p in template.of_type("AWS::IAM::Policy").values() if role_id in map(template.name_of, p["Roles"])]
    allowed = {s["Action"]: s["Resource"] for s in policy["PolicyDocument"]["Statement"] if isinstance(s["Action"], str)}
    assert allowed == {"lambda:InvokeFunction": target["Arn"], "sqs:SendMessage": target["DeadLetterConfig"]["Arn"]}
    (trust,) = template.resources[role_id]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_a_sweep_that_fails_is_left_to_the_next_one(template: Any) -> None:
    settings = template.one("AWS::Lambda::EventInvokeConfig", "Sweep")
    assert settings["MaximumRetryAttempts"] == 0
