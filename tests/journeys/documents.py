"""Journeys of any shape, for property tests: a list of steps of all kinds that lead anywhere and back."""

from __future__ import annotations

from typing import Any

from hypothesis import reject
from hypothesis import strategies as st

from socle.errors import Rejected
from socle.journeys.check import check
from socle.journeys.graph import edges, reachable
from socle.journeys.model.document import JourneyDocument

NAMES = ("Wait here", "Write", "Hold: long", "Which?", "Coin", "Tag", "Tell", "Until 9", "Trial", "Start", "Out", "The end")
KINDS = ("send", "wait", "hold", "branch", "split", "update", "webhook", "time", "date", "start", "exit")
WHEN = {"type": "everyone"}


def document(steps: list[dict[str, Any]], **more: Any) -> JourneyDocument:
    """A journey that people are asked into, with these steps."""
    return JourneyDocument.model_validate({"trigger": {"type": "request"}, "steps": steps, **more})


@st.composite
def steps(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One to eight steps."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True))
    target = st.sampled_from([*names, "end", None])

    def make(name: str) -> dict[str, Any]:
        following = {"next": draw(target)}
        kind = draw(st.sampled_from(KINDS))
        forms: dict[str, Any] = {
            "send": {"template": "hello"}, "wait": {"for": "1h"}, "update": {"add_tags": ["a"]}, "start": {"journey": "other"},
            "webhook": {"url": "https://example.com/", "on_failure": draw(target)},
            "hold": {"timeout": "2d", "until": [{"event": event, "next": draw(target)} for event in draw(
                st.sampled_from((["A"], ["A", "B"], ["A", "B", "C"])))],
                "reset_on": draw(st.sampled_from(([], [{"event": "R"}])))},
            "branch": {"cases": [{"name": case, "when": WHEN, "next": draw(target)} for case in draw(
                st.sampled_from((["x"], ["x", "y"])))]},
            "split": {"ways": [{"name": way, "weight": 50, "next": draw(target)} for way in ("A", "B")]},
        }
        if kind == "exit":
            return {"name": name, "type": "exit"}
        if kind in ("time", "date"):
            own = {"trait": "trial_ends", "otherwise": draw(target)} if kind == "date" else {}
            return {"name": name, "type": f"wait_until_{kind}", **own, **following}
        return {"name": name, "type": kind, **forms[kind], **following}

    return [make(name) for name in names]


@st.composite
def journeys(draw: st.DrawFn) -> JourneyDocument:
    """A journey that may be saved."""
    made = document(draw(steps()), in_flight=draw(st.sampled_from(("stay", "move"))))
    met = reachable(edges(made), made.steps[0].name)
    kept = [step.model_dump(mode="json") for step in made.steps if step.name in met]
    ways = edges(made)
    for step in kept:  # what followed in the list follows by name, now that some are left out
        own = ways[step["name"]]
        if step["type"] != "exit":
            step["next"] = None if step["type"] == "split" else own.get("", own.get("otherwise", own.get("timed out")))
        for part in (*step.get("until", ()), *step.get("cases", ()), *step.get("ways", ())):
            part["next"] = own[part.get("name") or part["event"]]
    made = document(kept, in_flight=made.in_flight)
    try:
        check(made)
    except Rejected as error:
        if error.code not in ("endless_loop", "too_long"):
            raise
        reject()
    return made
