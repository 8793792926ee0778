"""What Step Functions asks of a definition before it takes it, and which ways lead through it. The workflow tests run the same
definitions on the local machine, whose interpreter is a second opinion."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

States = Mapping[str, Mapping[str, Any]]
FIELDS = {
    "Task": {"Resource", "Parameters", "ResultSelector", "ResultPath", "TimeoutSeconds", "TimeoutSecondsPath", "Retry", "Catch",
             "Next", "End"},
    "Choice": {"Choices", "Default"},
    "Wait": {"Seconds", "TimestampPath", "Next", "End"},
    "Pass": {"Parameters", "ResultPath", "Next", "End"},
    "Succeed": set(),
}
PATH = re.compile(r"\$\$?(\.[A-Za-z_][A-Za-z0-9_]*)+")
INTRINSIC = re.compile(r"States\.MathAdd\(\$(\.[a-z]+)+, 1\)")
WAYS = ("States.Timeout", "Over", "Otherwise", "WebhookFailed")
"""Errors that are ways of a step, not failures."""


def problems(definition: Mapping[str, Any]) -> list[str]:
    """What is wrong with a definition; [] when Step Functions takes it."""
    states: States = definition["States"]
    found = [f"{name}: its name has more than 80 characters" for name in states if len(name) > 80]
    if definition["StartAt"] not in states:
        found.append(f"StartAt {definition['StartAt']}")
    for name, state in states.items():
        found += [f"{name}: {what}" for what in _of_state(state)]
        found += [f"{name}: leads to {target}, which is not there" for target in targets(state) if target not in states]
    met = _reached(definition)
    found += [f"{name}: no way leads there" for name in states if name not in met]
    if len(json.dumps(definition)) > 1_000_000:
        found.append("more than 1 MB")
    return found


def _of_state(state: Mapping[str, Any]) -> Iterator[str]:
    unknown = set(state) - FIELDS[state["Type"]] - {"Type", "Comment"}
    if unknown:
        yield f"a {state['Type']} has no {sorted(unknown)}"
    if state["Type"] in ("Task", "Wait", "Pass") and ("Next" in state) == ("End" in state):
        yield "either Next or End"
    if state["Type"] == "Choice" and not state["Choices"]:
        yield "a Choice without choices"
    if state["Type"] == "Wait" and len({"Seconds", "TimestampPath"} & set(state)) != 1:
        yield "waits for one thing"
    if not 0 < state.get("TimeoutSeconds", 1) <= 99_999_999 or not 0 < state.get("Seconds", 1) <= 99_999_999:
        yield "so many seconds are not taken"
    if state["Type"] == "Task" and len({"TimeoutSeconds", "TimeoutSecondsPath"} & set(state)) != 1:
        yield "a Task that may hang"
    yield from _of_errors(state)
    yield from (f"no path: {text}" for text in _dynamic(state) if not (PATH.fullmatch(text) or INTRINSIC.fullmatch(text)))


def _of_errors(state: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("Retry", "Catch"):
        names = [one["ErrorEquals"] for one in state.get(kind, [])]
        if any("States.ALL" in one and len(one) > 1 for one in names) or any("States.ALL" in one for one in names[:-1]):
            yield f"{kind}: States.ALL stands alone and last"
        if not all(names):
            yield f"{kind}: of no error"
    for one in state.get("Retry", []):
        if one.get("MaxDelaySeconds", 31_622_400) <= one.get("IntervalSeconds", 1) or one.get("BackoffRate", 1) < 1:
            yield "Retry: waits that do not grow"
        if one.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
            yield "Retry: unknown jitter"


def _dynamic(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        for key, value in part.items():
            if key.endswith((".$", "Path")) or key == "Variable":
                yield from [value] if isinstance(value, str) else []
            else:
                yield from _dynamic(value)
    elif isinstance(part, list):
        for one in part:
            yield from _dynamic(one)


def targets(state: Mapping[str, Any]) -> list[str]:
    """Every state that this one leads to."""
    return [state[key] for key in ("Next", "Default") if key in state] + [
        one["Next"] for key in ("Choices", "Catch") for one in state.get(key, [])]


def _reached(definition: Mapping[str, Any]) -> set[str]:
    met, ahead = set(), [definition["StartAt"]]
    while ahead:
        name = ahead.pop()
        if name not in met and name in definition["States"]:
            met.add(name)
            ahead += targets(definition["States"][name])
    return met


def ways_through(definition: Mapping[str, Any], steps: set[str]) -> list[tuple[int, int]]:
    """(transitions, steps of the marketer) of every way through that passes no state twice, and on which nothing fails."""
    states: States = definition["States"]
    found: list[tuple[int, int]] = []

    def go(name: str, met: frozenset[str], passed: int, taken: int) -> None:
        if name in met:
            return
        state = states[name]
        counted = (met | {name}, passed + 1, taken + (name in steps))
        if not targets(state) or "End" in state:
            found.append(counted[1:])
        for target in set(_onward(state)):
            go(target, *counted)

    go(definition["StartAt"], frozenset(), 0, 0)
    return found


def _onward(state: Mapping[str, Any]) -> list[str]:
    caught = {one["ErrorEquals"][0]: one["Next"] for one in state.get("Catch", [])}
    if "Over" in caught:
        return [caught["Over"]]  # asks once more whether the time is over: it is
    own = [state[key] for key in ("Next", "Default") if key in state] + [one["Next"] for one in state.get("Choices", [])]
    return own + [caught[error] for error in WAYS if error in caught]


def leads(definition: Mapping[str, Any], step: str, steps: set[str]) -> set[str]:
    """The marketer's steps that follow a step, by the states between them; "" when it may be the end."""
    states: States = definition["States"]
    found: set[str] = set()
    ahead, met = [step], set()
    while ahead:
        name = ahead.pop()
        state = states[name]
        met.add(name)
        if "End" in state or state["Type"] == "Succeed":
            found.add("")
        for target in _onward(state):
            if target in steps:
                found.add(target)
            elif target not in met:
                ahead.append(target)
    return found
