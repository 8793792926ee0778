"""People in a journey while every call may break, and while they order, leave, are merged and erased between any two calls.

A World (world.py) whose SES and webhooks break, too: they deliver, refuse, say nothing, or deliver and say nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socle.channels.model import Ambiguous, NotSent, Taken
from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.effects.webhook import Answer
from socle.events.model import Event
from socle.events.stream import encode_events
from socle.identity.model import MANUAL, Evidence
from socle.identity.service.join import merge_profiles
from socle.messages.model import Message
from socle.profiles.codec import encode_aggregate
from socle.profiles.model import Snapshot
from socle.profiles.store import ProfileStore
from tests.faults.calls import LATER, Crash, FaultyCalls
from tests.journeys.world import World
from tests.memory import MemoryQuarantine, MemoryQueue, MemoryRaw

_PREPARED: dict[Any, Any] = {}
Meanwhile = Callable[["Trial"], None]


class Trial(World):
    """`faults`: number of a call → what goes wrong with it; `meanwhile`: what happens right before the call of that number. Both
    count from when `begin` is called."""

    def __init__(self) -> None:
        self.faulty = FaultyCalls()
        super().__init__(self.faulty)
        self.folded = self.happened = 0
        self.letters._prepared = _PREPARED  # compiled once for all trials

    def know(self, other: Trial) -> None:
        """Everybody whom the other one knows."""
        self.dynamo.items.update({key: dict(item) for key, item in other.dynamo.items.items()})
        self._ids, self._events, self.now = other._ids, other._events, other.now

    def begin(self, faults: dict[int, str] | None = None, number: int | None = None, meanwhile: Meanwhile | None = None) -> None:
        """From here on calls are counted."""
        self.faulty.log.clear()
        self.faulty.faults = dict(faults or {})
        if number is not None and meanwhile is not None:
            self.faulty._under_way.append((number, lambda: self._happens(meanwhile)))

    def _happens(self, meanwhile: Meanwhile) -> None:
        meanwhile(self)
        self.folded, self.happened = len(self.quiet.log), self.now

    def send(self, message: Message, *rest: Any) -> Taken:  # type: ignore[override]
        number = len(self.faulty.log)
        self.faulty.log.append(("SendEmail", 1, True))
        self.faulty.arrive(number)
        kind = self.faulty.fault(number, "SendEmail", 1, True)
        sent = super().send
        if kind == "crash, done later":
            self.faulty._under_way.append((number + LATER, lambda: sent(message, *rest)))
        elif kind is None or "after" in kind:
            sent(message, *rest)
        if kind is None or kind == "outage after":
            return Taken("ses", 1)
        if kind.startswith("crash"):
            raise Crash
        if kind == "outage before":
            raise NotSent("throttled", "slow down", again=True)
        raise Ambiguous("no_answer")

    def _exchange(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        answered: Answer = self.calls.make("webhook", [url], lambda _: super(Trial, self)._exchange(url, body, headers))[0]
        return answered

    def fold(self, who: str, event: str, **properties: Any) -> None:
        """Folded at this very moment by another consumer, whose calls do not break; its effects come later."""
        found = Event(self.now, f"meanwhile-{event}", 0, self.now, self.now, "shop", "track", event, (("user_id", who),),
                      {"properties": properties})
        queue = MemoryQueue()
        queue.sent = self.queue.sent
        Consumer(ProfileStore(self.quiet, "t"), MemoryRaw(), MemoryQuarantine(), queue,  # type: ignore[arg-type]
                 lambda: Rules.of(self.current, self._all()), self._new_id, lambda: self.now).apply(
            [Record("s", "meanwhile", self.now, encode_events([found]))])

    def merge(self, one: str, other: str) -> None:
        """Somebody says that these are one."""
        first, second = self.root(one), self.root(other)
        if first.id != second.id:
            merge_profiles(ProfileStore(self.quiet, "t"), first.id, second.id, Evidence(MANUAL, self.now),
                           {first.id: first, second.id: second}, self.now)

    def erase(self, who: str) -> None:
        """The mark of an erasure; what it deletes afterwards does not matter here."""
        root = self.root(who)
        gone = root.next(snapshot=Snapshot(), reserved=root.owned(), tail=(), outbox=(), due=None, erased=self.now, journeys=())
        ProfileStore(self.quiet, "t").save(gone, encode_aggregate(gone))

    def sent_to(self) -> list[tuple[str, str]]:
        """(step, address) of each message that went out."""
        return [(message.variant, message.address) for _, _, message in self.sent]

    def claims(self) -> list[str]:
        """Templates' steps of the messages that were claimed first after `meanwhile` happened."""
        return [after["v"]["S"] for at, key, before, after in self.quiet.log
                if at >= self.folded > 0 and key[1].startswith("M#") and before is None and after is not None]
