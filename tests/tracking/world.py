"""What becomes of messages, on moto: a ledger with rows, a stream that remembers its events, counters of runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import boto3
from moto import mock_aws

from infra.local import dynamodb
from socle.campaigns.store import Counters
from socle.errors import Unavailable
from socle.events.model import Event
from socle.events.stream import decode
from socle.links.model import CLICK, OPEN, Claims
from socle.messages.items import message_item
from socle.messages.model import DELIVERED, Address, Message, message_key
from socle.messages.store import Ledger
from socle.tracking.model import Asked
from socle.tracking.service import Tracker
from socle.tracking.store import VisitStore
from tests.profiles.test_store import make_table

AT = 1_790_000_000_000
"""When the message of these tests was claimed, epoch ms."""
ANN = Address("email", "ann@example.com")
MESSAGE = Message("mfrggzdfmztwq2lknnw", message_key("campaign/spring", "1"), 1, DELIVERED, AT, ("email", "ann@example.com"),
                  "email", ANN.digest, "example.com", "newsletter", "spring", "r1", "a")
SAFARI = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
          "Safari/604.1")


class Stream:
    """As EventStream; `down` makes it fail."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.down = False

    def put(self, records: Any) -> None:
        if self.down:
            raise Unavailable("stream_unavailable", "events cannot be taken right now")
        for record in records:
            self.events += decode(record.data).events

    @property
    def kept(self) -> dict[str, Event]:
        """Key → the event that counts of it: the first of its highest revision."""
        found: dict[str, Event] = {}
        for event in self.events:
            if event.key not in found or event.revision > found[event.key].revision:
                found[event.key] = event
        return found

    def names(self) -> list[str]:
        """Of the events that count, in the order of their keys."""
        return [self.kept[key].name for key in sorted(self.kept)]


class World:
    """The tables and what stands on them."""

    def __init__(self) -> None:
        self.dynamodb = boto3.client("dynamodb")
        make_table(self.dynamodb)
        self.dynamodb.create_table(
            TableName="definitions", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("PK", "SK")],
            KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}])
        self.ledger = Ledger(self.dynamodb, "profiles")
        self.visits = VisitStore(self.dynamodb, "profiles")
        self.counters = Counters(self.dynamodb, "definitions")
        self.stream = Stream()
        self.tracker = Tracker(self.ledger, self.visits, self.stream, self.counters)  # type: ignore[arg-type]

    def have(self, message: Message = MESSAGE) -> Message:
        """Put a row as it is."""
        self.dynamodb.put_item(TableName="profiles", Item=message_item(message))
        return message

    def row(self, message: Message = MESSAGE) -> Message | None:
        """The row as it is now."""
        return self.ledger.get(message.profile, message.key)

    def counts(self) -> dict[str, int]:
        """Metric → total of the run, without zeros."""
        totals = self.counters.add(MESSAGE.campaign, MESSAGE.run, {})
        return {metric: number for metric, number in totals.items() if number}

    def click(self, number: int, after: int, agent: str = SAFARI, method: str = "GET", **headers: str) -> str:
        """Follow a link `after` ms."""
        url = f"https://shop.example/p{number}?who=ann#x"
        return self._visit(Claims(CLICK, MESSAGE.profile, AT * 2, MESSAGE.key, 1, url, number), after, agent, method, headers)

    def open(self, after: int, agent: str = SAFARI, method: str = "GET", **headers: str) -> str:
        """Fetch the pixel `after` ms."""
        return self._visit(Claims(OPEN, MESSAGE.profile, AT * 2, MESSAGE.key, 1), after, agent, method, headers)

    def _visit(self, claims: Claims, after: int, agent: str, method: str, headers: dict[str, str]) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.tracker.visited(claims, Asked(method, agent, named), AT + after)


@contextmanager
def worlds() -> Iterator[World]:
    """A world on moto."""
    with mock_aws(), ExitStack() as stack:
        dynamodb.install(stack)
        yield World()
