"""Invocation records as Lambda writes them to S3, in the order and with the names of its developer guide."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from socle.events.group import Record

MAPPING = "5d51a4e5-9d3a-4c0e-8a57-5c9c4a1d2b3f"
SHARD = "shardId-000000000001"


def name(second: int, shard: str = SHARD) -> str:
    """An id: the object's name after aws/lambda/."""
    return f"{MAPPING}/{shard}/2026/11/14/2026-11-14T00.38.{second:02}-d1a8e0d2-0a52-4d6f-b1d0-2f6c7e0a9b11"


def document(records: Sequence[Record], **changed: Any) -> dict[str, Any]:
    """The document for a batch of these records; `changed` replaces fields, None leaves them out."""
    event = {"Records": [{
        "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": record.key,
                    "sequenceNumber": f"4960118965842235937883629852182763847532018901230970{place:04}",
                    "data": base64.b64encode(record.data).decode(), "approximateArrivalTimestamp": 1763080684.835},
        "eventSource": "aws:kinesis", "eventVersion": "1.0", "eventName": "aws:kinesis:record",
        "eventID": f"{SHARD}:{place}", "invokeIdentityArn": "arn:aws:iam::123456789012:role/role",
        "awsRegion": "us-east-2", "eventSourceARN": "arn:aws:kinesis:us-east-2:123456789012:stream/mystream",
    } for place, record in enumerate(records)]}
    found = {
        "requestContext": {"requestId": "c9b8fa9f-5a7f-xmpl-af9c-0c604cde93a5",
                           "functionArn": "arn:aws:lambda:us-east-2:123456789012:function:myfunction",
                           "condition": "RetryAttemptsExhausted", "approximateInvokeCount": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": "2026-11-14T00:38:06.021Z",
        "KinesisBatchInfo": {
            "shardId": SHARD,
            "startSequenceNumber": "49601189658422359378836298521827638475320189012309704722",
            "endSequenceNumber": "49601189658422359378836298522902373528957594348623495186",
            "approximateArrivalOfFirstRecord": "2026-11-14T00:38:04.835Z",
            "approximateArrivalOfLastRecord": "2026-11-14T00:38:05.580Z",
            "batchSize": len(records), "streamArn": "arn:aws:kinesis:us-east-2:123456789012:stream/mystream"},
        "payload": json.dumps(event),
    } | changed
    return {field: value for field, value in found.items() if value is not None}


def written(records: Sequence[Record], **changed: Any) -> bytes:
    """The object's bytes."""
    return json.dumps(document(records, **changed), indent=4).encode()
