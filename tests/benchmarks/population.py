"""People with a history, made as life makes it: three events a touch, each touch in a batch of its own.

Seals come every few touches, so people of one age would seal in lockstep: their numbers of touches are spread evenly
around the mean. Some of them live through all of it; the others are copies of these under names of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from socle.clock import HOUR
from socle.consumer.service import Consumer
from socle.profiles.codec import encode_aggregate
from socle.profiles.items import aggregate_item, identifier_item, identifier_key, owner_of
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore
from tests.benchmarks.cloud import Cloud, Direct
from tests.benchmarks.traffic import PER_BATCH, Traffic, anonymous_id

BETWEEN = 8 * HOUR
"""Ms between two touches of one person, about: 20 events are two days, 500 two months."""
PROTOTYPES = 37
"""People who live through their history; each has PER_BATCH / PROTOTYPES - 1 copies."""


def people(count: int = PER_BATCH) -> list[str]:
    """Their user ids."""
    return [f"user-{number:08d}" for number in range(count)]


def populate(cloud: Cloud, consumer: Consumer, traffic: Traffic, touches: range) -> None:
    """Fill the table with PER_BATCH people whose numbers of past touches go through `touches`."""
    everybody = people()
    prototypes = everybody[:PROTOTYPES]
    ages = {person: touches[index % len(touches)] for index, person in enumerate(prototypes)}
    for left in range(max(touches), 0, -1):
        consumer.apply(traffic.batch([person for person in prototypes if ages[person] >= left]))
        traffic.wait(BETWEEN)
    store = ProfileStore(Direct(cloud), "profiles")
    owners = store.owners([("user_id", person) for person in prototypes])
    aggregates = store.load(owner.profile for owner in owners.values())
    for index, copy in enumerate(everybody[PROTOTYPES:]):
        person = prototypes[index % PROTOTYPES]
        _copy(cloud, aggregates[owners["user_id", person].profile], person, copy, f"{index:019d}"[::-1])


def _copy(cloud: Cloud, aggregate: Aggregate, person: str, other: str, profile: str) -> None:
    """Pages are copied as they are: the reference stream has no late events, so nobody reads them."""
    names = {person: other, anonymous_id(person): anonymous_id(other)}

    def renamed(text: str) -> str:
        for old, new in names.items():
            text = text.replace(old, new)
        return text

    identifiers = {kind: {renamed(value) for value in values} for kind, values in aggregate.snapshot.identifiers.items()}
    copied = replace(aggregate, id=profile, snapshot=replace(aggregate.snapshot, identifiers=identifiers),
                     tail=tuple(entry._replace(row=renamed(entry.row)) for entry in aggregate.tail))
    items = [aggregate_item(copied, encode_aggregate(copied))]
    for kind, values in aggregate.snapshot.identifiers.items():
        for value in values:
            owner = owner_of(cloud.table.items[identifier_key((kind, value)), "I"])
            items.append(identifier_item((kind, renamed(value)), owner._replace(profile=profile, user=renamed(owner.user))))
    for lower in aggregate.pages:
        page = cloud.table.items[f"P#{aggregate.id}", f"E#{lower}"]
        items.append({**page, "PK": {"S": f"P#{profile}"}})
    cloud.table.items |= {(item["PK"]["S"], item["SK"]["S"]): item for item in items}


def new_ids() -> Iterator[str]:
    """Profile ids as long as the real ones."""
    return (f"{number:019d}" for number in range(1, 10**9))
