"""RFM: a workflow that scores all customers every morning, and tells the profiles whose values changed."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.data import LAKE_PREFIX, REPORTS_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.ingest import Ingest
from infra.constructs.layers import ROOT
from infra.constructs.schedules import Schedules
from infra.constructs.workflow import may_run, workflow
from socle.settings import RfmSettings

DEFINITION = ROOT / "infra/workflows/rfm.asl.json"


class Rfm(Construct):
    """`machine` runs `compute_rfm` over the lake."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, ingest: Ingest, schedules: Schedules,
                 analytics: lambda_.ILayerVersion) -> None:
        super().__init__(scope, id_)
        self.compute_rfm = Function(
            self, "ComputeRfm", name="compute_rfm", house=House(house.stage, [*house.layers, analytics]),
            # Two cores. A million customers take 700 MB; of more, DuckDB puts on the disk what memory does not hold.
            memory_mb=3_008, timeout=cdk.Duration.minutes(15), ephemeral_storage_size=cdk.Size.gibibytes(4),
            settings=RfmSettings(definitions_table=data.definitions.table_name, bucket=data.bucket.bucket_name,
                                 stream_name=ingest.stream.stream_name))
        self._grant(data, ingest)
        self.machine = workflow(
            self, house=house, definition=DEFINITION,
            functions={"ComputeRfm": self.compute_rfm},
            comment="Scores all customers: how recently, how often, for how much they bought",
            untraced="One run a day, and its execution shows every step; traces would be paid per step.")
        # After the survey and a compaction of the night's events.
        schedules.start("Rfm", "cron(30 4 * * ? *)", self.machine, data)

    def open_to(self, serve_admin: Function, data: Data) -> None:
        """Let the admin API start runs, ask for their state, and read reports."""
        serve_admin.add_environment("SOCLE_RFM_MACHINE", self.machine.state_machine_arn)
        may_run(serve_admin, self.machine)
        serve_admin.may(["s3:GetObject"], [serve_admin.objects(data.bucket, REPORTS_PREFIX)])

    def _grant(self, data: Data, ingest: Ingest) -> None:
        function, bucket = self.compute_rfm, data.bucket
        function.may(["dynamodb:GetItem"], [data.definitions.table_arn])
        written = function.objects(bucket, REPORTS_PREFIX)
        function.may(["s3:GetObject"], [written, function.objects(bucket, LAKE_PREFIX)])
        function.may(["s3:PutObject"], [written])
        function.may(["kinesis:PutRecords"], [ingest.stream.stream_arn])
        # IfExists: S3 says 404 of a missing object only to those who may list, and a GetObject has no prefix to compare.
        function.lend("SeeWhatIsMissing", ["s3:ListBucket"], [bucket.bucket_arn], {"StringLikeIfExists": {
            "s3:prefix": [f"{REPORTS_PREFIX}*", f"{LAKE_PREFIX}*"]}})
        function.lend_key(data.key, "dynamodb")
        for service in ("s3", "kinesis"):
            function.lend_key(data.key, service, writes=True)
