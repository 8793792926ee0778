"""One shard of a stream and one queue, read as Lambda reads them. Source: Lambda developer guide, "Using Lambda with
Amazon Kinesis" / "… Amazon SQS", "Reporting batch item failures"."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
from moto.sqs.models import sqs_backends

from infra.local.cloud import ACCOUNT, REGION
from infra.local.pump import LONGEST_WINDOW, Source
from infra.local.runtime import Function, Outcome
from socle import clock

Record = dict[str, Any]
MAX_PAYLOAD = 5_500_000
"""Bytes of data in one stream batch: an invocation takes 6 MB, and data travels as base64."""


def of_mapping(spec: dict[str, Any], named: Callable[[str], Function]) -> list[Source]:
    """The sources of one AWS::Lambda::EventSourceMapping: one per shard, or one queue."""
    service = spec["EventSourceArn"].split(":")[2]
    function = named(spec["FunctionName"])
    if service == "sqs":
        return [Queue(spec, function)]
    if service == "kinesis":
        stream = spec["EventSourceArn"].partition("/")[2]
        shards = boto3.client("kinesis", region_name=REGION).list_shards(StreamName=stream)["Shards"]
        return [Shard(spec, function, stream, shard["ShardId"]) for shard in shards]
    raise ValueError(f"the local machine reads no {service}: {spec['EventSourceArn']}")


def failed_items(outcome: Outcome, spec: dict[str, Any], ids: list[str]) -> set[str]:
    """Which of `ids` a function reports as failed: all of them on an error or an answer that makes no sense."""
    if outcome.error is not None:
        return set(ids)
    if "ReportBatchItemFailures" not in spec.get("FunctionResponseTypes", []):
        return set()
    answer = outcome.answer if isinstance(outcome.answer, dict) else {}
    failures = answer.get("batchItemFailures") or []
    try:
        failed = {failure["itemIdentifier"] for failure in failures}
    except (TypeError, KeyError):
        return set(ids)
    return failed if failed <= set(ids) else set(ids)


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


class Shard:
    """One shard. It goes on only when a batch is done or given up, so order is kept; batches may be cut in halves."""

    def __init__(self, spec: dict[str, Any], function: Function, stream: str, shard_id: str) -> None:
        self.name = f"{stream}/{shard_id}"
        self._spec = spec
        self._function = function
        self._shard_id = shard_id
        self._kinesis = boto3.client("kinesis", region_name=REGION)
        self._iterator = self._kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        self._pending: list[tuple[list[Record], int]] = []

    def window(self) -> float:
        """The template's batching window, cut to what a person does not notice."""
        return min(LONGEST_WINDOW, float(self._spec.get("MaximumBatchingWindowInSeconds", 0)))

    def holds(self) -> bool:
        """Whether a batch is to be tried again."""
        return bool(self._pending)

    def step(self) -> bool | None:
        """Hand over the batch that is to be tried again, or else the next one."""
        if not self._pending:
            answer = self._kinesis.get_records(ShardIterator=self._iterator, Limit=int(self._spec.get("BatchSize", 100)))
            self._iterator = answer["NextShardIterator"]
            for batch in _by_size(answer["Records"]):
                self._pending.insert(0, ([self._record(raw) for raw in batch], 0))
        if not self._pending:
            return False
        batch, tries = self._pending.pop()
        batch = self._young_enough(batch)
        if not batch:
            return True
        ids = [record["kinesis"]["sequenceNumber"] for record in batch]
        outcome = self._function.invoke({"Records": batch})
        failed = failed_items(outcome, self._spec, ids)
        if not failed:
            return True
        first = min(ids.index(item) for item in failed)
        if outcome.error is not None and len(batch) > 1 and _true(self._spec.get("BisectBatchOnFunctionError")):
            middle = len(batch) // 2  # halving does not count as a retry
            self._pending += [(batch[middle:], tries), (batch[:middle], tries)]
        elif first > 0:
            self._pending.append((batch[first:], 0))
            return True
        elif 0 <= int(self._spec.get("MaximumRetryAttempts", -1)) <= tries:
            self._give_up(batch, "RetryAttemptsExhausted", tries + 1)
            return True
        else:
            self._pending.append((batch, tries + 1))
        return None

    def _young_enough(self, batch: list[Record]) -> list[Record]:
        limit = int(self._spec.get("MaximumRecordAgeInSeconds", -1))
        if limit < 0:
            return batch
        oldest = time.time() - limit
        late = [record for record in batch if record["kinesis"]["approximateArrivalTimestamp"] < oldest]
        if late:
            self._give_up(late, "RecordAgeExceeded", 1)
        return [record for record in batch if record["kinesis"]["approximateArrivalTimestamp"] >= oldest]

    def _give_up(self, batch: list[Record], condition: str, tries: int) -> None:
        """Lambda's invocation record goes to the on-failure destination; to S3 with the records themselves."""
        target = self._spec.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if not target:
            return
        now = datetime.fromtimestamp(clock.now() / 1000, UTC)
        arrivals = [datetime.fromtimestamp(record["kinesis"]["approximateArrivalTimestamp"], UTC) for record in batch]
        function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self._function.name}"
        document = {
            "requestContext": {"requestId": str(uuid.uuid4()), "functionArn": function_arn, "condition": condition,
                               "approximateInvokeCount": tries},
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0", "timestamp": now.isoformat().replace("+00:00", "Z"),
            "KinesisBatchInfo": {
                "shardId": self._shard_id, "streamArn": self._spec["EventSourceArn"], "batchSize": len(batch),
                "startSequenceNumber": batch[0]["kinesis"]["sequenceNumber"],
                "endSequenceNumber": batch[-1]["kinesis"]["sequenceNumber"],
                "approximateArrivalOfFirstRecord": min(arrivals).isoformat(),
                "approximateArrivalOfLastRecord": max(arrivals).isoformat()},
        }
        service = target.split(":")[2]
        if service == "sqs":
            client = boto3.client("sqs", region_name=REGION)
            url = client.get_queue_url(QueueName=target.rpartition(":")[2])["QueueUrl"]
            client.send_message(QueueUrl=url, MessageBody=json.dumps(document))
        elif service == "s3":
            document["payload"] = json.dumps({"Records": batch})
            key = (f"aws/lambda/{self._spec['UUID']}/{self._shard_id}/{now:%Y/%m/%d}/"
                   f"{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}")
            boto3.client("s3", region_name=REGION).put_object(
                Bucket=target.rpartition(":")[2].partition("/")[0], Key=key, Body=json.dumps(document).encode())
        else:
            raise ValueError(f"the local machine has no on-failure destination {target}")

    def _record(self, raw: dict[str, Any]) -> Record:
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0", "partitionKey": raw["PartitionKey"],
                "sequenceNumber": raw["SequenceNumber"], "data": base64.b64encode(raw["Data"]).decode(),
                "approximateArrivalTimestamp": raw["ApproximateArrivalTimestamp"].timestamp()},
            "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventName": "aws:kinesis:record",
            "eventID": f"{self._shard_id}:{raw['SequenceNumber']}", "awsRegion": REGION,
            "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/local", "eventSourceARN": self._spec["EventSourceArn"]}


