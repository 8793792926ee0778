"""No accepted event is lost on the way: what the stack promises about stream, mapping, queue and API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from infra.constructs.public import PUBLIC_ROUTES
from infra.settings import StageSettings
from infra.stack import Socle

HOUR = 3_600


def test_the_stream_grows_by_itself_and_is_encrypted_with_our_key(template: Any) -> None:
    stream = template.one("AWS::Kinesis::Stream")
    assert stream["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert stream["StreamEncryption"]["EncryptionType"] == "KMS"
    assert template.name_of(stream["StreamEncryption"]["KeyId"]) in template.of_type("AWS::KMS::Key")


def test_a_failing_batch_is_split_retried_without_limit_and_kept_before_it_expires(template: Any) -> None:
    mapping = template.one("AWS::Lambda::EventSourceMapping", "ApplyEvents")
    assert mapping["MaximumRetryAttempts"] == -1
    assert 0 < mapping["MaximumRecordAgeInSeconds"] < template.one("AWS::Kinesis::Stream")["RetentionPeriodHours"] * HOUR
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    bucket = template.name_of(mapping["DestinationConfig"]["OnFailure"]["Destination"])
    assert template.resources[bucket]["Type"] == "AWS::S3::Bucket"


def test_batches_are_large_enough_to_coalesce_and_soon_enough_to_be_live(template: Any) -> None:
    mapping = template.one("AWS::Lambda::EventSourceMapping", "ApplyEvents")
    assert mapping["BatchSize"] == 1_000
    assert mapping["MaximumBatchingWindowInSeconds"] <= 5
    assert mapping["ParallelizationFactor"] >= 2


def test_a_mapping_waits_for_the_permissions_it_needs(template: Any) -> None:
    mappings = [r for r in template.resources.values() if r["Type"] == "AWS::Lambda::EventSourceMapping"]
    for mapping in mappings:
        assert any(template.resources[id_]["Type"] == "AWS::IAM::Policy" for id_ in mapping["DependsOn"])


def test_effects_have_a_rate_budget_and_ten_hours_of_tries_before_they_are_dead_letters(template: Any) -> None:
    mapping = template.one("AWS::Lambda::EventSourceMapping", "RunEffects")
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    queue = template.resources[template.name_of(mapping["EventSourceArn"])]["Properties"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"] == 10 * HOUR
    assert queue["MessageRetentionPeriod"] > 10 * HOUR
    dead_letters = template.resources[template.name_of(queue["RedrivePolicy"]["deadLetterTargetArn"])]["Properties"]
    assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * HOUR
    assert queue["VisibilityTimeout"] >= 6 * template.function("run_effects")["Timeout"]


def test_queues_are_encrypted_and_tls_only(template: Any) -> None:
    queues = template.of_type("AWS::SQS::Queue")
    guarded = {template.name_of(queue) for policy in template.of_type("AWS::SQS::QueuePolicy").values()
               for queue in policy["Queues"] for s in policy["PolicyDocument"]["Statement"]
               if s["Effect"] == "Deny" and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}}
    assert guarded == set(queues)
    assert all(template.name_of(queue["KmsMasterKeyId"]) in template.of_type("AWS::KMS::Key") for queue in queues.values())


def test_clients_reach_what_collects_events_without_a_token_and_nothing_else(template: Any) -> None:
    routes = template.of_type("AWS::ApiGatewayV2::Route").values()
    public = {f"{method} {path}" for path, methods, _ in PUBLIC_ROUTES for method in methods}  # of people: test_messages.py
    assert {r["RouteKey"] for r in routes if r["AuthorizationType"] == "NONE"} - public == {
        "POST /v1/{call}", "POST /v1/hooks/{name}", "GET /v1/projects/{writeKey}/settings", "GET /health", "HEAD /health"}


def test_a_browser_on_any_site_may_send_events_but_no_cookie(template: Any) -> None:
    cors = template.one("AWS::ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["*"]
    assert {"POST", "GET"} <= set(cors["AllowMethods"])
    assert {"authorization", "content-type"} <= set(cors["AllowHeaders"])
    assert not cors.get("AllowCredentials")


def test_the_api_is_throttled(template: Any) -> None:
    limits = template.one("AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]
    assert limits["ThrottlingRateLimit"] > 0
    assert limits["ThrottlingBurstLimit"] > 0


def test_access_logs_hold_no_address_path_or_query(template: Any) -> None:
    settings = template.one("AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
    logged = set(json.loads(settings["Format"]).values())
    assert {"$context.routeKey", "$context.status", "$context.requestId"} <= logged
    personal = ("sourceIp", "userAgent", "context.path", "authorizer", "queryString", "domainName")
    assert not [value for value in logged for word in personal if word in value]
    assert template.name_of(settings["DestinationArn"]) in template.of_type("AWS::Logs::LogGroup")


def test_a_domain_of_ones_own_is_mapped_and_named_in_the_output(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), context={"aws:cdk:bundling-stacks": []})
    stack = Socle(app, StageSettings.for_stage("dev", {
        "domain": "events.example.com",
        "certificate_arn": "arn:aws:acm:eu-west-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"}))
    app.synth()
    written = json.loads((tmp_path / stack.template_file).read_text())
    types = {resource["Type"] for resource in written["Resources"].values()}
    assert {"AWS::ApiGatewayV2::DomainName", "AWS::ApiGatewayV2::ApiMapping"} <= types
    assert written["Outputs"]["ApiUrl"]["Value"] == "https://events.example.com"
    assert written["Outputs"]["DomainTarget"]["Value"]["Fn::GetAtt"][1] == "RegionalDomainName"
