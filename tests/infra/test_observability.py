"""Somebody is told: every alarm reaches the topic, and the topic reaches somebody."""

from __future__ import annotations

import json
from typing import Any

from infra.constructs.layers import ROOT
from infra.constructs.observability import ALARMED_METRICS, WATCHED
from tests.infra.test_functions import SETTINGS


def alarms(template: Any) -> list[dict[str, Any]]:
    return list(template.of_type("AWS::CloudWatch::Alarm").values())


def test_every_alarm_rings_and_clears_through_the_topic_and_says_what_to_do(template: Any) -> None:
    (topic_id,) = (id_ for id_ in template.of_type("AWS::SNS::Topic") if "Alarms" in id_)
    assert alarms(template)
    for alarm in alarms(template):
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic_id}]
        assert len(alarm["AlarmDescription"]) > 30
        assert alarm["TreatMissingData"] == "notBreaching"


def test_what_the_design_wants_watched_is_watched(template: Any) -> None:
    watched = {(alarm.get("Namespace"), alarm.get("MetricName")) for alarm in alarms(template)}
    assert watched >= {
        ("AWS/Lambda", "IteratorAge"), ("AWS/Lambda", "Errors"), ("AWS/Lambda", "Throttles"),
        ("AWS/Lambda", "OnFailureDestinationDeliveredEventCount"), ("AWS/Lambda", "DroppedEventCount"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible"), ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
        ("AWS/ApiGateway", "5xx"), ("AWS/SES", "Reputation.BounceRate"), ("AWS/SES", "Reputation.ComplaintRate"),
        ("AWS/Kinesis", "WriteProvisionedThroughputExceeded"),
        ("Socle", "EventsQuarantined"), ("Socle", "BatchesFailed"), ("Socle", "EffectsFailed")}


def test_an_alarm_rings_when_events_arrive_and_nobody_applies_them(template: Any) -> None:
    [silence] = [alarm for alarm in alarms(template) if "Metrics" in alarm]
    expressions = {metric.get("Expression") for metric in silence["Metrics"]}
    watched = {metric["MetricStat"]["Metric"]["MetricName"] for metric in silence["Metrics"] if "MetricStat" in metric}
    assert "IF(FILL(sent, 0) > 0 AND FILL(batches, 0) == 0, 1, 0)" in expressions
    assert watched == {"IncomingRecords", "Invocations"}


def test_errors_and_throttles_of_every_function_are_watched_or_those_of_its_workflow(template: Any) -> None:
    in_workflow = {name for name in SETTINGS if name.startswith("replay_")} | {
        "measure_quality", "find_duplicates", "propose_duplicates", "export_segments",
        "export_segments_send", "split_import", "convert_import", "finish_import",
        "compute_rfm", "compact_lake", "recompute_segments", "run_campaign", "send_campaign"}
    for metric, also in (("Errors", {"run_journey_step"}), ("Throttles", set())):  # what that one raises are ways of a journey
        watched = [alarm for alarm in alarms(template) if alarm.get("MetricName") == metric]
        assert len(watched) == len(set(SETTINGS) - in_workflow - also)
    failed = [alarm for alarm in alarms(template) if alarm.get("MetricName") == "ExecutionsFailed"]
    assert {template.name_of(dimension["Value"]) for alarm in failed for dimension in alarm["Dimensions"]} == set(
        template.of_type("AWS::StepFunctions::StateMachine"))


def test_every_dead_letter_queue_is_watched(template: Any) -> None:
    watched = {template.name_of(dimension["Value"]) for alarm in alarms(template)
               if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible" for dimension in alarm["Dimensions"]}
    assert watched == {id_ for id_ in template.of_type("AWS::SQS::Queue") if "DeadLetters" in id_}
    assert len(watched) == 3


def test_the_mapping_reports_the_metrics_whose_alarms_wait_for_it(template: Any) -> None:
    mapping = template.one("AWS::Lambda::EventSourceMapping", "ApplyEvents")
    assert mapping["MetricsConfig"] == {"Metrics": ["EventCount"]}


def test_the_list_of_own_metrics_is_the_list_of_the_alarms(template: Any) -> None:
    own = {(alarm["MetricName"], alarm["Dimensions"][0]["Value"]) for alarm in alarms(template)
           if alarm.get("Namespace") == "Socle"}
    assert own == {(watched.metric, watched.service) for watched in WATCHED}
    assert {metric for metric, _ in own} == set(ALARMED_METRICS)


def test_cloudwatch_may_publish_to_the_encrypted_tls_only_topic(template: Any) -> None:
    topic = template.one("AWS::SNS::Topic", "Alarms")
    key = template.resources[template.name_of(topic["KmsMasterKeyId"])]["Properties"]
    here = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    (use,) = [s for s in key["KeyPolicy"]["Statement"] if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert use["Condition"] == here
    assert set(use["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    statements = template.one("AWS::SNS::TopicPolicy", "Alarms")["PolicyDocument"]["Statement"]
    assert any(s["Effect"] == "Allow" and s["Action"] == "sns:Publish" and s["Condition"] == here for s in statements)
    assert any(s["Effect"] == "Deny" and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} for s in statements)


def test_the_readme_counts_the_alarms_that_are_paid_for(template: Any) -> None:
    assert f"| {len(alarms(template))} alarms at 0.10 |" in (ROOT / "infra/README.md").read_text()


def test_the_dashboard_shows_the_way_of_an_event(template: Any) -> None:
    body = json.dumps(template.one("AWS::CloudWatch::Dashboard")["DashboardBody"])
    for metric in ("EventsCollected", "EventsApplied", "EventsDuplicate", "EffectsRun", "TicksSent", "IteratorAge"):
        assert metric in body
