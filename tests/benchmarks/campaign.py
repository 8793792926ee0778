"""A campaign on the local machine, from launch to end: time, messages a second, memory, all that moto's stores keep included.

`python -m tests.benchmarks.campaign 100000` runs it alone for so many people; some four minutes per 50,000 on two cores.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import boto3
from moto.ses.models import ses_backends

from infra.local.cloud import ACCOUNT, REGION
from infra.local.machine import LocalMachine, local_machine
from socle.profiles.codec import encode_aggregate
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore
from socle.segments.store import shard_of
from tests.benchmarks import templates
from tests.benchmarks.machine import ask, resident
from tests.messages.people import aggregate

PEOPLE = 3_000
_TEXT = templates.FROZEN["document"]["mjml"].replace("event.products", "traits.products").replace(
    "orders.EUR.last", "now").replace("orders.EUR.count", "segments.size")


class Campaign(NamedTuple):
    """people; seconds from launch to end; MB that the process grew by per 1,000 people: rows, events and files in its stores."""

    people: int
    seconds: float
    grown: float


def campaign(people: int = PEOPLE) -> Campaign:
    """Load people who have subscribed, launch, wait for the end."""
    with local_machine() as machine:
        machine.outbox.put = lambda *_, **__: None  # type: ignore[method-assign]  # it would keep every mail
        _define(machine)
        _load(machine, people)
        before, began = resident(), time.monotonic()
        run = ask(machine, "POST", "/campaigns/letter/launch", {})["id"]
        while (state := ask(machine, "GET", f"/campaigns/letter/runs/{run}")["state"]) == "running":
            ses_backends[ACCOUNT][REGION].sent_messages.clear()
            time.sleep(0.5)
        seconds = time.monotonic() - began
        if state != "finished":
            raise RuntimeError(f"the run ended as {state}")
        return Campaign(people, seconds, (resident() - before) / people * 1_000)


def _define(machine: LocalMachine) -> None:
    for path, document in {
        "topics/news": {"title": "News"}, "brand/default": {"name": "Shop", "sender": {"address": "letters@example.com"}},
        "templates/letter": {"channel": "email", "subject": "{{ traits.firstName | default: 'Reader' }}, your letter",
                             "mjml": _TEXT.replace("in traits.products", "in brand.none")},
        "segments/all": {"when": {"type": "everyone"}},
        "campaigns/letter": {"template": "letter", "topic": "news", "segment": "all"},
    }.items():
        ask(machine, "PUT", f"/{path}", document)


def _load(machine: LocalMachine, people: int) -> None:
    store, dynamodb = ProfileStore(boto3.client("dynamodb"), machine.outputs["ProfilesTable"]), boto3.client("dynamodb")
    everybody = _people(people)
    while some := list(islice(everybody, 25)):
        store.save_each([(one, encode_aggregate(one)) for one in some])
        dynamodb.batch_write_item(RequestItems={machine.outputs["ProfilesTable"]: [{"PutRequest": {"Item": {
            "PK": {"S": f"S#all#{shard_of(one.id)}"}, "SK": {"S": one.id}, "v": {"N": "1"}, "s": {"N": "1"},
            "t": {"L": [{"S": "1+1"}]}}}} for one in some]})


def _people(count: int) -> Iterator[Aggregate]:
    for number in range(count):
        yield aggregate(f"p{number:07}", email=f"p{number}@example.com", phone=None)


def main() -> None:
    """Print it."""
    found = campaign(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
    sys.stdout.write(f"{found.people:,} people in {found.seconds:.0f} s, {found.people / found.seconds:.0f} mails a second; "
                     f"grew by {found.grown:.1f} MB per 1,000 people\n")


if __name__ == "__main__":
    main()
