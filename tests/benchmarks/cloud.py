"""AWS without a network: answers every boto3 call of this process, counts what it would cost, and leaves its own CPU out.

`Direct` is a client that asks it without boto3, so that the difference of two runs is boto3's share.
"""

from __future__ import annotations

import base64
import io
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import botocore.handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ClientError

from socle.costs import units
from tests.benchmarks.table import ConditionFailed, Table


class Cloud:
    """`table` keeps the items; `units` and `calls` count what would be billed; `cpu` is the seconds spent in here."""

    def __init__(self) -> None:
        self.units: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.table = Table(self.units)
        self.cpu = 0.0

    def install(self) -> None:
        """Answer every boto3 client that this process makes from now on."""
        botocore.handlers.BUILTIN_HANDLERS.append(("before-send", self._answer))

    def reset(self) -> None:
        """Count anew."""
        self.units.clear()
        self.calls.clear()

    def call(self, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """One call, with B as bytes. Raises ConditionFailed."""
        self.calls[operation] += 1
        answer: Callable[[Mapping[str, Any]], dict[str, Any]] | None = (
            getattr(self.table, operation, None) or getattr(self, operation, None))
        if answer is None:
            raise NotImplementedError(f"the benchmark does not know {operation}")
        return answer(parameters)

    def PutRecords(self, call: Mapping[str, Any]) -> dict[str, Any]:
        for record in call["Records"]:
            kib = units.kinesis_kib(record["PartitionKey"], record["Data"])
            self.units["kinesis KiB in"] += kib
            self.units["kinesis KiB out"] += kib
            self.units["kinesis records"] += 1
            self.units["kinesis payload units"] += units.kinesis_payload_units(record["PartitionKey"], record["Data"])
        return {"FailedRecordCount": 0, "Records": [{"SequenceNumber": "1", "ShardId": "s"} for _ in call["Records"]]}

    def PutObject(self, call: Mapping[str, Any]) -> dict[str, Any]:
        self.units["s3 puts"] += 1
        self.units["s3 bytes"] += len(call["Body"])
        return {}

    def SendMessageBatch(self, call: Mapping[str, Any]) -> dict[str, Any]:
        size = sum(len(entry["MessageBody"].encode()) for entry in call["Entries"])
        # Sent in tens, then received and deleted in fives, as run_effects' mapping does.
        self.units["sqs requests"] += units.sqs_requests(size) + 2 * -(-len(call["Entries"]) // 5)
        return {"Successful": [{"Id": entry["Id"], "MessageId": "0", "MD5OfMessageBody": ""} for entry in call["Entries"]]}

    def _answer(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        started = time.process_time()
        _, _, operation = request.headers.get("X-Amz-Target", b"").decode().rpartition(".")
        if not operation:
            operation = {"PUT": "PutObject"}[request.method]
            parameters: Any = {"Body": request.body.read() if hasattr(request.body, "read") else request.body}
        else:
            parameters = json.loads(request.body, object_hook=_from_wire)
        try:
            status, answer = 200, self.call(operation, parameters)
        except ConditionFailed:
            status, answer = 400, {"__type": "com.amazonaws#ConditionalCheckFailedException", "message": "it did not hold"}
        body = json.dumps(answer, default=_to_wire).encode() if operation != "PutObject" else b""
        response = AWSResponse(request.url, status, {"x-amzn-RequestId": "0"}, _Raw(body))
        self.cpu += time.process_time() - started
        return response


class Direct:
    """A boto3 client without boto3: `put_item(…)` is `PutItem` of the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def __getattr__(self, method: str) -> Callable[..., dict[str, Any]]:
        operation = "".join(word.capitalize() for word in method.split("_"))

        def call(**parameters: Any) -> dict[str, Any]:
            started = time.process_time()
            try:
                return self._cloud.call(operation, parameters)
            except ConditionFailed as error:
                raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, operation) from error
            finally:
                self._cloud.cpu += time.process_time() - started

        return call


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


def _from_wire(value: dict[str, Any]) -> dict[str, Any]:
    """Blobs travel as base64: of an attribute, and of a record."""
    for name in ("B", "Data"):
        if isinstance(value.get(name), str):
            value[name] = base64.b64decode(value[name])
    return value


def _to_wire(value: Any) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value))
