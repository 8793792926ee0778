"""As test_walk_as_run.py, for all that a document may say: a walk and the published machine send the same, on the same paths."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from socle.errors import Rejected
from socle.journeys.check import check
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.row import WAITING
from socle.journeys.walk.model import Someone
from socle.journeys.walk.walk import walk
from tests.examples import examples
from tests.journeys.on_machine import line
from tests.journeys.story import AGREED, START, Did, Story, Went, after
from tests.journeys.test_scenarios_in_memory import lived
from tests.journeys.walking import events_of, score_of, told
from tests.journeys.world import World

NAMES = ("A", "B", "C", "D", "E", "F")
EVENTS = ("Cart", "Order", "Seen")
KEPT = 18
"""Rounds of which a row surely has all lines."""
DURATIONS = st.sampled_from(["1m", "3m", "5m", "10m", "30m", "1h", "2h"])
MATCHES = st.fixed_dictionaries({"event": st.sampled_from(EVENTS)}, optional={
    "match": st.just("cart_id"), "where": st.just([{"property": "price", "test": {"op": "gte", "value": 50}}])})
GOLD = {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}}
RECENT = {"type": "event", "event": "Order", "window": {"within": "5m"}}
SEGMENTS = {"gold": {"when": GOLD}, "buyer": {"when": RECENT}}
CONDITIONS = st.sampled_from([GOLD, RECENT, {"type": "engagement", "channel": "email", "action": "sent"},
                              {"type": "segment", "segment": "buyer"}])
CHANGES = st.fixed_dictionaries({"segment": st.sampled_from([*SEGMENTS]), "change": st.sampled_from(["entered", "left"])})
EXITS = (MATCHES | CHANGES).map(lambda one: {**one, "name": "out"})
KINDS = ("hold", "hold", "hold", "hold", "send", "send", "send", "wait", "until", "date", "branch", "split", "update", "exit")
WHEN = {"begin": st.sampled_from(["08:00", "08:05", "12:00", "23:00"]), "end": st.sampled_from(["08:05", "13:00", "02:00"]),
        "days": st.sampled_from([[], [], ["mon"], ["tue"]])}


@st.composite
def steps(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A step; only holds lead back, so that nobody goes round without a pause."""
    kind = draw(st.sampled_from(KINDS))
    ahead = st.sampled_from([None, None, None, None, *(one for one in NAMES if one > name), "end"])
    step: dict[str, Any] = {"type": kind, "name": name, "next": draw(ahead)}
    match kind:
        case "send":
            what = draw(st.sampled_from([{"template": "reminder"}, {"template": "text"}, {"best_of": ["text", "offer"]}]))
            return {**step, **what, "purpose": draw(st.sampled_from(["marketing", "marketing", "transactional"])),
                    "quiet_hours": draw(st.sampled_from([None, None, "hold", "skip", "ignore"]))}
        case "wait":
            return {**step, "for": draw(DURATIONS)}
        case "until":
            return {**step, "type": "wait_until_time", **draw(st.fixed_dictionaries(WHEN))}
        case "date":
            return {**step, "type": "wait_until_date", "trait": "renews", "before": draw(st.none() | DURATIONS),
                    "otherwise": draw(ahead)}
        case "update":  # whether a step that follows at once knows of it is a matter of ms
            return {**step, "traits": {"plan": draw(st.sampled_from(["gold", "free"]))}, "add_tags": ["x"],
                    "emit": [{"event": draw(st.sampled_from(EVENTS)), "properties": {"cart_id": "a", "price": 60}}],
                    "next": "end"}
        case "split":
            return {**step, "ways": [{"name": way, "weight": 50, "next": draw(ahead)} for way in "xy"]}
        case "exit":
            return {"type": kind, "name": name, "reason": f"gone {name}"}
        case "branch":
            return {**step, "cases": [{"name": f"case {one}", "when": draw(CONDITIONS), "next": draw(ahead)} for one in "12"]}
    until = [{**one, "next": draw(ahead | st.sampled_from([None, *NAMES]))} for one in draw(
        st.lists(MATCHES, min_size=1, max_size=2, unique_by=lambda one: one["event"]))]
    until += [{**one, "next": draw(ahead)} for one in draw(st.sampled_from([0, 0, 0, 1]).flatmap(
        lambda size: st.lists(CHANGES, min_size=size, max_size=size)))]
    step["next"] = draw(st.sampled_from([step["next"], step["next"], *NAMES]))
    return {**step, "until": until, "timeout": draw(DURATIONS), "reset_on": draw(st.lists(MATCHES, max_size=1))}


