"""The admin API: serve_admin behind JWTs of a Cognito user pool, on the same HTTP API."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from aws_cdk.aws_apigatewayv2_authorizers import HttpUserPoolAuthorizer
from constructs import Construct

from infra.constructs.data import (
    CATALOGUE_PREFIX,
    ERASURES_PREFIX,
    FAILED_PREFIX,
    QUALITY_PREFIX,
    QUALITY_RUNS_PREFIX,
    Data,
)
from infra.constructs.function import Function, House
from infra.constructs.ingest import Api, Ingest
from infra.settings import StageSettings
from socle.settings import AdminSettings

# Not ANY: that would take the browser's preflight too, and the authorizer refuses it for want of a token. With the
# methods named, API Gateway answers OPTIONS itself.
ADMIN_ROUTES = tuple((method, "/api/{proxy+}") for method in ("GET", "POST", "PUT", "DELETE"))


class Admin(Construct):
    """`users` and `client` (Cognito), `serve_admin`."""

    def __init__(self, scope: Construct, id_: str, *, stage: StageSettings, house: House, data: Data, api: Api,
                 ingest: Ingest) -> None:
        super().__init__(scope, id_)
        self.users = cognito.UserPool(
            self, "Users",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            mfa=cognito.Mfa.REQUIRED,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            password_policy=cognito.PasswordPolicy(
                min_length=14, require_digits=True, require_lowercase=True, require_symbols=True,
                require_uppercase=True, temp_password_validity=cdk.Duration.days(3)),
            feature_plan=cognito.FeaturePlan.PLUS,
            standard_threat_protection_mode=cognito.StandardThreatProtectionMode.FULL_FUNCTION,
            deletion_protection=stage.keep,
            removal_policy=house.removal,
        )
        self.client = self.users.add_client(
            "Client",
            # By SRP from an application, or by whoever may call AdminInitiateAuth in this account (infra/README.md).
            auth_flows=cognito.AuthFlow(user_srp=True, admin_user_password=True),
            disable_o_auth=True,
            generate_secret=False,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=cdk.Duration.hours(1),
            id_token_validity=cdk.Duration.hours(1),
            refresh_token_validity=cdk.Duration.hours(12),
        )
        self.serve_admin = self._serve_admin(stage, house, data, ingest)
        authorizer = HttpUserPoolAuthorizer("Jwt", self.users, user_pool_clients=[self.client])
        api.send(ADMIN_ROUTES, self.serve_admin, authorizer)

    def _serve_admin(self, stage: StageSettings, house: House, data: Data, ingest: Ingest) -> Function:
        stream, bucket = ingest.stream, data.bucket
        function = Function(
            self, "ServeAdmin", name="serve_admin", house=house, memory_mb=512, timeout=cdk.Duration.seconds(29),
            snap_start=stage.snap_start,
            settings=AdminSettings(
                profiles_table=data.profiles.table_name, definitions_table=data.definitions.table_name,
                bucket=bucket.bucket_name, stream_name=stream.stream_name,
                effects_queue_url=ingest.effects.queue_url,
                signing_secret_arn=data.signing_secret.secret_arn, quality_machine="",
                import_machine_arn="", duplicates_machine="", rfm_machine="", export_machine="", lake_machine="",
                recompute_machine="", preview_function="", send_function="", report_function="",
                campaign_machine=""))  # named by `open_to` of these
        function.may(["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem",
                      "dynamodb:BatchWriteItem", "dynamodb:Query"], [data.profiles.table_arn])
        function.may(["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DeleteItem"],
                     [data.definitions.table_arn])
        quarantine, failed = function.objects(bucket, "quarantine/"), function.objects(bucket, FAILED_PREFIX)
        measured = [function.objects(bucket, prefix) for prefix in (QUALITY_PREFIX, QUALITY_RUNS_PREFIX, CATALOGUE_PREFIX)]
        function.may(["s3:GetObject"], measured)
        function.may(["s3:GetObject", "s3:DeleteObject"], [quarantine, failed])
        function.may(["s3:PutObject"], [quarantine, function.objects(bucket, ERASURES_PREFIX),
                                        function.objects(bucket, "raw/")])  # what an unmerge moves
        # IfExists: S3 says 404 of a missing object only to those who may list, and a GetObject has no prefix to compare.
        function.may(["s3:ListBucket"], [bucket.bucket_arn],
                     {"StringLikeIfExists": {"s3:prefix": ["quarantine/*", f"{FAILED_PREFIX}*"]}})
        function.may(["kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:PutRecords"],
                     [stream.stream_arn])
        function.may(["sqs:SendMessage"], [ingest.effects.queue_arn])
        function.may(["secretsmanager:GetSecretValue"], [data.signing_secret.secret_arn])
        for service in ("dynamodb", "s3", "kinesis", "sqs"):
            function.lend_key(data.key, service, writes=True)
        function.lend_key(data.key, "secretsmanager")
        return function
