"""Whatever the journey and whatever people do: a walk goes as the published state machine goes."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.journeys.story import AGREED, Did, Story, Went
from tests.journeys.test_scenarios_in_memory import lived
from tests.journeys.test_scenarios_in_memory import told as told_of_life
from tests.journeys.walking import told, walked

NAMES = ("A", "B", "C", "D", "E")
EVENTS = ("Product Added", "Order Completed", "Cart Viewed")
DURATIONS = st.sampled_from(["30m", "45m", "1h", "2h"])
MATCHES = st.fixed_dictionaries({"event": st.sampled_from(EVENTS)}, optional={
    "match": st.just("cart_id"), "where": st.just([{"property": "price", "test": {"op": "gte", "value": 50}}])})
CONDITIONS = st.sampled_from([
    {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}},
    {"type": "event", "event": "Order Completed", "window": {"within": "1h"}},
    {"type": "engagement", "channel": "email", "action": "sent"}, {"type": "segment", "segment": "gold"}])
SEGMENTS = {"gold": {"when": {"type": "trait", "trait": "plan", "test": {"op": "eq", "value": "gold"}}}}


@st.composite
def steps(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A step; only the time-out of a hold leads back, so that nobody goes round without a wait."""
    kind = draw(st.sampled_from(["hold", "hold", "hold", "send", "text", "wait", "until", "branch", "update"]))
    later = [one for one in NAMES if one > name]
    ahead = st.sampled_from([None, None, None, *later, "end"])
    step: dict[str, Any] = {"type": kind, "name": name, "next": draw(ahead)}
    if kind in ("send", "text"):
        return {**step, "type": "send", "template": "reminder" if kind == "send" else "text",
                "purpose": draw(st.sampled_from(["marketing", "transactional"]))}
    if kind == "wait":
        return {**step, "for": draw(DURATIONS)}
    if kind == "until":
        return {**step, "type": "wait_until_time", "begin": draw(st.sampled_from(["08:00", "09:30", "12:00"])), "end": "13:00"}
    if kind == "update":
        return {**step, "traits": {"plan": draw(st.sampled_from(["gold", "free"]))}, "next": step["next"] or "end"}
    if kind == "branch":
        return {**step, "cases": [{"name": f"case {number}", "when": draw(CONDITIONS), "next": draw(ahead)} for number in (1, 2)]}
    until = draw(st.lists(MATCHES, min_size=1, max_size=2, unique_by=lambda one: one["event"]))
    found = [{**one, "next": draw(ahead)} for one in until]
    if draw(st.booleans()):
        found.append({"segment": "gold", "change": draw(st.sampled_from(["entered", "left"])), "next": draw(ahead)})
    step["next"] = draw(st.sampled_from([step["next"], step["next"], *NAMES]))  # also back: whoever goes round waits here
    return {**step, "until": found, "timeout": draw(DURATIONS), "reset_on": draw(st.lists(MATCHES, max_size=1))}


@st.composite
def journeys(draw: st.DrawFn) -> dict[str, Any]:
    found = [draw(steps(name)) for name in NAMES[:draw(st.integers(1, len(NAMES)))]]
    names = {one["name"] for one in found}

    def kept(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: None if key == "next" and value not in names and value != "end" else kept(value)
                    for key, value in part.items()}
        return [kept(one) for one in part] if isinstance(part, list) else part

    return {"trigger": {"type": "event", "event": "Product Added"}, "steps": kept(found), "topic": "stories",
            "entry": {"again": draw(st.sampled_from(["never", "always", "per_key"])), "key": "cart_id"},
            "exits": draw(st.lists(MATCHES.map(lambda one: {**one, "name": "out"}), max_size=1)),
            "goal": draw(st.none() | MATCHES.map(lambda one: {**one, "within": "2h"}))}


BEGINS = (1, "Product Added", "a", 60, "")
HAPPENED = st.tuples(st.integers(2, 150), st.sampled_from([*EVENTS, "Order Completed", "plan"]), st.sampled_from(["a", "a", "b"]),
                     st.sampled_from([10, 60]), st.sampled_from(["gold", "free"]))


@given(journeys(), st.lists(HAPPENED, min_size=2, max_size=10, unique_by=lambda one: one[0]))
@examples(12)
def test_a_walk_goes_as_the_state_machine_goes(document: dict[str, Any], happened: list[Any]) -> None:
    # Six hours: a row keeps the beginning and the end of a long way, and a profile forgets entries that are over for a day.
    did = [Did(f"{minute}m", "$identify", {"plan": plan}) if name == "plan" else
           Did(f"{minute}m", name, {"cart_id": cart, "price": price})
           for minute, name, cart, price, plan in [BEGINS, *sorted(happened)]]
    story = Story("any", document, [*AGREED, *did], [], until="6h", also={"segments": SEGMENTS})
    world = lived(story)
    walk, sent = told(walked(story))
    assert (_shown(walk), sorted(sent)) == (_shown(told_of_life(world, story)), sorted(world.templates(story.who)))


def _shown(ways: list[Went]) -> list[Went]:
    """Without plain waits, which are noted ahead where several follow each other; what falls on one moment is in any order."""
    return [way._replace(path=sorted(line for line in way.path if not line.endswith(": waiting"))) for way in ways]
