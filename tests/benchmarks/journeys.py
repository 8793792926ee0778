"""People who enter a journey within a minute on the local machine: seconds until all are held, and all reminded; memory.

`PYTHONPATH=layers/core/python python -m tests.benchmarks.journeys 5000` runs it for so many. An execution that waits is a thread
here, and moto's stores and the outbox keep everything: figures of this machine, not of Step Functions.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any, NamedTuple

from infra.local.machine import LocalMachine, local_machine
from tests.benchmarks.machine import ask, resident

PEOPLE = 500
BATCH = 50
HOUR = 3_600_000
KEY = {"authorization": "Basic bG9jYWwtd3JpdGUta2V5Og=="}  # local-write-key:
DOCUMENTS: dict[str, dict[str, Any]] = {
    "topics/news": {"title": "News"}, "brand/default": {"name": "Shop", "sender": {"address": "letters@example.com"}},
    "templates/reminder": {"channel": "email", "subject": "Your cart", "text": "It is still here."},
    "journeys/cart": {
        "trigger": {"type": "event", "event": "Product Added"}, "topic": "news", "steps": [
            {"type": "hold", "name": "Bought?", "timeout": "1h", "until": [{"event": "Order Completed", "next": "end"}]},
            {"type": "send", "name": "Remind", "template": "reminder"}]}}


class Crowd(NamedTuple):
    """people; seconds until they were held, and until they were reminded once the hour was over; MB the process grew by."""

    people: int
    entered: float
    reminded: float
    grown: float


def crowd(people: int = PEOPLE) -> Crowd:
    """Everybody puts something into a cart, and an hour passes."""
    with local_machine() as machine:
        for path, document in DOCUMENTS.items():
            ask(machine, "PUT", f"/{path}", document)
        ask(machine, "POST", "/journeys/cart/publish")
        who = [f"u{number}" for number in range(people)]
        _send(machine, [message for one in who for message in (
            {"type": "identify", "userId": one, "traits": {"email": f"{one}@example.com"}},
            {"type": "track", "userId": one, "event": "Consent Updated", "properties": {
                "channel": "email", "topic": "news", "state": "subscribed", "source": "benchmark"}})])
        before, began = resident(), time.monotonic()
        _send(machine, [{"type": "track", "userId": one, "event": "Product Added", "properties": {}} for one in who])
        entered = time.monotonic() - began
        machine.timeline.advance(HOUR + 60_000)
        reminded = time.monotonic() - began - entered
        state = ask(machine, "GET", "/journeys/cart/state")
        if (state["entered"], state["inside"]) != (people, 0):
            raise RuntimeError(f"of {people:,} people {state['entered']:,} entered, and {state['inside']:,} are inside")
        return Crowd(people, entered, reminded, resident() - before)


def _send(machine: LocalMachine, messages: list[dict[str, Any]]) -> None:
    for first in range(0, len(messages), BATCH):
        body = json.dumps({"batch": messages[first:first + BATCH]}).encode()
        status, _, answer = machine.request("POST", "/v1/batch", KEY, body)
        if status != 200:
            raise RuntimeError(f"{status} {answer[:300]!r}")
    machine.timeline.advance(0)


def main() -> None:
    """Print it."""
    found = crowd(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
    sys.stdout.write(f"{found.people:,} people entered in {found.entered:.1f} s; the hour and their reminders took "
                     f"{found.reminded:.1f} s; grew by {found.grown:.0f} MB\n")


if __name__ == "__main__":
    main()
