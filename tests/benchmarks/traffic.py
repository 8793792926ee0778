"""The reference stream: seeded track events of about 577 bytes of JSON, 20 a request, 3 in a row by each person."""

from __future__ import annotations

import json
import random
import uuid
import zlib
from typing import Any

from socle.events import group, parse
from socle.events.model import Event
from socle.events.receive import Origin, receive

PER_REQUEST = 20
PER_PERSON = 3
NOW = 1_790_000_000_000
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
_NAMES = ("Product Viewed", "Product Viewed", "Product Viewed", "Product Added", "Cart Viewed", "Product List Viewed")


class Traffic:
    """Makes messages; each call goes on where the last one ended."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._count = 0

    def message(self, person: str) -> dict[str, Any]:
        """One track call of a known person in a browser."""
        self._count += 1
        rng = self._random
        category = rng.choice(("footwear", "jackets", "camping", "backpacks"))
        number = rng.randrange(5_000)
        url = f"https://shop.example.com/{category}/{number}"
        return {
            "type": "track",
            "messageId": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "timestamp": NOW - 50_000_000 + self._count * 500 + rng.randrange(500),
            "anonymousId": f"{zlib.crc32(person.encode()):08x}-60bc-4287-9d24-{person[-8:]}c81d",
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
                "page": {"url": url, "title": f"{category} - Kestrel & Pine"},
            },
        }

    def requests(self, people: list[str]) -> list[bytes]:
        """Bodies of batch requests in which everybody does PER_PERSON things."""
        messages = [self.message(person) for person in people for _ in range(PER_PERSON)]
        return [
            json.dumps({"batch": messages[start : start + PER_REQUEST]}, separators=(",", ":")).encode()
            for start in range(0, len(messages), PER_REQUEST)
        ]

    def records(self, people: list[str]) -> list[bytes]:
        """The same as records on the stream."""
        return [
            record.data
            for body in self.requests(people)
            for record in group.records(receive(parse.parse(body, True), Origin("bench", NOW))[0], [], len(body))
        ]

    def history(self, people: list[str], length: int) -> list[Event]:
        """`length` earlier events of everybody."""
        messages = [self.message(person) for person in people for _ in range(length)]
        body = parse.Body(messages, "")
        return receive(body, Origin("bench", NOW))[0]
