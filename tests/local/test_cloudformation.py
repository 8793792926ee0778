"""A stack is created whole from its template, or it is said what is missing."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local import cloudformation, template
from infra.local.cloud import REGION
from infra.local.machine import LocalMachine
from infra.local.resources import MADE, STUBS


@pytest.fixture
def empty_cloud() -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(mock_aws())
        cloudformation.install(stack)
        yield


def create(outputs: dict[str, Any] | None = None, **resources: Any) -> dict[str, str]:
    return cloudformation.create_stack("s", {"Resources": resources, "Outputs": {
        key: {"Value": value} for key, value in (outputs or {}).items()}})


@pytest.mark.usefixtures("empty_cloud")
def test_a_type_that_nobody_makes_is_an_error_that_names_it() -> None:
    with pytest.raises(cloudformation.UnknownType, match="AWS::AppFlow::Flow"):
        create(Flow={"Type": "AWS::AppFlow::Flow"})


@pytest.mark.usefixtures("empty_cloud")
def test_a_custom_resource_is_an_error_too() -> None:
    with pytest.raises(cloudformation.UnknownType, match="Custom::Thing"):
        create(Thing={"Type": "Custom::Thing"})


@pytest.mark.usefixtures("empty_cloud")
def test_a_resource_that_is_refused_is_named() -> None:
    with pytest.raises(cloudformation.StackFailed, match="AWS::Scheduler::Schedule Broken"):
        create(Broken={"Type": "AWS::Scheduler::Schedule", "Properties": {"ScheduleExpression": "rate(1 minute)"}})


@pytest.mark.usefixtures("empty_cloud")
def test_an_attribute_that_is_not_known_is_named() -> None:
    with pytest.raises(cloudformation.StackFailed, match="no attribute Colour"):
        create({"Out": {"Fn::GetAtt": ["Secret", "Colour"]}}, Secret={"Type": "AWS::SecretsManager::Secret"})


@pytest.mark.usefixtures("empty_cloud")
def test_a_table_keeps_its_time_to_live_and_recovery() -> None:
    keys = {"KeySchema": [{"AttributeName": "PK", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "PK", "AttributeType": "S"}],
            "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": True}}
    recovery = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
    names = create(
        {"One": {"Ref": "One"}, "Many": {"Ref": "Many"}},
        One={"Type": "AWS::DynamoDB::Table", "Properties": {**keys, **recovery}},
        Many={"Type": "AWS::DynamoDB::GlobalTable", "Properties": {**keys, "Replicas": [{"Region": REGION, **recovery}]}})
    client = boto3.client("dynamodb", region_name=REGION)
    for table in names.values():
        described = client.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
        backups = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


@pytest.mark.usefixtures("empty_cloud")
def test_a_stream_keeps_its_mode_and_encryption_and_a_bucket_its_versions() -> None:
    names = create(
        {"Stream": {"Ref": "Stream"}, "Bucket": {"Ref": "Bucket"}},
        Stream={"Type": "AWS::Kinesis::Stream", "Properties": {
            "StreamModeDetails": {"StreamMode": "ON_DEMAND"}, "RetentionPeriodHours": 48,
            "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}}},
        Bucket={"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}})
    stream = boto3.client("kinesis", region_name=REGION).describe_stream(StreamName=names["Stream"])["StreamDescription"]
    assert len(stream["Shards"]) == 4
    assert stream["EncryptionType"] == "KMS"
    assert stream["RetentionPeriodHours"] == 48
    s3 = boto3.client("s3", region_name=REGION)
    assert s3.get_bucket_versioning(Bucket=names["Bucket"])["Status"] == "Enabled"


@pytest.mark.usefixtures("empty_cloud")
def test_a_secret_is_generated_as_it_is_asked_for() -> None:
    names = create(
        {"Plain": {"Ref": "Plain"}, "Json": {"Ref": "Json"}},
        Plain={"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {"PasswordLength": 64}}},
        Json={"Type": "AWS::SecretsManager::Secret", "Properties": {"GenerateSecretString": {
            "SecretStringTemplate": '{"user": "me"}', "GenerateStringKey": "password"}}})
    client = boto3.client("secretsmanager", region_name=REGION)
    assert len(client.get_secret_value(SecretId=names["Plain"])["SecretString"]) == 64
    assert '"user": "me"' in client.get_secret_value(SecretId=names["Json"])["SecretString"]


def test_a_state_machine_is_created_where_it_runs() -> None:
    with ExitStack() as stack:
        stack.enter_context(mock_aws(config={"stepfunctions": {"execute_state_machine": True}}))
        cloudformation.install(stack)
        states = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"a": 1}, "End": True}}}
        arn = create({"Arn": {"Ref": "M"}}, M={"Type": "AWS::StepFunctions::StateMachine", "Properties": {
            "DefinitionString": json.dumps(states), "RoleArn": "arn:aws:iam::123456789012:role/r"}})["Arn"]
        client = boto3.client("stepfunctions", region_name=REGION)
        execution = client.start_execution(stateMachineArn=arn, name="one")["executionArn"]
        for _ in range(200):
            found = client.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                break
            time.sleep(0.01)
        assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"a": 1})


def test_no_type_is_both_made_and_a_stub_and_every_stub_says_why() -> None:
    assert not set(MADE) & set(STUBS)
    assert all(len(reason) > 10 for reason in STUBS.values())


def test_the_stack_of_the_project_is_created_from_its_own_template(machine: LocalMachine) -> None:
    types = {resource["Type"] for resource in template.load()["Resources"].values()}
    client = boto3.client("cloudformation", region_name=REGION)
    made = client.describe_stack_resources(StackName="socle-local")["StackResources"]
    assert types == {resource["ResourceType"] for resource in made}
    assert set(machine.outputs) == set(template.load()["Outputs"])


def test_the_template_is_synthesised_again_when_a_source_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    source = tmp_path / "app.py"
    source.write_text("a")
    monkeypatch.setattr(template, "ROOT", tmp_path)
    monkeypatch.setattr(template, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(template, "sources", lambda: [source])
    made = iter(['{"n": 1}', '{"n": 2}'])
    monkeypatch.setattr(template, "_synthesise", lambda: next(made))
    assert [template.load(), template.load()] == [{"n": 1}, {"n": 1}]
    source.write_text("b")
    assert template.load() == {"n": 2}
