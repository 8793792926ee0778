"""Walks a state machine's definition as Step Functions would, and counts what that costs: the few kinds of states that campaigns
use. The workflow tests run the same definition on the local machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.constructs.layers import ROOT

CAMPAIGN = json.loads((ROOT / "infra/workflows/campaign.asl.json").read_text())


class Failed(Exception):
    """The execution failed."""


class Walk:
    """One execution. `functions`: name → what it does; `wait(until)` lets time pass. Counts transitions as they are paid, and
    entries of the history at least as many as there would be."""

    def __init__(self, functions: Mapping[str, Callable[[Any], Any]], wait: Callable[[str], None]) -> None:
        self.functions = functions
        self.wait = wait
        self.transitions = 0
        self.events = 0
        self.path: list[str] = []

    def run(self, given: Any, definition: Mapping[str, Any] = CAMPAIGN) -> Any:
        """What it ends with. Raises Failed."""
        data, name = json.loads(json.dumps(given)), definition["StartAt"]
        while True:
            state = definition["States"][name]
            self.transitions += 1
            self.events += 2
            self.path.append(name)
            try:
                data, following = self._take(state, data)
            except Failed:
                raise
            except Exception as error:
                caught = state.get("Catch")
                if not caught:
                    raise
                data = _put(data, caught[0]["ResultPath"], {"Error": type(error).__name__, "Cause": str(error)})
                following = caught[0]["Next"]
            if following is None:
                return data
            name = following

    def _take(self, state: Any, data: Any) -> tuple[Any, str | None]:
        following = None if state.get("End") else state.get("Next")
        match state["Type"]:
            case "Task":
                return self._task(state, data), following
            case "Choice":
                return data, next((one["Next"] for one in state["Choices"] if _get(data, one["Variable"]) == one["StringEquals"]),
                                  state["Default"])
            case "Wait":
                self.wait(_get(data, state["TimestampPath"]))
                return data, following
            case "Map":
                made = []
                for item in _get(data, state["ItemsPath"]):
                    self.events += 3
                    given = {name.removesuffix(".$"): _get(item, "$" + path.removeprefix("$$.Map.Item.Value"))
                             if path.startswith("$$") else _get(data, path) for name, path in state["ItemSelector"].items()}
                    made.append(self.run(given, state["ItemProcessor"]))
                assert len(json.dumps(made)) < 256_000
                return _put(data, state["ResultPath"], made), following
            case "Succeed":
                return data, None
            case kind:
                assert kind == "Fail"
                raise Failed(_get(data, state["CausePath"]))

    def _task(self, state: Any, data: Any) -> Any:
        parameters = state["Parameters"]
        payload = data if parameters.get("Payload.$") == "$" else {
            name.removesuffix(".$"): _get(data, value) if name.endswith(".$") else value
            for name, value in parameters["Payload"].items()}
        assert len(json.dumps(payload)) < 256_000
        tries = 0
        while True:
            self.events += 4
            try:
                answer = json.loads(json.dumps(self.functions[parameters["FunctionName"].strip("${}")](payload)))
                break
            except Exception as error:
                retry = next(one for one in state["Retry"] if type(error).__name__ in one["ErrorEquals"]
                             or "States.ALL" in one["ErrorEquals"])
                tries += 1
                self.transitions += 1
                if tries > retry["MaxAttempts"]:
                    raise
        if state.get("ResultPath", "") is None:
            return data
        selected = {name.removesuffix(".$"): _get({"Payload": answer}, path) for name, path in state["ResultSelector"].items()}
        return _put(data, state["ResultPath"], selected) if "ResultPath" in state else selected


def _get(data: Any, path: str) -> Any:
    for name in path.removeprefix("$").strip(".").split("."):
        data = data[name] if name else data
    return data


def _put(data: Any, path: str | None, value: Any) -> Any:
    return data if path is None else {**data, path.removeprefix("$."): value}
