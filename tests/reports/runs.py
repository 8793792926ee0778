"""A run of a campaign and what came of it, in the lake and in the workers' files; and the same numbers in plain Python."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import duckdb

from socle.campaigns.model.run import outcome_key
from socle.events.model import Event
from socle.lake.store import LakeStore
from socle.messages.events import message_event
from socle.messages.model import SENT, Message
from socle.reports.model import Goal, Question
from socle.reports.service.report import Reports
from socle.reports.store import OutcomeFiles
from socle.segments.plan import MESSAGE_EVENTS
from tests.lake.bucket import NOON, Lake
from tests.world import World

DAY = 86_400_000
HOUR = 3_600_000
STARTED = NOON - 20 * DAY
GOAL = Goal("Order Completed", 7 * DAY)
KEY = "0123456789abcdef0123"
AUTOMATIC = {"opened": "Email Opened Automatically", "clicked": "Email Link Clicked Automatically"}


class House:
    """A world whose raw objects are compacted into a lake of four buckets, and a bucket with outcomes."""

    def __init__(self) -> None:
        self.world, self.lake = World(), Lake(4)
        self._kept: set[str] = set()

    def tell(self, events: Sequence[Event]) -> None:
        """Let these happen."""
        for first in range(0, len(events), 100):
            self.world.deliver(*events[first:first + 100])

    def compact(self) -> None:
        """Take everything into the lake."""
        for name, data in self.world.raw.objects.items():
            if name not in self._kept:
                self.lake.raw.save(name, NOON - DAY, data)
                self._kept.add(name)
        self.lake.run(f"run-{len(self._kept)}")

    def write(self, rows: Iterable[Mapping[str, Any]], run: str = "r1", chunk: int = 0, position: int = 0) -> None:
        """Outcomes of a batch."""
        self.lake.s3.put_object("bucket", outcome_key("autumn", run, chunk, position), gzip.compress(
            "\n".join(json.dumps(row) for row in rows).encode()))

    def profile(self, user: str, kind: str = "user_id") -> str:
        """Who has the identifier now."""
        return next(owner for found, owner in self._owners() if found == (kind, user))

    def _owners(self) -> Iterable[tuple[tuple[str, str], str]]:
        for (profile, kind) in list(self.world.profiles.items):
            aggregate = self.world.profiles.load([profile])[profile] if kind == "A" else None
            if aggregate is not None and aggregate.merged_into is None:
                for type_, values in aggregate.snapshot.identifiers.items():
                    for value in values:
                        yield (type_, value), profile

    def report(self, directory: Path, goal: Goal = GOAL, run: str = "r1", budget: int = 1 << 40) -> dict[str, Any]:
        """The report of a run."""
        found = Reports(LakeStore(self.lake.s3, "bucket"), OutcomeFiles(LakeStore(self.lake.s3, "bucket")),
                        lambda: duckdb.connect(config={"threads": 1}), lambda: 0)
        return found.report(Question("autumn", run, STARTED, goal), directory, budget)


def message(user: str, profile: str, variant: str = "a", run: str = "r1", domain: str = "mail.test") -> Message:
    """A message of the run."""
    return Message(profile, KEY, 1, SENT, STARTED, ("user_id", user), "email", "digest", domain, "news", "autumn", run, variant)


def happened(one: Message, action: str, at: int, time: int = 0, automatic: bool = False, **extra: Any) -> Event:
    """Something that happened to a message."""
    name = AUTOMATIC[action] if automatic else MESSAGE_EVENTS["email", action]
    return message_event(one, name, at, f"{one.tag}.{action}.{time}", at, **extra)


def person(user: str, kind: str = "user_id") -> Event:
    """That somebody is there."""
    return Event(STARTED - DAY, f"hello-{user}", 0, STARTED - DAY, STARTED - DAY, "shop", "identify", "$identify",
                 ((kind, user),), {"traits": {"name": user}})


def bought(user: str, at: int, number: int, order_id: str, name: str = "Order Completed", **properties: Any) -> Event:
    """An order event."""
    return Event(at, f"order-{number}", 0, at, at, "shop", "track", name, (("user_id", user),),
                 {"properties": {"order_id": order_id, **properties}})


class Story(NamedTuple):
    """Everything of a random run: outcomes, and events of its messages and of orders."""

    outcomes: list[dict[str, Any]]
    events: list[Event]


def story(seed: int, people: int, profiles: Mapping[str, str]) -> Story:
    """A run over `people`, with everything that happens to messages."""
    chance = Random(seed)
    outcomes: list[dict[str, Any]] = []
    events: list[Event] = []
    for number in range(people):
        user = f"u{number}"
        outcome = chance.choices(["sent", "holdout", "no_consent", "failed", "frequency_cap"], [70, 20, 5, 2, 3])[0]
        row: dict[str, Any] = {"p": profiles[user], "o": outcome if outcome in ("sent", "failed") else "skipped",
                               "at": STARTED + chance.randrange(HOUR)}
        if row["o"] == "skipped":
            row["r"] = outcome
        if outcome in ("sent", "failed"):
            row["v"] = chance.choice("ab")
        outcomes.append(row)
        if outcome == "sent":
            one = message(user, profiles[user], row["v"], domain=chance.choice(["mail.test", "post.test", "web.test"]))
            events += _life(chance, one, row["at"])
        for order in range(chance.choice([0, 0, 1, 2])):
            currency = chance.choice(["EUR", "JPY"])
            at = STARTED + chance.randrange(12 * DAY)
            events.append(bought(user, at, number * 10 + order, f"o{number}-{order}", revenue=chance.randrange(100, 9_000) / 100,
                                 currency=currency))
            if chance.random() < 0.3:
                back = {"revenue": chance.randrange(1, 100), "currency": currency} if chance.random() < 0.6 else {}
                events.append(bought(user, at + DAY, number * 10 + order + 5, f"o{number}-{order}", "Order Refunded", **back))
    return Story(outcomes, events)


def _life(chance: Random, one: Message, at: int) -> list[Event]:
    found = [happened(one, "sent", at)]
    if chance.random() < 0.1:
        return [*found, happened(one, "bounced", at + 1_000, hard=chance.random() < 0.5)]
    found.append(happened(one, "delivered", at + 1_000))
    for action, often in (("opened", 0.7), ("clicked", 0.5)):
        for number in range(chance.choice([1, 1, 2, 3]) if chance.random() < often else 0):
            link = chance.randrange(1, 4)
            extra = {"link_number": link, "link": f"https://shop.test/{link}"} if action == "clicked" else {}
            found.append(happened(one, action, at + 2_000 + chance.randrange(3 * DAY), number, chance.random() < 0.3,
                                  device=chance.choice(["mobile", "desktop"]), **extra))
    if chance.random() < 0.05:
        found.append(happened(one, chance.choice(["complained", "unsubscribed"]), at + HOUR))
    return found


def by_hand(events: Sequence[Event], what: str, by: str = "") -> dict[str, int]:
    """Messages to which something happened, by a property."""
    names = {"Email " + what.capitalize(): what}
    found: dict[str, set[str]] = defaultdict(set)
    for event in events:
        properties = event.body["properties"]
        if event.source == "socle" and event.name in names:
            found[properties.get(by, "")].add(properties["message"])
    return {name: len(messages) for name, messages in found.items()}
