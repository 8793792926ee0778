"""A world with accounts and segments: effects are run and ticks arrive, in whatever order a test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from socle.accounts.service import Accounts, AccountWriter
from socle.definitions.model import Definition
from socle.effects.model import Effect
from socle.effects.service import EffectRunner
from socle.events.group import Record
from socle.profiles.service import Profiles
from socle.segments import accounts as pure
from socle.segments.document import Segment
from socle.segments.rules import LiveRules
from socle.segments.service.accounts import AccountFacts
from tests.accounts.memory import MemoryAccounts
from tests.people import T0, order
from tests.world import World

GOLD = {"type": "account", "quantifier": "any", "trait": "plan", "test": {"op": "eq", "value": "gold"}}
BUYER = {"type": "event", "event": "Order Completed"}
CY = ("user_id", "cy")


def bought(number: int, who: tuple[str, str]) -> Any:
    return order(number, who, order_id=str(number), revenue=1)


def of_members(quantifier: str, segment: str = "buyers") -> dict[str, Any]:
    return {"type": "account_members", "quantifier": quantifier, "segment": segment}


class Town:
    """A world whose effects are run and whose ticks arrive, with segments; `stream` holds ticks that have not arrived,
    `rival` happens before the next ones get there."""

    def __init__(self, **segments: dict[str, Any]) -> None:
        self.world = World()
        self.world.now = T0
        self.store = MemoryAccounts(self.world.profiles)
        self.stream: list[Record] = []
        self.walks: list[tuple[Effect, int]] = []
        self.large: list[str] = []
        self.rival: Callable[[], None] | None = None
        self.definitions: list[Definition] = []
        self.facts = AccountFacts(self.store, self.world.profiles, self, self.asked, lambda: self.world.now, self,  # type: ignore[arg-type]
                                  self.large.append)
        self.writer = AccountWriter(self.store, self.facts)
        self.accounts = Accounts(self.store, self.world.profiles)  # type: ignore[arg-type]
        self.runner = EffectRunner(self.world.profiles, lambda name: None, lambda: b"", lambda *asked: 200, self.writer,  # type: ignore[arg-type]
                                   Rows(), self.facts)
        self.done = 0
        self.define(**segments)

    def define(self, **segments: dict[str, Any]) -> None:
        self.definitions = [
            Definition("segments", name, 1, Segment.model_validate({"when": when}).model_dump(mode="json"), T0, T0)
            for name, when in segments.items()]
        self.world.rules = self.world.rules._replace(segments=LiveRules.of(self.definitions))

    def asked(self) -> pure.Asked:
        return pure.asked(lambda kind: [one for one in self.definitions if one.kind == kind])

    def put(self, records: Sequence[Record]) -> None:
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()
        self.stream += records

    def send(self, effects: Sequence[Effect], delay: int = 0) -> None:
        self.walks += [(effect, delay) for effect in effects]

    def after(self, *events: Any) -> Town:
        """Deliver the events, and all that comes of them."""
        if events:
            self.world.deliver(*events)
        for _ in range(20):
            self.run(self.waiting())
            if not self.arrive() and not self.waiting(keep=True):
                return self
        raise AssertionError("it goes on for ever")

    def waiting(self, keep: bool = False) -> list[Effect]:
        found = self.world.queue.sent[self.done:]
        self.done += 0 if keep else len(found)
        return found

    def run(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            self.runner.run(effect, T0)

    def arrive(self) -> int:
        """The ticks on the stream are applied; answers how many."""
        records, self.stream = self.stream, []
        if records:
            self.world.consumer.apply([self.world.record(record.data) for record in records])
        return len(records)

    def id(self, who: tuple[str, str]) -> str:
        return Profiles(self.world.profiles).find(*who)  # type: ignore[arg-type]

    def given(self, who: tuple[str, str], name: str = "acme") -> Any:
        return self.world.profiles.load([self.id(who)])[self.id(who)].given.get(f"account:{name}")

    def of(self, who: tuple[str, str]) -> set[str]:
        return set(self.world.profiles.load([self.id(who)])[self.id(who)].segments)


class Rows:
    """Membership rows are no matter of these tests."""

    def take(self, effect: Effect) -> bool:
        return True
