"""What must not be lost: the tables, the bucket, the webhook signing secret, and the key that encrypts them."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.nag import acknowledge
from infra.settings import StageSettings

DUE_INDEX = "due"
RAW_PREFIX = "raw/"
ERASURES_PREFIX = "erasures/"
"""Markers of people who were erased: no rule ends them, or a replay would bring somebody back."""
REPLAYS_PREFIX = "replays/"
UPLOADS_PREFIX = "uploads/"
IMPORTS_PREFIX = "imports/"
"""Files that load by themselves: imports/<mapping>/<file>."""
RUNS_PREFIX = "import-runs/"
STATE_PREFIX = "import-state/"
"""What was sent of each mapping: no rule ends it, or a corrected file would count twice what it corrects."""
QUALITY_PREFIX = "quality/"
QUALITY_RUNS_PREFIX = "quality-runs/"
CATALOGUE_PREFIX = "catalogue/"
DUPLICATE_RUNS_PREFIX = "duplicate-runs/"
LAKE_PREFIX = "lake/"
EXPORTS_PREFIX = "exports/"
EXPORT_STATE_PREFIX = "export-state/"
"""What the next delta compares with: it outlives the files themselves, see socle.exports."""
REPORTS_PREFIX = "reports/"
"""The newest reports stay; what a run leaves under reports/rfm/ ends."""
SEGMENT_RUNS_PREFIX = "segments/runs/"
CAMPAIGNS_PREFIX = "campaigns/"
"""What a run froze, and what became of each of its people."""
JOURNEYS_PREFIX = "journeys/"
"""What the releases of journeys froze: no rule ends it, people are inside for up to a year."""
ASSETS_PREFIX = "assets/"
"""Images of messages: no rule ends them, mails that people keep show them."""
QUERIES_PREFIX = "queries/"
"""What Athena answered."""
FAILED_PREFIX = "aws/lambda/"
"""Where Lambda puts what a stream mapping gave up: `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/…`. AWS fixes the name."""


class Data(Construct):
    """`key`, `profiles`, `restored`, `definitions`, `bucket`, `signing_secret`.

    There are two tables for profiles: `profiles` is the live one, `restored` the one that a replay fills.
    """

    def __init__(self, scope: Construct, id_: str, *, stage: StageSettings) -> None:
        super().__init__(scope, id_)
        self._stage = stage
        # Tables are protected against deletion, so a roll-back could not take them along; what it can take, it takes.
        self._removal = cdk.RemovalPolicy.RETAIN if stage.keep else cdk.RemovalPolicy.DESTROY
        self._removal_after_creation = (
            cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if stage.keep else cdk.RemovalPolicy.DESTROY)
        self.key = kms.Key(self, "Key", description=f"Socle {stage.name}: people's data", enable_key_rotation=True,
                           removal_policy=self._removal_after_creation)
        first, second = self._profiles_table("Profiles"), self._profiles_table("Restored")
        self.profiles, self.restored = (first, second) if stage.live == "profiles" else (second, first)
        self.definitions = self._table("Definitions")
        self.bucket = self._bucket()
        self.signing_secret = secretsmanager.Secret(
            self, "SigningSecret", description=f"Socle {stage.name}: signs webhooks (HMAC)", encryption_key=self.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64, exclude_punctuation=True),
            removal_policy=self._removal_after_creation)
        acknowledge(self.signing_secret, "SMG4", "Every webhook receiver verifies with this secret: it can only be "
                    "changed together with them, never by a schedule.")

    def _profiles_table(self, id_: str) -> dynamodb.Table:
        table = self._table(id_)
        table.add_global_secondary_index(
            index_name=DUE_INDEX,
            partition_key=dynamodb.Attribute(name="dueShard", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="due", type=dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        return table

    def _table(self, id_: str) -> dynamodb.Table:
        return dynamodb.Table(
            self, id_,
            partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="SK", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                # As short as the bucket's old versions: then an erasure is final (AWS's own default is 35 days).
                point_in_time_recovery_enabled=True, recovery_period_in_days=self._stage.noncurrent_days),
            time_to_live_attribute="ttl",
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            deletion_protection=self._stage.keep,
            removal_policy=self._removal,
        )

    def _bucket(self) -> s3.Bucket:
        access_logs = s3.Bucket(
            self, "AccessLogs",
            encryption=s3.BucketEncryption.S3_MANAGED,  # S3 delivers access logs to no bucket with a KMS key
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[s3.LifecycleRule(id="logs-end", expiration=cdk.Duration.days(90))],
            removal_policy=self._removal_after_creation,
        )
        bucket = s3.Bucket(
            self, "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,  # one KMS call per bucket and hour instead of one per object
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            versioned=True,
            server_access_logs_bucket=access_logs,
            removal_policy=self._removal_after_creation,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="what-is-overwritten-or-deleted-goes",
                    noncurrent_version_expiration=cdk.Duration.days(self._stage.noncurrent_days),
                    expired_object_delete_marker=True,
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1)),
                *[s3.LifecycleRule(
                    id=f"{prefix}-gets-cheaper", prefix=f"{prefix}/",
                    transitions=[s3.Transition(storage_class=s3.StorageClass.INTELLIGENT_TIERING,
                                               transition_after=cdk.Duration.days(30))])
                  for prefix in ("raw", "lake")],
                *[s3.LifecycleRule(id=f"{prefix}-end", prefix=f"{prefix}/", expiration=cdk.Duration.days(days))
                  for prefix, days in (("exports", self._stage.file_days), ("export-state", 90),
                                       ("imports", self._stage.file_days),
                                       ("uploads", self._stage.file_days), ("import-runs", self._stage.file_days),
                                       ("replays", self._stage.file_days), ("quality-runs", self._stage.file_days),
                                       ("duplicate-runs", self._stage.file_days), ("queries", self._stage.file_days),
                                       ("reports/rfm", self._stage.file_days), ("segments/runs", self._stage.file_days),
                                       ("quarantine", self._stage.quarantine_days), ("campaigns", self._stage.campaign_days))],
            ],
        )
        # Through the resource itself: the construct's own way is a function of CDK's that sets it after the creation.
        resource = bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)  # noqa: S101 (for the type checker)
        resource.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True))
        return bucket
