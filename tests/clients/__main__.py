"""`make clients`: unmodified Segment clients put events into a local Socle, and the events appear in one profile.

Starts a local machine of its own on a free port, without the sample.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.clients import senders

ROOT = Path(__file__).resolve().parents[2]
WRITE_KEY = "local-write-key"
ADMIN = {"Authorization": "Bearer local-admin-token"}
READY_SECONDS = 180
APPEAR_SECONDS = 2.0
"""How soon events must be in their profile."""

EVENTS = dict.fromkeys(("$alias", "$group", "$identify", "$page", "$screen", "Order Completed"), 1)
"""What each client sends: the page belongs to a browser that nobody knew yet."""


def profile_of(port: int, user: str) -> dict[str, Any] | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", f"/api/profiles?by=user_id:{user}", headers=ADMIN)
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    return body if response.status == 200 else None


def is_whole(profile: dict[str, Any] | None, user: str) -> bool:
    """Everything that the client sent, in one profile."""
    return (
        profile is not None
        and profile["events"] == EVENTS
        and profile["orders"]["EUR"]["revenue"] == 2_750
        and profile["identifiers"]["email"] == [f"{user}@shop.example"]
    )


def check(client: str, user: str, port: int) -> bool:
    senders.send(client, f"http://127.0.0.1:{port}", WRITE_KEY, user)
    sent = time.monotonic()
    while not is_whole(profile := profile_of(port, user), user):
        if time.monotonic() - sent > 10 * APPEAR_SECONDS:
            print(f"FAILED  {client}: after {10 * APPEAR_SECONDS:.0f} s the profile is {json.dumps(profile)}")
            return False
        time.sleep(0.02)
    seconds = time.monotonic() - sent
    verdict = "ok    " if seconds <= APPEAR_SECONDS else "SLOW  "
    print(f"{verdict}  {client}: {len(EVENTS)} events in one profile, {seconds:.2f} s after the client was done")
    return seconds <= APPEAR_SECONDS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(port: int, machine: subprocess.Popen[bytes]) -> None:
    given_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < given_up and machine.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass  # it does not listen yet
        finally:
            connection.close()
        time.sleep(0.2)
    sys.exit("the local machine did not start: run `make run SAMPLE=0` to see why")


def main() -> int:
    senders.install()
    port = free_port()
    env = {**os.environ, "PORT": str(port), "SAMPLE": "0"}
    machine = subprocess.Popen([sys.executable, "-m", "infra.local"], cwd=ROOT, env=env)
    try:
        wait_until_ready(port, machine)
        results = [check(client, f"client-{number}", port) for number, client in enumerate(senders.CLIENTS)]
    finally:
        machine.terminate()
        machine.wait(30)
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
