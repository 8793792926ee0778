"""Least privilege: each function may do what its part of the design does, on what it is about, and nothing else."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from infra.grants import granted_actions, grants

SENDING = {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem",
           "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem", "dynamodb:PartiQLUpdate", "kinesis:PutRecords", "s3:GetObject",
           "secretsmanager:GetSecretValue", "ses:GetAccount", "ses:SendEmail", "ses:SendRawEmail", "sns:Publish"}
ALLOWED = {
    "collect_events": {"kinesis:PutRecords", "dynamodb:GetItem"},
    "apply_events": {
        "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query", "dynamodb:PartiQLInsert",
        "dynamodb:PartiQLUpdate", "dynamodb:BatchWriteItem", "s3:PutObject", "sqs:SendMessage"},
    "run_effects": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
                    "dynamodb:BatchWriteItem", "dynamodb:Query", "secretsmanager:GetSecretValue", "kinesis:PutRecords",
                    "dynamodb:DeleteItem", "sqs:SendMessage", "lambda:InvokeFunction", "states:StartExecution",
                    "states:SendTaskSuccess", "states:StopExecution"},
    "sweep_due": {"dynamodb:Query", "kinesis:PutRecords"},
    "serve_admin": {
        "lambda:InvokeFunction",
        "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem",
        "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "s3:GetObject", "s3:PutObject", "s3:DeleteObject",
        "s3:ListBucket", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:PutRecords",
        "secretsmanager:GetSecretValue", "sqs:SendMessage",
        "states:StartExecution", "states:DescribeExecution", "states:StopExecution", "states:CreateStateMachine",
        "states:UpdateStateMachine", "states:DeleteStateMachine", "states:SendTaskSuccess", "iam:PassRole"},
    "split_import": {"dynamodb:GetItem", "dynamodb:PutItem", "s3:GetObject", "s3:PutObject"},
    "convert_import": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
                       "dynamodb:BatchWriteItem", "s3:GetObject", "s3:PutObject", "kinesis:PutRecords"},
    "finish_import": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem", "s3:GetObject",
                      "s3:PutObject"},
    "start_import": {"dynamodb:GetItem", "dynamodb:PutItem", "s3:GetObject", "s3:PutObject", "states:StartExecution"},
    "export_segments": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem", "s3:GetObject",
                        "s3:PutObject", "s3:DeleteObject"},
    "export_segments_send": {"s3:GetObject", "s3:PutObject", "secretsmanager:GetSecretValue"},
    "export_segments_due": {
        "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "states:StartExecution", "states:DescribeExecution"},
    "collect_hooks": {"kinesis:PutRecords", "dynamodb:GetItem"},
    "find_duplicates": {"s3:GetObject", "s3:PutObject"},
    "propose_duplicates": {
        "dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:DeleteItem",
        "s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
    "measure_quality": {
        "dynamodb:Scan", "dynamodb:GetItem", "dynamodb:Query", "s3:GetObject", "s3:PutObject", "kinesis:PutRecords"},
    "update_catalogue": {"s3:ListBucket", "s3:GetObject", "s3:PutObject"},
    "compact_lake": {"dynamodb:Query", "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
    "compute_rfm": {"dynamodb:GetItem", "s3:GetObject", "s3:PutObject", "kinesis:PutRecords"},
    "preview_segment": {"dynamodb:Query", "s3:GetObject"},
    "recompute_segments": {"dynamodb:Query", "s3:GetObject", "s3:PutObject", "kinesis:PutRecords"},
    "send_message": SENDING,
    "send_campaign": SENDING | {"s3:PutObject"},
    "receive_feedback": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem",
                         "dynamodb:PartiQLUpdate", "kinesis:PutRecords"},
    "serve_public": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "kinesis:PutRecords",
                     "s3:GetObject", "secretsmanager:GetSecretValue"},
    "run_campaign": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem",
                     "s3:GetObject", "s3:PutObject", "s3:ListBucket"},
    "start_campaigns_due": {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem",
                            "states:StartExecution", "states:DescribeExecution", "states:StopExecution"},
    "run_journey_step": SENDING | {"states:SendTaskSuccess", "states:StartExecution"},
    "start_journeys_due": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
                           "kinesis:PutRecords"},
    "end_broken_journey": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
                           "dynamodb:DeleteItem", "kinesis:PutRecords"},
    "backtest_journey": {"dynamodb:Query", "s3:GetObject"},
    "report_campaign": {"s3:GetObject", "s3:ListBucket", "ses:GetAccount"},
    "replay_plan": {"s3:ListBucket", "s3:PutObject"},
    "replay_raw": {
        "s3:GetObject", "s3:PutObject", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem",
        "dynamodb:BatchWriteItem", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"},
    "replay_copy": {"s3:GetObject", "s3:PutObject", "dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:PartiQLInsert",
                    "dynamodb:UpdateItem"},
    "replay_compare": {"s3:GetObject", "s3:PutObject", "dynamodb:BatchGetItem", "dynamodb:Scan"},
    "replay_summary": {"s3:GetObject", "s3:PutObject"},
}

LOG_DELIVERY = "logs:CreateLogDelivery"
"""What a state machine with logs must be granted has no resources that it could be limited to."""


def test_each_function_is_granted_what_the_design_gives_it(template: Any) -> None:
    assert granted_actions(template.json) == ALLOWED


def test_no_grant_names_an_action_by_a_wildcard(template: Any) -> None:
    for statement in template.statements("AWS::IAM::Policy"):
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action]


def test_resources_are_ours_and_only_objects_are_named_by_prefix(template: Any) -> None:
    patterns = set()
    for statement in template.statements("AWS::IAM::Policy"):
        held = statement.get("Resource", [])  # test_messages.py looks at what is granted by leaving out
        for resource in held if isinstance(held, list) else [held]:
            assert resource != "*" or LOG_DELIVERY in statement["Action"] or statement["Action"] == "ses:GetAccount"
            if "*" in json.dumps(resource) and resource != "*":
                patterns.add(resource["Fn::Join"][1][-1].replace("socle-prod-", "socle-dev-"))
    # ":*" are executions of a workflow, whose names are not known beforehand.
    assert patterns == {
        ":*", "/uploads/*", "/imports/*", "/import-runs/*", "/import-state/*", "/quality/*", "/quality-runs/*", "/catalogue/*",
        "/duplicate-runs/*", "/raw/*", "/quarantine/*", "/aws/lambda/*", "/erasures/*", "/replays/*", "/lake/*",
        "/segments/runs/*", "/exports/*", "/export-state/*", "/reports/*",
        "/campaigns/*", "/journeys/*", "/assets/*", ":identity/*", ":stateMachine:socle-dev-journey-*",
        ":execution:socle-dev-journey-*:*"}


def test_no_role_has_a_managed_policy(template: Any) -> None:
    assert not [role for role in template.of_type("AWS::IAM::Role").values() if role.get("ManagedPolicyArns")]


def test_tables_are_granted_by_what_is_done_with_them(dev: Any) -> None:
    done: dict[tuple[str, str], set[str]] = defaultdict(set)
    for grant in grants(dev.json):
        for resource in grant.resources:
            if not grant.sid and "Fn::GetAtt" in resource and any(a.startswith("dynamodb:") for a in grant.actions):
                done[grant.function, dev.name_of(resource)] |= grant.actions
    names = {id_: next(name for name in ("Profiles", "Restored", "Definitions") if name in id_).lower()
             for id_ in dev.of_type("AWS::DynamoDB::Table")}
    assert {(function, names[table]): actions for (function, table), actions in done.items()} == {
        ("collect_events", "definitions"): {"dynamodb:GetItem"},
        ("apply_events", "profiles"): {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:DeleteItem",
                                       "dynamodb:BatchWriteItem", "dynamodb:Query", "dynamodb:PartiQLInsert",
                                       "dynamodb:PartiQLUpdate"},
        ("apply_events", "definitions"): {"dynamodb:Query"},
        ("run_effects", "profiles"): {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem",
                                      "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:Query"},
        ("run_effects", "definitions"): {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        ("run_journey_step", "profiles"): {
            "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
            "dynamodb:ConditionCheckItem", "dynamodb:PartiQLUpdate"},
        ("run_journey_step", "definitions"): {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem",
                                              "dynamodb:DeleteItem"},
        ("start_journeys_due", "profiles"): {"dynamodb:BatchGetItem", "dynamodb:Query"},
        ("start_journeys_due", "definitions"): {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"},
        ("end_broken_journey", "profiles"): {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem",
                                             "dynamodb:UpdateItem", "dynamodb:DeleteItem"},
        ("end_broken_journey", "definitions"): {"dynamodb:UpdateItem"},
        ("backtest_journey", "definitions"): {"dynamodb:Query"},
        ("propose_duplicates", "profiles"): {"dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:PutItem"},
        ("propose_duplicates", "definitions"): {
            "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"},
        ("compact_lake", "definitions"): {"dynamodb:Query"},
        ("measure_quality", "profiles"): {"dynamodb:Scan"},
        ("measure_quality", "definitions"): {"dynamodb:GetItem", "dynamodb:Query"},
        **{(name, "definitions"): {action for action in ALLOWED[name] if action.startswith("dynamodb:")}
           for name in ("split_import", "finish_import", "start_import", "collect_hooks", "export_segments",
                        "export_segments_due", "compute_rfm", "recompute_segments", "preview_segment")},
        ("convert_import", "profiles"): {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"},
        ("convert_import", "definitions"): {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:BatchWriteItem"},
        ("serve_admin", "profiles"): {
            "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem",
            "dynamodb:Query"},
        ("serve_admin", "definitions"): {
            "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"},
        **{(name, "profiles"): {"dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:ConditionCheckItem",
                                "dynamodb:PartiQLUpdate"} for name in ("send_message", "send_campaign")},
        **{(name, "definitions"): {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem",
                                   "dynamodb:DeleteItem"} for name in ("send_message", "send_campaign")},
        ("receive_feedback", "profiles"): {"dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:PartiQLUpdate"},
        ("receive_feedback", "definitions"): {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"},
        ("serve_public", "profiles"): {"dynamodb:BatchGetItem", "dynamodb:UpdateItem"},
        ("serve_public", "definitions"): {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"},
        ("run_campaign", "profiles"): {"dynamodb:BatchGetItem", "dynamodb:Query"},
        **{(name, "definitions"): {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"}
           for name in ("run_campaign", "start_campaigns_due")},
        ("replay_copy", "profiles"): {"dynamodb:Scan"},
        ("replay_copy", "restored"): {"dynamodb:BatchGetItem", "dynamodb:PartiQLInsert", "dynamodb:UpdateItem"},
        ("replay_compare", "profiles"): {"dynamodb:BatchGetItem", "dynamodb:Scan"},
        ("replay_compare", "restored"): {"dynamodb:BatchGetItem", "dynamodb:Scan"},
        ("replay_raw", "restored"): {action for action in ALLOWED["replay_raw"] if action.startswith("dynamodb:")},
    }


def test_apply_events_may_write_objects_under_raw_and_quarantine_only(template: Any) -> None:
    written = {resource["Fn::Join"][1][-1] for grant in grants(template.json)
               if grant.function == "apply_events" and not grant.sid and "s3:PutObject" in grant.actions
               for resource in grant.resources}
    assert written == {"/raw/*", "/quarantine/*"}


def test_serve_admin_lists_what_is_refused_what_failed_runs_and_images_only(template: Any) -> None:
    listed = {prefix for grant in grants(template.json) if grant.function == "serve_admin" and "s3:ListBucket" in grant.actions
              for given in [grant.conditions["StringLikeIfExists"]["s3:prefix"]]
              for prefix in (given if isinstance(given, list) else [given])}
    assert listed == {"quarantine/*", "aws/lambda/*", "campaigns/*", "assets/*"}


def test_serve_admin_reads_and_deletes_what_failed_but_writes_only_what_is_refused_erased_moved_or_shown(template: Any) -> None:
    objects = {action: {resource["Fn::Join"][1][-1] for grant in grants(template.json)
                        if grant.function == "serve_admin" and action in grant.actions for resource in grant.resources}
               for action in ("s3:GetObject", "s3:DeleteObject", "s3:PutObject")}
    assert objects == {"s3:GetObject": {"/quarantine/*", "/aws/lambda/*", "/quality/*", "/quality-runs/*", "/catalogue/*",
                                        "/uploads/*", "/imports/*", "/import-runs/*", "/exports/*", "/reports/*",
                                        "/lake/manifest.json", "/campaigns/*", "/assets/*"},
                       "s3:DeleteObject": {"/quarantine/*", "/aws/lambda/*", "/assets/*"},
                       "s3:PutObject": {"/quarantine/*", "/erasures/*", "/raw/*", "/uploads/*", "/import-runs/*",
                                        "/assets/*", "/journeys/*"}}


def test_the_key_is_used_through_services_only(template: Any) -> None:
    with_key = [grant for grant in grants(template.json) if any(a.startswith("kms:") for a in grant.actions)]
    assert {grant.function for grant in with_key} == set(ALLOWED)
    for grant in with_key:
        assert "kms:ViaService" in grant.conditions["StringEquals"], grant


def test_the_mapping_may_read_the_stream_and_keep_what_fails(template: Any) -> None:
    lent = {action for grant in grants(template.json) if grant.function == "apply_events" and grant.sid
            for action in grant.actions}
    assert {"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStreamSummary", "kinesis:ListShards",
            "s3:PutObject", "s3:ListBucket"} <= lent
