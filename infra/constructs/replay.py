"""Replay: a workflow that rebuilds all profiles from the raw objects, in the table that is not the live one."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.data import ERASURES_PREFIX, RAW_PREFIX, REPLAYS_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.layers import ROOT
from infra.constructs.workflow import workflow
from socle.settings import ReplayCompareSettings, ReplayPlanSettings, ReplaySettings

DEFINITION = ROOT / "infra/workflows/replay.asl.json"


class Replay(Construct):
    """`machine` runs `replay_plan`, `replay_raw` for every task of its three passes, `replay_copy`, `replay_compare` in a
    drill, and `replay_summary`."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data) -> None:
        super().__init__(scope, id_)
        papers = ReplayPlanSettings(bucket=data.bucket.bucket_name)
        self.replay_plan = Function(self, "ReplayPlan", name="replay_plan", house=house, settings=papers, memory_mb=512,
                                    timeout=cdk.Duration.minutes(15))
        self.replay_raw = Function(
            self, "ReplayRaw", name="replay_raw", house=house, memory_mb=1_792, timeout=cdk.Duration.minutes(15),
            settings=ReplaySettings(bucket=data.bucket.bucket_name, restored_table=data.restored.table_name))
        both = ReplayCompareSettings(bucket=data.bucket.bucket_name, restored_table=data.restored.table_name,
                                     profiles_table=data.profiles.table_name)
        self.replay_copy = Function(self, "ReplayCopy", name="replay_copy", house=house, settings=both, memory_mb=1_024,
                                    timeout=cdk.Duration.minutes(15))
        self.replay_compare = Function(self, "ReplayCompare", name="replay_compare", house=house, settings=both,
                                       memory_mb=1_024, timeout=cdk.Duration.minutes(15))
        self.replay_summary = Function(self, "ReplaySummary", name="replay_summary", house=house, settings=papers,
                                       memory_mb=512, timeout=cdk.Duration.minutes(15))
        self._grant(data)
        self.machine = self._machine(house, {
            "ReplayPlan": self.replay_plan, "ReplayRaw": self.replay_raw, "ReplayCopy": self.replay_copy,
            "ReplayCompare": self.replay_compare, "ReplaySummary": self.replay_summary})

    def _grant(self, data: Data) -> None:
        plan, raw, copy, compare, total = (
            self.replay_plan, self.replay_raw, self.replay_copy, self.replay_compare, self.replay_summary)
        plan.may(["s3:ListBucket"], [data.bucket.bucket_arn],
                 {"StringLike": {"s3:prefix": [f"{RAW_PREFIX}*", f"{ERASURES_PREFIX}*"]}})
        plan.may(["s3:PutObject"], [plan.objects(data.bucket, REPLAYS_PREFIX)])
        raw.may(["s3:GetObject"], [raw.objects(data.bucket, prefix) for prefix in (RAW_PREFIX, ERASURES_PREFIX, REPLAYS_PREFIX)])
        raw.may(["s3:PutObject"], [raw.objects(data.bucket, REPLAYS_PREFIX)])
        raw.may(["dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem",
                 "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"], [data.restored.table_arn])
        raw.lend_key(data.key, "dynamodb", writes=True)
        copy.may(["dynamodb:Scan"], [data.profiles.table_arn])
        copy.may(["dynamodb:BatchGetItem", "dynamodb:PartiQLInsert", "dynamodb:UpdateItem"], [data.restored.table_arn])
        copy.lend_key(data.key, "dynamodb", writes=True)
        copy.may(["s3:GetObject", "s3:PutObject"], [copy.objects(data.bucket, REPLAYS_PREFIX)])
        compare.may(["dynamodb:BatchGetItem", "dynamodb:Scan"], [data.profiles.table_arn, data.restored.table_arn])
        compare.lend_key(data.key, "dynamodb")
        compare.may(["s3:GetObject", "s3:PutObject"], [compare.objects(data.bucket, REPLAYS_PREFIX)])
        total.may(["s3:GetObject", "s3:PutObject"], [total.objects(data.bucket, REPLAYS_PREFIX)])
        for function in (plan, raw, copy, compare, total):
            function.lend_key(data.key, "s3", writes=True)
        for function in (raw, copy, compare, total):
            # S3 says 404 of a missing object only to those who may list.
            function.lend("SeeWhatIsMissing", ["s3:ListBucket"], [data.bucket.bucket_arn],
                          {"StringLikeIfExists": {"s3:prefix": [f"{REPLAYS_PREFIX}*"]}})

    def _machine(self, house: House, functions: Mapping[str, Function]) -> sfn.StateMachine:
        machine = workflow(
            self, house=house, definition=DEFINITION,
            functions=functions,
            comment="Rebuilds all profiles from the raw objects",
            untraced="A replay is rare, and its executions show every step; traces would be paid per task.")
        # A distributed Map starts its children as executions of its own machine, which so is named in its own role.
        children = iam.Policy(self, "Children", roles=[machine.role], statements=[
            iam.PolicyStatement(actions=["states:StartExecution"], resources=[machine.state_machine_arn])])
        children.node.add_dependency(machine)
        return machine
