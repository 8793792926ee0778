"""`python -m infra.local` starts, serves and stops as a person expects."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(port: int | str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "infra.local"], cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PORT": str(port), "SAMPLE": "0", "PYTHONPATH": "layers/core/python", "PYTHONUNBUFFERED": "1"})


def health(port: int) -> int:
    """The status of /health, 0 when nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.fixture(scope="module")
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def process(port: int) -> Iterator[subprocess.Popen[str]]:
    running = start(port)
    statuses = set()
    while (status := health(port)) != 200 and running.poll() is None:
        statuses.add(status)
        time.sleep(0.05)
    assert statuses <= {0, 503}
    yield running
    running.kill()
    running.wait()
    assert running.stdout is not None
    running.stdout.close()


def test_it_serves_http(process: subprocess.Popen[str], port: int) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/openapi.json",
                                     headers={"Authorization": "Bearer local-admin-token"})
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["openapi"].startswith("3.")


def test_a_port_that_is_taken_is_said_with_what_to_do(process: subprocess.Popen[str], port: int) -> None:
    second = start(port)
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert f"PORT={port + 1} make run" in output
    assert "Traceback" not in output


def test_a_port_that_is_none_is_said_in_one_line() -> None:
    process = start("80000")
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "PORT must be a number from 1 to 65535\n")


def test_it_says_what_to_open_and_stops_without_complaint(process: subprocess.Popen[str], port: int) -> None:
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    for text in (f"http://127.0.0.1:{port}/", "local-write-key", "local-admin-token", "/local/outbox", "/local/clock"):
        assert text in output
    assert "Traceback" not in output
