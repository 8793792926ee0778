"""One moto account a module with what the admin API reads and writes, and a client that speaks payload format 2.0."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import boto3
import pytest
from jsonschema import Draft202012Validator
from moto import mock_aws

from infra.local import statements

ENV = {
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
    "SOCLE_PROFILES_TABLE": "profiles", "SOCLE_DEFINITIONS_TABLE": "definitions", "SOCLE_BUCKET": "bucket",
    "SOCLE_EFFECTS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/effects",
    "SOCLE_STREAM_NAME": "stream", "POWERTOOLS_SERVICE_NAME": "serve_admin",
    "SOCLE_QUALITY_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:quality",
    "SOCLE_DUPLICATES_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:duplicates",
    "SOCLE_EXPORT_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:export",
    "SOCLE_LAKE_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:lake", "SOCLE_PREVIEW_FUNCTION": "preview_segment",
    "SOCLE_RECOMPUTE_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:recompute",
    "SOCLE_RFM_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:rfm",
    "SOCLE_CAMPAIGN_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:campaign",
    "SOCLE_SEND_FUNCTION": "send_message", "SOCLE_REPORT_FUNCTION": "report_campaign",
    "SOCLE_IMPORT_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:import",
}
CONTEXT = SimpleNamespace(function_name="serve_admin", memory_limit_in_mb=256, aws_request_id="lambda-request",
                          invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:serve_admin")


@dataclass
class Answer:
    """What a client sees."""

    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body, read strictly: no NaN."""
        return json.loads(self.text, parse_constant=lambda constant: pytest.fail(f"{constant} in an answer"))

    @property
    def error(self) -> dict[str, str]:
        """The error, in the project's one shape."""
        body = self.json
        assert set(body) == {"error"}
        assert {"code", "message"} <= set(body["error"]) <= {"code", "message", "field"}
        assert all(isinstance(value, str) for value in body["error"].values())
        return body["error"]


Call = Callable[..., Answer]


def http_event(method: str, path: str, query: dict[str, str] | str = "", body: Any = None,
               headers: dict[str, str] | None = None, is_base64: bool = False) -> dict[str, Any]:
    """A request as API Gateway hands it to the function. `body`: text as it is, anything else as JSON."""
    raw = query if isinstance(query, str) else urlencode(query)
    event: dict[str, Any] = {
        "version": "2.0", "routeKey": "ANY /api/{proxy+}", "rawPath": path, "rawQueryString": raw,
        "headers": {"host": "api.example.com", "authorization": "Bearer token", **(headers or {})},
        "requestContext": {"accountId": "123456789012", "apiId": "api", "domainName": "api.example.com",
                           "domainPrefix": "api", "requestId": "request-id", "routeKey": "ANY /api/{proxy+}",
                           "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1767225600000,
                           "http": {"method": method, "path": path, "protocol": "HTTP/1.1",
                                    "sourceIp": "192.0.2.1", "userAgent": "test"}},
        "isBase64Encoded": is_base64,
    }
    joined: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    if joined:
        event["queryStringParameters"] = joined
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    return event


@pytest.fixture(scope="module")
def account() -> Iterator[None]:
    """Tables, bucket, stream, secret and workflows."""
    with pytest.MonkeyPatch.context() as patch, mock_aws(), ExitStack() as stack:
        statements.install(stack)
        for name, value in ENV.items():
            patch.setenv(name, value)
        dynamodb = boto3.client("dynamodb")
        for table in ("profiles", "definitions"):
            due = [{"AttributeName": "dueShard", "AttributeType": "S"}, {"AttributeName": "due", "AttributeType": "N"}]
            extra: dict[str, Any] = {"GlobalSecondaryIndexes": [{
                "IndexName": "due", "Projection": {"ProjectionType": "KEYS_ONLY"},
                "KeySchema": [{"AttributeName": "dueShard", "KeyType": "HASH"},
                              {"AttributeName": "due", "KeyType": "RANGE"}]}]} if table == "profiles" else {}
            dynamodb.create_table(
                TableName=table, BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
                AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"},
                                      {"AttributeName": "SK", "AttributeType": "S"}, *(due if extra else [])], **extra)
        boto3.client("s3").create_bucket(Bucket="bucket")
        boto3.client("kinesis").create_stream(StreamName="stream", ShardCount=2)
        secret = boto3.client("secretsmanager").create_secret(Name="signing", SecretString="master")
        patch.setenv("SOCLE_SIGNING_SECRET_ARN", secret["ARN"])
        # They do nothing, at the places that the settings name.
        for machine in ("quality", "import", "duplicates", "rfm", "export", "lake", "recompute", "campaign"):
            boto3.client("stepfunctions").create_state_machine(
                name=machine, roleArn="arn:aws:iam::123456789012:role/any",
                definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}))
        yield


@pytest.fixture(scope="module")
def services(account: None) -> Iterator[Any]:
    """The collaborators of serve_admin in this account; a test may put a fake in the place of one."""
    from functions.serve_admin import collaborators

    collaborators.get.cache_clear()
    yield collaborators.get()
    collaborators.get.cache_clear()


@pytest.fixture(scope="module")
def call(services: Any) -> Call:
    """Send one request: call("GET", "/api/sources", query={"limit": "5"}) -> Answer."""
    from functions.serve_admin.handler import handler

    def send(method: str, path: str, query: dict[str, str] | str = "", body: Any = None,
             headers: dict[str, str] | None = None, is_base64: bool = False) -> Answer:
        answer = handler(http_event(method, path, query, body, headers, is_base64), CONTEXT)
        text = answer.get("body") or ""
        if answer.get("isBase64Encoded"):
            text = base64.b64decode(text).decode()
        assert "Traceback" not in text
        assert answer["headers"]["Cache-Control"] == "no-store"
        found = Answer(answer["statusCode"], text, {k.lower(): v for k, v in answer.get("headers", {}).items()})
        hold_to_document(document, method, path, found)
        return found

    document = json.loads(handler(http_event("GET", "/api/openapi.json"), CONTEXT)["body"])
    return send


def hold_to_document(document: dict[str, Any], method: str, path: str, answer: Answer) -> None:
    """The answer's status and shape are what the OpenAPI document says about this route."""
    for template, operations in sorted(document["paths"].items(), key=lambda item: item[0].count("{")):
        pattern = re.escape(template).replace(r"\{", "{").replace(r"\}", "}")
        if method.lower() in operations and re.fullmatch(re.sub(r"{\w+}", "[^/]+", pattern), path):
            break
    else:
        assert answer.status in (400, 404, 405, 413)
        return
    documented = operations[method.lower()]["responses"]
    assert str(answer.status) in documented, f"{method} {template} answers {answer.status}, which is not documented"
    content = documented[str(answer.status)].get("content")
    if content:
        kind = answer.headers["content-type"].partition(";")[0]
        schema = {**content[kind]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(answer.json if kind == "application/json" else answer.text)
    else:
        assert answer.text == ""
