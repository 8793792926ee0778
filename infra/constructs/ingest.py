"""The way of an event: HTTP API → collect_events → Kinesis → apply_events → tables and bucket → queue → run_effects."""

from __future__ import annotations

import json
from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as http
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.constructs.data import FAILED_PREFIX, Data
from infra.constructs.function import Function, House
from infra.constructs.nag import acknowledge
from infra.settings import StageSettings
from socle.settings import ApplySettings, CollectSettings, EffectsSettings

COLLECT_ROUTES = (("POST", "/v1/{call}"), ("GET", "/v1/projects/{writeKey}/settings"),
                  ("GET", "/health"), ("HEAD", "/health"))  # uptime monitors ask with HEAD

# No address, path or query: they hold IP addresses, write keys and identifiers of people.
_ACCESS_LOG = {
    "requestId": "$context.requestId", "time": "$context.requestTime", "route": "$context.routeKey",
    "status": "$context.status", "bytesOut": "$context.responseLength", "latencyMs": "$context.responseLatency",
    "integrationMs": "$context.integrationLatency", "error": "$context.error.message",
    "integrationError": "$context.integrationErrorMessage",
}


class Api(Construct):
    """The one HTTP API, with throttling, access logs and CORS. `url` is what clients call."""

    def __init__(self, scope: Construct, id_: str, *, stage: StageSettings, house: House) -> None:
        super().__init__(scope, id_)
        self.api = http.HttpApi(
            self, "Http",
            api_name=f"socle-{stage.name}",
            description=f"Socle {stage.name}: events and administration",
            create_default_stage=False,
            # Any web page may send events: analytics.js carries no cookie, so `*` gives away nothing. API Gateway
            # answers the preflights itself and replaces the CORS headers of the functions.
            cors_preflight=http.CorsPreflightOptions(
                allow_origins=["*"],
                allow_methods=[http.CorsHttpMethod.GET, http.CorsHttpMethod.POST, http.CorsHttpMethod.PUT,
                               http.CorsHttpMethod.DELETE, http.CorsHttpMethod.OPTIONS],
                allow_headers=["authorization", "content-encoding", "content-type", "if-match", "x-retry-count"],
                expose_headers=["retry-after"],
                max_age=cdk.Duration.days(1)),
        )
        access_logs = logs.LogGroup(self, "AccessLogs", retention=house.log_retention,
                                    removal_policy=cdk.RemovalPolicy.DESTROY)
        default_stage = http.HttpStage(
            self, "Stage", http_api=self.api, auto_deploy=True,
            throttle=http.ThrottleSettings(rate_limit=stage.request_rate, burst_limit=stage.request_burst),
            detailed_metrics_enabled=False)
        resource = default_stage.node.default_child
        assert isinstance(resource, http.CfnStage)  # noqa: S101 (for the type checker)
        resource.access_log_settings = http.CfnStage.AccessLogSettingsProperty(
            destination_arn=access_logs.log_group_arn, format=json.dumps(_ACCESS_LOG))
        self.url = self.api.api_endpoint
        if stage.domain is not None and stage.certificate_arn is not None:
            domain = http.DomainName(
                self, "Domain", domain_name=stage.domain,
                certificate=acm.Certificate.from_certificate_arn(self, "Certificate", stage.certificate_arn))
            http.ApiMapping(self, "Mapping", api=self.api, domain_name=domain, stage=default_stage)
            self.url = f"https://{stage.domain}"
            # What the DNS record of the domain must point to.
            cdk.CfnOutput(cdk.Stack.of(self), "DomainTarget", value=domain.regional_domain_name)

    def send(self, routes: Iterable[tuple[str, str]], function: Function,
             authorizer: http.IHttpRouteAuthorizer | None = None) -> list[http.HttpRoute]:
        """Send requests of these (method, path) to the function."""
        integration = HttpLambdaIntegration(function.name, function.called_as)
        return [http.HttpRoute(
            self, f"{method} {path}", http_api=self.api,
            route_key=http.HttpRouteKey.with_(path, http.HttpMethod[method]),
            integration=integration, authorizer=authorizer) for method, path in routes]