def only(part: Any, names: set[str], dropped: set[str]) -> Any:
    """Without what leads to steps that are none, and without `dropped`."""
    if isinstance(part, dict):
        return {key: None if key in ("next", "otherwise") and value not in {*names, "end"} else only(value, names, dropped)
                for key, value in part.items() if key not in dropped}
    return [only(one, names, dropped) for one in part] if isinstance(part, list) else part


@st.composite
def journeys(draw: st.DrawFn) -> dict[str, Any]:
    found = [draw(steps(name)) for name in NAMES[:draw(st.integers(2, len(NAMES)))]]
    change = draw(st.none() | st.none() | CHANGES)
    trigger = {"type": "event", "event": "Cart"} if change is None else {"type": "segment", **change}
    again = st.sampled_from(["never", "always", "always", "per_key"] if change is None else ["never", "always"])
    document = {
        "trigger": trigger, "steps": found, "topic": "stories",
        "entry": {"again": draw(again), "key": "cart_id", "cool_down": draw(st.sampled_from([None, None, "10m"])),
                  "per_day": draw(st.sampled_from([2, 5]))},
        "exits": draw(st.lists(EXITS, max_size=1)), "holdout": draw(st.sampled_from([0, 0, 0, 50])),
        "lasts": draw(st.sampled_from(["365d", "365d", "20m", "1h"])),
        "goal": draw(st.none() | MATCHES.map(lambda one: {**one, "within": "20m"}))}
    return dict(only(document, {one["name"] for one in found}, set() if change is None else {"key", "match"}))


HAPPENED = st.tuples(st.integers(2, 60) | st.integers(2, 800), st.sampled_from([0, 0, 1, 59_999]), st.sampled_from(
    [*EVENTS, "Cart", "Order", "plan", "renews"]), st.sampled_from(["a", "a", "b"]), st.sampled_from([10, 60]))


def did(minute: int, ms: int, name: str, cart: str, price: int) -> Did:
    at = f"{minute}m {ms}ms"
    if name == "plan":
        return Did(at, "$identify", {"plan": "gold" if price == 60 else "free"})
    if name == "renews":
        return Did(at, "$identify", {"renews": f"2026-11-30T{8 + price // 10:02}:00:00Z"}, "Europe/Paris" if cart == "a" else "")
    return Did(at, name, {"cart_id": cart, "price": price})


def told_of_life(world: World, story: Story) -> list[Went]:
    """As rows have it, but for waits that were foretold and never came."""
    ways, names = [], [step["name"] for step in story.document["steps"]]
    for entry in sorted(world.entries(story.who), key=lambda one: (one.at, one.id)):
        lines = sorted(((what.at, round_, names.index(step)), line(step, what))
                       for (step, round_), what in world.row(entry).log.items()
                       if step in names and not (what.outcome == WAITING and what.at > (entry.ended or world.now)))
        ways.append(Went([text for _, text in lines if text], entry.reason, entry.key, entry.goal > 0))
    return ways


@given(journeys(), st.lists(HAPPENED, min_size=2, max_size=12, unique_by=lambda one: one[:2]))
@examples(12)
def test_a_walk_sends_what_the_published_machine_sends_on_the_same_path(document: dict[str, Any], happened: list[Any]) -> None:
    try:
        check(JourneyDocument.model_validate(document))
    except Rejected:
        assume(False)
    story = Story("any", document, [*AGREED, did(1, 0, "Cart", "a", 60), *(did(*one) for one in sorted(happened))], [],
                  until="14h", also={"segments": SEGMENTS})
    world, until = lived(story), START + after(story.until)
    ways, sent = told(walk(score_of(story), Someone(world.root(story.who).id, events_of(story)), START, until, until))
    assert sent == world.templates(story.who)
    if all(round_ < KEPT for entry in world.entries(story.who) for _, round_ in world.row(entry).log):
        assert ways == told_of_life(world, story)
    assert "failed" not in {one.status for one in world.workflows.executions.values()}
