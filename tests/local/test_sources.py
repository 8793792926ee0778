"""Streams and queues are delivered by Lambda's rules."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.local import cloud
from infra.local.cloud import ACCOUNT, REGION
from infra.local.pump import STUCK_AFTER, Pump, Stuck
from infra.local.runtime import Function
from infra.local.sources import of_mapping
from socle import clock

Decide = Callable[[list[str]], Any]


class Consumer(Function):
    """A function that remembers what each delivery held and answers as it is told."""

    def __init__(self, decide: Decide = lambda _bodies: None) -> None:
        super().__init__("consumer", "consumer.handler.handler", {}, 3, 128)
        self.deliveries: list[list[str]] = []
        self._decide = decide
        self._call = self._handle

    def _handle(self, event: Any, _context: Any) -> Any:
        bodies = [base64.b64decode(record["kinesis"]["data"]).decode() if "kinesis" in record else record["body"]
                  for record in event["Records"]]
        ids = [record["kinesis"]["sequenceNumber"] if "kinesis" in record else record["messageId"]
               for record in event["Records"]]
        self.deliveries.append(bodies)
        failed = self._decide(bodies)
        return {"batchItemFailures": [{"itemIdentifier": ids[bodies.index(body)]} for body in failed or []]}


class Bench:
    """A cloud with one stream, one queue with dead letters, and a bucket for what failed."""

    def __init__(self) -> None:
        self.pump = Pump()
        self.kinesis = boto3.client("kinesis", region_name=REGION)
        self.sqs = boto3.client("sqs", region_name=REGION)
        self.s3 = boto3.client("s3", region_name=REGION)
        self.kinesis.create_stream(StreamName="stream", ShardCount=1)
        self.s3.create_bucket(Bucket="failed-records")
        self.dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        self.url = self.sqs.create_queue(QueueName="queue", Attributes={
            "VisibilityTimeout": "60", "RedrivePolicy": json.dumps({
                "maxReceiveCount": 3, "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"})})["QueueUrl"]

    def read_stream(self, consumer: Function, **spec: Any) -> None:
        self.pump.add(of_mapping({
            "EventSourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/stream", "FunctionName": "consumer",
            "FunctionResponseTypes": ["ReportBatchItemFailures"], "UUID": "m", "DestinationConfig": {
                "OnFailure": {"Destination": "arn:aws:s3:::failed-records"}}, **spec}, lambda _name: consumer))

    def read_queue(self, consumer: Function, **spec: Any) -> None:
        self.pump.add(of_mapping({
            "EventSourceArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue", "FunctionName": "consumer",
            "FunctionResponseTypes": ["ReportBatchItemFailures"], **spec}, lambda _name: consumer))

    def put(self, *bodies: str) -> None:
        self.kinesis.put_records(StreamName="stream", Records=[
            {"Data": body.encode(), "PartitionKey": "p"} for body in bodies])

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def failed(self) -> list[dict[str, Any]]:
        found = self.s3.list_objects_v2(Bucket="failed-records").get("Contents", [])
        return [json.loads(self.s3.get_object(Bucket="failed-records", Key=entry["Key"])["Body"].read())
                for entry in found]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(clock, "_ahead", 0)
    with ExitStack() as stack:
        stack.enter_context(mock_aws())
        made: list[Bench] = []
        cloud.install(stack, lambda: made[0].pump.arrived() if made else None)
        made.append(Bench())
        yield made[0]


def fail_while(test: Callable[[list[str]], bool]) -> Decide:
    def decide(bodies: list[str]) -> None:
        if test(bodies):
            raise RuntimeError("no")
    return decide


def test_a_stream_is_read_in_order_and_in_batches_as_large_as_allowed(bench: Bench) -> None:
    consumer = Consumer()
    bench.read_stream(consumer, BatchSize=3)
    bench.put(*"abcdefgh")
    bench.pump.drain()
    assert consumer.deliveries == [list("abc"), list("def"), list("gh")]


def test_a_stream_goes_on_from_the_first_record_that_failed(bench: Bench) -> None:
    tries = iter([["c", "b"], [], []])
    consumer = Consumer(lambda _bodies: next(tries))
    bench.read_stream(consumer)
    bench.put(*"abcd")
    bench.pump.drain()
    assert consumer.deliveries == [list("abcd"), list("bcd")]


def test_an_error_repeats_the_batch_and_nothing_overtakes_it(bench: Bench) -> None:
    left = [2]

    def decide(_bodies: list[str]) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise RuntimeError("no")

    consumer = Consumer(decide)
    bench.read_stream(consumer, BatchSize=2)
    bench.put(*"abc")
    bench.pump.drain()
    assert consumer.deliveries == [["a", "b"], ["a", "b"], ["a", "b"], ["c"]]


def test_bisecting_leaves_the_bad_record_alone_and_moves_it_to_s3(bench: Bench) -> None:
    consumer = Consumer(fail_while(lambda bodies: "bad" in bodies))
    bench.read_stream(consumer, BisectBatchOnFunctionError=True, MaximumRetryAttempts=2)
    bench.put("a", "b", "bad", "c")
    bench.pump.drain()
    done = [body for delivery in consumer.deliveries if "bad" not in delivery for body in delivery]
    assert done == ["a", "b", "c"]
    assert consumer.deliveries.count(["bad"]) == 3
    (kept,) = bench.failed()
    assert kept["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert kept["KinesisBatchInfo"]["batchSize"] == 1
    (record,) = json.loads(kept["payload"])["Records"]
    assert base64.b64decode(record["kinesis"]["data"]) == b"bad"


def test_a_record_that_is_too_old_is_moved_to_s3_unread(bench: Bench) -> None:
    consumer = Consumer()
    bench.read_stream(consumer, MaximumRecordAgeInSeconds=0)
    bench.put("old")
    bench.pump.drain()
    assert not consumer.deliveries
    assert bench.failed()[0]["requestContext"]["condition"] == "RecordAgeExceeded"


def test_draining_says_so_when_a_function_never_gets_on(bench: Bench) -> None:
    consumer = Consumer(fail_while(lambda _bodies: True))
    bench.read_stream(consumer, MaximumRetryAttempts=-1)
    bench.put("a")
    with pytest.raises(Stuck, match="stream"):
        bench.pump.drain()
    assert len(consumer.deliveries) == STUCK_AFTER


@pytest.mark.parametrize("answer", ["nonsense", {"batchItemFailures": [{"itemIdentifier": "other"}]},
                                    {"batchItemFailures": [{"wrong": 1}]}, {"batchItemFailures": [{"itemIdentifier": ""}]}])
def test_failures_that_make_no_sense_fail_the_whole_batch(bench: Bench, answer: Any) -> None:
    answers = iter([answer, None])
    consumer = Consumer()
    deliveries: list[int] = []

    def handle(event: Any, _context: Any) -> Any:
        deliveries.append(len(event["Records"]))
        return next(answers)

    consumer._call = handle
    bench.read_stream(consumer)
    bench.put(*"ab")
    bench.pump.drain()
    assert deliveries == ([2] if answer == "nonsense" else [2, 2])


def test_sequence_numbers_are_as_long_as_those_of_aws_and_grow(bench: Bench) -> None:
    numbers = [bench.kinesis.put_record(StreamName="stream", Data=b"", PartitionKey="p")["SequenceNumber"]
               for _ in range(3)]
    assert [len(number) for number in numbers] == [56, 56, 56]
    assert numbers == sorted(numbers)


def test_a_stream_can_be_read_again_after_any_record(bench: Bench) -> None:
    bench.put(*"abcd")
    shard = {"StreamName": "stream", "ShardId": "shardId-000000000000"}

    def read(**where: Any) -> list[bytes]:
        iterator = bench.kinesis.get_shard_iterator(**shard, **where)["ShardIterator"]
        return [record["Data"] for record in bench.kinesis.get_records(ShardIterator=iterator, Limit=2)["Records"]]

    iterator = bench.kinesis.get_shard_iterator(**shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    second = bench.kinesis.get_records(ShardIterator=iterator)["Records"][1]["SequenceNumber"]
    assert read(ShardIteratorType="TRIM_HORIZON") == [b"a", b"b"]
    assert read(ShardIteratorType="AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=second) == [b"c", b"d"]
    assert read(ShardIteratorType="AT_SEQUENCE_NUMBER", StartingSequenceNumber=second) == [b"b", b"c"]
    assert read(ShardIteratorType="LATEST") == []


def test_a_queue_forgets_what_is_done_and_keeps_what_failed(bench: Bench) -> None:
    fails = [["b"], []]
    consumer = Consumer(lambda _bodies: fails.pop(0))
    bench.read_queue(consumer)
    bench.send(*"abc")
    bench.pump.drain()
    assert consumer.deliveries == [["a", "b", "c"]]
    clock.advance(61 * clock.SECOND)
    bench.pump.drain()
    assert consumer.deliveries == [["a", "b", "c"], ["b"]]


def test_a_message_that_fails_too_often_becomes_a_dead_letter(bench: Bench) -> None:
    consumer = Consumer(fail_while(lambda _bodies: True))
    bench.read_queue(consumer)
    bench.send("bad")
    for _ in range(4):
        bench.pump.drain()
        clock.advance(61 * clock.SECOND)
    assert len(consumer.deliveries) == 3
    assert bench.sqs.receive_message(QueueUrl=bench.dead)["Messages"][0]["Body"] == "bad"


def test_without_partial_answers_a_batch_fails_by_its_error_only(bench: Bench) -> None:
    consumer = Consumer(lambda bodies: bodies)
    bench.read_queue(consumer, FunctionResponseTypes=[])
    bench.send("a")
    bench.pump.drain()
    clock.advance(61 * clock.SECOND)
    bench.pump.drain()
    assert consumer.deliveries == [["a"]]


def test_threads_deliver_soon_and_stop(bench: Bench) -> None:
    from threading import Event

    seen = Event()
    bench.read_stream(Consumer(lambda _bodies: seen.set()), MaximumBatchingWindowInSeconds=1)
    bench.pump.start()
    bench.put("a")
    assert seen.wait(5)
    bench.pump.stop()
    assert not any(thread.is_alive() for thread in bench.pump._threads)
