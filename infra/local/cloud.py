"""moto made fit to be a cloud that runs for hours: one lock, one clock, quick routing, quick shards.

moto is written for tests: it is not safe for threads (it loses concurrent updates), tries some 300 URL patterns for
each request, appends to a Kinesis shard in O(shard), and reads the wall clock. `install` mends these.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from typing import Any

from moto import backend_index
from moto.core import botocore_stubber, responses
from moto.kinesis import models as kinesis
from moto.sqs import models as sqs

from infra.local.patching import replace
from socle import clock

ACCOUNT = "123456789012"
REGION = "us-east-1"

LOCK = threading.RLock()
"""Held for the length of one AWS call, except calls of Lambda: those run our handlers, which call AWS themselves."""

FIRST_SEQUENCE = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
"""Kinesis sequence numbers have 56 digits: whoever compares them as text or keeps them in a float should see it here."""

_LAMBDA = re.compile(r"https?://lambda\.")


def install(stack: ExitStack, arrived: Callable[[], None]) -> None:
    """Patch moto until `stack` closes. `arrived()` is called whenever a stream or a queue gets something to read."""
    _serialise_calls(stack)
    _route_quickly(stack)
    _quicken_shards(stack, arrived)
    _put_queues_on_the_clock(stack, arrived)


def _serialise_calls(stack: ExitStack) -> None:
    stubber = botocore_stubber.BotocoreStubber
    process = stubber.process_request

    def process_request(self: Any, request: Any) -> Any:
        if _LAMBDA.match(request.url):
            return process(self, request)
        with LOCK:
            return process(self, request)

    replace(stack, stubber, "process_request", process_request)


def _route_quickly(stack: ExitStack) -> None:
    """moto takes the first pattern that fits: try those of the services in daily use before the others."""
    daily = {"dynamodb", "kinesis", "sqs", "s3", "secretsmanager", "sns", "ses", "sesv2"}
    patterns = backend_index.backend_url_patterns
    ordered = sorted(patterns, key=lambda entry: entry[0] not in daily)
    replace(stack, backend_index, "backend_url_patterns", ordered)
    # The actions of a service are looked up for each request, by inspecting its class.
    replace(stack, responses, "method_names_from_class", cache(vars(responses)["method_names_from_class"]))


def _quicken_shards(stack: ExitStack, arrived: Callable[[], None]) -> None:
    shard = kinesis.Shard

    def put_record(self: Any, partition_key: str, data: str, explicit_hash_key: str) -> str:
        number = (next(reversed(self.records)) if self.records else FIRST_SEQUENCE) + 1
        self.records[number] = kinesis.Record(partition_key, data, number, explicit_hash_key)
        arrived()
        return str(number)

    def get_records(self: Any, last_sequence_id: str, limit: int | None) -> tuple[list[Any], int, int]:
        """Numbers are consecutive, so the place to read from needs no search."""
        last = int(last_sequence_id)
        if not self.records:
            return [], last, 0
        newest = next(reversed(self.records))
        number = max(last, newest - len(self.records)) + 1
        stop = min(newest, number + limit - 1) if limit else newest
        found = [self.records[n] for n in range(number, stop + 1)]
        if not found:
            return [], last, 0
        behind = self.records[newest].created_at - found[-1].created_at
        return found, found[-1].sequence_number, int(behind * 1000)

    replace(stack, shard, "put_record", put_record)
    replace(stack, shard, "get_records", get_records)
    replace(stack, shard, "get_max_sequence_number", lambda self: next(reversed(self.records), 0))


def _put_queues_on_the_clock(stack: ExitStack, arrived: Callable[[], None]) -> None:
    """Delays and visibility time-outs follow the one clock, so that advancing it redelivers what failed."""
    replace(stack, sqs, "unix_time_millis", lambda *_: float(clock.now()))
    add = sqs.Queue.add_message

    def add_message(self: Any, message: Any) -> None:
        add(self, message)
        arrived()

    replace(stack, sqs.Queue, "add_message", add_message)