class Ingest(Construct):
    """`stream`, `effects`, `effects_dead_letters`, and the three functions between them."""

    def __init__(self, scope: Construct, id_: str, *, stage: StageSettings, house: House, data: Data, api: Api) -> None:
        super().__init__(scope, id_)
        self.stream = kinesis.Stream(
            self, "Stream", stream_mode=kinesis.StreamMode.ON_DEMAND,
            retention_period=cdk.Duration.hours(stage.stream_retention_hours),
            encryption=kinesis.StreamEncryption.KMS, encryption_key=data.key,
            removal_policy=house.removal_after_creation)
        acknowledge(self.stream, "KDS3", "The key of people's data: one policy and one trail cover the stream too.")
        self.effects_dead_letters = sqs.Queue(
            self, "EffectsDeadLetters", encryption=sqs.QueueEncryption.KMS, encryption_master_key=data.key,
            enforce_ssl=True, retention_period=cdk.Duration.days(14))
        self.effects = sqs.Queue(
            self, "Effects", encryption=sqs.QueueEncryption.KMS, encryption_master_key=data.key, enforce_ssl=True,
            # Shorter than the dead letters': a message keeps the time of its first queueing when it moves there.
            retention_period=cdk.Duration.days(10),
            visibility_timeout=cdk.Duration.minutes(6),  # six times the function's time-out, as Lambda asks
            # Some ten hours of tries, six minutes apart: a receiver may be down for a night.
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.effects_dead_letters, max_receive_count=100))
        self.collect_events = self._collect_events(house, data, api)
        self.apply_events = self._apply_events(stage, house, data)
        self.run_effects = self._run_effects(stage, house, data)

    def _collect_events(self, house: House, data: Data, api: Api) -> Function:
        function = Function(
            self, "CollectEvents", name="collect_events", house=house, memory_mb=512, timeout=cdk.Duration.seconds(10),
            settings=CollectSettings(stream_name=self.stream.stream_name,
                                     definitions_table=data.definitions.table_name))
        function.may(["kinesis:PutRecords"], [self.stream.stream_arn])
        function.may(["dynamodb:GetItem"], [data.definitions.table_arn])
        function.lend_key(data.key, "kinesis", writes=True)
        function.lend_key(data.key, "dynamodb")
        for route in api.send(COLLECT_ROUTES, function):
            acknowledge(route, "APIG4",
                        "Clients authenticate with the write key in the request, which collect_events checks: browsers "
                        "and Segment's SDKs can hold no other credential. /health says nothing.")
        return function

    def _apply_events(self, stage: StageSettings, house: House, data: Data) -> Function:
        function = Function(
            self, "ApplyEvents", name="apply_events", house=house, memory_mb=1024, timeout=cdk.Duration.minutes(2),
            settings=ApplySettings(
                profiles_table=data.profiles.table_name, definitions_table=data.definitions.table_name,
                bucket=data.bucket.bucket_name, effects_queue_url=self.effects.queue_url))
        function.may(["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem",
                      "dynamodb:Query", "dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"], [data.profiles.table_arn])
        function.may(["dynamodb:Query"], [data.definitions.table_arn])
        function.may(["s3:PutObject"],
                     [function.objects(data.bucket, prefix) for prefix in ("raw/", "quarantine/")])
        function.may(["sqs:SendMessage"], [self.effects.queue_arn])
        function.lend("ReadStreamByMapping", [
            "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator",
            "kinesis:ListShards"], [self.stream.stream_arn])
        function.lend("KeepFailedByMapping", ["s3:PutObject"], [function.objects(data.bucket, FAILED_PREFIX)])
        function.lend("FindFailedByMapping", ["s3:ListBucket"], [data.bucket.bucket_arn])
        for service in ("dynamodb", "s3", "sqs"):
            function.lend_key(data.key, service, writes=True)
        function.lend_key(data.key, "kinesis")
        mapping = lambda_.CfnEventSourceMapping(
            self, "ApplyEventsMapping",
            function_name=function.function_name,
            event_source_arn=self.stream.stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=1_000,
            # Fewer, larger batches are cheaper: each is one object in S3 and one call of the function.
            maximum_batching_window_in_seconds=stage.batch_window_seconds,
            # Two batches of a shard at a time; a person's records share a partition key and so stay in order.
            parallelization_factor=2,
            bisect_batch_on_function_error=True,
            function_response_types=["ReportBatchItemFailures"],
            # Poison is quarantined by code, so what fails is an outage: retried without limit. But not until the
            # records expire on the stream, for then they would be lost silently: before, the mapping moves them to S3.
            maximum_retry_attempts=-1,
            maximum_record_age_in_seconds=stage.record_age_hours * 3_600,
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=data.bucket.bucket_arn)),
            # How many records went to S3 or were dropped: the only witness of both (observability.py has the alarms).
            metrics_config=lambda_.CfnEventSourceMapping.MetricsConfigProperty(metrics=["EventCount"]),
        )
        mapping.node.add_dependency(function.role)  # creation is refused before the role may read the stream
        self.apply_mapping_id = mapping.attr_id
        return function

    def _run_effects(self, stage: StageSettings, house: House, data: Data) -> Function:
        function = Function(
            self, "RunEffects", name="run_effects", house=house, memory_mb=512, timeout=cdk.Duration.minutes(1),
            settings=EffectsSettings(
                profiles_table=data.profiles.table_name, definitions_table=data.definitions.table_name,
                signing_secret_arn=data.signing_secret.secret_arn, stream_name=self.stream.stream_name,
                effects_queue_url=self.effects.queue_url))
        # Writes accounts and who is in a segment, and gives people what segments ask of their accounts.
        function.may(["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem",
                      "dynamodb:Query"], [data.profiles.table_arn])
        function.may(["dynamodb:GetItem", "dynamodb:Query"], [data.definitions.table_arn])
        function.may(["kinesis:PutRecords"], [self.stream.stream_arn])
        function.may(["sqs:SendMessage"], [self.effects.queue_arn])
        function.may(["secretsmanager:GetSecretValue"], [data.signing_secret.secret_arn])
        function.lend("ReadQueueByMapping", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
                                             "sqs:ChangeMessageVisibility"], [self.effects.queue_arn])
        for service in ("dynamodb", "kinesis", "sqs"):
            function.lend_key(data.key, service, writes=True)
        function.lend_key(data.key, "secretsmanager")
        mapping = lambda_.CfnEventSourceMapping(
            self, "RunEffectsMapping",
            function_name=function.function_name,
            event_source_arn=self.effects.queue_arn,
            batch_size=5,  # each may wait for a slow webhook: all of them must fit the function's time-out
            function_response_types=["ReportBatchItemFailures"],
            # The rate budget: a storm of effects waits in the queue and takes no concurrency from ingestion.
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(
                maximum_concurrency=stage.effects_concurrency),
        )
        mapping.node.add_dependency(function.role)
        return function
