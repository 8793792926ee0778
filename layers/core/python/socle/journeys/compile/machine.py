"""Compile a journey: its steps become states of the same names, joined as the document joins them. Pure.

Beside a step's own state there are, where they are needed:

    <step>: ways            which state follows the way that was taken
    <step>: until then      wait_until_time and wait_until_date: the wait itself
    <hold>: time is over    asks once more whether something has ended the hold; `reset_on` may have given it more time
    <hold>: the rest        that time
    <step>: quiet hours     asks until when they last, and `<step>: morning` waits; then the step again
    <step>: on hold         who can't go on is parked here until somebody lets them: after a failure, or while the journey is held
    <hold>: over, on hold   the same for who is held as the time of a hold is over
    <step>: again           a way back: one more round
    Out                     they have left the journey meanwhile

Whether somebody is still in the journey is asked by run_journey_step at each step, not by states of their own: transitions cost.
"""

from __future__ import annotations

from typing import Any

from socle.journeys.compile import states
from socle.journeys.compile.names import Names
from socle.journeys.compile.states import Caught, State
from socle.journeys.graph import FAILURE, NEXT, OTHERWISE, backward, edges, reachable
from socle.journeys.model.document import JourneyDocument
from socle.journeys.model.steps import (
    END,
    TIMED_OUT,
    Branch,
    CallWebhook,
    Exit,
    Hold,
    Send,
    Split,
    StartJourney,
    Step,
    Update,
    Wait,
    WaitUntilDate,
    WaitUntilTime,
)
from socle.segments.durations import milliseconds

_HISTORY = 24_000
"""Entries of an execution's history that rounds may fill: Step Functions ends an execution at 25,000."""
_OF_A_STEP = 12
_OF_STEPS: dict[type, int] = {Wait: 4, Send: 20, Hold: 20, CallWebhook: 110}
"""Entries that a step writes at most, with the way back: a hold those of its time, a message those of its quiet hours, a webhook
those of thirty tries; others are seldom tried again."""


def compile_journey(document: JourneyDocument, function: str) -> dict[str, Any]:
    """The definition of the state machine. function: ARN of run_journey_step.

    The document must be one that socle.journeys.check lets pass.
    """
    return _Machine(document, function).definition()


