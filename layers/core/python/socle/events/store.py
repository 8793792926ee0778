"""The event stream in Kinesis: the only place that calls PutRecords.

Access pattern: put the records of one request, all of them, or say that it did not work.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from socle.aws import Client
from socle.errors import Unavailable
from socle.events.group import Record

MAX_RECORDS = 500
MAX_BYTES = 5 * 1024 * 1024
"""What one PutRecords call takes, partition keys included (Kinesis Data Streams quotas)."""
ATTEMPTS = 4


class EventStream:
    """The stream that collect_events fills."""

    def __init__(self, name: str, client: Client | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._name = name
        # Time-outs: a request must be answered within the 10 s that clients and the function wait. The last two
        # settings save a fifth of a call's CPU (measured): records are well-formed by their type, and the SDK's long
        # User-Agent is built anew for each call.
        self._client = client or boto3.client("kinesis", config=Config(
            connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 2},
            parameter_validation=False, user_agent="socle"))
        self._sleep = sleep

    def put(self, records: Sequence[Record]) -> None:
        """Put all records; those that Kinesis refuses (throttled shards) are tried again ATTEMPTS times in all.

        Raises Unavailable(`stream_unavailable`) when some are not on the stream; others may be: the caller repeats
        all of them, and the consumer drops duplicates.
        """
        for part in _calls(records):
            for attempt in range(ATTEMPTS):
                if attempt:
                    self._sleep(0.05 * 2**attempt * random.uniform(0.5, 1))
                part = self._put(part)
                if not part:
                    break
            else:
                raise _unavailable()

    def _put(self, records: Sequence[Record]) -> list[Record]:
        """One call; the records that it did not take."""
        try:
            answer = self._client.put_records(
                StreamName=self._name, Records=[{"PartitionKey": key, "Data": data} for key, data in records])
        except (ClientError, BotoCoreError) as error:
            raise _unavailable() from error
        if not answer["FailedRecordCount"]:
            return []
        return [record for record, result in zip(records, answer["Records"], strict=True) if "ErrorCode" in result]


def _unavailable() -> Unavailable:
    return Unavailable("stream_unavailable", "events cannot be taken right now: send them again")


def _calls(records: Sequence[Record]) -> list[Sequence[Record]]:
    parts: list[list[Record]] = [[]]
    total = 0
    for record in records:
        count = len(record.key) + len(record.data)
        if len(parts[-1]) == MAX_RECORDS or total + count > MAX_BYTES:
            parts.append([])
            total = 0
        parts[-1].append(record)
        total += count
    return [part for part in parts if part]
