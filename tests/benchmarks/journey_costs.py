"""`python -m tests.benchmarks.journey_costs`: what a journey costs, counted from its calls: transitions, units, dollars.

Every recipe's stories are lived in memory by the real consumer, effects and steps, on the published state machines. Calls of the
tables and the stream are counted as AWS counts them (socle.costs.units). It prints the tables of socle.journeys' COSTS.md.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from socle.costs.prices import COMPUTE, INVOCATIONS, READS, STREAM_IN, STREAM_OUT, TRANSITIONS, WRITES, dollars
from socle.costs.units import item_bytes, kinesis_kib, read_units, transaction_units, write_units
from socle.effects.model import GOAL, JOURNEY, OUT, RESUME, Effect
from tests.journeys.recipes import RECIPES
from tests.journeys.scenarios import STORIES
from tests.journeys.story import HOUSE, START, Story, after
from tests.journeys.world import World

CALL_SECONDS, CALL_GB = 0.06, 1.0
"""Assumed of one call of run_journey_step: three to nine round trips, 1,024 MB. A send renders a mail and waits for SES."""
EFFECT_SECONDS, EFFECT_GB = 0.04, 0.5
"""Assumed of one effect; run_effects takes several in one call."""
EVENT_USD = 0.90e-6
"""Of an event from the API to the lake, as `make bench` has it: those that a journey makes cost the same from the stream on."""
MESSAGES = {"email": 0.10e-3, "push": 0.50e-6, "sms": 7.5e-3, "webhook": 0}
"""USD of one; of a text assumed: its price depends on the country."""
FOLDER = Path(__file__).resolve().parents[2] / "layers/core/python/socle/journeys/recipes"
EFFECTS = {JOURNEY: "entering", RESUME: "a hold that ends", OUT: "an exit", GOAL: "the goal"}
_READS = {"get_item", "batch_get_item", "query"}


class Meter:
    """What was done, by what it was done for: `done[what]` times, `units[what]`, `calls[what]` by operation."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.units: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.calls: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._what = ""

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Calls within are made for this."""
        before, self._what = self._what, what
        self.done[what] += 1
        try:
            yield
        finally:
            self._what = before

    def add(self, operation: str, units: Mapping[str, float]) -> None:
        """One call."""
        self.calls[self._what][operation] += 1
        self.units[self._what].update(units)  # type: ignore[arg-type]  # Counter takes floats as well


class Metered:
    """A table in memory, whose calls are counted."""

    def __init__(self, table: Any, meter: Meter) -> None:
        self._table, self._meter = table, meter

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._table, name)
        if not callable(found) or name.startswith("_"):
            return found

        def call(**asked: Any) -> Any:
            before = len(self._table.log)
            try:
                answer = found(**asked)
            except Exception:
                self._meter.add(name, {READS if name in _READS else WRITES: 1})
                raise
            written = transaction_units if name == "transact_write_items" else write_units
            units: Counter[str] = Counter()
            if name in _READS:
                units[READS] += sum(_read(name, asked, answer))  # type: ignore[assignment]
            else:
                units[WRITES] += sum(written(old, new) for _, _, old, new in self._table.log[before:])
            self._meter.add(name, units)
            return answer
        return call


def _read(name: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[float]:
    if name == "query":
        size = sum(map(item_bytes, answer["Items"]))
        yield max(1, -(-size // 4_096)) * (1 if asked.get("ConsistentRead") else 0.5)
    elif name == "get_item":
        yield read_units(answer.get("Item"), bool(asked.get("ConsistentRead")))
    else:
        for table, one in asked["RequestItems"].items():
            found = answer["Responses"].get(table, ())
            yield from (read_units(item, bool(one.get("ConsistentRead"))) for item in found)
            yield (len(one["Keys"]) - len(found)) * (1 if one.get("ConsistentRead") else 0.5)


class CostedWorld(World):
    """A world that knows what it costs. `meter` and `mails` are shared between worlds."""

    def __init__(self, meter: Meter, **definitions: Any) -> None:
        self.meter, self.units = meter, Counter[str]()
        super().__init__(**definitions)

    def _make(self) -> None:
        self.dynamo = Metered(self.dynamo, self.meter)  # type: ignore[assignment]
        super()._make()

    def _step(self, payload: dict[str, Any]) -> dict[str, Any]:
        with self.meter.of(payload["do"]):
            return super()._step(payload)

    def run_effect(self, effect: Effect) -> bool:
        if effect.kind not in EFFECTS:
            return super().run_effect(effect)
        with self.meter.of(EFFECTS[effect.kind]):
            return super().run_effect(effect)

    def flow(self) -> bool:
        with self.meter.of("the consumer"):
            return super().flow()

    def put(self, found: Any) -> None:
        super().put(found)
        size = sum(kinesis_kib(one.key, one.data) for one in found)
        self.meter.add("put_records", {STREAM_IN: size, STREAM_OUT: size})

    @property
    def transitions(self) -> int:
        """States that all executions have entered; one that waits shows twice in a row."""
        total = 0
        for one in self.workflows.executions.values():
            states = self.workflows.machines[one.machine]["States"]
            before = ""
            for name in one.visited:
                total += not (name == before and states[name]["Type"] == "Wait")
                before = "" if name == before else name
        return total


class Recipe(NamedTuple):
    """What the entries of some stories came to. steps: the marketer's; messages by channel."""

    entries: int
    steps: int
    transitions: int
    calls: int
    events: int
    messages: Counter[str]
    units: Counter[str]

    @property
    def usd(self) -> dict[str, float]:
        """By service, without messages."""
        return dollars(self.units)


