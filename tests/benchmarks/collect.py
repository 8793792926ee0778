"""collect_events: CPU per request, with boto3 and without, and what a request puts on the stream."""

from __future__ import annotations

import base64
import contextlib
import io
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from socle.events.service import Collector
from socle.events.store import EventStream
from socle.sources.find import KeyFinder
from socle.sources.model import hash_secret
from socle.sources.store import KeyStore
from tests.benchmarks.cloud import Cloud, Direct
from tests.benchmarks.population import people
from tests.benchmarks.traffic import PER_PERSON, PER_REQUEST, Traffic

REQUESTS = 300
WRITE_KEY = "bench"
_AUTHORIZATION = "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()


@dataclass
class Collected:
    """Per request: CPU in ms with boto3 and without; units, calls by operation and bytes of log."""

    with_boto3: float
    own: float
    units: dict[str, float]
    calls: dict[str, float]
    log_bytes: float


def collect(cloud: Cloud, per_person: int = PER_PERSON, per_request: int = PER_REQUEST) -> Collected:
    """Send REQUESTS requests of the reference stream to the handler."""
    from functions.collect_events import handler  # its settings must be in the environment by now

    key = {"PK": {"S": f"K#{hash_secret(WRITE_KEY)}"}, "SK": {"S": "K"}, "source": {"S": "bench"}}
    cloud.table.items = {(key["PK"]["S"], key["SK"]["S"]): key}
    bodies = Traffic(seed=2).requests(people(REQUESTS * per_request // per_person + 1), per_person, per_request)[:REQUESTS]
    requests = [_request(body) for body in bodies]
    direct: Any = Direct(cloud)
    own = Collector(KeyFinder(KeyStore("definitions", direct)), EventStream("events", direct))
    with patch.object(handler, "collector", lambda: own):
        own_ms, _ = _run(cloud, handler.handler, requests)
    with_boto3, log_bytes = _run(cloud, handler.handler, requests)
    return Collected(with_boto3, own_ms, {name: count / REQUESTS for name, count in cloud.units.items()},
                     {name: count / REQUESTS for name, count in cloud.calls.items()}, log_bytes)


def _run(cloud: Cloud, handler: Callable[..., dict[str, Any]], requests: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """(median ms of CPU, bytes of log) per request; the cloud has counted these requests only."""
    context, times, logs = SimpleNamespace(function_name="collect_events"), [], io.StringIO()
    with contextlib.redirect_stdout(logs):
        for request in requests[:20]:
            assert handler(request, context)["statusCode"] == 200
        logs.truncate(0)
        logs.seek(0)
        cloud.reset()
        for request in requests:
            started, elsewhere = time.process_time(), cloud.cpu
            handler(request, context)
            times.append(time.process_time() - started - (cloud.cpu - elsewhere))
    return statistics.median(times) * 1e3, len(logs.getvalue()) / len(requests)


def _request(body: bytes) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": "/v1/batch",
        "headers": {"authorization": _AUTHORIZATION, "content-type": "application/json", "user-agent": "bench"},
        "requestContext": {"http": {"method": "POST", "path": "/v1/batch"}, "domainName": "api.example", "requestId": "1"},
        "body": body.decode(),
        "isBase64Encoded": False,
    }
