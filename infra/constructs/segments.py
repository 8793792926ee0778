"""Segments: a workflow that evaluates all of them for everybody every morning, and tells the profiles that differ."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.data import LAKE_PREFIX, REPORTS_PREFIX, SEGMENT_RUNS_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.ingest import Ingest
from infra.constructs.layers import ROOT
from infra.constructs.schedules import Schedules
from infra.constructs.workflow import workflow
from socle.settings import RecomputeSettings

DEFINITION = ROOT / "infra/workflows/recompute.asl.json"


class Segments(Construct):
    """`machine` runs `recompute_segments` over the lake, some buckets at a time."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, ingest: Ingest, schedules: Schedules,
                 analytics: lambda_.ILayerVersion) -> None:
        super().__init__(scope, id_)
        self.recompute_segments = Function(
            self, "RecomputeSegments", name="recompute_segments", house=House(house.stage, [*house.layers, analytics]),
            # Two cores. What memory does not hold, DuckDB puts on the disk, where the files of the buckets are too.
            memory_mb=3_008, timeout=cdk.Duration.minutes(15), ephemeral_storage_size=cdk.Size.gibibytes(8),
            settings=RecomputeSettings(definitions_table=data.definitions.table_name, bucket=data.bucket.bucket_name,
                                       stream_name=ingest.stream.stream_name))
        self._grant(data, ingest)
        self.machine = workflow(
            self, house=house, definition=DEFINITION,
            functions={"RecomputeSegments": self.recompute_segments},
            comment="Evaluates all segments for everybody in the lake",
            untraced="One run a day, and its execution shows every step; traces would be paid per step.")
        # After a compaction of the night's events, and after RFM, which segments ask for.
        schedules.start("Segments", "cron(0 5 * * ? *)", self.machine, data)

    def _grant(self, data: Data, ingest: Ingest) -> None:
        function, bucket = self.recompute_segments, data.bucket
        function.may(["dynamodb:Query"], [data.definitions.table_arn])
        written = [function.objects(bucket, prefix) for prefix in (REPORTS_PREFIX, SEGMENT_RUNS_PREFIX)]
        function.may(["s3:GetObject"], [*written, function.objects(bucket, LAKE_PREFIX)])
        function.may(["s3:PutObject"], written)
        function.may(["kinesis:PutRecords"], [ingest.stream.stream_arn])
        # IfExists: S3 says 404 of a missing object only to those who may list, and a GetObject has no prefix to compare.
        function.lend("SeeWhatIsMissing", ["s3:ListBucket"], [bucket.bucket_arn], {"StringLikeIfExists": {
            "s3:prefix": [f"{prefix}*" for prefix in (REPORTS_PREFIX, SEGMENT_RUNS_PREFIX, LAKE_PREFIX)]}})
        function.lend_key(data.key, "dynamodb")
        for service in ("s3", "kinesis"):
            function.lend_key(data.key, service, writes=True)
