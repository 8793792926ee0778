"""The reference stream: seeded track calls of 577 bytes of JSON on average, 20 a request, 3 in a row by each person."""

from __future__ import annotations

import json
import random
import uuid
import zlib
from collections.abc import Sequence
from typing import Any

from socle.consumer.service import Record
from socle.events import group, parse
from socle.events.receive import Origin, receive
from socle.iso import to_iso

PER_REQUEST = 20
PER_PERSON = 3
PER_BATCH = 333
"""People that a batch touches: 999 events."""
START = 1_790_000_000_000
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
_NAMES = ("Product Viewed", "Product Viewed", "Product Viewed", "Product Added", "Cart Viewed", "Product List Viewed")


def anonymous_id(person: str) -> str:
    """The anonymousId of a person's browser."""
    return f"{zlib.crc32(person.encode()):08x}-60bc-4287-9d24-{person[-8:]}c81d"


class Traffic:
    """Makes messages; each call goes on where, and at the time when, the last one ended."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._now = START
        self._records = 0

    @property
    def now(self) -> int:
        """When the last message was received, epoch ms."""
        return self._now + 500

    def wait(self, milliseconds: int) -> None:
        """Let time pass."""
        self._now += milliseconds

    def message(self, person: str) -> dict[str, Any]:
        """One track call of a known person in a browser."""
        rng = self._random
        self._now += rng.randrange(1, 1_000)
        category = rng.choice(("footwear", "jackets", "camping", "backpacks"))
        number = rng.randrange(5_000)
        return {
            "type": "track",
            "messageId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "timestamp": to_iso(self._now),
            "anonymousId": anonymous_id(person),
            "userId": person,
            "event": rng.choice(_NAMES),
            "properties": {
                "product_id": f"p{number}",
                "name": rng.choice(("Trail runner", "Rain shell", "Tent for two", "Day pack 18 l", "Hammock")),
                "category": category,
                "price": rng.randrange(100, 20_000) / 100,
                "currency": "EUR",
            },
            "context": {
                "library": {"name": "analytics.js", "version": "next-1.84.3"},
                "userAgent": _AGENT,
                "locale": "de-DE",
                "page": {"url": f"https://shop.example.com/{category}/{number}", "title": f"{category} - KestrelCo"},
            },
        }

    def requests(self, people: Sequence[str], per_person: int = PER_PERSON, per_request: int = PER_REQUEST) -> list[bytes]:
        """Bodies of batch requests in which everybody does `per_person` things."""
        messages = [self.message(person) for person in people for _ in range(per_person)]
        return [
            json.dumps({"batch": messages[start : start + per_request]}, separators=(",", ":")).encode()
            for start in range(0, len(messages), per_request)
        ]

    def records(self, bodies: Sequence[bytes]) -> list[Record]:
        """What these requests put on the stream, received half a second after the last message was made."""
        received = self.now
        found = []
        for body in bodies:
            events, quarantined = receive(parse.parse(body, True), Origin("bench", received))
            found += [self._record(record.data, received) for record in group.records(events, quarantined, len(body))]
        return found

    def batch(self, people: Sequence[str]) -> list[Record]:
        """A batch of the reference stream: PER_PERSON events of everybody."""
        return self.records(self.requests(people))

    def _record(self, data: bytes, arrival: int) -> Record:
        self._records += 1
        return Record("shardId-000000000000", f"{self._records:056d}", arrival, data)
