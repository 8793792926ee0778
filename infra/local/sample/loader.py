"""Send the sample to a running Socle over HTTP, wait until it is applied, and say what is worth looking at."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from tqdm import tqdm

from infra.local.sample import cdnow
from infra.local.sample.client import Client
from infra.local.sample.shop import shop
from infra.local.sample.tour import tour
from infra.local.sample.visit import Message

SEED = 7
PEOPLE = 1_500
BATCH = 100
"""Messages a request: about 75 KB before gzip."""

IN_FLIGHT = 30
"""Batches sent and not yet seen in profiles; more would only fill the stream."""

PATIENCE = 120
"""Seconds without progress after which the load is given up."""


class NotApplied(RuntimeError):
    """Events were accepted and did not reach their profiles in time."""


def load(base_url: str, now: int) -> None:
    """Load the sample into the empty Socle at `base_url`; its youngest event is just before `now` (epoch ms).

    Prints progress, then three commands to try. Does nothing where the sample is already. Raises client.Refused when an
    event is not accepted, and NotApplied when accepted events do not appear.
    """
    client = Client(base_url)
    if client.profile("user_id", "cdnow-0001") is not None:
        print("The sample is already loaded.")
        return
    visitors = list(shop(SEED, now, PEOPLE))
    messages = [*cdnow.orders(), *visitors]
    with tqdm(total=len(messages), desc="Loading the sample", unit=" events") as progress:
        for applied in _send(client, _batches(messages, BATCH)):
            progress.update(applied)
    print(tour(base_url, client, visitors))
    client.close()


def _send(client: Client, batches: Iterable[list[Message]]) -> Iterator[int]:
    """Send the batches, never more than IN_FLIGHT ahead of what profiles show; yields numbers of applied events."""
    waiting: deque[list[Message]] = deque()
    for batch in batches:
        client.send(batch)
        waiting.append(batch)
        if len(waiting) > IN_FLIGHT:
            yield from _applied(client, waiting, IN_FLIGHT // 2)
    yield from _applied(client, waiting, 0)


def _applied(client: Client, waiting: deque[list[Message]], leave: int) -> Iterator[int]:
    while len(waiting) > leave:
        batch = waiting.popleft()
        _wait_for(client, batch)
        yield len(batch)


def _wait_for(client: Client, batch: list[Message]) -> None:
    """Return when the last event of everybody in the batch shows in their profile."""
    last = {whose(message): message["timestamp"] for message in batch}
    given_up = time.monotonic() + PATIENCE
    for (kind, value), timestamp in last.items():
        while not _seen(client.profile(kind, value), timestamp):
            if time.monotonic() > given_up:
                raise NotApplied(
                    f"{kind}:{value} does not show its event of {timestamp} after {PATIENCE} s: "
                    "look at the log above, and at GET /api/quarantine"
                )
            time.sleep(0.05)


def _seen(profile: dict[str, Any] | None, timestamp: str) -> bool:
    return profile is not None and profile["last_seen"] >= timestamp


def whose(message: Message) -> tuple[str, str]:
    """The identifier by which the profile of this message is found: (type, value)."""
    return ("user_id", message["userId"]) if "userId" in message else ("anonymous_id", message["anonymousId"])


def _batches(messages: Iterable[Message], size: int) -> Iterator[list[Message]]:
    iterator = iter(messages)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
