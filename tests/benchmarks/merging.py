"""What it costs to make one person of two with long histories, and two of them again: CPU with boto3, and requests."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import count

import boto3

from socle.consumer.batch import Record
from socle.events.model import Event
from socle.events.stream import encode_events
from socle.identity.model import MANUAL, Evidence
from socle.identity.service.graph import IdentityGraph
from socle.profiles.store import ProfileStore
from tests.benchmarks.cloud import Cloud, Direct
from tests.benchmarks.consumer import consumer_of

EVENTS = 1_000
"""Of each of the two."""
LATER = 50
"""Events of each that come between the merge and the unmerge."""
BATCH = 10
T0 = 1_700_000_000_000
ROUNDS = 3


@dataclass
class Merging:
    """CPU of a merge and of an unmerge in ms, with boto3 and without the network, and the write units of each."""

    merge: float
    unmerge: float
    merge_units: float
    unmerge_units: float


def merging(cloud: Cloud) -> Merging:
    """The best of a few merges of two people with EVENTS events each. `cloud` is installed."""
    sequences = count()
    applies = consumer_of(Direct(cloud), Direct(cloud), Direct(cloud))

    def deliver(*events: Event) -> None:
        applies.apply([Record("shard-0", str(next(sequences)), T0, encode_events(events))])

    cloud.table.items = {}
    people = [("user_id", "one"), ("anonymous_id", "other")]
    for person in people:
        for start in range(0, EVENTS, BATCH):
            deliver(*(_event(number, person) for number in range(start, start + BATCH)))
    store = ProfileStore(boto3.client("dynamodb"), "profiles")
    graph = IdentityGraph(store)
    one, other = (store.owners([person])[person].profile for person in people)
    base = dict(cloud.table.items)
    results = []
    for _ in range(ROUNDS):
        cloud.table.items = dict(base)
        merge = _cost(cloud, lambda: graph.merge(one, other, Evidence(MANUAL, T0), T0))
        for start in range(EVENTS, EVENTS + LATER, BATCH):
            deliver(*(_event(number, person) for person in people for number in range(start, start + BATCH)))
        unmerge = _cost(cloud, lambda: graph.unmerge(one, other, T0))
        results.append(Merging(merge[0], unmerge[0], merge[1], unmerge[1]))
    return min(results, key=lambda result: result.merge)


def _cost(cloud: Cloud, run) -> tuple[float, float]:
    """CPU in ms, and write units."""
    cloud.reset()
    began, elsewhere = time.process_time(), cloud.cpu
    run()
    return (time.process_time() - began - (cloud.cpu - elsewhere)) * 1e3, cloud.units["dynamodb write units"]


def _event(number: int, person: tuple[str, str]) -> Event:
    at = T0 + number * 60_000 + (person[0] == "user_id")
    return Event(at, f"{person[1]}-{number}", 0, at, at + 500, "shop", "track", "Product Viewed", (person,), {
        "properties": {"product_id": f"p{number % 50}", "category": "shoes", "price": 59.9, "name": "A pair of shoes"},
        "context": {"userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/120", "locale": "fr-FR",
                    "page": {"url": f"https://shop.example/p/{number % 50}"}}})
