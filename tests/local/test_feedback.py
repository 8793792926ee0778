"""A mail that is sent with a configuration set is reported to the topic that the set names, as SES does."""

from __future__ import annotations

import json
from typing import Any

import boto3

from infra.local.cloud import ACCOUNT, REGION
from infra.local.machine import local_machine

TOPIC = {"Ref": "T"}
TEMPLATE = {"Resources": {
    "T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "reports"}},
    "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}},
    "S": {"Type": "AWS::SNS::Subscription", "Properties": {
        "TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q", "RawMessageDelivery": True}},
    "C": {"Type": "AWS::SES::ConfigurationSet", "Properties": {"Name": "mails"}},
    "D": {"Type": "AWS::SES::ConfigurationSetEventDestination", "DependsOn": ["C"], "Properties": {
        "ConfigurationSetName": "mails", "EventDestination": {
            "Enabled": True, "MatchingEventTypes": ["SEND", "BOUNCE", "COMPLAINT"], "SnsDestination": {"TopicARN": TOPIC}}}}}}


def send(to: str, **given: Any) -> str:
    raw = f"From: Shop <shop@example.com>\r\nTo: {to}\r\nSubject: =?utf-8?q?Caf=C3=A9?=\r\n\r\nhello".encode()
    return str(boto3.client("sesv2", region_name=REGION).send_email(
        FromEmailAddress="Shop <shop@example.com>", Destination={"ToAddresses": [to]}, Content={"Raw": {"Data": raw}},
        **given)["MessageId"])


def reports() -> list[dict[str, Any]]:
    client = boto3.client("sqs", region_name=REGION)
    found = client.receive_message(QueueUrl=client.get_queue_url(QueueName="q")["QueueUrl"], MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in found.get("Messages", ())]


def test_what_the_destination_asks_for_is_reported_and_nothing_else() -> None:
    with local_machine(TEMPLATE):
        id_ = send("bounce@simulator.amazonses.com", ConfigurationSetName="mails",
                   EmailTags=[{"Name": "socle_message", "Value": "p-k-1"}])
        found = reports()
        assert [one["eventType"] for one in found] == ["Send", "Bounce"]
        assert {one["mail"]["messageId"] for one in found} == {id_}
        assert {one["mail"]["source"] for one in found} == {"shop@example.com"}
        assert all(one["mail"]["tags"]["socle_message"] == ["p-k-1"] for one in found)
        send("ada@example.com", ConfigurationSetName="mails")
        assert [one["eventType"] for one in reports()] == ["Send"]  # a delivery is not asked for


def test_a_mail_without_a_configuration_set_is_reported_to_nobody_and_in_the_outbox_all_the_same() -> None:
    with local_machine(TEMPLATE) as machine:
        send("ada@example.com")
        assert reports() == []
        assert [item["to"] for item in machine.outbox.items()] == ["ada@example.com"]
