"""The states that a journey is made of, as the Amazon States Language writes them (JSONPath). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

State = dict[str, Any]

INVOKE = "arn:aws:states:::lambda:invoke"
INVOKE_AND_WAIT = f"{INVOKE}.waitForTaskToken"
TASK_SECONDS = 120
"""After which a call that does not come back is made again: twice what the function may take."""
BRIEFLY = ("Unavailable", "Conflict", "Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException",
           "Lambda.TooManyRequestsException", "Lambda.ClientExecutionTimeoutException", "Lambda.Unknown", "Sandbox.Timedout")
"""Errors that pass: tried again for a quarter of an hour before the person is parked."""
EXITED, HELD, RESOLVED, OVER, OTHERWISE, WEBHOOK_FAILED, WEBHOOK_DOWN, TIMED_OUT, ANYTHING = (
    "Exited", "Held", "Resolved", "Over", "Otherwise", "WebhookFailed", "WebhookDown", "States.Timeout", "States.ALL")
"""What a step raises is a way: Step Functions sees the name of the class."""


class Caught(NamedTuple):
    """Where it goes on after an error; `keep`: with the error in `$.error`."""

    error: str
    next: str
    keep: bool = False


def payload(do: str, step: str, **more: Any) -> dict[str, Any]:
    """What run_journey_step is told: which step of whose journey, and since when. Names that end in `.$` are paths."""
    return {"do": do, "step": step, "journey.$": "$.journey", "version.$": "$.version", "entry.$": "$.entry",
            "profile.$": "$.profile", "round.$": "$.loop.n", "entered.$": "$$.State.EnteredTime", **more}


def task(function: str, given: dict[str, Any], caught: list[Caught], answer: str = "") -> State:
    """A call that answers at once. answer: what of it is kept, in `$.took.<answer>`; "" nothing."""
    state = _call(INVOKE, function, given, caught)
    state["TimeoutSeconds"] = TASK_SECONDS
    state["Retry"] = [*_LATER, _again(*BRIEFLY, TIMED_OUT)] if given["do"] == "webhook" else [_again(*BRIEFLY, TIMED_OUT)]
    if answer:
        state["ResultSelector"] = {f"{answer}.$": f"$.Payload.{answer}"}
        state["ResultPath"] = "$.took"
    return state


def token(function: str, given: dict[str, Any], caught: list[Caught], *, seconds: int = 0, path: str = "",
          keep: bool = False) -> State:
    """A call whose token somebody sends back, for at most so many seconds (or those at a path).

    keep  what is sent with it, in `$.took`
    """
    state = _call(INVOKE_AND_WAIT, function, {**given, "token.$": "$$.Task.Token"}, caught)
    state |= {"TimeoutSecondsPath": path} if path else {"TimeoutSeconds": seconds}
    state["Retry"] = [_again(*BRIEFLY)]
    if keep:
        state["ResultPath"] = "$.took"
    return state


def choice(ways: dict[str, str], default: str) -> State:
    """By the way that was taken: way → state. default: of any other."""
    return {"Type": "Choice", "Choices": [{"Variable": "$.took.way", "StringEquals": way, "Next": state}
                                          for way, state in ways.items()], "Default": default}


def begin(steps: list[str], default: str) -> State:
    """At the step at which somebody comes in who was in another version."""
    return {"Type": "Choice", "Choices": [
        {"Variable": "$.begin", "IsPresent": False, "Next": default},  # first: what is not there can't be compared
        *({"Variable": "$.begin", "StringEquals": step, "Next": step} for step in steps)], "Default": default}


def wait(seconds: int) -> State:
    """So long."""
    return {"Type": "Wait", "Seconds": seconds}


def wait_until() -> State:
    """Until what was answered."""
    return {"Type": "Wait", "TimestampPath": "$.took.until"}


def once_more() -> State:
    """One more round: what a step does is told from what it did in the round before."""
    return {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.loop.n, 1)"}, "ResultPath": "$.loop"}


def over() -> State:
    """The end."""
    return {"Type": "Succeed"}


def reached(made: Mapping[str, State], first: str) -> set[str]:
    """The states that some way leads to: Step Functions takes no others."""
    met: set[str] = set()
    ahead = [first]
    while ahead:
        name = ahead.pop()
        if name not in met:
            met.add(name)
            state = made[name]
            ahead += [state[key] for key in ("Next", "Default") if key in state]
            ahead += [one["Next"] for key in ("Choices", "Catch") for one in state.get(key, ())]
    return met


def patient(state: State) -> State:
    """The same, tried again for a day whatever the error is: parking somebody is the last resort."""
    return {**state, "Retry": [
        {"ErrorEquals": [EXITED, TIMED_OUT], "MaxAttempts": 0},
        {"ErrorEquals": [ANYTHING], "IntervalSeconds": 30, "BackoffRate": 2, "MaxAttempts": 30, "MaxDelaySeconds": 3_600,
         "JitterStrategy": "FULL"}]}


_LATER = [{"ErrorEquals": [WEBHOOK_DOWN], "IntervalSeconds": 10, "BackoffRate": 2, "MaxAttempts": 20, "MaxDelaySeconds": 1_800,
           "JitterStrategy": "FULL"}]
"""A receiver that does not answer is given a night."""


def _call(resource: str, function: str, given: dict[str, Any], caught: list[Caught]) -> State:
    return {"Type": "Task", "Resource": resource, "Parameters": {"FunctionName": function, "Payload": given},
            "ResultPath": None, "Retry": [], "Catch": [
                {"ErrorEquals": [one.error], "Next": one.next, "ResultPath": "$.error" if one.keep else None} for one in caught]}


def _again(*errors: str) -> dict[str, Any]:
    return {"ErrorEquals": list(errors), "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 10, "MaxDelaySeconds": 300,
            "JitterStrategy": "FULL"}
