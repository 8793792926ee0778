"""Quality: a workflow that looks at all profiles every night, and the catalogue of what was ever seen, updated every hour."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from infra.constructs.data import CATALOGUE_PREFIX, QUALITY_PREFIX, QUALITY_RUNS_PREFIX, RAW_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.ingest import Ingest
from infra.constructs.layers import ROOT
from infra.constructs.schedules import Schedules
from infra.constructs.workflow import may_run, workflow
from socle.settings import CatalogueSettings, QualitySettings

DEFINITION = ROOT / "infra/workflows/quality.asl.json"
MACHINE = "SOCLE_QUALITY_MACHINE"


class Quality(Construct):
    """`machine` runs `measure_quality` for every part of the profiles; `update_catalogue` reads new raw objects."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, ingest: Ingest, schedules: Schedules) -> None:
        super().__init__(scope, id_)
        self.measure_quality = Function(
            self, "MeasureQuality", name="measure_quality", house=house, memory_mb=1_792, timeout=cdk.Duration.minutes(15),
            settings=QualitySettings(profiles_table=data.profiles.table_name, definitions_table=data.definitions.table_name,
                                     bucket=data.bucket.bucket_name, stream_name=ingest.stream.stream_name))
        self.update_catalogue = Function(
            self, "UpdateCatalogue", name="update_catalogue", house=house, memory_mb=1_024, timeout=cdk.Duration.minutes(15),
            settings=CatalogueSettings(bucket=data.bucket.bucket_name),
            # An update that failed is not repeated: the next one, an hour later, reads what this one left.
            retry_attempts=0, max_event_age=cdk.Duration.hours(1))
        self._grant(data, ingest)
        self.machine = workflow(
            self, house=house, definition=DEFINITION,
            functions={"MeasureQuality": self.measure_quality},
            comment="Looks at all profiles: how good they are, what a clean-up changes",
            untraced="One run a night, and its execution shows every step; traces would be paid per part.")
        schedules.start("Quality", "cron(0 3 * * ? *)", self.machine, data)
        schedules.every("Catalogue", "rate(1 hour)", self.update_catalogue, data)

    def open_to(self, function: Function) -> None:
        """Let a function start runs and ask for their state."""
        function.add_environment(MACHINE, self.machine.state_machine_arn)
        may_run(function, self.machine)

    def _grant(self, data: Data, ingest: Ingest) -> None:
        measure, update, bucket = self.measure_quality, self.update_catalogue, data.bucket
        measure.may(["dynamodb:Scan"], [data.profiles.table_arn])
        measure.may(["dynamodb:GetItem", "dynamodb:Query"], [data.definitions.table_arn])
        written = [measure.objects(bucket, prefix) for prefix in (QUALITY_PREFIX, QUALITY_RUNS_PREFIX)]
        measure.may(["s3:GetObject"], [*written, measure.objects(bucket, CATALOGUE_PREFIX)])
        measure.may(["s3:PutObject"], written)
        measure.may(["kinesis:PutRecords"], [ingest.stream.stream_arn])
        measure.lend_key(data.key, "dynamodb")
        measure.lend_key(data.key, "kinesis", writes=True)
        update.may(["s3:GetObject"], [update.objects(bucket, prefix) for prefix in (RAW_PREFIX, CATALOGUE_PREFIX)])
        update.may(["s3:PutObject"], [update.objects(bucket, CATALOGUE_PREFIX)])
        # IfExists: S3 says 404 of a missing object only to those who may list, and a GetObject has no prefix to compare.
        update.may(["s3:ListBucket"], [bucket.bucket_arn], {"StringLikeIfExists": {"s3:prefix": [f"{RAW_PREFIX}*"]}})
        measure.lend("SeeWhatIsMissing", ["s3:ListBucket"], [bucket.bucket_arn], {"StringLikeIfExists": {
            "s3:prefix": [f"{prefix}*" for prefix in (QUALITY_PREFIX, QUALITY_RUNS_PREFIX, CATALOGUE_PREFIX)]}})
        for function in (measure, update):
            function.lend_key(data.key, "s3", writes=True)
