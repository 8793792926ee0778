"""A chunk that is sent while everything goes wrong, and while the people in it are merged, erased, suppressed and unsubscribe.

The real worker, gate, ledger and stores of consent run on a table in memory (tests/faults/dynamo.py), whose calls break as
AWS's do. SES is played here: it delivers, refuses, says nothing, or delivers and says nothing.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from socle.campaigns.model.run import chunk_key, key_of
from socle.channels.model import Ambiguous, NotSent, Taken
from socle.consent.store import Standings
from socle.errors import Unavailable
from socle.events.stream import decode
from socle.identity.model import MANUAL, Evidence
from socle.identity.service.join import merge_profiles
from socle.messages.model import Address, Mail, Message, Sender
from socle.messages.outcome import Outcome
from socle.messages.rules import SendingRules
from socle.messages.service.chunks import ChunkWorker, Plan, ask_of
from socle.messages.service.sending import Around, Sending
from socle.messages.store import Ledger
from socle.profiles.codec import encode_aggregate
from socle.profiles.items import aggregate_item
from socle.profiles.model import Snapshot
from socle.profiles.store import ProfileStore
from tests.faults.calls import LATER, Crash, FaultyCalls
from tests.faults.dynamo import Dynamo
from tests.messages.people import NOON, aggregate

RUN = {"campaign": "letter", "run": "r1", "occurrence": "r1", "mode": "send", "document": {"topic": "news"}}
ORDINARY = ("p1", "p2", "p3")
MERGED, SHARING, LEAVING, SUPPRESSED, ERASED = ("m1", "m2"), ("s1", "s2"), "u1", "x1", "e1"
PEOPLE = (*ORDINARY, *MERGED, *SHARING, LEAVING, SUPPRESSED, ERASED)
RETRIES = 60
"""Calls of the worker by Step Functions, here for as long as it takes."""


def mailbox(profile: str) -> Address:
    """Two of them share one."""
    return Address("email", f"{'s' if profile in SHARING else profile}@example.com")


@dataclass
class Links:
    unsubscribe: str = "https://socle.test/unsubscribe/t"
    preferences: str = "https://socle.test/preferences/t"
    pixel: str = "https://socle.test/o/t"

    def click(self, url: str, number: int) -> str:
        return url

    def survey(self, name: str) -> str:
        return name


class Letter:
    sender = Sender("letters@example.com")
    url = ""

    def render(self, person: Any, links: Any, lookups: Any) -> Mail:
        return Mail("Hello", "<p>Hello</p>", "Hello")


class Pace:
    def take(self, count: int) -> int:
        return 0

    def slow_down(self) -> None:
        pass


@dataclass
class World:
    """`after`: what happens before the call of that number, besides."""

    calls: FaultyCalls
    after: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dynamo = Dynamo(self.calls)
        self.quiet = Dynamo()
        self.quiet.items, self.quiet.log = self.dynamo.items, self.dynamo.log
        self.delivered: list[tuple[int, Message, Address]] = []
        self.events: list[Any] = []
        self.files: dict[str, bytes] = {}
        self.merges: list[int] = []
        for profile in PEOPLE:
            one = aggregate(profile, email=mailbox(profile).value, version=1)
            self.quiet.put_item(Item=aggregate_item(one, encode_aggregate(one)))
        self.files[key_of("letter", "r1", "plan.json")] = json.dumps(RUN).encode()
        self.files[chunk_key("letter", "r1", 0)] = gzip.compress(
            "\n".join(json.dumps([profile, "a"]) for profile in PEOPLE).encode(), mtime=0)
        for number, what in self.after:
            self.calls._under_way.append((number, lambda what=what: self.happen(what)))

    # what the worker stands on

    def clock(self) -> int:
        return NOON + len(self.calls.log)

    def worker(self) -> ChunkWorker:
        around = Around(lambda message: Links(), lambda root, now: {}, lambda profile: None, lambda *asked: (0, 1),
                        self.deliver, lambda asked: [one() for one in asked])
        sending = Sending(Ledger(self.dynamo, "t"), self, around, self.clock)
        plan = Plan(ask_of(RUN, "email"), {"a": Letter()}, SendingRules, False, sending, Pace())
        return ChunkWorker(self, self, self, lambda content: plan, self.clock, lambda ms: None)

    def is_sending(self, campaign: str, run: str, attempt: int) -> bool:
        return True

    def pause(self, *_: Any) -> bool:
        return True

    def add(self, *_: Any) -> dict[str, int]:
        return {}

    def read(self, key: str) -> bytes | None:
        return self.calls.make("GetObject", [key], lambda _: self.files.get(key))[0]

    def write(self, key: str, data: bytes, kind: str = "") -> None:
        self.calls.make("PutObject", [key], lambda _: self.files.update({key: data}))

    def put(self, records: Any) -> None:
        self.calls.make("PutRecords", records, lambda some: self.events.extend(
            event for record in some for event in decode(record.data).events))

    def deliver(self, message: Message, address: Address, *_: Any) -> Taken:
        number = len(self.calls.log)
        self.calls.log.append(("SendEmail", 1, True))
        self.calls.arrive(number)
        kind = self.calls.fault(number, "SendEmail", 1, True)
        if kind is not None:
            self.calls.fired.append(kind)

        def deliver() -> None:
            self.delivered.append((len(self.dynamo.log), message, address))

        if kind == "crash, done later":
            self.calls._under_way.append((number + LATER, deliver))
        elif kind is None or "after" in kind:
            deliver()
        if kind is None or kind == "outage after":
            return Taken("ses", 1)
        if kind.startswith("crash"):
            raise Crash
        if kind == "outage before":
            raise NotSent("throttled", "slow down", again=True)
        raise Ambiguous("no_answer")

    # what happens to people meanwhile

    def happen(self, what: str) -> None:
        store, standings, now = ProfileStore(self.quiet, "t"), Standings(self.quiet, "t"), self.clock()
        if what == "merge":
            merge_profiles(store, *MERGED, Evidence(MANUAL, now), store.load(MERGED))
            self.merges.append(len(self.dynamo.log))
        elif what == "unsubscribe":
            standings.withdraw(mailbox(LEAVING), "news", now)
        elif what == "suppress":
            standings.suppress(mailbox(SUPPRESSED), "complaint", now)
        else:
            root = store.load([ERASED])[ERASED]
            root = root.next(snapshot=Snapshot(), reserved=root.owned(), tail=(), outbox=(), due=None, erased=now)
            store.save(root, encode_aggregate(root))

    def outcomes(self) -> dict[str, Outcome]:
        found = {}
        for key, data in sorted(self.files.items()):
            if "/outcomes/" in key:
                for line in gzip.decompress(data).decode().splitlines():
                    one = Outcome.from_row(json.loads(line))
                    found[one.profile] = one
        return found


HAPPENINGS = ("merge", "unsubscribe", "suppress", "erase")


def work(world: World, step: Callable[[], None] = lambda: None) -> None:
    """The worker, called again until its chunk is done, as Step Functions does."""
    for _ in range(RETRIES):
        try:
            _, done, _ = world.worker().work("letter", "r1", 1, 0, 0, lambda: 900_000)
            if done:
                return
        except (Crash, Unavailable, NotSent):
            step()
    raise AssertionError("the chunk never gets through")
