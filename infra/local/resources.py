"""The CloudFormation types that moto lacks: each with the AWS call that makes it, or with the reason why it may be absent."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from infra.local.cloud import ACCOUNT, REGION

Json = dict[str, Any]
Reader = Callable[[Json, Json, str], str]
"""(response, request, physical name) -> the value of a Ref or of an attribute."""


def own_name(_response: Json, _request: Json, physical_name: str) -> str:
    """A Ref that is the resource's own name."""
    return physical_name


def field(*path: str) -> Reader:
    """A value of the response."""
    def read(response: Json, _request: Json, _name: str) -> str:
        value: Any = response
        for step in path:
            value = value[step]
        return str(value)
    return read


def given(key: str) -> Reader:
    """A value of the request."""
    return lambda _response, request, _name: str(request[key])


def text(template: str) -> Reader:
    """Fixed text in which `{name}` is the physical name."""
    return lambda _response, _request, physical_name: template.format(name=physical_name)


class Make(NamedTuple):
    """How one type is made.

    service, operation   the boto3 call; the properties become its parameters, fitted to its input shape
    ref                  what Ref answers
    attributes           what Fn::GetAtt answers, by attribute
    name                 the property that names the resource; CloudFormation invents a name when it is missing
    prepare              (properties, physical name) -> parameters, where the two differ in shape
    finish               further calls: (client factory, properties, physical name) -> [(service, operation, parameters)]
    """

    service: str
    operation: str
    ref: Reader = own_name
    attributes: Mapping[str, Reader] = {}
    name: str = ""
    prepare: Callable[[Json, str], Json] | None = None
    finish: Callable[[Json, str], list[tuple[str, str, Json]]] | None = None


