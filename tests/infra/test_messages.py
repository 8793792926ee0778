"""What the stack promises of messages: nothing that is heard of them is lost, links outlive a new key, senders may only send."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from infra.app import build
from infra.constructs.messages import EVENT_TYPES
from infra.constructs.public import PUBLIC_ROUTES
from infra.grants import grants
from infra.settings import StageSettings

HOUR = 3_600
APPLICATION = "arn:aws:sns:eu-west-1:123456789012:app/APNS/shop"


def text(value: Any) -> str:
    """A value of a template with its references by name."""
    return json.dumps(value)


def test_ses_reports_what_became_of_mails_but_counts_no_opens_and_clicks(template: Any) -> None:
    destination = template.one("AWS::SES::ConfigurationSetEventDestination")["EventDestination"]
    assert destination["Enabled"] is True
    assert set(destination["MatchingEventTypes"]) == set(EVENT_TYPES)
    assert not {"OPEN", "CLICK"} & set(EVENT_TYPES)
    made = template.one("AWS::SES::ConfigurationSet")
    assert made["ReputationOptions"]["ReputationMetricsEnabled"] is True
    assert made["SuppressionOptions"]["SuppressedReasons"] == []
    assert made["DeliveryOptions"]["TlsPolicy"] == "REQUIRE"
    assert "TrackingOptions" not in made


def test_what_ses_reports_waits_in_an_encrypted_queue_for_ten_hours_of_tries(template: Any) -> None:
    mapping = template.one("AWS::Lambda::EventSourceMapping", "ReceiveFeedback")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BatchSize"] <= 10 or mapping["MaximumBatchingWindowInSeconds"] >= 1  # as Lambda asks
    queue = template.resources[template.name_of(mapping["EventSourceArn"])]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"] == 10 * HOUR
    assert queue["VisibilityTimeout"] >= 6 * template.function("receive_feedback")["Timeout"]
    subscription = template.one("AWS::SNS::Subscription", "Feedback")
    assert subscription["RawMessageDelivery"] is True
    assert template.name_of(subscription["Endpoint"]) == template.name_of(mapping["EventSourceArn"])
    assert "DeadLetters" in text(subscription["RedrivePolicy"])
    topic = template.resources[template.name_of(subscription["TopicArn"])]["Properties"]
    assert template.name_of(topic["KmsMasterKeyId"]) in template.of_type("AWS::KMS::Key")


def test_ses_and_sms_of_this_account_may_report_and_sns_may_fill_the_queue(template: Any) -> None:
    here = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    reporters = {"Service": ["ses.amazonaws.com", "sms-voice.amazonaws.com"]}
    (publish,) = [s for s in template.one("AWS::SNS::TopicPolicy", "Feedback")["PolicyDocument"]["Statement"]
                  if s["Effect"] == "Allow"]
    assert (publish["Principal"], publish["Condition"], publish["Action"]) == (reporters, here, "sns:Publish")
    key = template.one("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    (use,) = [s for s in key if s["Principal"] == reporters]
    assert (use["Condition"], set(use["Action"])) == (here, {"kms:Decrypt", "kms:GenerateDataKey"})
    (pass_on,) = [s for s in key if s["Principal"] == {"Service": "sns.amazonaws.com"}]
    assert set(pass_on["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    filled = {template.name_of(s["Resource"]) for policy in template.of_type("AWS::SQS::QueuePolicy").values()
              for s in policy["PolicyDocument"]["Statement"] if s.get("Principal") == {"Service": "sns.amazonaws.com"}
              if "Feedback" in text(s["Condition"]["ArnEquals"])}
    assert len(filled) == 2


def test_the_destination_waits_for_the_policy_that_ses_tries_out(template: Any) -> None:
    (destination,) = [r for r in template.resources.values() if r["Type"] == "AWS::SES::ConfigurationSetEventDestination"]
    assert any(template.resources[id_]["Type"] == "AWS::SNS::TopicPolicy" for id_ in destination["DependsOn"])


def test_people_reach_what_their_messages_lead_to_without_signing_in_and_nothing_else(template: Any) -> None:
    routes = template.of_type("AWS::ApiGatewayV2::Route").values()
    public = {r["RouteKey"] for r in routes if r["AuthorizationType"] == "NONE"}
    expected = {f"{method} {path}" for path, methods, _ in PUBLIC_ROUTES for method in methods}
    assert expected <= public
    assert {key.partition(" ")[2].split("/")[1] for key in expected} == {
        "o", "c", "unsubscribe", "preferences", "confirm", "surveys", "forms", "assets"}
    assert not [key for key in expected if key.startswith(("PUT", "DELETE", "ANY"))]
    assert {key for key in expected if "/o/" in key or "/c/" in key} == {"GET /o/{token}", "HEAD /o/{token}", "GET /c/{token}",
                                                                          "HEAD /c/{token}"}


def sends(written: dict[str, Any]) -> dict[str, list[Any]]:
    """Function → the resources that it may send as."""
    return {grant.function: list(grant.resources) for grant in grants(written) if "ses:SendRawEmail" in grant.actions}


def test_only_senders_send_and_without_a_domain_only_as_identities_of_this_account(template: Any) -> None:
    assert set(sends(template.json)) == {"send_message", "send_campaign", "run_journey_step"}
    for resources in sends(template.json).values():
        identity, configuration_set = map(text, resources)
        assert "identity/*" in identity
        assert "AWS::AccountId" in identity
        assert "configuration-set/" in configuration_set
        assert "*" not in configuration_set


def test_who_sends_sms_may_publish_to_no_topic(template: Any) -> None:
    for grant in grants(template.json):
        if "sns:Publish" in grant.actions:
            assert grant.function in ("send_message", "send_campaign", "run_journey_step")
            assert grant.resources == ("not arn:*:sns:*:*:*",)


@pytest.fixture(scope="module")
def with_domain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """As cdk.json would say it; cdk-nag looks on."""
    folder = tmp_path_factory.mktemp("mail")
    app = cdk.App(outdir=str(folder), context={"aws:cdk:bundling-stacks": [], "dev": {
        "mail_domain": "mail.example.com", "push_applications": {"ios": APPLICATION}}})
    stack = build(app, "dev")
    app.synth()
    written: dict[str, Any] = json.loads(Path(folder, stack.template_file).read_text())
    return written


def test_with_a_domain_its_identity_is_made_its_records_are_named_and_nobody_else_is_sent_as(with_domain: Any) -> None:
    (identity,) = [r["Properties"] for r in with_domain["Resources"].values() if r["Type"] == "AWS::SES::EmailIdentity"]
    assert identity["EmailIdentity"] == "mail.example.com"
    assert identity["DkimAttributes"]["SigningEnabled"] is True
    assert {name for name in with_domain["Outputs"] if "Record" in name} == {
        "DkimRecord1", "DkimRecord2", "DkimRecord3", "MailFromRecords"}
    for resources in sends(with_domain).values():
        assert "identity/mail.example.com" in text(resources)
        assert "*" not in text(resources)


def test_push_goes_to_the_devices_of_the_named_applications_only(with_domain: Any) -> None:
    named = {resource for grant in grants(with_domain) if grant.function == "send_message"
             and any(action.startswith("sns:") for action in grant.actions) for resource in grant.resources}
    assert named == {"not arn:*:sns:*:*:*", APPLICATION, APPLICATION.replace(":app/", ":endpoint/") + "/*"}
    (function,) = [r["Properties"] for r in with_domain["Resources"].values() if r["Type"] == "AWS::Lambda::Function"
                   and r["Properties"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == "send_message"]
    assert json.loads(function["Environment"]["Variables"]["SOCLE_PUSH_APPLICATIONS"]) == {"ios": APPLICATION}


@pytest.mark.parametrize("given", ['{"ios": "my-app"}', '{"blackberry": "arn:aws:sns:eu-west-1:123456789012:app/APNS/x"}', "[]"])
def test_a_push_application_that_cannot_be_is_refused_by_name(given: str) -> None:
    with pytest.raises(ValueError, match="push_applications"):
        StageSettings.for_stage("dev", {"push_applications": given})
