"""Near-duplicates: a workflow that compares all profiles every Sunday, and proposes who may be one person."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.data import DUPLICATE_RUNS_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.layers import ROOT
from infra.constructs.schedules import Schedules
from infra.constructs.workflow import workflow
from socle.settings import FindDuplicatesSettings, ProposeDuplicatesSettings

DEFINITION = ROOT / "infra/workflows/duplicates.asl.json"


class Duplicates(Construct):
    """`machine` runs `propose_duplicates` for the steps around the comparison, and `find_duplicates` for that one."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, schedules: Schedules,
                 analytics: lambda_.ILayerVersion) -> None:
        super().__init__(scope, id_)
        bucket = data.bucket.bucket_name
        self.propose_duplicates = Function(
            self, "ProposeDuplicates", name="propose_duplicates", house=house, memory_mb=1_792, timeout=cdk.Duration.minutes(15),
            settings=ProposeDuplicatesSettings(
                profiles_table=data.profiles.table_name, definitions_table=data.definitions.table_name, bucket=bucket))
        self.find_duplicates = Function(
            self, "FindDuplicates", name="find_duplicates", house=House(house.stage, [*house.layers, analytics]),
            # DuckDB takes all six cores of the largest function; it spills to the disk what memory does not hold.
            memory_mb=10_240, timeout=cdk.Duration.minutes(15), ephemeral_storage_size=cdk.Size.gibibytes(10),
            settings=FindDuplicatesSettings(bucket=bucket))
        self._grant(data)
        self.machine = workflow(
            self, house=house, definition=DEFINITION,
            functions={"ProposeDuplicates": self.propose_duplicates, "FindDuplicates": self.find_duplicates},
            comment="Searches for near-duplicates among all profiles",
            untraced="One run a week, and its execution shows every step; traces would be paid per step.")
        schedules.start("Duplicates", "cron(0 2 ? * SUN *)", self.machine, data)

    def open_to(self, serve_admin: Function) -> None:
        """Let the admin API start a search."""
        serve_admin.add_environment("SOCLE_DUPLICATES_MACHINE", self.machine.state_machine_arn)
        serve_admin.may(["states:StartExecution"], [self.machine.state_machine_arn])

    def _grant(self, data: Data) -> None:
        propose, find, bucket = self.propose_duplicates, self.find_duplicates, data.bucket
        propose.may(["dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:PutItem"], [data.profiles.table_arn])
        propose.may(["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem"],
                    [data.definitions.table_arn])
        propose.may(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], [propose.objects(bucket, DUPLICATE_RUNS_PREFIX)])
        find.may(["s3:GetObject", "s3:PutObject"], [find.objects(bucket, DUPLICATE_RUNS_PREFIX)])
        propose.lend_key(data.key, "dynamodb", writes=True)
        for function in (propose, find):
            function.lend_key(data.key, "s3", writes=True)