def table_extras(properties: Json, table: str) -> list[tuple[str, str, Json]]:
    """Time to live and point-in-time recovery are calls of their own."""
    calls: list[tuple[str, str, Json]] = []
    ttl = properties.get("TimeToLiveSpecification") or {}
    if ttl.get("AttributeName"):
        calls.append(("dynamodb", "update_time_to_live", {"TableName": table, "TimeToLiveSpecification": {
            "Enabled": True, "AttributeName": ttl["AttributeName"]}}))
    recovery = _replica(properties).get("PointInTimeRecoverySpecification") \
        or properties.get("PointInTimeRecoverySpecification") or {}
    if recovery.get("PointInTimeRecoveryEnabled"):
        calls.append(("dynamodb", "update_continuous_backups", {
            "TableName": table, "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}))
    return calls


def _replica(properties: Json) -> Json:
    return dict((properties.get("Replicas") or [{}])[0])


def _global_table(properties: Json, _name: str) -> Json:
    request = dict(properties)
    replica = _replica(properties)
    if properties.get("SSESpecification"):
        request["SSESpecification"] = {"Enabled": True, "SSEType": "KMS", **replica.get("SSESpecification", {})}
    request["DeletionProtectionEnabled"] = replica.get("DeletionProtectionEnabled", False)
    if "StreamSpecification" in properties:
        request["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
    return request


def _stream_extras(properties: Json, stream: str) -> list[tuple[str, str, Json]]:
    calls: list[tuple[str, str, Json]] = []
    if int(properties.get("RetentionPeriodHours", 24)) > 24:
        calls.append(("kinesis", "increase_stream_retention_period", {
            "StreamName": stream, "RetentionPeriodHours": properties["RetentionPeriodHours"]}))
    if "StreamEncryption" in properties:
        calls.append(("kinesis", "start_stream_encryption", {**properties["StreamEncryption"], "StreamName": stream}))
    return calls


def _secret(properties: Json, _name: str) -> Json:
    if "SecretString" in properties:
        return properties
    wish = properties.get("GenerateSecretString", {})
    password = secrets.token_urlsafe(64)[:int(wish.get("PasswordLength", 32))]
    if "GenerateStringKey" not in wish:
        return {**properties, "SecretString": password}
    document = json.loads(wish.get("SecretStringTemplate", "{}"))
    return {**properties, "SecretString": json.dumps({**document, wish["GenerateStringKey"]: password})}


def _definition(properties: Json) -> str:
    definition = str(properties.get("DefinitionString") or json.dumps(properties["Definition"]))
    for name, value in properties.get("DefinitionSubstitutions", {}).items():
        definition = definition.replace(f"${{{name}}}", value)
    return definition


def _event_destination(properties: Json, name: str) -> Json:
    asked = properties["EventDestination"]
    return {"ConfigurationSetName": properties["ConfigurationSetName"], "EventDestination": {
        "Name": asked.get("Name", name), "Enabled": asked["Enabled"],
        "MatchingEventTypes": [EVENT_TYPES.get(kind, kind) for kind in asked["MatchingEventTypes"]],
        "SNSDestination": {"TopicARN": asked["SnsDestination"]["TopicARN"]}}}


def _subscription(properties: Json, _name: str) -> Json:
    attributes = {name: properties[name] for name in ("RawMessageDelivery", "RedrivePolicy") if name in properties}
    return {"TopicArn": properties["TopicArn"], "Protocol": properties["Protocol"], "Endpoint": properties["Endpoint"],
            "Attributes": {name: value if isinstance(value, str) else json.dumps(value) for name, value in attributes.items()}}


EVENT_TYPES = {"SEND": "send", "REJECT": "reject", "BOUNCE": "bounce", "COMPLAINT": "complaint", "DELIVERY": "delivery",
               "RENDERING_FAILURE": "renderingFailure"}
"""Version 2's names of what SES reports, as version 1 has them; what that does not have stays as it is."""

_POOL = f"cognito-idp.{REGION}.amazonaws.com/"

MADE: dict[str, Make] = {
    "AWS::ApiGatewayV2::Api": Make("apigatewayv2", "create_api", field("ApiId"), {
        "ApiId": field("ApiId"), "ApiEndpoint": field("ApiEndpoint")}),
    "AWS::ApiGatewayV2::Stage": Make("apigatewayv2", "create_stage", given("StageName")),
    "AWS::ApiGatewayV2::Integration": Make("apigatewayv2", "create_integration", field("IntegrationId")),
    "AWS::ApiGatewayV2::Route": Make("apigatewayv2", "create_route", field("RouteId")),
    "AWS::ApiGatewayV2::Authorizer": Make("apigatewayv2", "create_authorizer", field("AuthorizerId"), {
        "AuthorizerId": field("AuthorizerId")}),
    "AWS::CloudWatch::Alarm": Make("cloudwatch", "put_metric_alarm", own_name, {
        "Arn": text(f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{{name}}")}, "AlarmName"),
    "AWS::CloudWatch::Dashboard": Make("cloudwatch", "put_dashboard", own_name, name="DashboardName"),
    "AWS::Cognito::UserPool": Make("cognito-idp", "create_user_pool", field("UserPool", "Id"), {
        "Arn": field("UserPool", "Arn"), "UserPoolId": field("UserPool", "Id"),
        "ProviderName": lambda response, _request, _name: _POOL + response["UserPool"]["Id"],
        "ProviderURL": lambda response, _request, _name: f"https://{_POOL}{response['UserPool']['Id']}",
    }, prepare=lambda properties, physical: {**properties, "PoolName": properties.get("UserPoolName", physical)}),
    "AWS::Cognito::UserPoolClient": Make("cognito-idp", "create_user_pool_client",
                                         field("UserPoolClient", "ClientId"),
                                         {"ClientId": field("UserPoolClient", "ClientId")}, "ClientName"),
    "AWS::Cognito::UserPoolDomain": Make("cognito-idp", "create_user_pool_domain", given("Domain")),
    "AWS::Cognito::UserPoolGroup": Make("cognito-idp", "create_group", given("GroupName")),
    "AWS::DynamoDB::GlobalTable": Make("dynamodb", "create_table", own_name, {
        "Arn": field("TableDescription", "TableArn"), "TableId": field("TableDescription", "TableId"),
        "StreamArn": field("TableDescription", "LatestStreamArn"),
    }, "TableName", _global_table, table_extras),
    "AWS::Glue::Database": Make("glue", "create_database",
                                lambda _response, request, _name: str(request["DatabaseInput"]["Name"])),
    "AWS::Glue::Table": Make("glue", "create_table",
                             lambda _response, request, _name: str(request["TableInput"]["Name"])),
    "AWS::Kinesis::Stream": Make("kinesis", "create_stream", own_name, {
        "Arn": text(f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{{name}}")}, "Name",
        lambda properties, physical: {**properties, "StreamName": physical}, _stream_extras),
    "AWS::Lambda::Alias": Make("lambda", "create_alias", field("AliasArn")),
    "AWS::SES::ConfigurationSet": Make(
        "sesv2", "create_configuration_set", given("ConfigurationSetName"),
        prepare=lambda properties, physical: {**properties, "ConfigurationSetName": properties.get("Name", physical)}),
    # moto's version 2 of SES lacks it, its version 1 keeps it.
    "AWS::SES::ConfigurationSetEventDestination": Make(
        "ses", "create_configuration_set_event_destination", own_name, prepare=_event_destination),
    "AWS::SES::EmailIdentity": Make(
        "sesv2", "create_email_identity", given("EmailIdentity"),
        {f"DkimDNSToken{part}{n}": text(f"{part.lower()}{n}") for part in ("Name", "Value") for n in (1, 2, 3)},
        prepare=lambda properties, _name: {"EmailIdentity": properties["EmailIdentity"]}),
    "AWS::SNS::Subscription": Make("sns", "subscribe", field("SubscriptionArn"), prepare=_subscription),
    "AWS::Scheduler::Schedule": Make("scheduler", "create_schedule", own_name, {"Arn": field("ScheduleArn")}, "Name"),
    "AWS::Scheduler::ScheduleGroup": Make("scheduler", "create_schedule_group", own_name,
                                          {"Arn": field("ScheduleGroupArn")}, "Name"),
    "AWS::SecretsManager::Secret": Make("secretsmanager", "create_secret", field("ARN"), {"Id": field("ARN")},
                                        "Name", _secret),
    # moto's own model of this type puts it where nothing is executed.
    "AWS::StepFunctions::StateMachine": Make(
        "stepfunctions", "create_state_machine", field("stateMachineArn"), {
            "Arn": field("stateMachineArn"), "Name": own_name}, "StateMachineName",
        lambda properties, physical: {**properties, "name": physical, "definition": _definition(properties)}),
}

STUBS: dict[str, str] = {
    "AWS::Athena::WorkGroup": "moto's Athena answers nothing but what it was told to; ask the files with DuckDB",
    "AWS::CDK::Metadata": "tells AWS which constructs are used; nothing here reads it",
    "AWS::CloudWatch::CompositeAlarm": "moto evaluates no alarms",
    "AWS::IAM::ServiceLinkedRole": "moto does not check permissions",
    "AWS::KMS::Alias": "keys are referred to by ARN; moto encrypts nothing",
    "AWS::Lambda::EventInvokeConfig": "asynchronous invocations are retried by nobody here",
    "AWS::Lambda::Permission": "moto does not check permissions",
    "AWS::Logs::MetricFilter": "logs of functions go to the terminal",
    "AWS::Logs::ResourcePolicy": "moto does not check permissions",
    "AWS::S3::BucketPolicy": "moto does not evaluate the conditions of bucket policies",
    "AWS::SNS::TopicPolicy": "moto does not check permissions",
    "AWS::SQS::QueuePolicy": "moto does not check permissions",
    "AWS::WAFv2::WebACL": "no firewall stands before the local machine",
    "AWS::WAFv2::WebACLAssociation": "no firewall stands before the local machine",
}
