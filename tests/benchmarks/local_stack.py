"""`make run` from outside: requests per second of one client, and how long until an event shows in the API."""

from __future__ import annotations

import base64
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tests.benchmarks.population import people
from tests.benchmarks.traffic import PER_PERSON, PER_REQUEST, Traffic

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 4.0
SEGMENT = "has-events"
KNOWN_AFTER = 31.0
"""Seconds after which a consumer has read the definitions again."""
MEANWHILE = 60.0
"""Seconds that a start, or an event, may take before the benchmark gives up."""
_KEY = {"Authorization": "Basic " + base64.b64encode(b"local-write-key:").decode(), "Content-Type": "application/json"}
_TOKEN = {"Authorization": "Bearer local-admin-token"}


@dataclass
class LocalFigures:
    """start: seconds until /health; requests per second; events per second from the first sent to the last visible;
    visible: median ms from sending an event to seeing its profile, with nothing else under way; member: 99th percentile of the ms
    until the profile says that it is in a segment."""

    start: float
    batches_per_second: float
    singles_per_second: float
    events_per_second: float
    visible_ms: float
    member_ms: float


def local_stack() -> LocalFigures:
    """Start the local machine, send for some seconds, stop it."""
    traffic = Traffic(seed=4)
    started = time.monotonic()
    with _running() as connection:
        start = time.monotonic() - started
        bodies = traffic.requests(people(4_000), PER_PERSON)
        began = time.monotonic()
        batches = _send(connection, bodies)
        _visible(connection, traffic, "last-of-batches")
        took = time.monotonic() - began
        singles = _send(connection, traffic.requests(people(6_000), 1, 1))
        _visible(connection, traffic, "last-of-singles")
        waits = [_visible(connection, traffic, f"alone-{number}") for number in range(9)]
        _define(connection)
        members = sorted(_visible(connection, traffic, f"member-{number}", SEGMENT) for number in range(100))
    return LocalFigures(start, batches / SECONDS, singles / SECONDS, batches * PER_REQUEST / took,
                        statistics.median(waits) * 1e3, members[98] * 1e3)


def _define(connection: HTTPConnection) -> None:
    """Save a segment, and wait until every consumer knows it."""
    when = {"type": "profile", "field": "event_count", "test": {"op": "gte", "value": 1}}
    connection.request("PUT", f"/api/segments/{SEGMENT}", json.dumps({"when": when}),
                       {**_TOKEN, "Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {text.decode()}")
    time.sleep(KNOWN_AFTER)
    connection.close()  # the server has closed its side by now; the next request opens another


def _send(connection: HTTPConnection, bodies: Sequence[bytes]) -> int:
    """How many of them were answered with 200 within SECONDS."""
    end = time.monotonic() + SECONDS
    sent = 0
    while time.monotonic() < end and sent < len(bodies):
        _post(connection, bodies[sent])
        sent += 1
    return sent


def _post(connection: HTTPConnection, body: bytes) -> None:
    connection.request("POST", "/v1/batch", body, _KEY)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {text.decode()}")


def _visible(connection: HTTPConnection, traffic: Traffic, user: str, segment: str = "") -> float:
    """Seconds from sending an event of a new user until the API shows the profile, in the segment if there is one."""
    message = traffic.message(f"{user:>08}")
    began = time.monotonic()
    _post(connection, json.dumps({"batch": [{**message, "userId": user, "anonymousId": f"browser-of-{user}"}]}).encode())
    while time.monotonic() < began + MEANWHILE:
        connection.request("GET", f"/api/profiles?by=user_id:{user}", headers=_TOKEN)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status == 200 and (not segment or segment in json.loads(text)["segments"]):
            return time.monotonic() - began
        time.sleep(0.005)
    raise RuntimeError(f"the event of {user} did not show within {MEANWHILE:.0f} s")


@contextmanager
def _running() -> Iterator[HTTPConnection]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SOCLE_", "POWERTOOLS_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.local"], cwd=ROOT, env={**env, "PORT": str(port), "SAMPLE": "0"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    connection = HTTPConnection("127.0.0.1", port, timeout=MEANWHILE)
    try:
        _wait_for(connection, process)
        yield connection
    finally:
        connection.close()
        process.terminate()
        process.wait(timeout=10)


def _wait_for(connection: HTTPConnection, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + MEANWHILE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the local machine ended with status {process.returncode}")
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                return
        except OSError:
            connection.close()
        time.sleep(0.1)
    raise RuntimeError(f"the local machine was not ready within {MEANWHILE:.0f} s")