def _by_size(records: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Batches in order, none with more data than one invocation takes."""
    batches: list[list[dict[str, Any]]] = []
    room = 0
    for record in records:
        size = len(record["Data"]) * 4 // 3 + 500
        if not batches or size > room:
            batches.append([])
            room = MAX_PAYLOAD
        batches[-1].append(record)
        room -= size
    return batches


class Queue:
    """One queue. What fails stays invisible for the queue's time-out; its redrive policy counts the deliveries."""

    def __init__(self, spec: dict[str, Any], function: Function) -> None:
        self.name = spec["EventSourceArn"].rpartition(":")[2]
        self._spec = spec
        self._function = function
        self._sqs = boto3.client("sqs", region_name=REGION)
        self._url = self._sqs.get_queue_url(QueueName=self.name)["QueueUrl"]

    def window(self) -> float:
        """The template's batching window, cut to what a person does not notice."""
        return min(LONGEST_WINDOW, float(self._spec.get("MaximumBatchingWindowInSeconds", 0)))

    def holds(self) -> bool:
        """Whether there are messages, also those that nobody sees for now."""
        return bool(sqs_backends[ACCOUNT][REGION].queues[self.name]._messages)

    def step(self) -> bool | None:
        """Receive up to a batch, hand it over, delete what is done."""
        messages = self._receive(int(self._spec.get("BatchSize", 10)))
        if not messages:
            return False
        records = [self._record(message) for message in messages]
        ids = [message["MessageId"] for message in messages]
        failed = failed_items(self._function.invoke({"Records": records}), self._spec, ids)
        done = [message for message in messages if message["MessageId"] not in failed]
        for start in range(0, len(done), 10):
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=[
                {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
                for n, message in enumerate(done[start:start + 10])])
        return True  # what failed is out of sight until its time-out, so there is always progress

    def _receive(self, wanted: int) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while len(messages) < wanted:
            more = self._sqs.receive_message(
                QueueUrl=self._url, MaxNumberOfMessages=min(10, wanted - len(messages)), WaitTimeSeconds=0,
                AttributeNames=["All"], MessageAttributeNames=["All"]).get("Messages", [])
            messages += more
            if not more:
                break
        return messages

    def _record(self, message: dict[str, Any]) -> Record:
        return {
            "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
            "attributes": message.get("Attributes", {}), "md5OfBody": message["MD5OfBody"],
            "messageAttributes": {
                key: {"stringValue": value.get("StringValue"), "dataType": value["DataType"],
                      "stringListValues": [], "binaryListValues": []}
                for key, value in message.get("MessageAttributes", {}).items()},
            "eventSource": "aws:sqs", "eventSourceARN": self._spec["EventSourceArn"], "awsRegion": REGION}