def lived(story: Story, meter: Meter) -> CostedWorld:
    """A story to its end."""
    also = {kind: {**HOUSE.get(kind, {}), **story.also.get(kind, {})} for kind in {*HOUSE, *story.also}}
    world = CostedWorld(meter, **story.fill(also))
    world.publish(story.journey, story.fill(story.document))
    for did in story.did:
        world.advance(START + after(did.at) - world.now)
        world.happen(story.who, did.event, story.fill(dict(did.properties)),
                     context={"timezone": did.timezone} if did.timezone else None)
    world.advance(START + after(story.until) - world.now)
    return world


def recipes() -> dict[str, Recipe]:
    """Recipe → what all its stories came to."""
    known = sorted((file.stem for file in FOLDER.glob("*.json")), key=len, reverse=True)
    found: dict[str, Recipe] = {}
    for story in RECIPES:
        if story.exact or story.document["trigger"]["type"] == "schedule":
            continue
        meter = Meter()
        world = lived(story, meter)
        entries = [one for one in world.entries(story.who) if one.reason != "holdout"]
        names = {step["name"] for step in story.document["steps"]}
        rows = [world.row(one) for one in entries]
        channels = Counter(message.channel for _, _, message in world.sent)
        calls = len(world.steps_done)
        units: Counter[str] = Counter({TRANSITIONS: world.transitions, INVOCATIONS: calls})
        units[COMPUTE] += calls * CALL_SECONDS * CALL_GB  # type: ignore[assignment]
        for what, count in meter.done.items():
            if what != "the consumer":
                units.update(meter.units[what])
                if what in EFFECTS.values():
                    units[COMPUTE] += count * EFFECT_SECONDS * EFFECT_GB  # type: ignore[assignment]
        passed = sum(step in names for row in rows for step, _ in row.log)
        # Steps of type exit leave no line of their own.
        logged = {step for row in rows for step, _ in row.log}
        passed += sum(name in names - logged for one in world.workflows.executions.values() for name in set(one.visited))
        one = Recipe(len(entries), passed, world.transitions, calls,
                     sum(event.source == "socle" for event in world.told), channels, units)
        name = next(name for name in known if story.journey.startswith(f"story-{name}"))
        found[name] = _sum(found[name], one) if name in found else one
    return found


def step_kinds(stories: Iterable[Story] = (*RECIPES, *STORIES)) -> Meter:
    """What steps and effects of each kind do, over all stories."""
    meter = Meter()
    for story in stories:
        if not story.exact and story.document["trigger"]["type"] != "schedule":
            lived(story, meter)
    return meter


def _sum(one: Recipe, other: Recipe) -> Recipe:
    return Recipe(*(a + b for a, b in zip(one, other, strict=True)))  # type: ignore[arg-type]


def recipe_table(found: Mapping[str, Recipe]) -> Iterator[str]:
    """One line per journey, and all together."""
    yield "| Recipe | entries | steps each | transitions each | per step | calls each | events each | USD per 1M | messages |"
    yield "|---|---|---|---|---|---|---|---|---|"
    whole: Recipe | None = None
    for name, one in sorted(found.items()):
        whole = _sum(whole, one) if whole else one
        yield _recipe_line(name, one)
    if whole:
        yield _recipe_line("all", whole)


def _recipe_line(name: str, one: Recipe) -> str:
    each = max(1, one.entries)
    usd = (sum(one.usd.values()) + one.events * EVENT_USD) / each * 1e6
    messages = sum(MESSAGES[channel] * count for channel, count in one.messages.items()) / each * 1e6
    return (f"| {name} | {one.entries} | {one.steps / each:.1f} | {one.transitions / each:.1f} | "
            f"{one.transitions / max(1, one.steps):.2f} | {one.calls / each:.1f} | {one.events / each:.1f} | {usd:,.0f} | "
            f"{messages:,.0f} |")


def step_table(meter: Meter) -> Iterator[str]:
    """One line per kind of call of run_journey_step, and per effect: what it asks of others, and what a million come to."""
    yield "| Call | seen | calls of the table | read units | write units | KiB onto the stream | USD per 1M |"
    yield "|---|---|---|---|---|---|---|"
    for what, count in sorted(meter.done.items(), key=lambda one: (one[0] in EFFECTS.values(), one[0])):
        if what == "the consumer":
            continue
        units = Counter({unit: amount / count for unit, amount in meter.units[what].items()})
        is_effect = what in EFFECTS.values()
        units[COMPUTE] = EFFECT_SECONDS * EFFECT_GB if is_effect else CALL_SECONDS * CALL_GB  # type: ignore[assignment]
        units[INVOCATIONS] = 0.2 if is_effect else 1  # type: ignore[assignment]
        units[TRANSITIONS] = 0 if is_effect else 1
        asked = sum(number for name, number in meter.calls[what].items() if name != "put_records") / count
        yield (f"| {what} | {count} | {asked:.1f} | {units[READS]:.1f} | {units[WRITES]:.1f} | {units[STREAM_IN]:.1f} | "
               f"{sum(dollars(units).values()) * 1e6:,.1f} |")


def main() -> None:
    """Print the tables."""
    print("\n".join(recipe_table(recipes())))
    print()
    print("\n".join(step_table(step_kinds())))


if __name__ == "__main__":
    main()
