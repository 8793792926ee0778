"""One Lambda function with the house defaults, and the two ways in which it gets permissions.

`may` grants what the function's own code calls. `lend` grants what an AWS service does in the function's name (reading
the stream for it, decrypting): its statement carries a Sid, so that infra.grants can tell the two kinds apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.layers import ARCHITECTURE, NEVER_SHIPPED, ROOT, RUNTIME
from infra.constructs.nag import acknowledge
from infra.settings import StageSettings
from socle.settings import Settings


class House:
    """What all functions of a stack share: the stage and the layers."""

    def __init__(self, stage: StageSettings, layers: Sequence[lambda_.ILayerVersion]) -> None:
        self.stage = stage
        self.layers = layers

    @property
    def log_retention(self) -> logs.RetentionDays:
        """How long logs are kept."""
        return {7: logs.RetentionDays.ONE_WEEK, 14: logs.RetentionDays.TWO_WEEKS, 30: logs.RetentionDays.ONE_MONTH,
                60: logs.RetentionDays.TWO_MONTHS, 90: logs.RetentionDays.THREE_MONTHS}[self.stage.log_retention_days]

    @property
    def removal(self) -> cdk.RemovalPolicy:
        """What becomes of data when the stack goes."""
        return cdk.RemovalPolicy.RETAIN if self.stage.keep else cdk.RemovalPolicy.DESTROY

    @property
    def removal_after_creation(self) -> cdk.RemovalPolicy:
        """The same, but gone when the stack could not be created: what a failed first deployment leaves is billed."""
        return cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if self.stage.keep else cdk.RemovalPolicy.DESTROY


class Function(lambda_.Function):
    """functions/<name>/handler.py on arm64 with the core layers, its own role and a log group that ends.

    X-Ray is off: the hot path would pay for a trace per batch, and the metrics answer what a trace would be asked.
    """

    def __init__(self, scope: Construct, id_: str, *, name: str, house: House, settings: Settings, memory_mb: int,
                 timeout: cdk.Duration, snap_start: bool = False, **options: Any) -> None:
        log_group = logs.LogGroup(scope, f"{id_}Logs", retention=house.log_retention,
                                  removal_policy=cdk.RemovalPolicy.DESTROY)
        self._role = iam.Role(scope, f"{id_}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        super().__init__(
            scope, id_,
            description=f"Socle {house.stage.name}: {name}",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            # The folder keeps its name inside the archive, so that modules import their siblings relatively.
            code=lambda_.Code.from_asset(str(ROOT / "functions"), ignore_mode=cdk.IgnoreMode.GIT,
                                         exclude=["/*", f"!/{name}", *NEVER_SHIPPED]),
            handler=f"{name}.handler.handler",
            layers=list(house.layers),
            role=self._role,
            log_group=log_group,
            memory_size=memory_mb,
            timeout=timeout,
            tracing=lambda_.Tracing.DISABLED,
            environment={**settings.to_env(), "POWERTOOLS_SERVICE_NAME": name, "POWERTOOLS_METRICS_NAMESPACE": "Socle",
                         "LOG_LEVEL": "INFO"},
            snap_start=lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if snap_start else None,
            **options,
        )
        self.name = name
        acknowledge(self, "L1", "Python 3.13 on purpose: the pinned wheels of the layer are built and tested for it.")
        self.lend("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.log_group_arn])
        # A snapshot belongs to a published version, so callers must name one: through the alias.
        self.called_as: lambda_.IFunction = self
        if snap_start:
            cdk.Validations.of(self).acknowledge(cdk.Acknowledgment(
                id="Annotation::@aws-cdk/aws-lambda:snapStartRequirePublish", reason="The alias below publishes a version."))
            self.called_as = lambda_.Alias(scope, f"{id_}Live", alias_name="live", version=self.current_version)

    def objects(self, bucket: s3.IBucket, prefix: str) -> str:
        """The ARN pattern of the objects under `prefix`, for `may` or `lend`."""
        bucket_id = cdk.Stack.of(bucket).get_logical_id(cast(cdk.CfnElement, bucket.node.default_child))
        acknowledge(self._role, f"IAM5[Resource::<{bucket_id}.Arn>/{prefix}*]",
                    "S3 names a set of objects by their prefix only, and object names are not known beforehand.")
        return bucket.arn_for_objects(f"{prefix}*")

    def may(self, actions: Sequence[str], resources: Sequence[str],
            conditions: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Allow what the function's own code calls."""
        self.add_to_role_policy(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions))

    def lend(self, sid: str, actions: Sequence[str], resources: Sequence[str],
             conditions: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Allow what an AWS service does with the function's role; `sid` says which and why."""
        self.add_to_role_policy(iam.PolicyStatement(
            sid=sid, actions=list(actions), resources=list(resources), conditions=conditions))

    def lend_key(self, key: kms.IKey, service: str, *, writes: bool = False) -> None:
        """Let `service` (`dynamodb`, `s3`, …) use the key for this function; nobody may use the key directly.

        Decrypt reads, and a writer asks for data keys and decrypts them again. For its writers DynamoDB documents more
        than the other services do (developer guide, "Encryption at rest: authorizing use of your KMS key").
        """
        actions = ["kms:Decrypt"]
        if service == "dynamodb":
            actions += ["kms:DescribeKey"]
        if writes:
            actions += ["kms:GenerateDataKey"]
        if writes and service == "dynamodb":
            actions += ["kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        self.lend(f"KeyThrough{service.title()}", actions, [key.key_arn],
                  {"StringEquals": {"kms:ViaService": f"{service}.{cdk.Stack.of(self).region}.amazonaws.com"}})
