"""Journeys with everything real but AWS and time: the consumer, the effects, the steps and the published state machines run on a
table in memory (tests/faults/dynamo.py) and on Step Functions in memory (executor.py); what is sent is in `sent`.

    world = World()
    world.publish("cart", document)
    world.happen("u1", "Product Added", {"cart_id": "c1"})
    world.advance("1h")
    assert world.templates("u1") == ["reminder"]

`calls` may break any call that the stores, the stream, the queue and the workflows make (tests/faults/calls.py): whoever is
stopped by that is called again, as Lambda, SQS and Step Functions do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from socle.channels.model import Taken
from socle.consumer.batch import Record, Rules
from socle.consumer.service import Consumer
from socle.definitions.model import Definition
from socle.effects.model import GOAL, JOURNEY, OUT, RESUME, Effect
from socle.effects.webhook import Answer
from socle.errors import Conflict, Unavailable
from socle.events.group import records
from socle.events.model import Event, Identifier
from socle.events.stream import decode, encode_ticks
from socle.journeys.compile.machine import compile_journey
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.entry import Entry
from socle.journeys.model.release import LIVE, Release
from socle.journeys.model.row import Row
from socle.journeys.model.task import Task
from socle.journeys.service.calls import Calls as StepCalls
from socle.journeys.service.courses import Courses
from socle.journeys.service.effects import JourneyEffects, Starts
from socle.journeys.service.ground import Ground
from socle.journeys.service.sends import Letters, Post
from socle.journeys.service.steps import Steps
from socle.journeys.store import Counters, EntryStore
from socle.links.token import Keys
from socle.messages.model import Address, Message, Rendered
from socle.messages.rules import SendingRules
from socle.messages.service.prepare import Stand
from socle.messages.store import Ledger
from socle.profiles.model import Aggregate
from socle.profiles.store import ProfileStore
from socle.rates.store import RateStore
from socle.templates.freeze import frozen
from tests.faults.calls import Crash
from tests.faults.dynamo import Dynamo
from tests.journeys.executor import StepFunctions
from tests.journeys.story import HOUSE, START, after
from tests.memory import Calls, MemoryQuarantine, MemoryQueue, MemoryRaw

BRAND = {"name": "Shop", "sender": {"address": "news@shop.example.com", "name": "Shop"}, "url": "https://shop.example.com/",
         "address": "1 Main Street"}
TRIES = 30
"""Calls of a function that was stopped, or met an outage, before that is a fault of ours."""


class Pace:
    """delay: ms for which the next messages have to wait."""

    delay = 0

    def take(self, count: int) -> int:
        return self.delay

    def slow_down(self) -> None:
        pass


class World:
    """now: epoch ms; definitions: kind → name → document; sent: (profile, template, message); hooks: what receivers got."""

    def __init__(self, calls: Calls | None = None, **definitions: Mapping[str, Mapping[str, Any]]) -> None:
        self.calls = calls or Calls()
        self.now = START
        self.definitions = {**{kind: dict(found) for kind, found in HOUSE.items()},
                            **{kind.replace("_", "-"): dict(found) for kind, found in definitions.items()}}
        self.dynamo = Dynamo(self.calls)
        self.quiet = Dynamo()  # for those who look on: their calls never break
        self.quiet.items, self.quiet.log = self.dynamo.items, self.dynamo.log
        self.versions: dict[tuple[str, str], int] = {}
        """(kind, name) → version of a definition that was written again."""
        self.releases: dict[str, list[Release]] = {}
        self.plans: dict[str, dict[str, Any]] = {}
        self.sent: list[tuple[str, str, Message]] = []
        self.rendered: list[Rendered] = []
        self.hooks: list[tuple[str, bytes, dict[str, str]]] = []
        self.answers: list[Answer | Exception] = []
        self.pending: list[bytes] = []
        self.told: list[Event] = []
        self.steps_done: list[Task] = []
        self.rules = SendingRules()
        self.pace = Pace()
        self.workflows = StepFunctions(lambda payload: self._step(payload), lambda: self.now, self.calls)
        self.queue = MemoryQueue(self.calls)
        self._done = self._ids = self._events = 0
        self._make()

    # what happens

    def publish(self, name: str, document: Mapping[str, Any], version: int | None = None, state: str = LIVE) -> Release:
        """A journey is published, and current."""
        known = self.releases.get(name, [])
        number = version or len(known) + 1
        parsed = JourneyDocument.model_validate(document)
        machine = f"arn:aws:states:here:1:stateMachine:{name}-{number}"
        self.workflows.machines[machine] = compile_journey(parsed, "step")
        self.plans[machine] = {"document": dict(document), "topics": self.definitions["topics"], "templates": {
            one: self._frozen(one, template) for one, template in self.definitions["templates"].items()}}
        one = Release(name, number, parsed.model_dump(mode="json"), machine, self.now, True, state, machine)
        self.releases[name] = [one, *(before._replace(current=False, state=state) for before in known)]
        self._refresh()
        return one

    def turn(self, name: str, state: str) -> None:
        """The journey is paused, held, stopped or live again; stopping is told to those who entered before for ever."""
        stopped = self.now if state == "stopped" else 0
        self.releases[name] = [one._replace(state=state, stopped=max(one.stopped, stopped)) for one in self.releases[name]]
        self._refresh()

    def happen(self, who: str, event: str, properties: Mapping[str, Any] | None = None, *, also: Sequence[Identifier] = (),
               at: int | None = None, context: Mapping[str, Any] | None = None, settle: bool = True) -> Event:
        """Somebody (a user id) does something, and everything that follows at once, follows."""
        self._events += 1
        type_, given = ("identify", "traits") if event == "$identify" else ("track", "properties")
        found = Event(at or self.now, f"e{self._events}", 0, at or self.now, self.now, "shop", type_, event,
                      (("user_id", who), *also), {given: dict(properties or {}), "context": dict(context or {})})
        self.pending.append(records([found], [], 0)[0].data)
        if settle:
            self.settle()
        return found

    def agree(self, who: str, **traits: Any) -> None:
        """They can be reached, and agreed to be."""
        email = traits.pop("email", f"{who}@shop.example.com")
        self.happen(who, "$identify", {"email": email, **traits}, also=[("email", email)])
        for channel in ("email", "sms"):
            self.happen(who, "Consent Updated", {"channel": channel, "topic": "stories", "state": "subscribed", "source": "test"})

    def advance(self, duration: str | int) -> None:
        """Let time pass, and everything that is due meanwhile."""
        until = self.now + (after(duration) if isinstance(duration, str) else duration)
        while (due := self._due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.settle()
        self.now = until
        self.settle()

    def settle(self) -> None:
        """Everything that can happen now."""
        for _ in range(10_000):
            if not (self.flow() | self.effects() | self.workflows.run()):
                return
        raise AssertionError("it never comes to rest")

    def flow(self) -> bool:
        """What is on the stream is applied, with the ticks of who is due."""
        ticks = ProfileStore(self.quiet, "t").due(self.now, 1_000) if self._is_due() else []
        data = [*self.pending, *([encode_ticks(ticks)] if ticks else [])]
        if not data:
            return False
        del self.pending[:]
        self.told += [event for one in data for event in decode(one).events]
        batch = [Record("s", f"{self._events:06}{number:04}", self.now, one) for number, one in enumerate(data)]
        self._again(lambda: self.consumer.apply(batch))
        return True

    def effects(self) -> bool:
        """What the consumer wants done, is done."""
        waiting, self._done = self.queue.sent[self._done:], len(self.queue.sent)
        for effect in waiting:
            self._again(lambda effect=effect: self.run_effect(effect))  # type: ignore[misc]
        return bool(waiting)

    def run_effect(self, effect: Effect) -> bool:
        """One effect; those that are none of journeys are passed over."""
        return effect.kind in (JOURNEY, RESUME, OUT, GOAL) and self.journeys.run(effect, self.now)

    # what can be seen

    def root(self, who: str) -> Aggregate:
        store = ProfileStore(self.quiet, "t")
        one = store.load([store.owners([("user_id", who)])["user_id", who].profile])
        [found] = one.values()
        while found.merged_into:
            found = store.load([found.merged_into])[found.merged_into]
        return found

    def entries(self, who: str) -> tuple[Entry, ...]:
        return self.root(who).journeys

    def row(self, entry: Entry) -> Row:
        found = EntryStore(self.quiet, "t").get(entry.part, entry.id)
        assert found is not None
        return found

    def counts(self, journey: str, version: int = 1) -> dict[tuple[str, str], int]:
        return Counters(self.quiet, "t").read(journey, version)

    def templates(self, who: str) -> list[str]:
        """Of what they were sent, in order."""
        parts = self.root(who).parts
        return [template for profile, template, _ in self.sent if profile in parts]

    def named(self, event: str) -> list[dict[str, Any]]:
        """Properties of the events of a name that Socle told."""
        return [one.body["properties"] for one in self.told if one.name == event and one.source == "socle"]

    # what it is made of

    def _make(self) -> None:
        store = ProfileStore(self.dynamo, "t")
        self.courses = Courses(self, self.plans.__getitem__, lambda: self.now)
        self.ground = Ground(store, EntryStore(self.dynamo, "t"), Counters(self.dynamo, "t"), self.courses, self.workflows, self,
                             self.current)
        stand = Stand(Ledger(self.dynamo, "t"), self, self, lambda: Keys("a-secret-of-tests"), "https://socle.test",  # type: ignore[arg-type]
                      None, self, self, lambda root: {}, lambda: self.now, lambda asked: [one() for one in asked])  # type: ignore[arg-type]
        self.letters = Letters(self.ground, Post(stand, lambda: self.rules, lambda channel: self.pace, self._wait))
        self.steps = Steps(self.ground, self.letters, StepCalls(self.ground, self._exchange, lambda: b"master"),
                           lambda: self.rules.timezone)
        self.journeys = JourneyEffects(self.ground, Starts(RateStore(self.dynamo, "t"), self._wait, self.queue))
        self.consumer = Consumer(store, MemoryRaw(self.calls), MemoryQuarantine(self.calls), self.queue,  # type: ignore[arg-type]
                                 lambda: Rules.of(self.current, self._all()), self._new_id, lambda: self.now)

    def current(self, kind: str) -> list[Definition]:
        return [Definition(kind, name, self.versions.get((kind, name), 1), dict(document), START, START) for name, document in
                self.definitions.get(kind, {}).items()]

    def of(self, name: str) -> list[Release]:
        return self.releases.get(name, [])

    def put(self, found: Sequence[Any]) -> None:
        self.calls.make("PutRecords", found, lambda some: self.pending.extend(one.data for one in some))

    def send(self, message: Message, address: Address, rendered: Rendered, sender: Any, links: Any, purpose: str,
             template: str) -> Taken:
        self.sent.append((message.profile, template, message))
        self.rendered.append(rendered)
        return Taken("provider", 1, 1)

    def code(self, pool: str, profile: str) -> str:
        return f"{pool}-{profile}"

    def item(self, kind: str, id_: str) -> None:
        return None

    def _all(self) -> list[Release]:
        return [one for found in self.releases.values() for one in found]

    def _refresh(self) -> None:
        for name in self.releases:
            self.courses.forget(name)

    def _step(self, payload: dict[str, Any]) -> dict[str, Any]:
        task = Task.of(payload)
        self.steps_done.append(task)
        return self.steps.do(task, self.now)

    def _exchange(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.hooks.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else Answer(200)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _wait(self, milliseconds: int) -> None:
        pass

    def _new_id(self) -> str:
        self._ids += 1
        return f"p{self._ids:06}"

    def _frozen(self, name: str, document: Mapping[str, Any]) -> dict[str, Any]:
        return frozen(name, 1, dict(document), lambda kind, other: BRAND if kind == "brand" else self.definitions.get(
            kind, {}).get(other))  # type: ignore[arg-type, return-value]

    def _is_due(self) -> bool:
        return any(due <= self.now for due in self._dues())

    def _dues(self) -> list[int]:
        return [int(item["due"]["N"]) for (_, kind), item in self.quiet.items.items() if kind == "A" and "due" in item]

    def _due(self) -> int | None:
        dues = self._dues()
        execution = self.workflows.next_due()
        return min([*dues, *([execution] if execution is not None else [])], default=None)

    def _again(self, call: Callable[[], Any]) -> None:
        for _ in range(TRIES):
            try:
                call()
                return
            except (Crash, Unavailable, Conflict):
                continue
        raise AssertionError("it never gets through")
