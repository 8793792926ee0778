"""New objects and executions that ended reach the functions that a rule of the stack names, again when a function fails."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack

import boto3
import pytest
from moto import mock_aws

from infra.local.rules import TRIES, Announcements
from infra.local.runtime import Outcome

PATTERN = '{"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"object": {"key": [{"prefix": "in/"}]}}}'


@pytest.fixture
def world(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    calls, outcomes, arrivals = [], [], []

    def invoke(arn, event):
        calls.append((arn, event["detail"]["object"]["key"] if "object" in event["detail"] else event))
        return outcomes.pop() if outcomes else Outcome()

    with ExitStack() as stack:
        stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        announcements = Announcements(invoke)
        announcements.install(stack, lambda: arrivals.append(1))
        s3, rules = boto3.client("s3"), boto3.client("events")
        s3.create_bucket(Bucket="bucket")
        s3.put_bucket_notification_configuration(Bucket="bucket", NotificationConfiguration={"EventBridgeConfiguration": {}})
        rules.put_rule(Name="new", EventPattern=PATTERN)
        rules.put_targets(Rule="new", Targets=[{"Id": "f", "Arn": "arn:aws:lambda:us-east-1:1:function:f"}])
        yield announcements, s3, calls, outcomes, arrivals


def test_only_objects_that_a_rule_matches_are_announced(world):
    announcements, s3, calls, _, arrivals = world
    for key in ("in/a", "out/b"):
        s3.put_object(Bucket="bucket", Key=key, Body=b"x")
    assert (announcements.step(), announcements.step()) == (True, False)
    assert calls == [("arn:aws:lambda:us-east-1:1:function:f", "in/a")]
    assert len(arrivals) == 1


def test_a_function_that_fails_is_called_again_and_not_for_ever(world):
    announcements, s3, calls, outcomes, _ = world
    outcomes += [Outcome(error=RuntimeError("down"))] * TRIES
    s3.put_object(Bucket="bucket", Key="in/a", Body=b"x")
    assert [announcements.step() for _ in range(TRIES + 1)] == [None] * TRIES + [False]
    assert len(calls) == TRIES


def test_an_execution_that_failed_is_announced_with_its_input_and_one_that_went_well_is_not(world):
    announcements, _, calls, _, arrivals = world
    states, rules = boto3.client("stepfunctions"), boto3.client("events")
    prefix = "arn:aws:states:us-east-1:123456789012:stateMachine:j-"
    rules.put_rule(Name="failed", EventPattern=json.dumps({
        "source": ["aws.states"], "detail": {"status": ["FAILED"], "stateMachineArn": [{"prefix": prefix}]}}))
    rules.put_targets(Rule="failed", Targets=[{"Id": "f", "Arn": "arn:aws:lambda:us-east-1:1:function:g"}])
    began = [states.start_execution(name="one", input='{"entry": "e"}', stateMachineArn=states.create_state_machine(
        name=name, roleArn="arn:aws:iam::123456789012:role/r",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": type_}}}))["stateMachineArn"])["executionArn"]
        for name, type_ in (("other-1", "Fail"), ("j-1", "Succeed"), ("j-2", "Fail"))]
    until = time.monotonic() + 10
    while any(states.describe_execution(executionArn=one)["status"] == "RUNNING" for one in began) or not arrivals:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert (announcements.step(), announcements.step()) == (True, False)
    [(arn, event)] = calls
    detail = event["detail"]
    assert (arn[-1], event["source"], event["detail-type"]) == ("g", "aws.states", "Step Functions Execution Status Change")
    assert event["resources"] == [detail["executionArn"]] == [began[2]]
    assert (detail["name"], detail["status"], detail["stateMachineArn"]) == ("one", "FAILED", f"{prefix}2")
    assert (json.loads(detail["input"]), detail["output"]) == ({"entry": "e"}, None)
    assert detail["startDate"] <= detail["stopDate"]
