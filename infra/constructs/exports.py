"""Exports: a workflow that writes the members of a segment to files, or sends them to a webhook, and what starts it by the
clock."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.data import EXPORT_STATE_PREFIX, EXPORTS_PREFIX, LAKE_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.layers import ROOT
from infra.constructs.schedules import Schedules
from infra.constructs.workflow import may_run, workflow
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
        self.machine = workflow(
            self, house=house, definition=DEFINITION,
            functions={"ExportSegments": self.export_segments, "ExportSegmentsSend": self.export_segments_send},
            comment="Exports the members of a segment",
            untraced="Executions show every step; traces would be paid per task.")
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
        may_run(serve_admin, self.machine)

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
        may_run(due, self.machine)
        for function in (write, due):
            function.lend_key(data.key, "dynamodb", writes=True)
        for function in (write, send):
            function.lend_key(data.key, "s3", writes=True)
            # S3 says 404 of a missing object only to those who may list.
            function.lend("SeeWhatIsMissing", ["s3:ListBucket"], [bucket.bucket_arn], {"StringLikeIfExists": {
                "s3:prefix": [f"{EXPORTS_PREFIX}*", f"{EXPORT_STATE_PREFIX}*", f"{LAKE_PREFIX}*"]}})
