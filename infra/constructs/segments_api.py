"""What the admin API needs for segments beside the tables: previews over the lake, and the lake itself."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.constructs.data import LAKE_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.workflow import may_run
from socle.settings import PreviewSettings


class SegmentsApi(Construct):
    """`preview_segment`, which serve_admin calls and waits for."""

    def __init__(self, scope: Construct, id_: str, *, house: House, data: Data, analytics: lambda_.ILayerVersion) -> None:
        super().__init__(scope, id_)
        self.preview_segment = Function(
            self, "PreviewSegment", name="preview_segment", house=House(house.stage, [*house.layers, analytics]),
            # Two cores. It ends before serve_admin gives up waiting, and that before API Gateway does.
            memory_mb=3_584, timeout=cdk.Duration.seconds(25), ephemeral_storage_size=cdk.Size.gibibytes(2),
            settings=PreviewSettings(definitions_table=data.definitions.table_name, bucket=data.bucket.bucket_name))
        function = self.preview_segment
        function.may(["dynamodb:Query"], [data.definitions.table_arn])
        function.may(["s3:GetObject"], [function.objects(data.bucket, LAKE_PREFIX)])
        # IfExists: S3 says 404 of a missing object only to those who may list, and a GetObject has no prefix to compare.
        function.lend("SeeWhatIsMissing", ["s3:ListBucket"], [data.bucket.bucket_arn],
                      {"StringLikeIfExists": {"s3:prefix": [f"{LAKE_PREFIX}*"]}})
        for service in ("dynamodb", "s3"):
            function.lend_key(data.key, service)

    def open_to(self, serve_admin: Function, data: Data, machines: Mapping[str, sfn.StateMachine]) -> None:
        """Let the admin API ask for previews, start compactions and recomputes (`machines`: setting → workflow), and see what
        the lake holds."""
        serve_admin.add_environment("SOCLE_PREVIEW_FUNCTION", self.preview_segment.function_name)
        serve_admin.may(["lambda:InvokeFunction"], [self.preview_segment.function_arn])
        serve_admin.may(["s3:GetObject"], [data.bucket.arn_for_objects(f"{LAKE_PREFIX}manifest.json")])
        for setting, machine in machines.items():
            serve_admin.add_environment(f"SOCLE_{setting.upper()}", machine.state_machine_arn)
            may_run(serve_admin, machine)
