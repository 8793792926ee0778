"""Exports: a workflow that writes the members of a segment to files, or sends them to a webhook, and what starts it by the
clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.data import EXPORT_STATE_PREFIX, EXPORTS_PREFIX, LAKE_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.layers import ROOT
from infra.constructs.nag import acknowledge
from infra.constructs.schedules import Schedules
from socle.settings import ExportSettings, SendExportSettings, StartExportSettings

DEFINITION = ROOT / "infra/workflows/export.asl.json"


class Exports(Construct):
    """`machine` runs `export_segments` for its steps and `export_segments_send` for those to a webhook; `export_segments_due`
    starts it for exports with a schedule."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, schedules: Schedules,
                 analytics: lambda_.ILayerVersion) -> None:
        super().__init__(scope, id_)
        bucket, table, minutes = data.bucket.bucket_name, data.definitions.table_name, cdk.Duration.minutes(15)
        self.export_segments = Function(
            self, "ExportSegments", name="export_segments", house=House(house.stage, [*house.layers, analytics]),
            memory_mb=3_538, timeout=minutes, ephemeral_storage_size=cdk.Size.gibibytes(4),
            settings=ExportSettings(bucket=bucket, definitions_table=table))
        self.export_segments_send = Function(
            self, "ExportSegmentsSend", name="export_segments_send", house=house, memory_mb=512, timeout=minutes,
            ephemeral_storage_size=cdk.Size.gibibytes(2),
            settings=SendExportSettings(bucket=bucket, signing_secret_arn=data.signing_secret.secret_arn))
        self.machine = self._machine(house, {"ExportSegments": self.export_segments,
                                             "ExportSegmentsSend": self.export_segments_send})
        self.export_segments_due = Function(
            self, "ExportSegmentsDue", name="export_segments_due", house=house, memory_mb=512, timeout=cdk.Duration.minutes(2),
            # One that failed is not repeated: the next one finds what is due.
            retry_attempts=0, max_event_age=cdk.Duration.minutes(5),
            settings=StartExportSettings(bucket=bucket, definitions_table=table, export_machine=self.machine.state_machine_arn))
        self._grant(data)
        schedules.every("Exports", "rate(5 minutes)", self.export_segments_due, data)

    def open_to(self, serve_admin: Function, data: Data) -> None:
        """Let the admin API start exports and fetch their files."""
        serve_admin.add_environment("SOCLE_EXPORT_MACHINE", self.machine.state_machine_arn)
        serve_admin.may(["s3:GetObject"], [serve_admin.objects(data.bucket, EXPORTS_PREFIX)])
        self._may_start(serve_admin)

    def _may_start(self, function: Function) -> None:
        function.may(["states:StartExecution"], [self.machine.state_machine_arn])
        stack = cdk.Stack.of(self)
        function.may(["states:DescribeExecution"], [stack.format_arn(
            service="states", resource="execution", arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
            resource_name=f"{self.machine.state_machine_name}:*")])
        machine = stack.get_logical_id(cast(cdk.CfnElement, self.machine.node.default_child))
        acknowledge(cast(iam.IRole, function.role),
                    "IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:"
                    f"<{machine}.Name>:*]", "The names of executions are not known beforehand.")

    def _grant(self, data: Data) -> None:
        write, send, due, bucket = self.export_segments, self.export_segments_send, self.export_segments_due, data.bucket
        write.may(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem"], [data.definitions.table_arn])
        write.may(["s3:GetObject"], [write.objects(bucket, LAKE_PREFIX)])
        write.may(["s3:GetObject", "s3:PutObject"], [write.objects(bucket, EXPORTS_PREFIX)])
        write.may(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [write.objects(bucket, EXPORT_STATE_PREFIX)])
        send.may(["s3:GetObject", "s3:PutObject"], [send.objects(bucket, EXPORTS_PREFIX)])
        send.may(["s3:PutObject"], [send.objects(bucket, EXPORT_STATE_PREFIX)])
        send.may(["secretsmanager:GetSecretValue"], [data.signing_secret.secret_arn])
        send.lend_key(data.key, "secretsmanager")
        due.may(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], [data.definitions.table_arn])
        self._may_start(due)
        for function in (write, due):
            function.lend_key(data.key, "dynamodb", writes=True)
        for function in (write, send):
            function.lend_key(data.key, "s3", writes=True)
            # S3 says 404 of a missing object only to those who may list.
            function.lend("SeeWhatIsMissing", ["s3:ListBucket"], [bucket.bucket_arn], {"StringLikeIfExists": {
                "s3:prefix": [f"{EXPORTS_PREFIX}*", f"{EXPORT_STATE_PREFIX}*", f"{LAKE_PREFIX}*"]}})

    def _machine(self, house: House, functions: Mapping[str, Function]) -> sfn.StateMachine:
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com"))
        role.add_to_policy(iam.PolicyStatement(
            actions=["lambda:InvokeFunction"], resources=[function.function_arn for function in functions.values()]))
        machine = sfn.StateMachine(
            self, "Machine", role=role, comment="Exports the members of a segment",
            definition_body=sfn.DefinitionBody.from_string(DEFINITION.read_text()),
            definition_substitutions={name: function.function_arn for name, function in functions.items()},
            logs=sfn.LogOptions(
                destination=logs.LogGroup(self, "Logs", retention=house.log_retention, removal_policy=cdk.RemovalPolicy.DESTROY),
                level=sfn.LogLevel.ALL, include_execution_data=False))
        acknowledge(machine, "SF2", "Executions show every step; traces would be paid per task.")
        acknowledge(role, "IAM5[Resource::*]", "Log delivery has no resources that it could be limited to.")
        return machine
