"""AWS answered inside botocore, and counted as AWS counts: our CPU time is measured with boto3's, without a network.

Conditions are taken to hold: the benchmark has one writer. It knows the calls of the hot path and no others.
"""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from typing import Any

import botocore.handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

KIB = 1024

PRICES = {
    "dynamodb write units": 0.625e-6,
    "dynamodb read units": 0.125e-6,
    "kinesis KiB in": 0.08 / KIB / KIB,
    "kinesis KiB out": 0.04 / KIB / KIB,
    "s3 puts": 5e-6,
    "sqs requests": 0.4e-6,
}
"""USD, us-east-1 list prices: on-demand DynamoDB, on-demand Kinesis (1 KB rounding), S3 PUT, SQS."""


class Cloud:
    """Keeps DynamoDB items; `units` counts what would be billed."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self.units: Counter[str] = Counter()

    def install(self) -> None:
        """Answer every boto3 client that this process makes from now on."""
        botocore.handlers.BUILTIN_HANDLERS.append(("before-send", self._answer))

    def dollars(self) -> float:
        """What the counted units cost."""
        return sum(PRICES[name] * count for name, count in self.units.items())

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        _, _, operation = request.headers.get("X-Amz-Target", b"").decode().rpartition(".")
        if not operation:
            if request.method != "PUT":
                raise NotImplementedError(request.url)
            self.units["s3 puts"] += 1
            return _response(request, b"")
        answer = getattr(self, operation)(json.loads(request.body))
        return _response(request, json.dumps(answer).encode())

    def GetItem(self, call: dict[str, Any]) -> Any:
        return {"Item": {"source": {"S": "bench"}}}

    def BatchGetItem(self, call: dict[str, Any]) -> Any:
        ((table, wanted),) = call["RequestItems"].items()
        found = []
        for key in wanted["Keys"]:
            item = self.items.get((key["PK"]["S"], key["SK"]["S"]))
            self.units["dynamodb read units"] += -(-_size(item) // (4 * KIB)) if item else 1
            if item:
                found.append(item)
        return {"Responses": {table: found}, "UnprocessedKeys": {}}

    def PutItem(self, call: dict[str, Any]) -> Any:
        self._put(call["Item"], 1)
        return {}

    def TransactWriteItems(self, call: dict[str, Any]) -> Any:
        for action in call["TransactItems"]:
            self._put(action["Put"]["Item"], 2)
        return {}

    def _put(self, item: dict[str, Any], factor: int) -> None:
        self.items[item["PK"]["S"], item["SK"]["S"]] = item
        self.units["dynamodb write units"] += factor * -(-_size(item) // KIB)

    def PutRecords(self, call: dict[str, Any]) -> Any:
        for record in call["Records"]:
            size = len(base64.b64decode(record["Data"])) + len(record["PartitionKey"])
            self.units["kinesis KiB in"] += -(-size // KIB)
            self.units["kinesis KiB out"] += -(-size // KIB)
        return {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "s"} for _ in call["Records"]]}


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def _response(request: AWSPreparedRequest, body: bytes) -> AWSResponse:
    return AWSResponse(request.url, 200, {"x-amzn-RequestId": "0"}, _Raw(body))


def _size(item: dict[str, Any]) -> int:
    """Bytes of an item as DynamoDB counts them: names and values."""
    return sum(len(name) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "B":
        return len(content) * 3 // 4
    return len(content.encode()) if kind == "S" else (len(content) + 1) // 2 + 1