def rounds(document: JourneyDocument) -> int:
    """How many times somebody may go round in the circles of this journey before they are out; 0 without circles."""
    ways = edges(document)
    in_circles = [step for step in ways if any(step in reachable(ways, target) for target in ways[step].values())]
    a_round = sum(_OF_STEPS.get(type(document.step(step)), _OF_A_STEP) for step in in_circles)
    return max(1, _HISTORY // a_round) if in_circles else 0


def tells_the_end(step: Step, way: str) -> bool:
    """Whether what decides for this way also notes the end that it leads to, so that no state is needed for it."""
    if isinstance(step, Hold):
        return way != TIMED_OUT  # whoever notes what ends a hold notes the end with it
    return isinstance(step, Send | Update | StartJourney | Branch | Split) or (isinstance(step, CallWebhook) and way == NEXT)


class _Machine:
    def __init__(self, document: JourneyDocument, function: str) -> None:
        self._document = document
        self._function = function
        self._steps = {step.name: step for step in document.steps}
        self._start = document.steps[0].name
        self._ways = edges(document)
        self._back = backward(self._ways, self._start)
        self._names = Names(self._steps)
        self._limit = rounds(document)
        self._states: dict[str, State] = {}
        self._out = self._names.of("", "Out")
        self._after = {target: step.name for step in document.steps if isinstance(step, Hold)
                       for target in [self._ways[step.name][TIMED_OUT]] if self._only_after(step, target)}
        self._told = {self._ways[step.name][way] for step in document.steps for way in self._ways[step.name]
                      if not tells_the_end(step, way)} | {self._start}
        """Ends that some way leads to whose step does not note them: they are Tasks."""

    def definition(self) -> dict[str, Any]:
        first = self._start
        others = [name for name, step in self._steps.items() if name != self._start and not isinstance(step, Exit)]
        if self._document.in_flight == "move" and others:
            first = self._names.of("", "Where to begin")
            self._states[first] = states.begin(others, self._start)
        for step in self._document.steps:
            self._add(step)
        self._states[self._out] = states.over()
        # An exit to which only steps lead that note the end themselves is no state: nobody comes there.
        met = states.reached(self._states, first)
        return {"Comment": "A journey of Socle: its states are the steps of the document.", "StartAt": first,
                "States": {name: state for name, state in self._states.items() if name in met}}

    def _add(self, step: Step) -> None:
        self._states[step.name] = {}  # before those beside it
        match step:
            case Wait():
                state = states.wait(milliseconds(step.duration) // 1_000)
                self._states[step.name] = {**state, "Next": self._target(step, NEXT)}
            case WaitUntilTime() | WaitUntilDate():
                self._until(step)
            case Hold():
                self._hold(step)
            case Branch() | Split():
                state = self._task(step, "way")
                self._states[step.name] = state
                self._divide(step, state, list(self._ways[step.name]))
            case Exit():
                if step.name in self._told:
                    self._end(step.name, step.name)
                else:
                    self._states[step.name] = states.over()
            case _:
                self._states[step.name] = {**self._task(step), **self._onward(step, NEXT)}

    def _task(self, step: Step, answer: str = "") -> State:
        ways = []
        if isinstance(step, Send):
            ways = [Caught(states.HELD, self._quiet(step))]
        elif isinstance(step, CallWebhook):
            ways = [Caught(error, self._target(step, FAILURE)) for error in (states.WEBHOOK_FAILED, states.WEBHOOK_DOWN)]
        elif isinstance(step, WaitUntilDate):
            ways = [Caught(states.OTHERWISE, self._target(step, OTHERWISE))]
        return states.task(self._function, self._payload(step.type, step.name), self._caught(step.name, *ways), answer)

    def _until(self, step: WaitUntilTime | WaitUntilDate) -> None:
        then = self._names.of(step.name, "until then")
        self._states[step.name] = {**self._task(step, "until"), "Next": then}
        self._states[then] = {**states.wait_until(), "Next": self._target(step, NEXT)}

    def _hold(self, step: Hold) -> None:
        ways = [way for way in self._ways[step.name] if way != TIMED_OUT]
        given, seconds = self._payload("hold", step.name), milliseconds(step.timeout) // 1_000
        after = self._ways[step.name][TIMED_OUT]
        direct = self._after.get(after) == step.name
        late = self._ending_or(after) if direct else self._names.of(step.name, "time is over")
        caught = self._caught(step.name, Caught(states.TIMED_OUT, late))
        keep = len({self._target(step, way) for way in ways}) > 1
        self._states[step.name] = states.token(self._function, given, caught, seconds=seconds, keep=keep)
        self._divide(step, self._states[step.name], ways)
        if direct:
            return
        rest = self._names.of(step.name, "the rest")
        over = (Caught(states.RESOLVED, step.name), Caught(states.OVER, self._target(step, TIMED_OUT)))
        # Who is parked here comes back here: the hold itself would begin to wait anew, and nothing would end it any more.
        self._states[late] = {**states.task(self._function, self._payload("time_over", step.name), self._caught(
            step.name, *over, back=late), "seconds"), "Next": rest}
        self._states[rest] = states.token(self._function, given, caught, path="$.took.seconds", keep=keep)
        self._divide(step, self._states[rest], ways)

    def _divide(self, step: Step, state: State, ways: list[str]) -> None:
        """Go on by the way that was taken: directly where all of them lead to the same state."""
        targets = {way: self._target(step, way) for way in ways}
        if len(set(targets.values())) == 1:
            state.pop("ResultSelector", None)
            state.update({"ResultPath": None, **self._onward(step, ways[0])})
            return
        *some, last = ways
        name = self._names.of(step.name, "ways")
        state["Next"] = name
        self._states[name] = states.choice({way: targets[way] for way in some}, targets[last])

    def _quiet(self, step: Send) -> str:
        name, morning = self._names.of(step.name, "quiet hours"), self._names.of(step.name, "morning")
        self._states[name] = {**states.task(self._function, self._payload("quiet", step.name), self._caught(step.name), "until"),
                              "Next": morning}
        self._states[morning] = {**states.wait_until(), "Next": step.name}
        return name

    def _caught(self, step: str, *ways: Caught, back: str = "") -> list[Caught]:
        """What a step may raise: they have left, ways of its own, and anything else, for which they are parked."""
        late = [Caught(states.RESOLVED, self._after[step])] if step in self._after and not any(
            one.error == states.RESOLVED for one in ways) else []
        return [Caught(states.EXITED, self._out), *ways, *late, Caught(states.ANYTHING, self._parked(step, back), keep=True)]

    def _parked(self, step: str, back: str = "") -> str:
        name = self._names.of(step, "over, on hold") if back else ""  # names of states have 80 characters at most
        back = back or (step if step != END else self._names.of("", "The end"))
        name = name or self._names.of(back, "on hold")
        if name not in self._states:
            given = states.payload("park", "" if step == END else step, **{"error.$": "$.error"})
            caught = [Caught(states.EXITED, self._out), Caught(states.TIMED_OUT, back)]
            lasts = milliseconds(self._document.lasts) // 1_000
            self._states[name] = {**states.patient(states.token(self._function, given, caught, seconds=lasts)), "Next": back}
        return name

    def _payload(self, do: str, step: str) -> dict[str, Any]:
        more: dict[str, Any] = {"after": self._after[step]} if step in self._after else {}
        if self._limit:
            more["limit"] = self._limit
        return states.payload(do, "" if step == END else step, **more)

    def _onward(self, step: Step, way: str) -> State:
        target = self._ways[step.name][way]
        if self._is_end(target) and tells_the_end(step, way):
            return {"End": True}
        return {"Next": self._target(step, way)}

    def _target(self, step: Step, way: str) -> str:
        """The state to which a way leads."""
        target = self._ways[step.name][way]
        if self._is_end(target):
            if not tells_the_end(step, way):
                return self._ending_or(target)
            return self._out if target == END or target in self._told else target
        if (step.name, way) not in self._back:
            return target
        name = self._names.of(target, "again")
        self._states[name] = {**states.once_more(), "Next": target}
        return name

    def _ending_or(self, target: str) -> str:
        """The state of a step, or of the end that somebody comes to by a way whose step does not note it."""
        if target != END:
            return target
        name = self._names.of("", "The end")
        if name not in self._states:
            self._end(name, END)
        return name

    def _end(self, name: str, step: str) -> None:
        self._states[name] = {}
        self._states[name] = {**states.task(self._function, self._payload("exit", step), self._caught(step)), "End": True}

    def _is_end(self, target: str) -> bool:
        return target == END or isinstance(self._steps[target], Exit)

    def _only_after(self, hold: Hold, target: str) -> bool:
        """Whether the time-out of this hold is the only way to a Task, so that it can ask itself whether the hold has ended."""
        ways = [(step, way) for step, found in self._ways.items() for way, to in found.items() if to == target]
        begins = target == self._start or self._document.in_flight == "move"
        waits = target != END and isinstance(self._steps[target], Wait)
        return (ways == [(hold.name, TIMED_OUT)] and not hold.reset_on and not begins and not waits
                and (hold.name, TIMED_OUT) not in self._back)
