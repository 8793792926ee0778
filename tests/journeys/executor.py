"""Step Functions in memory, as far as the state machines of journeys need it: deterministic, and time takes no time.

It runs the ASL that is published. A function that is stopped (Crash) is an error of Lambda's, which the machine tries again; the
waits between attempts are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from socle.iso import from_iso, to_iso
from tests.faults.calls import Crash
from tests.memory import Calls

Invoke = Callable[[dict[str, Any]], dict[str, Any]]
TOKEN = ".waitForTaskToken"


@dataclass
class Execution:
    """due: when it goes on by itself, epoch ms; None while it waits for a token alone, or is over. token: "" for none."""

    name: str
    machine: str
    data: dict[str, Any]
    state: str
    due: int | None
    status: str = "running"
    token: str = ""
    answered: Mapping[str, Any] | None = None
    visited: list[str] = field(default_factory=list)


class StepFunctions:
    """socle.workflows.store.Executions, and what runs them. `invoke` calls the function, `clock` answers epoch ms."""

    def __init__(self, invoke: Invoke, clock: Callable[[], int], calls: Calls | None = None) -> None:
        self.invoke, self.clock = invoke, clock
        self.machines: dict[str, Mapping[str, Any]] = {}
        self.executions: dict[str, Execution] = {}
        self._calls = calls or Calls()
        self._tokens = 0

    def start(self, machine: str, name: str, document: Mapping[str, Any]) -> None:
        """StartExecution; one that is there already is taken for it."""
        def begin(_: object) -> None:
            if name not in self.executions:
                self.executions[name] = Execution(name, machine, dict(document), self.machines[machine]["StartAt"], self.clock())
        self._calls.make("StartExecution", [name], begin)

    def stop(self, machine: str, name: str, reason: str) -> None:
        """StopExecution, if there is one."""
        def stop(_: object) -> None:
            one = self.executions.get(name)
            if one is not None and one.status == "running" and one.machine == machine:
                self._over(one, "aborted")
        self._calls.make("StopExecution", [name], stop)

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        """SendTaskSuccess; False when nobody waits with this token (any more)."""
        def send(_: object) -> bool:
            for one in self.executions.values():
                if one.token == token and one.status == "running" and one.answered is None:
                    one.answered, one.due = dict(output), self.clock()
                    return True
            return False
        return bool(self._calls.make("SendTaskSuccess", [token], send)[0])

    def next_due(self) -> int | None:
        """When somebody goes on next, epoch ms."""
        return min((one.due for one in self.executions.values() if one.due is not None), default=None)

    def run(self) -> bool:
        """Let everybody whose time has come go one state further; False when there is nobody."""
        ready = [one for one in self.executions.values() if one.due is not None and one.due <= self.clock()]
        for one in ready:
            if one.due is not None:  # those before may have stopped it
                self._go_on(one)
        return bool(ready)

    def _go_on(self, one: Execution) -> None:
        state = self.machines[one.machine]["States"][one.state]
        if one.token:
            answered, one.token, one.answered = one.answered, "", None
            if answered is None:
                self._failed(one, state, "States.Timeout")
            else:
                self._took(one, state, answered)
            return
        one.visited.append(one.state)
        match state["Type"]:
            case "Wait" if "entered" in one.data.get("$waits", {}):
                del one.data["$waits"]
                self._next(one, state)
            case "Wait":
                until = from_iso(self._at(one, state["TimestampPath"])) if "TimestampPath" in state else (
                    self.clock() + state["Seconds"] * 1_000)
                one.data["$waits"] = {"entered": self.clock()}
                one.due = max(until, self.clock())
            case "Choice":
                self._to(one, next((rule["Next"] for rule in state["Choices"] if self._holds(one, rule)), state["Default"]))
            case "Pass":
                self._put(one, state, {"n": one.data["loop"]["n"] + 1})
                self._next(one, state)
            case "Succeed":
                self._over(one, "succeeded")
            case _:
                self._task(one, state)

    def _task(self, one: Execution, state: Mapping[str, Any]) -> None:
        waits, attempts = state["Resource"].endswith(TOKEN), 0
        while True:
            if waits:
                self._tokens += 1
                seconds = state["TimeoutSeconds"] if "TimeoutSeconds" in state else self._at(one, state["TimeoutSecondsPath"])
                one.token, one.due = f"token-{self._tokens}", self.clock() + seconds * 1_000
            given = {name.removesuffix(".$"): self._at(one, value) if name.endswith(".$") else value
                     for name, value in state["Parameters"]["Payload"].items()}
            try:
                answer = self.invoke(given)
            except (Crash, Exception) as error:
                if one.answered is not None:
                    return  # it was answered before its function failed
                one.token = ""
                name = "Lambda.Unknown" if isinstance(error, Crash) else type(error).__name__
                again = next((rule for rule in state["Retry"] if {name, "States.ALL"} & {*rule["ErrorEquals"]}),
                             {"MaxAttempts": 0})
                attempts += 1
                if attempts > again["MaxAttempts"]:
                    self._failed(one, state, name, error)
                    return
                continue
            if not waits:
                selected = {name.removesuffix(".$"): answer[path.rpartition(".")[2]]
                            for name, path in state.get("ResultSelector", {}).items()}
                self._took(one, state, selected)
            return

    def _took(self, one: Execution, state: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        self._put(one, state, dict(answer))
        self._next(one, state)

    def _failed(self, one: Execution, state: Mapping[str, Any], name: str, error: BaseException | None = None) -> None:
        for rule in state["Catch"]:
            if {name, "States.ALL"} & {*rule["ErrorEquals"]}:
                self._put(one, rule, {"Error": name, "Cause": ""})
                self._to(one, rule["Next"])
                return
        self._over(one, "failed")
        if error is not None:
            raise error

    def _next(self, one: Execution, state: Mapping[str, Any]) -> None:
        if state.get("End"):
            self._over(one, "succeeded")
        else:
            self._to(one, state["Next"])

    def _to(self, one: Execution, state: str) -> None:
        one.state, one.due = state, self.clock()

    def _over(self, one: Execution, status: str) -> None:
        one.status, one.due, one.token = status, None, ""

    def _put(self, one: Execution, state: Mapping[str, Any], value: Any) -> None:
        if state.get("ResultPath") is not None:
            one.data[state["ResultPath"].removeprefix("$.")] = value

    def _at(self, one: Execution, path: str) -> Any:
        if path.startswith("$$"):
            return {"$$.State.EnteredTime": to_iso(self.clock()), "$$.Task.Token": one.token,
                    "$$.State.RetryCount": 0}[path]
        value: Any = one.data
        for name in path.removeprefix("$.").split("."):
            value = value[name]
        return value

    def _holds(self, one: Execution, rule: Mapping[str, Any]) -> bool:
        if "And" in rule:
            return all(self._holds(one, part) for part in rule["And"])
        if "IsPresent" in rule:
            return (rule["Variable"].removeprefix("$.") in one.data) == rule["IsPresent"]
        return bool(self._at(one, rule["Variable"]) == rule["StringEquals"])
