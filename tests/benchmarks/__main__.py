"""`make bench`: CPU time of the hot paths, AWS units per event, import times. It prints; it judges nothing.

CPU time of this process, median over rounds, with boto3's share and without a network. Compare ratios, not machines.
"""

from __future__ import annotations

import base64
import contextlib
import io
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ |= {
    "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_METRICS_NAMESPACE": "Socle", "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_LOG_LEVEL": "WARNING",
    "SOCLE_PROFILES_TABLE": "profiles", "SOCLE_DEFINITIONS_TABLE": "definitions", "SOCLE_STREAM_NAME": "events",
    "SOCLE_BUCKET": "bucket", "SOCLE_EFFECTS_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/1/effects",
    "SOCLE_SIGNING_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:1:secret:bench",
}  # fmt: skip

import boto3

from socle.consumer.service import Consumer, Record
from socle.events.stream import encode_events
from socle.lake.store import RawStore
from socle.profiles.store import ProfileStore
from tests.benchmarks.cloud import Cloud
from tests.benchmarks.traffic import NOW, PER_PERSON, PER_REQUEST, Traffic
from tests.memory import MemoryProfiles, MemoryQuarantine, MemoryQueue, MemoryRaw

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 5
PEOPLE = 333
KEY = "Basic " + base64.b64encode(b"bench:").decode()


def main() -> None:
    cloud = Cloud()
    cloud.install()
    print(f"Reference stream: batches of {PEOPLE * PER_PERSON} events of 577 B, {PER_PERSON} per person touched.\n")
    print("apply_events                        CPU µs/event          AWS units per event          USD per 1M events")
    print("                             with boto3  domain only    written     read                of these units")
    for name, history, people in (("cold: new people", 0, PEOPLE), ("warm: 20 events", 20, PEOPLE), ("mature: 500", 500, 40)):
        with_boto3, units, dollars = consumer_with_boto3(cloud, history, people)
        domain = consumer_alone(history, people)
        written, read = units.get("dynamodb write units", 0), units.get("dynamodb read units", 0)
        print(f"  {name:24} {with_boto3:12.0f} {domain:12.0f} {written:10.2f} {read:8.2f} {dollars * 1e6:26.2f}")
    per_request, kib = collect(cloud)
    print(f"\ncollect_events, {PER_REQUEST} events a request: {per_request:.2f} ms CPU, {kib:.1f} KiB on the stream")
    print("\nImport of a handler, ms CPU (best of 5):")
    for folder in sorted((ROOT / "functions").iterdir()):
        if (folder / "handler.py").exists():
            print(f"  {folder.name:16} {import_time(folder.name):6.0f}")


def consumer_with_boto3(cloud: Cloud, history: int, people: int) -> tuple[float, dict[str, float], float]:
    """(CPU µs, units by name, dollars), each per event."""
    cloud.items.clear()
    dynamodb, s3 = boto3.client("dynamodb"), boto3.client("s3")
    consumer = _consumer(ProfileStore(dynamodb, "profiles"), RawStore(s3, "bucket"))
    cpu = _apply(consumer, history, people, before=cloud.units.clear)
    events = ROUNDS * people * PER_PERSON
    return cpu, {name: count / events for name, count in cloud.units.items()}, cloud.dollars() / events


def consumer_alone(history: int, people: int) -> float:
    """CPU µs per event with stores that are dictionaries."""
    return _apply(_consumer(MemoryProfiles(), MemoryRaw()), history, people)


def _consumer(profiles: Any, raw: Any) -> Consumer:
    ids = iter(range(10_000_000))
    return Consumer(profiles, raw, MemoryQuarantine(), MemoryQueue(), lambda: {}, lambda: f"{next(ids):019d}")  # type: ignore[arg-type]


def _apply(consumer: Consumer, history: int, people: int, before: Callable[[], None] = lambda: None) -> float:
    traffic = Traffic(seed=1)
    if history:
        who = [f"user-{number:08d}" for number in range(people)]
        for start in range(0, people, 10):
            consumer.apply(_records([encode_events(traffic.history(who[start : start + 10], history))]))
    times = []
    before()
    for number in range(ROUNDS):
        who = [f"user-{number * people * (not history) + index:08d}" for index in range(people)]
        records = _records(traffic.records(who))
        started = time.process_time()
        consumer.apply(records)
        times.append(time.process_time() - started)
    return statistics.median(times) / (people * PER_PERSON) * 1e6


_sequence = iter(range(10**9))


def _records(data: list[bytes]) -> list[Record]:
    return [Record("shardId-000000000000", f"{next(_sequence):056d}", NOW, one) for one in data]


def collect(cloud: Cloud) -> tuple[float, float]:
    """(ms CPU, KiB on the stream) per request."""
    from functions.collect_events.handler import handler

    bodies = Traffic(seed=2).requests([f"user-{number:08d}" for number in range(400 * PER_REQUEST // PER_PERSON)])[:300]
    requests = [_request(body) for body in bodies]
    context = SimpleNamespace(function_name="collect_events")
    times = []
    with contextlib.redirect_stdout(io.StringIO()):  # the metrics, which CloudWatch would read
        for request in requests[:20]:
            assert handler(request, context)["statusCode"] == 200
        cloud.units.clear()
        for request in requests:
            started = time.process_time()
            handler(request, context)
            times.append(time.process_time() - started)
    return statistics.median(times) * 1e3, cloud.units["kinesis KiB in"] / len(requests)


def _request(body: bytes) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/v1/batch",
        "headers": {"authorization": KEY, "content-type": "application/json", "user-agent": "bench"},
        "requestContext": {"http": {"method": "POST", "path": "/v1/batch"}, "domainName": "api.example", "requestId": "1"},
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def import_time(function: str) -> float:
    """CPU ms of importing a handler in a new process, beyond that of starting Python."""
    code = f"import time; t = time.process_time(); import functions.{function}.handler; print(time.process_time() - t)"
    env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'layers/core/python'}"}
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=env, cwd=ROOT)
            for _ in range(5)]  # fmt: skip
    return min(float(run.stdout) for run in runs) * 1e3


if __name__ == "__main__":
    main()
