"""A world with accounts: group calls go through the consumer, their effects through the runner, in whatever order a test says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from socle.accounts.service import Accounts, AccountWriter
from socle.effects.model import Effect
from socle.effects.service import EffectRunner
from socle.events.model import Event
from tests.accounts.memory import MemoryAccounts
from tests.memory import Calls
from tests.people import T0, event
from tests.world import World

ADA, BOB, DEVICE = ("user_id", "ada"), ("user_id", "bob"), ("anonymous_id", "device")


def group(number: int, *ids: tuple[str, str], to: str = "acme", revision: int = 0, **traits: Any) -> Event:
    return event(number, *ids, name="$group", type="group", revision=revision, groupId=to, traits=traits)


class Firm:
    """`world` and what is made of its effects."""

    def __init__(self, calls: Calls | None = None) -> None:
        self.world = World(calls=calls)
        self.store = MemoryAccounts(self.world.profiles)
        self.writer = AccountWriter(self.store)
        self.accounts = Accounts(self.store, self.world.profiles)  # type: ignore[arg-type]
        self._runner = EffectRunner(self.world.profiles, lambda name: None, lambda: b"", lambda *asked: 200, self.writer)  # type: ignore[arg-type]

    def run(self, effects: Iterable[Effect] | None = None) -> list[bool]:
        """Run these effects, or all that were ever queued."""
        return [self._runner.run(effect, T0) for effect in (self.world.queue.sent if effects is None else effects)]

    def after(self, *events: Event) -> Firm:
        """Deliver the events and do what they ask for."""
        self.world.deliver(*events)
        self.run()
        return self

    def shown(self, name: str = "acme") -> tuple[Any, Any, Any]:
        """All that a reader sees of an account, whatever the profiles are called."""
        timeline = self.accounts.timeline(name, 1_000)["items"]
        members = self.accounts.members(name, 1_000)["items"]
        return (self.accounts.read(name, T0), sorted(str({**item, "profile": ""}) for item in timeline),
                sorted(str({**item, "id": ""}) for item in members))
