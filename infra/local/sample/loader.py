"""Send the sample to a running Socle over HTTP, wait until it is applied, and say what is worth looking at."""

from __future__ import annotations

import itertools
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from tqdm import tqdm

from infra.local.sample import cdnow, journeys, letters
from infra.local.sample.client import Client
from infra.local.sample.desk import desk
from infra.local.sample.segments import define, settle
from infra.local.sample.shop import shop
from infra.local.sample.tour import tour
from infra.local.sample.visit import Message

SEED = 7
PEOPLE = 1_500
BATCH = 100
"""Messages a request: about 75 KB before gzip."""

STRETCH = 10
"""Batches between two looks at what is applied."""

IN_FLIGHT = 3
"""Stretches sent and not yet seen in profiles; more would only fill the stream."""

WITNESSES = 4
"""Profiles looked at for one stretch. A look costs as much as applying several events."""

LAST_WITNESSES = 60
"""Profiles looked at before the load is called done: among so many, the last event of every shard is seen."""

PATIENCE = 120
"""Seconds without progress after which the load is given up."""


class NotApplied(RuntimeError):
    """Events were accepted and did not reach their profiles in time."""


def load(base_url: str, now: int) -> None:
    """Load the sample into the empty Socle at `base_url`; its youngest event is just before `now` (epoch ms).

    Prints progress, then commands to try. Does nothing where the sample is already. Raises client.Refused when an
    event is not accepted, and NotApplied when accepted events do not appear.
    """
    client = Client(base_url)
    if client.profile("user_id", "cdnow-0001") is not None:
        print("The sample is already loaded.")
        return
    visitors = list(shop(SEED, now, PEOPLE))
    messages = [*cdnow.orders(), *desk(SEED, visitors), *letters.readers(now), *visitors]
    define(client)
    letters.define(client, base_url)
    often = 0.5 if sys.stderr.isatty() else 15
    with tqdm(total=len(messages), desc="Loading the sample", unit=" events", mininterval=often) as progress:
        for applied in _send(client, messages):
            progress.update(applied)
    print("Writing to the newsletter's readers, who open it, click and order …", flush=True)
    written = letters.write_first(client, base_url)
    print("Filling the lake, scoring customers, counting segments …", flush=True)
    settle(client)
    journeys.publish(client)
    print(tour(base_url, client, visitors))
    print(written)
    print(journeys.walkthrough(base_url))
    client.close()


def _send(client: Client, messages: Iterable[Message]) -> Iterator[int]:
    """Send all, never more than IN_FLIGHT stretches ahead of what profiles show; yields numbers of applied events."""
    waiting: deque[list[Message]] = deque()
    for stretch in _slices(messages, BATCH * STRETCH):
        for batch in _slices(stretch, BATCH):
            client.send(batch)
        waiting.append(stretch)
        if len(waiting) > IN_FLIGHT:
            stretch = waiting.popleft()
            _wait_for(client, stretch, WITNESSES)
            yield len(stretch)
    if waiting:
        _wait_for(client, waiting[-1], LAST_WITNESSES)
        yield sum(len(stretch) for stretch in waiting)


def _wait_for(client: Client, stretch: list[Message], witnesses: int) -> None:
    """Return when the last events of the stretch, of so many people, show in their profiles."""
    last: dict[tuple[str, str], str] = {}
    for message in reversed(stretch):
        last.setdefault(whose(message), message["timestamp"])
        if len(last) == witnesses:
            break
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


def _slices(messages: Iterable[Message], size: int) -> Iterator[list[Message]]:
    iterator = iter(messages)
    while piece := list(itertools.islice(iterator, size)):
        yield piece
