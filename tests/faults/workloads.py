"""Small seeded workloads in which everything occurs that the consumer knows, a few things in each.

A workload is a stream of records, cut into batches: people who are new, known, merged, or share a device; events that are
late, repeated by their client with a new sentAt, corrected, about the same order; seals; effects; ticks; events that
nobody can fold, records that nobody can read.

What must come of it: a person whose identifiers are connected by events and who has one user id at most is the fold of
the events of these, in whatever order they came. Where two users share a device, the order decides whose an event is:
then the reference is what the same order of records came to without a fault, and consumers that race are held to the
promises alone (nothing lost, nothing twice, two users never one).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from types import ModuleType
from typing import Any, NamedTuple

from socle.consumer import service
from socle.consumer.batch import Record
from socle.events.model import Event, Identifier, Quarantined, Tick
from socle.events.stream import encode_events, encode_quarantined, encode_ticks
from socle.profiles import seal
from tests.people import T0, event

Ids = tuple[Identifier, ...]

ANN, BOB, TESS = ("user_id", "ann"), ("user_id", "bob"), ("user_id", "tess")
KIOSK, PHONE, LAPTOP = (("anonymous_id", name) for name in ("kiosk", "phone", "laptop"))
MAIL, OTHER_MAIL = ("email", "ann@example.com"), ("email", "bob@example.com")

POOLS: dict[str, list[Ids]] = {
    "one person": [(ANN,), (KIOSK,), (PHONE,), (ANN, KIOSK), (ANN, PHONE), (MAIL, PHONE), (ANN, MAIL)],
    "known person": [(ANN,), (ANN,), (ANN, KIOSK)],
    "two people": [(ANN,), (ANN, KIOSK), (KIOSK,), (BOB,), (BOB, LAPTOP), (BOB, OTHER_MAIL)],
    "visitors": [(KIOSK,), (PHONE,), (LAPTOP,), (MAIL, PHONE), (MAIL, LAPTOP)],
    "shared devices": [(ANN,), (KIOSK,), (PHONE,), (ANN, KIOSK), (ANN, PHONE), (BOB,), (BOB, KIOSK), (BOB, PHONE), (MAIL, PHONE)],
}
HOOKS: tuple[dict[str, list[str]], ...] = (
    {}, {"Order Completed": ["crm"]}, {"Order Completed": ["crm", "erp"], "Product Viewed": ["crm"]})
DUE = T0 + 90_000
ARRIVAL = T0 + 120_000
TIMER = "p-timer"
"""Id of a profile that is due when the stream begins: a tick of the stream meets it."""


class Workload(NamedTuple):
    """Records in the order of the stream, how they are cut into batches, and the world that they meet.

    cuts    numbers of records in the batches
    sent    every accepted event, repetitions by clients included, without the poison
    poison  events that can't be folded, and the codes of what can't be read: (messageId, code)
    timer   whether TIMER is there
    limits  limits of sealing and draining: (module, name) → value
    """

    records: list[Record]
    cuts: list[int]
    sent: list[Event]
    poison: set[tuple[str | None, str]]
    named: set[Ids]
    hooks: dict[str, list[str]]
    timer: bool
    limits: dict[tuple[ModuleType, str], int]

    def components(self) -> list[set[Identifier]]:
        """The identifiers that events connect, poison included: it is placed before it turns out to be poison."""
        groups: list[set[Identifier]] = []
        for ids in self.named:
            joint = set(ids)
            for group in [group for group in groups if group & joint]:
                joint |= group
                groups.remove(group)
            groups.append(joint)
        return groups

    def people(self) -> list[set[Identifier]]:
        """The components with one user id at most: whatever the order, each becomes one profile."""
        return [group for group in self.components() if sum(kind == "user_id" for kind, _ in group) <= 1]

    def copies(self) -> dict[tuple[str, int], list[Event]]:
        """Everything sent by key and revision, as often as it was sent."""
        found: dict[tuple[str, int], list[Event]] = defaultdict(list)
        for one in self.sent:
            found[one.key, one.revision].append(one)
        return found


def workload(seed: str) -> Workload:
    """The workload of a seed: 5 to 10 events, some of them repeated, in 2 to 4 batches."""
    chance = random.Random(seed)
    pool = POOLS[chance.choice(list(POOLS))]
    events = _history(chance, pool, chance.randrange(5, 11))
    poison = [_poison(chance, 90 + number, pool) for number in range(chance.choice([0, 0, 1, 2]))]
    stream = [*events, *poison]
    chance.shuffle(stream)
    if chance.random() < 0.7:
        # People are met by one identifier each before they turn out to be one.
        stream.sort(key=lambda one: len(one.ids) + chance.random() * 1.3)
    for one in chance.choices(events, k=chance.randrange(1, 4)):
        # The client sends it again: a new sentAt moves the corrected time, and it is received later.
        shift = chance.choice([0, 700])
        stream.insert(chance.randrange(len(stream) + 1), one._replace(at=one.at + shift, received=one.received + 5_000))
    payloads = [encode_events(part) for part in _parts(chance, stream, 3)]
    poisoned: set[tuple[str | None, str]] = {(one.message_id, "poison") for one in poison}
    timer = chance.random() < 0.25
    extra: list[bytes] = []
    if timer:
        extra.append(encode_ticks([Tick(TIMER, DUE)]))
        extra.append(encode_ticks([Tick(TIMER, chance.choice([DUE, DUE - 5])), Tick("nobody", DUE)]))
        extra.append(encode_events([event(70, TESS)]))
    if chance.random() < 0.3:
        extra.append(encode_quarantined([Quarantined(0, "m-edge", "too_large", "", "shorten it", "shop", T0 + 7, "{}")]))
        poisoned.add(("m-edge", "too_large"))
    if chance.random() < 0.2:
        extra.append(b"\x1f\x8bgarbage")
        poisoned.add((None, "bad_record"))
    for payload in extra:
        payloads.insert(chance.randrange(len(payloads) + 1), payload)
    records = [Record("shard-0", f"{number:020d}", ARRIVAL + number, payload) for number, payload in enumerate(payloads)]
    kept = [one for one in stream if (one.message_id, "poison") not in poisoned] + ([event(70, TESS)] if timer else [])
    return Workload(records, [len(part) for part in _parts(chance, records, -(-len(records) // 2))], kept, poisoned,
                    {one.ids for one in [*stream, *([event(70, TESS)] if timer else [])]}, chance.choice(HOOKS), timer,
                    drawn_limits(chance))


def _history(chance: random.Random, pool: list[Ids], size: int) -> list[Event]:
    """Events of few times and orders, some of them corrections of others; no two of one key and revision."""
    found: dict[tuple[str, int], Event] = {}
    for number in range(size):
        revision = chance.choice([0, 0, 0, 0, 1, 2])
        earlier = chance.choice(list(found.values())) if found and revision else None
        kind = chance.choice(["view", "order", "order", "identify", "consent"])
        more: dict[str, Any] = {
            "view": {"properties": {"noise": "n" * chance.choice([0, 0, 200])}},
            "order": {"name": chance.choice(["Order Completed", "Order Completed", "Order Refunded"]),
                      "properties": {"order_id": chance.choice("ab"), "revenue": chance.randrange(9)}},
            "identify": {"name": "$identify", "type": "identify", "traits": {chance.choice("xy"): chance.randrange(9)}},
            "consent": {"name": "Consent Updated", "properties": {
                "channel": "email", "topic": "news", "state": chance.choice(["subscribed", "unsubscribed"])}},
        }[kind]
        one = event(number, *chance.choice(pool), ts=T0 + chance.randrange(10) * 1_000, received=T0 + 30_000 + number, **more)
        if earlier is not None:
            one = one._replace(ts=earlier.ts, message_id=earlier.message_id, revision=revision)
        found.setdefault((one.key, one.revision), one)
    return list(found.values())


def _poison(chance: random.Random, number: int, pool: list[Ids]) -> Event:
    return event(number, *chance.choice(pool), name="$identify", type="identify", traits=["no", "object"],
                 ts=T0 + chance.randrange(10) * 1_000)


def _parts(chance: random.Random, things: list[Any], most: int) -> list[list[Any]]:
    """`things` cut into parts of at most `most`."""
    parts = []
    while things:
        size = chance.randrange(1, most + 1)
        parts.append(things[:size])
        things = things[size:]
    return parts


def drawn_limits(chance: random.Random) -> dict[tuple[ModuleType, str], int]:
    """Seal early and often, or seldom; drain an outbox at its first effects, or at the end."""
    sealing = {"BUDGET": [0, 0, 300, 900], "MIN_ENTRIES": [1, 2, 3], "PER_PAGE": [0], "PAGE_BYTES": [200, 1_000, 50_000],
               "KEPT_BYTES": [0, 300, 8_000], "KEPT_ENTRIES": [0, 1, 2], "MAX_LATE_PAGES": [1, 2, 3]}
    return {(seal, name): chance.choice(values) for name, values in sealing.items()} | {
        (service, "DRAIN_AT"): chance.choice([1, 2, 500, 500])}


def recut(chance: random.Random, records: Iterable[Record]) -> list[list[Record]]:
    """The same records in other batches."""
    records = list(records)
    return _parts(chance, records, max(1, len(records)))
