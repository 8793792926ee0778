"""New objects reach the functions that a rule of the stack names, and are announced again when a function fails."""

from __future__ import annotations

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
        calls.append((arn, event["detail"]["object"]["key"]))
        return outcomes.pop() if outcomes else Outcome()

    with ExitStack() as stack:
        stack.enter_context(mock_aws())
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
