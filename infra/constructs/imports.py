"""Imports: a workflow that turns a file into events, the objects that start it by themselves, and the way in for webhooks."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.data import IMPORTS_PREFIX, RUNS_PREFIX, STATE_PREFIX, UPLOADS_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.ingest import Api, Ingest
from infra.constructs.layers import ROOT
from infra.constructs.nag import acknowledge
from infra.constructs.workflow import may_run, workflow
from socle.settings import CollectSettings, ConvertImportSettings, ImportSettings, StartImportSettings

DEFINITION = ROOT / "infra/workflows/import.asl.json"
HOOK_ROUTES = (("POST", "/v1/hooks/{name}"),)


class Imports(Construct):
    """`machine` runs `split_import`, `convert_import` and `finish_import`; `start_import` starts it for objects that appear
    under imports/; `collect_hooks` takes what other systems push."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, api: Api, ingest: Ingest,
                 analytics: lambda_.ILayerVersion) -> None:
        super().__init__(scope, id_)
        self._analytics = analytics
        minutes, settings = cdk.Duration.minutes(15), ImportSettings(
            bucket=data.bucket.bucket_name, definitions_table=data.definitions.table_name)
        # Workbooks and Parquet files are copied to the disk; all others are streamed.
        disk = cdk.Size.gibibytes(3)
        heavy = House(house.stage, [*house.layers, analytics])
        self.split_import = Function(self, "SplitImport", name="split_import", house=heavy, settings=settings, memory_mb=1_792,
                                     timeout=minutes, ephemeral_storage_size=disk)
        self.convert_import = Function(
            self, "ConvertImport", name="convert_import", house=house, memory_mb=1_792, timeout=minutes,
            settings=ConvertImportSettings(**settings.model_dump(), stream_name=ingest.stream.stream_name,
                                           profiles_table=data.profiles.table_name))
        self.finish_import = Function(self, "FinishImport", name="finish_import", house=heavy, settings=settings,
                                      memory_mb=1_024, timeout=minutes, ephemeral_storage_size=disk)
        self.machine = workflow(
            self, house=house, definition=DEFINITION,
            functions={"SplitImport": self.split_import, "ConvertImport": self.convert_import,
                       "FinishImport": self.finish_import},
            comment="Imports a file",
            untraced="Executions show every step; traces would be paid per task.")
        self.start_import = Function(
            self, "StartImport", name="start_import", house=house, memory_mb=512, timeout=cdk.Duration.minutes(1),
            settings=StartImportSettings(**settings.model_dump(), import_machine_arn=self.machine.state_machine_arn))
        self.collect_hooks = Function(
            self, "CollectHooks", name="collect_hooks", house=house, memory_mb=512, timeout=cdk.Duration.seconds(10),
            settings=CollectSettings(stream_name=ingest.stream.stream_name, definitions_table=data.definitions.table_name))
        self._grant(data, ingest)
        self._start_by_objects(data)
        for route in api.send(HOOK_ROUTES, self.collect_hooks):
            acknowledge(route, "APIG4", "Senders authenticate with a write key in the request, which collect_hooks checks.")

    def open_to(self, serve_admin: Function, data: Data) -> None:
        """Let the admin API make, look at, start and cancel imports."""
        serve_admin.add_environment("SOCLE_IMPORT_MACHINE_ARN", self.machine.state_machine_arn)
        serve_admin.add_layers(self._analytics)
        read = (UPLOADS_PREFIX, IMPORTS_PREFIX, RUNS_PREFIX)
        serve_admin.may(["s3:GetObject"], [serve_admin.objects(data.bucket, prefix) for prefix in read])
        serve_admin.may(["s3:PutObject"], [serve_admin.objects(data.bucket, prefix) for prefix in (UPLOADS_PREFIX, RUNS_PREFIX)])
        may_run(serve_admin, self.machine, "states:StopExecution")

    def _grant(self, data: Data, ingest: Ingest) -> None:
        split, convert, finish, start = self.split_import, self.convert_import, self.finish_import, self.start_import
        table, bucket = data.definitions.table_arn, data.bucket
        split.may(["dynamodb:GetItem", "dynamodb:PutItem"], [table])
        split.may(["s3:GetObject"], [split.objects(bucket, prefix) for prefix in (UPLOADS_PREFIX, IMPORTS_PREFIX, RUNS_PREFIX)])
        split.may(["s3:PutObject"], [split.objects(bucket, RUNS_PREFIX)])
        convert.may(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:BatchWriteItem"], [table])
        convert.may(["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"], [data.profiles.table_arn])
        kept = [convert.objects(bucket, prefix) for prefix in (RUNS_PREFIX, STATE_PREFIX)]
        convert.may(["s3:GetObject", "s3:PutObject"], kept)
        convert.may(["kinesis:PutRecords"], [ingest.stream.stream_arn])
        convert.lend_key(data.key, "kinesis", writes=True)
        finish.may(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem"], [table])
        finish.may(["s3:GetObject"], [finish.objects(bucket, prefix) for prefix in (UPLOADS_PREFIX, IMPORTS_PREFIX, RUNS_PREFIX)])
        finish.may(["s3:PutObject"], [finish.objects(bucket, RUNS_PREFIX)])
        start.may(["dynamodb:GetItem", "dynamodb:PutItem"], [table])
        start.may(["s3:GetObject"], [start.objects(bucket, IMPORTS_PREFIX)])
        start.may(["s3:PutObject"], [start.objects(bucket, RUNS_PREFIX)])
        start.may(["states:StartExecution"], [self.machine.state_machine_arn])
        for function in (split, convert, finish, start):
            function.lend_key(data.key, "dynamodb", writes=True)
            function.lend_key(data.key, "s3", writes=True)
            # S3 says 404 of a missing object only to those who may list.
            function.lend("SeeWhatIsMissing", ["s3:ListBucket"], [bucket.bucket_arn],
                          {"StringLikeIfExists": {"s3:prefix": [f"{RUNS_PREFIX}*"]}})
        self.collect_hooks.may(["kinesis:PutRecords"], [ingest.stream.stream_arn])
        self.collect_hooks.may(["dynamodb:GetItem"], [table])
        self.collect_hooks.lend_key(data.key, "kinesis", writes=True)
        self.collect_hooks.lend_key(data.key, "dynamodb")

    def _start_by_objects(self, data: Data) -> None:
        """S3 announces every new object to EventBridge, free of charge; those under imports/ reach start_import."""
        rule = events.CfnRule(
            self, "NewObjects", description="Files that appear under imports/<mapping>/ load by themselves",
            event_pattern={"source": ["aws.s3"], "detail-type": ["Object Created"],
                           "detail": {"bucket": {"name": [data.bucket.bucket_name]},
                                      "object": {"key": [{"prefix": IMPORTS_PREFIX}]}}},
            targets=[events.CfnRule.TargetProperty(id="start", arn=self.start_import.function_arn)])
        self.start_import.add_permission("EventBridge", principal=iam.ServicePrincipal("events.amazonaws.com"),
                                         source_arn=rule.attr_arn)
