"""The lake: a workflow that compacts raw objects into Parquet every hour, and tables by which Athena and others read it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.data import ERASURES_PREFIX, LAKE_PREFIX, QUERIES_PREFIX, RAW_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.layers import ROOT
from infra.constructs.schedules import Schedules
from infra.constructs.workflow import workflow
from socle.settings import CompactSettings

DEFINITION = ROOT / "infra/workflows/compaction.asl.json"
GIB = 1 << 30
SCANNED_AT_MOST = 200 * GIB
"""Of one query in Athena: a dollar. Whoever needs more raises it knowingly."""

EVENTS = {
    "profile": "string", "at": "timestamp", "received": "timestamp", "type": "string", "name": "string", "source": "string",
    "message_id": "string", "part": "int", "order_id": "string", "currency": "string", "amount": "bigint",
    "properties": "string", "context": "string"}
PROFILES = {
    "profile": "string", "version": "bigint", "first_seen": "timestamp", "last_seen": "timestamp", "event_count": "bigint",
    "traits": "string", "identifiers": "string", "consent": "string", "orders": "string", "events": "string",
    "accounts": "array<string>", "locale": "string", "timezone": "string", "given": "string", "segments": "string",
    "evaluated": "bigint", "due": "timestamp"}
"""The columns that every file has; those that definitions use change with them and are for Socle's own queries."""


class Lake(Construct):
    """`machine` runs `compact_lake`; `database` has the tables, `work_group` is where people ask."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, schedules: Schedules,
                 analytics: lambda_.ILayerVersion) -> None:
        super().__init__(scope, id_)
        self.compact_lake = Function(
            self, "CompactLake", name="compact_lake", house=House(house.stage, [*house.layers, analytics]),
            memory_mb=3_584, timeout=cdk.Duration.minutes(15), ephemeral_storage_size=cdk.Size.gibibytes(10),
            settings=CompactSettings(bucket=data.bucket.bucket_name, definitions_table=data.definitions.table_name))
        self._grant(data)
        self.machine = workflow(
            self, house=house, definition=DEFINITION,
            functions={"CompactLake": self.compact_lake},
            comment="Compacts the lake",
            untraced="Its execution shows every step; traces would be paid per step.")
        schedules.start("Compaction", "rate(1 hour)", self.machine, data)
        self.database = self._database(house, data)
        self.work_group = self._work_group(house, data)

    def _grant(self, data: Data) -> None:
        compact, bucket = self.compact_lake, data.bucket
        prefixes = [compact.objects(bucket, prefix) for prefix in (RAW_PREFIX, ERASURES_PREFIX, LAKE_PREFIX)]
        # Whoever may not list is told 403 of an object that is missing, the first manifest among them.
        compact.may(["s3:ListBucket"], [bucket.bucket_arn], {"StringLikeIfExists": {
            "s3:prefix": [f"{RAW_PREFIX}*", f"{ERASURES_PREFIX}*", f"{LAKE_PREFIX}*"]}})
        compact.may(["s3:GetObject"], prefixes)
        compact.may(["s3:PutObject", "s3:DeleteObject"], [compact.objects(bucket, LAKE_PREFIX)])
        compact.may(["dynamodb:Query"], [data.definitions.table_arn])
        compact.lend_key(data.key, "dynamodb")
        compact.lend_key(data.key, "s3", writes=True)

    def _database(self, house: House, data: Data) -> glue.CfnDatabase:
        name = f"socle_{house.stage.name}".replace("-", "_")
        account = cdk.Stack.of(self).account
        database = glue.CfnDatabase(
            self, "Database", catalog_id=account, database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=name, description=f"Socle {house.stage.name}: events and profiles"))
        for id_, columns in (("Events", EVENTS), ("Profiles", PROFILES)):
            table = glue.CfnTable(
                self, id_, catalog_id=account, database_name=name, table_input=glue.CfnTable.TableInputProperty(
                    name=id_.lower(), table_type="EXTERNAL_TABLE",
                    parameters={"EXTERNAL": "TRUE", "classification": "parquet"},
                    storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                        columns=[glue.CfnTable.ColumnProperty(name=column, type=type_) for column, type_ in columns.items()],
                        # A file that names the files of the table: replaced at once, so that no query sees half a lake.
                        location=data.bucket.s3_url_for_object(f"{LAKE_PREFIX}tables/{id_.lower()}/"),
                        input_format="org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat",
                        output_format="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                        serde_info=glue.CfnTable.SerdeInfoProperty(
                            serialization_library="org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"))))
            table.add_resource_dependency(database)
        return database

    def _work_group(self, house: House, data: Data) -> athena.CfnWorkGroup:
        work_group = athena.CfnWorkGroup(
            self, "WorkGroup", name=f"socle-{house.stage.name}", description=f"Socle {house.stage.name}: questions to the lake",
            recursive_delete_option=True,
            work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
                bytes_scanned_cutoff_per_query=SCANNED_AT_MOST, enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                engine_version=athena.CfnWorkGroup.EngineVersionProperty(selected_engine_version="Athena engine version 3"),
                result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                    output_location=data.bucket.s3_url_for_object(QUERIES_PREFIX),
                    encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=data.key.key_arn))))
        return work_group
