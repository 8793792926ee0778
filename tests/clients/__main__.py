"""`make clients`: unmodified Segment clients put events into a local Socle, and the events appear in one profile.

Then a batch is sent three more times, shuffled and with a new sentAt, and may change nothing. Works with the local
machine at SOCLE_URL (http://127.0.0.1:8000, for example), or starts its own on a free port, without the sample.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
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


def ask(url: str, body: Any = None, **headers: str) -> Any:
    """GET, or POST when there is a body; None for 404."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=10) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def wait(url: str, user: str, wanted: Callable[[dict[str, Any]], bool]) -> tuple[dict[str, Any] | None, float | None]:
    """The person's profile, and the seconds until it was as wanted: None when it was not for ten times as long as allowed."""
    start = time.monotonic()
    while True:
        profile = ask(f"{url}/api/profiles?by=user_id:{user}", **ADMIN)
        seconds = time.monotonic() - start
        if profile is not None and wanted(profile):
            return profile, seconds
        if seconds > 10 * APPEAR_SECONDS:
            return profile, None
        time.sleep(0.02)


def check(client: str, url: str) -> bool:
    """What the client sends comes together in one profile in time."""
    user = f"client-{uuid.uuid4().hex[:12]}"

    def is_whole(profile: dict[str, Any]) -> bool:
        return bool(profile["events"] == EVENTS and profile["orders"]["EUR"]["revenue"] == 2_750
                    and profile["identifiers"]["email"] == [f"{user}@shop.example"])

    senders.send(client, url, WRITE_KEY, user)
    profile, seconds = wait(url, user, is_whole)
    return report(client, f"{len(EVENTS)} events in one profile", seconds, profile)


def check_repeats(url: str) -> bool:
    """The same batch, shuffled and with a new sentAt, changes no count."""
    user = f"repeat-{uuid.uuid4().hex[:12]}"
    batch = [{"type": "track", "event": f"Event {number % 3}", "userId": user, "messageId": uuid.uuid4().hex,
              "timestamp": datetime.now(UTC).isoformat()} for number in range(30)]
    counts = {f"Event {number}": 10 for number in range(3)}

    def send(events: list[dict[str, Any]]) -> None:
        ask(f"{url}/v1/batch", {"batch": events, "sentAt": datetime.now(UTC).isoformat()},
            Authorization=f"Bearer {WRITE_KEY}")

    send(batch)
    profile, seconds = wait(url, user, lambda found: found["events"] == counts)
    if seconds is not None:
        for _ in range(3):
            random.shuffle(batch)
            send(batch)
        # The marker is applied after them: once it is there, they have had their chance to change something.
        send([{"type": "track", "event": "Marker", "userId": user, "messageId": uuid.uuid4().hex}])
        profile, seconds = wait(url, user, lambda found: "Marker" in found["events"])
        if profile is not None and profile["events"] != {**counts, "Marker": 1}:
            seconds = None
    return report("a batch sent four times, shuffled, with a new sentAt", "counted once", seconds, profile)


def report(what: str, fine: str, seconds: float | None, profile: dict[str, Any] | None) -> bool:
    if seconds is None:
        print(f"FAILED  {what}: the profile is {json.dumps(profile)}")
        return False
    print(f"{'ok    ' if seconds <= APPEAR_SECONDS else 'SLOW  '}  {what}: {fine}, {seconds:.2f} s after it was sent")
    return seconds <= APPEAR_SECONDS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def machine() -> Iterator[str]:
    """The URL of the local machine: the one at SOCLE_URL, else a new one that is stopped afterwards."""
    if "SOCLE_URL" in os.environ:
        yield os.environ["SOCLE_URL"].rstrip("/")
        return
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "infra.local"], cwd=ROOT,
                               env={**os.environ, "PORT": str(port), "SAMPLE": "0"})
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    given_up = time.monotonic() + READY_SECONDS
    while time.monotonic() < given_up and process.poll() is None:
        try:
            ask(f"{url}/health")
        except OSError:
            time.sleep(0.2)  # it does not listen yet, or is not ready
        else:
            return
    sys.exit("the local machine did not start: run `make run SAMPLE=0` to see why")


def main() -> int:
    senders.install()
    with machine() as url:
        results = [*(check(client, url) for client in senders.CLIENTS), check_repeats(url)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
